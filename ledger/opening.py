"""Open a published ledger: small tables at once, transfers by column when they are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.accounts import inferred_kinds
from ledger.book import Ledger, frame
from ledger.manifest import Segment, State, read_state
from ledger.order import ledger_order
from ledger.problems import LiushuiError
from ledger.records import ACCOUNTS, LINKS, REPORTS, TRANSFERS, WORD
from ledger.segments import read_columns, read_rows, sync_folder

INDEX = "index"


def open_ledger(folder: Path) -> Ledger:
    """Open the last published state.

    Raises LiushuiError when the folder is no ledger, nothing is published yet, or a segment is missing.
    """
    folder = Path(folder)
    state = read_state(folder)
    if not state.batches:
        raise LiushuiError("LDG-no-batch", f"{folder} holds no published batch yet")
    transfers = StoredTransfers(folder, state)
    return Ledger(
        digest=state.digest,
        batch=state.batch,
        accounts=frame(read_accounts(folder, state)[0]),
        reports=frame(read_small(folder, state, "reports", REPORTS)),
        links=frame(read_small(folder, state, "links", LINKS)),
        files=tuple(source.name for source in state.sources),
        transfer_count=transfers.count,
        read=transfers.read,
        index_folder=transfers.index_folder,
        fetch=transfers.fetch,
    )


def read_small(folder: Path, state: State, kind: str, schema: pa.Schema) -> pa.Table:
    """All rows of a small table, in the order of publication."""
    parts = [read_columns(folder, segment, schema.names).cast(schema) for segment in state.of_kind(kind)]
    return pa.concat_tables(parts).combine_chunks() if parts else schema.empty_table()


def read_accounts(folder: Path, state: State) -> tuple[pa.Table, NDArray[np.uint8]]:
    """The accounts by code, later declarations over earlier ones, and which sorts of records name each."""
    segments = state.of_kind("accounts")
    if not segments:
        return ACCOUNTS.empty_table(), np.empty(0, np.uint8)
    names = [*ACCOUNTS.names, "code", "seen"]
    rows = (
        pa.concat_tables([read_columns(folder, segment, names) for segment in segments]).unify_dictionaries().combine_chunks()
    )
    codes, bits = rows["code"].to_numpy(), rows["seen"].to_numpy()
    if len(segments) == 1:
        return rows.select(ACCOUNTS.names).cast(ACCOUNTS), bits
    count = int(codes.max()) + 1 if len(codes) else 0
    seen = np.zeros(count, np.uint8)
    np.bitwise_or.at(seen, codes, bits)
    latest = np.full(count, -1, np.int64)
    declared = np.asarray(rows["declared"].to_numpy(), bool)
    for wanted in (~declared, declared):
        at = np.flatnonzero(wanted)
        latest[codes[at]] = at
    table = rows.take(pa.array(latest))
    return _inferred_again(table, seen), seen


def _inferred_again(table: pa.Table, seen: NDArray[np.uint8]) -> pa.Table:
    """Accounts nobody declared: what they are follows from all batches together."""
    kinds = pc.if_else(
        table["declared"].combine_chunks(),
        table["kind"].combine_chunks().cast(pa.string()),
        inferred_kinds(table["account"].combine_chunks(), seen).cast(pa.string()),
    )
    at = table.column_names.index("kind")
    return table.set_column(at, "kind", kinds.dictionary_encode().cast(WORD)).select(ACCOUNTS.names).cast(ACCOUNTS)


KEPT = ("transfer", "time", "source", "target", "amount_fen")


@dataclass(frozen=True)
class StoredTransfers:
    """The transfers of a published state, all batches as one table in ledger order."""

    folder: Path
    state: State

    @cached_property
    def segments(self) -> list[Segment]:
        """Their segments, oldest first."""
        return self.state.of_kind("transfers")

    @property
    def count(self) -> int:
        """Number of transfers."""
        return sum(segment.rows for segment in self.segments)

    @property
    def index_folder(self) -> Path:
        """Where derived indexes of this state are kept."""
        return self.folder / INDEX / self.state.digest

    def read(self, names: Sequence[str]) -> pa.Table:
        """Columns of every transfer, in ledger order."""
        if not self.segments:
            return TRANSFERS.empty_table().select(list(names))
        missing = [name for name in names if name not in self.kept]
        found = self.kept | self._columns(missing)
        self.kept.update({name: found[name] for name in missing if name in KEPT})
        return pa.table({name: found[name] for name in names}, pa.schema([TRANSFERS.field(name) for name in names]))

    @cached_property
    def kept(self) -> dict[str, pa.ChunkedArray]:
        """Columns that every step reads, decoded once per opened ledger."""
        return {}

    def _columns(self, names: Sequence[str]) -> dict[str, pa.ChunkedArray]:
        if not names:
            return {}
        parts = [read_columns(self.folder, segment, names) for segment in self.segments]
        table = parts[0] if len(parts) == 1 else pa.concat_tables(parts).unify_dictionaries()
        order = self.order
        table = (table if order is None else table.take(pa.array(order))).cast(pa.schema([TRANSFERS.field(n) for n in names]))
        whole = table.combine_chunks()  # rows are picked from one piece many times as fast as from many
        return dict(zip(names, whole.columns, strict=True))

    def fetch(self, rows: NDArray[np.int64], names: Sequence[str]) -> pa.Table:
        """Columns of some transfers by their row number, in the order asked for."""
        return self.fetch_stored(rows if self.order is None else self.order[rows], names)

    def fetch_stored(self, stored: NDArray[np.int64], names: Sequence[str]) -> pa.Table:
        """The same by position in the segments laid end to end."""
        schema = pa.schema([TRANSFERS.field(name) for name in names])
        wanted = np.unique(stored)
        parts, start = [], 0
        for segment in self.segments:
            mine = wanted[(wanted >= start) & (wanted < start + segment.rows)] - start
            if len(mine):
                parts.append(read_rows(self.folder, segment, mine, names))
            start += segment.rows
        if not parts:
            return schema.empty_table()
        table = pa.concat_tables(parts).unify_dictionaries()
        return table.take(pa.array(np.searchsorted(wanted, stored))).cast(schema)

    @cached_property
    def order(self) -> NDArray[np.int64] | None:
        """From ledger order to the order of the segments; None when they are the same. Kept beside the indexes."""
        if len(self.segments) < 2:
            return None
        path = self.index_folder / "order.npy"
        if path.is_file():
            kept = np.load(path, mmap_mode="r")
            return kept if len(kept) else None
        order = self._merged_order()
        _keep(path, np.empty(0, np.int64) if order is None else order)
        return order

    def _merged_order(self) -> NDArray[np.int64] | None:
        keys = pa.concat_tables([read_columns(self.folder, s, ("time", "line", "transfer")) for s in self.segments])
        time_us = keys["time"].cast(pa.int64()).to_numpy()
        return ledger_order(time_us, keys["line"].to_numpy(), keys["transfer"])


def _keep(path: Path, order: NDArray[np.int64]) -> None:
    """Save the permutation if the folder can be written; a ledger on read-only ground works without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp.npy")
        np.save(temporary, order)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError:
        return
