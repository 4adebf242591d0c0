"""One look at all transfers of a run that stay: which accounts they name, which rows reconciliation may want."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.batch.accounts import SEEN_BY_KIND
from ledger.batch.dealing import starts_of
from ledger.batch.loose import PLAIN, Loose, Piece
from ledger.batch.names import Codes

Mask = NDArray[np.bool_]
_ODD = {"operation": ("refund",), "status": ("reversed", "failed")}


@dataclass(frozen=True)
class Survey:
    """What one look at all rows that stay tells.

    seen: per account code of the run, the sorts of records that name it. candidates: rows reconciliation may want, as
    `PLAIN`. own: per file the number of rows whose source is their target, and the first line.
    """

    seen: NDArray[np.uint8]
    candidates: pa.Table
    own: dict[int, tuple[int, int]]


def surveyed(loose: Loose, keep: Mask | None, references: bool) -> Survey:
    """Look at every row once.

    Args:
        keep: rows that stay; None: all. references: rows with a reference are candidates too.
    """
    marks = {piece.kind: np.zeros(loose.accounts.count, bool) for piece in loose.pieces}
    candidates: list[pa.Table] = []
    own: dict[int, tuple[int, int]] = {}
    odd = {name: _codes(loose, name, words) for name, words in _ODD.items()}
    for piece, table, stays in _staying(loose.pieces, keep):
        rows = table if stays is None else table.filter(pa.array(stays))
        for side in ("source", "target"):
            marks[piece.kind][rows[side].to_numpy()] = True
        matters = _matters(rows, odd, references)
        if matters.any():
            candidates.append(loose.decoded(piece, rows.filter(pa.array(matters))))
        mine = piece.own if stays is None else piece.own[stays[piece.own]]
        if len(mine):
            _count_own(own, piece, table.take(pa.array(mine)))
    seen = np.zeros(loose.accounts.count, np.uint8)
    for kind, mark in marks.items():
        seen |= mark * np.uint8(SEEN_BY_KIND[kind])
    return Survey(seen, pa.concat_tables([PLAIN.empty_table(), *candidates]), own)


def _staying(pieces: Sequence[Piece], keep: Mask | None) -> Iterator[tuple[Piece, pa.Table, Mask | None]]:
    """Every piece with its rows, and which of them stay (None: all)."""
    for piece, start in zip(pieces, starts_of(pieces)[:-1], strict=True):
        stays = None if keep is None else keep[start : start + piece.rows]
        yield piece, piece.kept.read(), None if stays is None or stays.all() else stays


def _codes(loose: Loose, name: str, words: Sequence[str]) -> Codes:
    """The codes of those of the words that occur."""
    found = pc.index_in(pa.array(words), value_set=loose.words[name].texts())
    return np.asarray(found.drop_null().to_numpy())


def _matters(rows: pa.Table, odd: Mapping[str, Codes], references: bool) -> Mask:
    """Told by one side, failed, given back or giving back; with a reference where other files may name it as well."""
    found = np.zeros(rows.num_rows, bool)
    for name, codes in odd.items():
        if len(codes) and name in rows.column_names:
            found |= np.isin(rows[name].to_numpy(), codes)
    if "witness" in rows.column_names:
        found |= rows["witness"].to_numpy() >= 0
    for name in ("reverses", *(["reference"] if references else [])):
        if name in rows.column_names:
            found |= rows[name].is_valid().to_numpy()
    return found


def _count_own(own: dict[int, tuple[int, int]], piece: Piece, rows: pa.Table) -> None:
    files = rows["file"].to_numpy() if piece.reading is None else np.full(rows.num_rows, piece.file, np.int32)
    for file in np.unique(files).tolist():
        lines = rows["line"].to_numpy()[files == file]
        number, first = own.get(file, (0, int(lines.min())))
        own[file] = (number + len(lines), min(first, int(lines.min())))
