"""Rows of a run dealt out to buckets, each small enough to be worked on in memory; in ledger order in the end."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ledger.batch.loose import Piece
from ledger.batch.spill import Room, Shelf
from ledger.store.segments import ROW_GROUP

Rows = NDArray[np.int64]

BUCKET = 4 * ROW_GROUP
"""Rows of a bucket; with all their texts a few hundred megabytes."""


def starts_of(pieces: Sequence[Piece]) -> Rows:
    """The row number at which each piece begins, and the number of rows."""
    return np.concatenate([[0], np.cumsum([piece.rows for piece in pieces], dtype=np.int64)])


def picked_rows(pieces: Sequence[Piece], rows: Rows, shape: Callable[[Piece, pa.Table], pa.Table]) -> pa.Table:
    """Some rows (any order, not many) by row number, in the order asked for, each piece brought into one shape."""
    starts, order = starts_of(pieces), np.argsort(rows, kind="stable")
    wanted = rows[order]
    cuts = np.searchsorted(wanted, starts)
    parts = [
        shape(piece, piece.kept.read().take(pa.array(wanted[low:high] - start)))
        for piece, start, low, high in zip(pieces, starts[:-1], cuts[:-1], cuts[1:], strict=True)
        if high > low
    ]
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return pa.concat_tables(parts).take(pa.array(back))


@dataclass(frozen=True)
class Deal:
    """Which bucket each row goes to. to: -1 where it is left out. label: a number that stays with the row."""

    to: NDArray[np.int32]
    label: Rows | NDArray[np.int32]
    buckets: int


def dealt(tables: Iterable[pa.Table], deal: Deal, room: Room) -> list[Shelf]:
    """Deal out rows; each bucket's tables keep their order and have the column `label`.

    Args:
        tables: all rows, piece after piece.
    """
    shelves, start = [Shelf(room) for _ in range(deal.buckets)], 0
    for table in tables:
        to = deal.to[start : start + table.num_rows]
        label = deal.label[start : start + table.num_rows]
        start += table.num_rows
        order = np.argsort(to, kind="stable")
        found, cuts = np.unique(to[order], return_index=True)
        if len(found) > 1 or found[0] < 0:
            table, label = table.take(pa.array(order)), label[order]
        table = table.append_column("label", pa.array(label))
        for bucket, low, high in zip(found, cuts, [*cuts[1:], len(to)], strict=True):
            if bucket >= 0:
                shelves[bucket].put(table.slice(low, high - low))
    return shelves


def in_order(tables: Iterable[pa.Table], order: Rows, count: int, room: Room, bucket: int = BUCKET) -> Iterator[pa.Table]:
    """The rows of `order` one after the other, `bucket` at a time.

    Args:
        count: how many rows `tables` have in all; those not in `order` are left out.
    """
    rank = np.full(count, -1, np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    deal = Deal(np.where(rank < 0, -1, rank // bucket).astype(np.int32), rank, -(-len(order) // bucket))
    for number, shelf in enumerate(dealt(tables, deal, room)):
        table = pa.concat_tables(list(shelf.taken()), promote_options="default").combine_chunks()
        back = np.empty(table.num_rows, np.int64)
        back[table["label"].to_numpy() - number * bucket] = np.arange(table.num_rows)
        yield table.drop_columns("label").take(pa.array(back)).combine_chunks()


def regrouped(tables: Iterable[pa.Table], bucket: int = BUCKET) -> Iterator[pa.Table]:
    """The same rows in pieces of `bucket` rows, whatever the pieces they come in."""
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        while rows >= bucket:
            whole = pa.concat_tables(waiting, promote_options="default")
            yield whole.slice(0, bucket).combine_chunks()
            rest = whole.slice(bucket)
            waiting, rows = [rest], rest.num_rows
    if rows:
        yield pa.concat_tables(waiting, promote_options="default").combine_chunks()
