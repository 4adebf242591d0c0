"""The transfers of a published state, by column or by row: as they were published, and as the decisions leave them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.batch.names import occurring
from ledger.batch.order import ledger_order
from ledger.records import DECISIONS, TRANSFERS
from ledger.store.changes import Changes, changes_of, in_force, named_ids, switched_off, united_names
from ledger.store.manifest import Segment, State
from ledger.store.segments import read_columns, read_rows, sync_folder

INDEX = "index"
KEPT = ("transfer", "time", "source", "target", "amount_fen")
SUPERSEDED = pa.schema([("transfer", pa.string()), ("file", pa.int32()), ("line", pa.int32())])
"""Ids that were corrected, each with the place of the row that counts since."""
Rows = NDArray[np.int64]


def read_small(folder: Path, state: State, kind: str, schema: pa.Schema) -> pa.Table:
    """All rows of a small table, in the order of publication."""
    parts = [read_columns(folder, segment, schema.names).cast(schema) for segment in state.of_kind(kind)]
    return pa.concat_tables(parts).unify_dictionaries().combine_chunks() if parts else schema.empty_table()


@dataclass(frozen=True)
class StoredTransfers:
    """The transfers of a published state, all batches as one table in ledger order.

    accounts: account numbers by code; needed where names are united.
    """

    folder: Path
    state: State
    accounts: pa.Array | None = None

    @cached_property
    def segments(self) -> list[Segment]:
        """Their segments, oldest first."""
        return self.state.of_kind("transfers")

    @cached_property
    def published(self) -> int:
        """Number of published rows, those that do not count any more included."""
        return sum(segment.rows for segment in self.segments)

    @property
    def count(self) -> int:
        """Number of transfers."""
        return self.published - len(self.changes.dropped)

    @property
    def index_folder(self) -> Path:
        """Where derived indexes of this state are kept."""
        return self.folder / INDEX / self.state.digest

    @cached_property
    def standing(self) -> pa.Table:
        """The decisions in force, in the form of `DECISIONS`."""
        return in_force(read_small(self.folder, self.state, "reconciliation", DECISIONS))

    @cached_property
    def changes(self) -> Changes:
        """What decisions and corrections make of the published rows."""
        superseded = read_small(self.folder, self.state, "superseded", SUPERSEDED)
        if not self.standing.num_rows and not superseded.num_rows:
            return Changes(np.empty(0, np.int64))
        ids = named_ids(self.standing, superseded)
        found = changes_of(self.standing, superseded, self._places(ids), self.fetch_stored)
        return found if self.accounts is None else replace(found, names=united_names(self.standing, self.accounts))

    def _places(self, ids: pa.Array) -> dict[str, list[int]]:
        """The positions of the rows of every id, ascending."""
        rows = self.rows_of(ids)
        places: dict[str, list[int]] = {}
        for name, row in zip(self.fetch_stored(rows, ["transfer"])["transfer"].to_pylist(), rows.tolist(), strict=True):
            places.setdefault(name, []).append(row)
        return places

    def rows_of(self, ids: pa.Array) -> Rows:
        """The positions of the published rows that have one of the ids, ascending."""
        if not len(ids):
            return np.empty(0, np.int64)
        return self.matching(("transfer",), lambda table: occurring(table["transfer"], ids))

    def matching(self, names: Sequence[str], fits: Callable[[pa.Table], NDArray[np.bool_]]) -> Rows:
        """The positions of the published rows that fit, ascending; `fits` sees the named columns of one segment."""
        found, start = [np.empty(0, np.int64)], 0
        for segment in self.segments:
            found.append(start + np.flatnonzero(fits(read_columns(self.folder, segment, names))))
            start += segment.rows
        return np.concatenate(found)

    def read(self, names: Sequence[str]) -> pa.Table:
        """Columns of every transfer, in ledger order."""
        if not self.segments:
            return TRANSFERS.empty_table().select(list(names))
        missing = [name for name in names if name not in self.kept]
        found = self.kept | {name: self._column(name) for name in missing}  # decoding one takes as much again for a moment
        self.kept.update({name: found[name] for name in missing if name in KEPT})
        return pa.table({name: found[name] for name in names}, pa.schema([TRANSFERS.field(name) for name in names]))

    @cached_property
    def kept(self) -> dict[str, pa.ChunkedArray]:
        """Columns that every step reads, decoded once per opened ledger."""
        return {}

    def _column(self, name: str) -> pa.ChunkedArray:
        table = self._patched(self._laid((name,)))
        order = self.order
        table = table if order is None else table.take(pa.array(order))
        return table.cast(_schema((name,))).combine_chunks()[name]  # rows are picked from one piece far faster than from many

    def _laid(self, names: Sequence[str]) -> pa.Table:
        """Published columns, the segments laid end to end."""
        parts = [read_columns(self.folder, segment, names) for segment in self.segments]
        return parts[0] if len(parts) == 1 else pa.concat_tables(parts).unify_dictionaries()

    def _patched(self, table: pa.Table, positions: Rows | None = None) -> pa.Table:
        columns = {name: self.changes.patched(name, table[name], positions) for name in table.column_names}
        return pa.table(columns)

    def fetch(self, rows: Rows, names: Sequence[str]) -> pa.Table:
        """Columns of some transfers by their row number, in the order asked for."""
        positions = rows if self.order is None else np.asarray(self.order)[rows]
        return self._patched(self.fetch_stored(positions, names), positions).cast(_schema(names))

    def fetch_stored(self, stored: Rows, names: Sequence[str]) -> pa.Table:
        """The same by position in the segments laid end to end, as they were published."""
        schema = _schema(names)
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
    def order(self) -> Rows | None:
        """From ledger order to the order of the segments; None when they are the same. Kept beside the indexes."""
        by_line = "order_of_day" in switched_off(self.standing)
        if len(self.segments) < 2 and not self.changes.reorders and not by_line:
            return None
        path = self.index_folder / "order.npy"
        if path.is_file():
            kept = np.load(path, mmap_mode="r")
            return kept if len(kept) else None
        order = self._merged_order(by_line)
        _keep(path, np.empty(0, np.int64) if order is None else order)
        return order

    def _merged_order(self, by_line: bool) -> Rows | None:
        keys = self._patched(self._laid(("time", "line", "sequence", "transfer")))
        place = keys["line"] if by_line else pc.coalesce(keys["sequence"], keys["line"])
        dropped = self.changes.dropped
        stays = None
        if len(dropped):
            stays = np.delete(np.arange(self.published), dropped)
            keys, place = keys.take(pa.array(stays)), place.take(pa.array(stays))
        order = ledger_order(keys["time"].cast(pa.int64()).to_numpy(), place.to_numpy(), keys["transfer"])
        if stays is None:
            return order
        return stays if order is None else stays[order]


def _schema(names: Sequence[str]) -> pa.Schema:
    return pa.schema([TRANSFERS.field(name) for name in names])


def _keep(path: Path, order: Rows) -> None:
    """Save the permutation if the folder can be written; a ledger on read-only ground works without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp.npy")
        np.save(temporary, order)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError:
        return
