"""The transfers of a run with their final codes, as the one stream of row groups a segment is written from."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.batch.accounts import positions
from ledger.batch.dealing import in_order, picked_rows, regrouped, starts_of
from ledger.batch.loose import DEFAULTS, WORDS, Loose, Piece
from ledger.batch.names import Codes
from ledger.batch.order import Rows, order_of
from ledger.records import TRANSFERS
from ledger.store.segments import ROW_GROUP, Stream

Mask = NDArray[np.bool_]

MOST_WORDS = 1 << 16
"""A row group has the dictionary of the whole segment; where that has more words than this, only those of its own rows."""


@dataclass(frozen=True)
class FinalAccounts:
    """codes: final code per code of the run, -1 where no row that stays names it. fresh: the new accounts, sorted, the first
    has the code after the known ones. seen: per final code the sorts of records that name it."""

    codes: Codes
    fresh: pa.Array
    seen: NDArray[np.uint8]


def final_accounts(loose: Loose, seen: NDArray[np.uint8], declared: pa.Array, known: pa.Array) -> FinalAccounts:
    """Codes in the order of the account numbers, after those of earlier batches.

    Args:
        declared: accounts that have a record of their own. known: accounts of earlier batches; position = code.
    """
    told = loose.accounts.codes(declared.cast(pa.string()))
    used = np.zeros(loose.accounts.count, bool)
    used[: len(seen)] = seen > 0
    used[told] = True
    rows = np.flatnonzero(used)
    names = loose.accounts.texts().take(pa.array(rows))
    at = positions(names, known)
    new = np.flatnonzero(at < 0)
    order = pc.sort_indices(names.take(pa.array(new))).to_numpy()
    at[new[order]] = np.arange(len(new), dtype=np.int32) + np.int32(len(known))
    codes = np.full(loose.accounts.count, -1, np.int32)
    codes[rows] = at
    final_seen = np.zeros(len(known) + len(new), np.uint8)
    final_seen[codes[: len(seen)][seen > 0]] = seen[seen > 0]
    return FinalAccounts(codes, names.take(pa.array(new[order])), final_seen)


@dataclass(frozen=True)
class Words:
    """The words of one column, sorted, and the place of each code of the run among them; `default`: the code for null."""

    sorted: pa.Array
    rank: Codes
    default: int

    def column(self, codes: pa.ChunkedArray) -> pa.Array:
        """Codes as a dictionary column; equal content gives equal bytes."""
        ranks = self.rank[codes.fill_null(self.default).to_numpy()]
        words = self.sorted
        if len(words) > MOST_WORDS:
            used, ranks = np.unique(ranks, return_inverse=True)
            words = words.take(pa.array(used[used >= 0]))
            ranks = ranks - int((used < 0).sum())
        indices = pa.array(ranks.astype(np.int32), mask=ranks < 0 if (ranks < 0).any() else None)
        return pa.DictionaryArray.from_arrays(indices, words)


def _words(texts: pa.Array, default: int = -1) -> Words:
    order = pc.sort_indices(texts).to_numpy()
    rank = np.full(len(order) + 1, -1, np.int32)  # the last place stands for -1: no word
    rank[order] = np.arange(len(order), dtype=np.int32)
    return Words(texts.take(pa.array(order)), rank, default)


def all_words(loose: Loose) -> dict[str, Words]:
    """The words of every column of words."""
    defaults = dict.fromkeys(WORDS, -1)
    for name in DEFAULTS:
        if any(name not in piece.columns for piece in loose.pieces):
            defaults[name] = loose.default(name)
    kinds = pa.array(sorted({piece.kind for piece in loose.pieces}), pa.string())
    return {name: _words(loose.words[name].texts(), defaults[name]) for name in WORDS} | {"kind": _words(kinds)}


def order_rows(loose: Loose, keep: Mask | None) -> Rows | None:
    """Rows that stay in ledger order; None when the pieces are in it one after the other."""
    time_us = np.concatenate([piece.time_us for piece in loose.pieces])
    place = np.concatenate([piece.place for piece in loose.pieces])
    for piece in loose.pieces:
        piece.time_us, piece.place = np.empty(0, np.int64), np.empty(0, np.int32)

    def ids_of(rows: Rows) -> pa.ChunkedArray:
        return picked_rows(loose.pieces, rows, lambda _, table: table.select(["transfer"]))["transfer"]

    order = order_of(time_us, place, ids_of)
    return order if order is None or keep is None else order[keep[order]]


def stream(loose: Loose, accounts: FinalAccounts, keep: Mask | None) -> Stream:
    """All rows that stay, in ledger order, one row group at a time; the rows are used up by it."""
    words, order = all_words(loose), order_rows(loose, keep)
    count = int(starts_of(loose.pieces)[-1])
    kinds = words["kind"].sorted.to_pylist()

    def tables(stays: Mask | None) -> Iterator[pa.Table]:
        for piece, table, some in _taken(loose, stays):
            yield _placed(piece, table if some is None else table.filter(pa.array(some)), kinds.index(piece.kind))

    def groups() -> Iterator[pa.Table]:
        every = regrouped(tables(keep)) if order is None else in_order(tables(None), order, count, loose.room)
        for table in every:
            for start in range(0, table.num_rows, ROW_GROUP):
                yield _finished(table.slice(start, ROW_GROUP), accounts.codes, words)

    return Stream(TRANSFERS, count if keep is None else int(keep.sum()), groups)


def _taken(loose: Loose, keep: Mask | None) -> Iterator[tuple[Piece, pa.Table, Mask | None]]:
    """Every piece with its rows, and which of them stay (None: all); forgotten when it is handed out."""
    starts = starts_of(loose.pieces)
    for piece, start, rows in zip(loose.pieces, starts[:-1], np.diff(starts), strict=True):
        yield piece, piece.kept.take(), None if keep is None else keep[start : start + rows]


def _placed(piece: Piece, table: pa.Table, kind: int) -> pa.Table:
    """A piece's rows with what all of them share."""
    table = table.append_column("kind", pa.array(np.full(table.num_rows, kind, np.int32)))
    if piece.reading is None:
        return table
    return table.append_column("file", pa.array(np.full(table.num_rows, piece.file, np.int32)))


def _finished(table: pa.Table, accounts: Codes, words: dict[str, Words]) -> pa.Table:
    """The columns of `TRANSFERS`."""
    columns = []
    for wanted in TRANSFERS:
        if wanted.name not in table.column_names:
            given = words[wanted.name].default if wanted.name in words else -1
            empty = pa.nulls(table.num_rows, pa.int32() if given >= 0 else wanted.type)
            columns.append(words[wanted.name].column(pa.chunked_array([empty])) if given >= 0 else empty)
        elif wanted.name in words:
            columns.append(words[wanted.name].column(table[wanted.name]))
        elif wanted.name in ("source", "target"):
            columns.append(pa.array(accounts[table[wanted.name].to_numpy()]))
        else:
            columns.append(table[wanted.name])
    return pa.table(columns, schema=TRANSFERS)
