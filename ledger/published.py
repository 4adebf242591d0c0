"""What earlier batches already hold, as far as a new batch must know it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.manifest import State
from ledger.opening import read_accounts
from ledger.records import REPORTS
from ledger.segments import read_columns
from ledger.stored import StoredTransfers, read_small
from ledger.vouchers import PURCHASES


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

    @cached_property
    def ids(self) -> pa.ChunkedArray:
        """Ids of all transfers, segment after segment."""
        parts = [read_columns(self.folder, s, ["transfer"])["transfer"] for s in self.state.of_kind("transfers")]
        return pa.chunked_array([chunk for part in parts for chunk in part.chunks], pa.string())

    @cached_property
    def reports(self) -> pa.Table:
        """All reports."""
        return read_small(self.folder, self.state, "reports", REPORTS)

    def transfer_rows(self, rows: NDArray[np.int64], names: list[str]) -> pa.Table:
        """Some transfers by their position in `ids`."""
        stored = StoredTransfers(self.folder, self.state)
        return stored.fetch_stored(rows, names)

    @cached_property
    def cards(self) -> tuple[pa.Table, pa.Array]:
        """Purchases of gift cards (`PURCHASES`) and the card accounts that were redeemed."""
        names = ["kind", "operation", "source", "target", "amount_fen", "received_fen", "time"]
        parts = [_cards(read_columns(self.folder, s, names)) for s in self.state.of_kind("transfers")]
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
