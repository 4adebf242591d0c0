"""What earlier batches already hold, as far as a new batch must know it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.batch.corrections import counting
from ledger.records import REPORTS
from ledger.store.manifest import State
from ledger.store.opening import read_accounts
from ledger.store.segments import column_pieces, read_columns
from ledger.store.stored import SUPERSEDED, StoredTransfers, read_small
from ledger.vouchers.conversions import PURCHASES


@dataclass(frozen=True)
class Published:
    """The published state behind a new batch; everything is read only when it is asked for."""

    folder: Path
    state: State

    @cached_property
    def accounts(self) -> pa.Table:
        """Accounts by code."""
        return self._accounts[0]

    @cached_property
    def seen(self) -> NDArray[np.uint8]:
        """Per account the sorts of records that name it."""
        return self._accounts[1]

    @cached_property
    def _accounts(self) -> tuple[pa.Table, NDArray[np.uint8]]:
        return read_accounts(self.folder, self.state)

    def id_pieces(self) -> Iterator[pa.Array]:
        """Ids of all transfers, segment after segment, some at a time."""
        for segment in self.state.of_kind("transfers"):
            yield from column_pieces(self.folder, segment, "transfer")

    @cached_property
    def reports(self) -> pa.Table:
        """All reports."""
        return read_small(self.folder, self.state, "reports", REPORTS)

    @cached_property
    def superseded(self) -> pa.Table:
        """Corrected ids with the place of the row that counts, in order of publication."""
        return read_small(self.folder, self.state, "superseded", SUPERSEDED)

    def transfer_rows(self, rows: NDArray[np.int64], names: list[str]) -> pa.Table:
        """Some transfers by their position among all `id_pieces`."""
        stored = StoredTransfers(self.folder, self.state)
        return stored.fetch_stored(rows, names)

    @cached_property
    def cards(self) -> tuple[pa.Table, pa.Array]:
        """Purchases of gift cards (`PURCHASES`) and the card accounts that were redeemed."""
        names = ["kind", "operation", "source", "target", "amount_fen", "received_fen", "time", "transfer", "file", "line"]
        names = names if self.superseded.num_rows else names[:7]
        parts = [_cards(read_columns(self.folder, s, names)) for s in self.state.of_kind("transfers")]
        parts = [counting(part, self.superseded) for part in parts]
        if not parts or not sum(part.num_rows for part in parts):
            return PURCHASES.empty_table(), pa.array([], pa.string())
        rows = pa.concat_tables(parts).sort_by([("time", "ascending")])
        account = self.accounts["account"].combine_chunks()
        bought = rows.filter(pc.equal(rows["operation"], "purchase"))
        spent = rows.filter(pc.equal(rows["operation"], "redemption"))
        face = pc.coalesce(bought["received_fen"], bought["amount_fen"])
        purchases = {"card": account.take(bought["target"].combine_chunks()), "face": face, "time": bought["time"]}
        return pa.table(purchases, schema=PURCHASES).combine_chunks(), account.take(spent["source"].combine_chunks())


def _cards(rows: pa.Table) -> pa.Table:
    plain = rows.set_column(0, "kind", rows["kind"].cast(pa.string()))
    plain = plain.set_column(1, "operation", rows["operation"].cast(pa.string()))
    return plain.filter(pc.equal(plain["kind"], "gift_card"))
