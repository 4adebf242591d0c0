"""Ids that a whole run of transfers repeats, and ids the ledger has already: found by hash, settled by their text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ledger.batch.corrections import counting, settled
from ledger.batch.dealing import BUCKET, Deal, dealt, starts_of
from ledger.batch.loose import PLAIN, Loose
from ledger.batch.names import Hashes, text_hashes
from ledger.batch.rejects import Rejects
from ledger.batch.repeats import Repeats
from ledger.records import TRANSFERS
from ledger.store.published import Published

Rows = NDArray[np.int64]

_CONTENT = [name for name in TRANSFERS.names if name not in ("transfer", "file", "line", "sequence")]


@dataclass(frozen=True)
class Ids:
    """The ids of a run as hashes: sorted, and those of published rows that may be among them with their positions."""

    ordered: Hashes
    published: Rows
    published_hashes: Hashes

    def known(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Whether each id is one of the run's or a published one."""
        return among(hashes, self.ordered) | among(hashes, np.sort(self.published_hashes))


def among(values: Hashes, ordered: Hashes) -> NDArray[np.bool_]:
    """Whether each value occurs in a sorted array."""
    if not len(ordered):
        return np.zeros(len(values), bool)
    at = np.searchsorted(ordered, values)
    at[at == len(ordered)] = 0
    return np.asarray(ordered[at] == values)


def ids_of(loose: Loose, more: Hashes, before: Published) -> Ids:
    """What the search for repeats needs.

    Args:
        more: hashes of ids that reports name.
    """
    ordered, disputed = _hashes(loose), np.sort(more)
    ordered.sort()
    rows, found, start = [np.empty(0, np.int64)], [np.empty(0, np.uint64)], 0
    for ids in before.id_pieces():
        published = text_hashes(ids, loose.key)
        order = np.argsort(published)  # sorted values are looked up side by side
        hit = np.sort(order[among(published[order], ordered) | among(published[order], disputed)])
        rows.append(start + hit)
        found.append(published[hit])
        start += len(ids)
    return Ids(ordered, np.concatenate(rows), np.concatenate(found))


def _hashes(loose: Loose) -> Hashes:
    return np.concatenate([np.empty(0, np.uint64), *(piece.hashes for piece in loose.pieces)])


def drop_repeated(loose: Loose, ids: Ids, before: Published, rejects: Rejects) -> NDArray[np.bool_] | None:
    """Which rows stay, None when all do; the others are told."""
    twice = ids.ordered[1:][ids.ordered[1:] == ids.ordered[:-1]]
    wanted = np.unique(np.concatenate([twice, ids.published_hashes]))
    hashes = _hashes(loose) if len(wanted) else ids.ordered
    rows = np.flatnonzero(among(hashes, wanted))
    if not len(rows):
        return None
    keep = np.ones(len(hashes), bool)
    told: list[tuple[pa.Table, Repeats]] = []
    for new, numbers, low, high in _candidates(loose, rows, hashes):
        old = _named(before.transfer_rows(_between(ids, low, high), TRANSFERS.names), before)
        found, over = settled(new, counting(old, before.superseded), _CONTENT, supersede=rejects.supersede)
        rejects.corrections(new.select(["transfer", "file", "line"]).take(pa.array(over)))
        if len(found.rows):
            keep[numbers[found.rows]] = False
            told.append((new.select(["transfer", "file", "line"]).take(pa.array(found.rows)), found))
    _tell(told, rejects)
    return keep


def _between(ids: Ids, low: np.uint64, high: np.uint64) -> Rows:
    return ids.published[(ids.published_hashes >= low) & (ids.published_hashes <= high)]


def _candidates(loose: Loose, rows: Rows, hashes: Hashes) -> Iterator[tuple[pa.Table, Rows, np.uint64, np.uint64]]:
    """Rows whose id may occur twice, with their numbers and the range of their hashes; all rows of an id come together."""
    ordered = np.sort(hashes[rows])
    groups = -(-len(rows) // BUCKET)
    bounds = ordered[np.arange(1, groups) * len(ordered) // groups]
    to = np.full(len(hashes), -1, np.int32)
    to[rows] = np.searchsorted(bounds, hashes[rows], side="right")
    shelves = dealt(_decoded(loose, to), Deal(to[to >= 0], rows, groups), loose.room)
    for group, shelf in enumerate(shelves):
        tables = list(shelf.taken())
        if tables:
            table = pa.concat_tables(tables)
            low = bounds[group - 1] if group else np.uint64(0)
            high = bounds[group] - np.uint64(1) if group < len(bounds) else np.uint64(2**64 - 1)
            yield table.drop_columns("label"), table["label"].to_numpy(), low, high


def _decoded(loose: Loose, to: NDArray[np.int32]) -> Iterator[pa.Table]:
    """The candidates piece after piece."""
    starts = starts_of(loose.pieces)
    for piece, start in zip(loose.pieces, starts[:-1], strict=True):
        mine = np.flatnonzero(to[start : start + piece.rows] >= 0)
        if len(mine):
            yield loose.decoded(piece, piece.kept.read().take(pa.array(mine)))


def _named(old: pa.Table, before: Published) -> pa.Table:
    """Published rows with the numbers of their accounts, words as text."""
    names = before.accounts["account"].combine_chunks()
    for column in ("source", "target"):
        old = old.set_column(old.column_names.index(column), column, names.take(old[column].combine_chunks()))
    return old.cast(PLAIN)


def _tell(told: Sequence[tuple[pa.Table, Repeats]], rejects: Rejects) -> None:
    """All that does not stay, by file and line."""
    if not told:
        return
    table = pa.concat_tables([rows for rows, _ in told])
    order = np.lexsort((table["line"].to_numpy(), table["file"].to_numpy()))
    same, kept_file, kept_line = (
        np.concatenate([getattr(found, name) for _, found in told])[order] for name in ("same", "kept_file", "kept_line")
    )
    found = Repeats(np.arange(len(order)), same, kept_file, kept_line)
    rejects.repeats(found, table.take(pa.array(order)).combine_chunks(), "transfer")
