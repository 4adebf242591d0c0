"""The records of a block, told apart with care: which physical lines they are, and which cannot be read at all."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.text.blocks import JOINED_BYTES, JOINED_LINES, Block

_FILLED = np.ones(256, np.int32)
_FILLED[list(b" \t\n\r\x0b\x0c")] = 0


@dataclass(frozen=True)
class BadLine:
    """A line that is no row: its number, its raw bytes, the problem's code and the cause."""

    line: int
    raw: bytes
    code: str
    cause: str


@dataclass(frozen=True)
class Records:
    """Readable records of a block: `data` holds them back to back, record i starts at physical line `lines[i]`."""

    data: bytes
    lines: NDArray[np.int32]
    starts: NDArray[np.int64]
    blank: int
    bad: tuple[BadLine, ...]

    def raw(self, record: int) -> bytes:
        """The bytes of one record without its line feed."""
        end = self.starts[record + 1] if record + 1 < len(self.starts) else len(self.data)
        return self.data[self.starts[record] : end].rstrip(b"\n")


def too_long(block: Block) -> BadLine:
    """The line of a block that has only its beginning."""
    return BadLine(block.first_line, block.data[:1000], "LDG-line-too-long", f"the line has {block.cut_bytes:,} bytes")


def records(block: Block, columns: int, delimiter: str = ",", quoted: bool = True) -> Records:
    """Split a block into records; undecodable lines and unclosed quotes are set aside.

    Args:
        columns: number of fields of the header; decides whether lines joined by an open quote belong together.
        quoted: False where a quote has no meaning for lines (JSON).
    """
    ends = np.flatnonzero(np.frombuffer(block.data, np.uint8) == 10) + 1
    starts = np.concatenate([[0], ends[:-1]])
    spoilt = _undecodable(block.data, ends)
    joined, unclosed = _quoted(block.data, (starts, ends), columns, delimiter) if quoted else ([], [])
    keep = np.ones(len(starts), bool)
    keep[[*spoilt, *unclosed]] = False
    head = keep.copy()
    for first, last in joined:
        head[first + 1 : last + 1] = False
    empty = _empty(block.data, starts, ends)
    blank = head & empty
    told = set(spoilt)
    bad = [
        _bad(block, starts, ends, row, "LDG-undecodable", "the line is not valid UTF-8, or holds NUL bytes") for row in spoilt
    ]
    bad += [
        _bad(block, starts, ends, row, "LDG-unclosed-quote", "a quote opens and never closes")
        for row in unclosed
        if row not in told
    ]
    lengths = np.where(keep & ~blank, ends - starts, 0)
    whole = bool((keep & ~blank).all())
    data = block.data if whole else b"".join(block.data[s:e] for s, e in _runs(starts, ends, keep & ~blank))
    offsets = np.cumsum(lengths) - lengths
    good = head & ~blank
    return Records(
        data, (np.flatnonzero(good) + block.first_line).astype(np.int32), offsets[good], int(blank.sum()), tuple(bad)
    )


def _empty(data: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    first = np.frombuffer(data, np.uint8)[starts]
    empty: NDArray[np.bool_] = first == 10
    doubtful = np.flatnonzero((first == 32) | (first == 9))
    if len(doubtful) > len(starts) >> 8:
        filled = np.add.reduceat(_FILLED[np.frombuffer(data, np.uint8)], starts)
        return np.asarray(filled == 0)
    for row in doubtful:
        empty[row] = not data[starts[row] : ends[row]].strip()
    return empty


def _runs(starts: NDArray[np.int64], ends: NDArray[np.int64], keep: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Byte ranges of the kept lines, neighbours in one range."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], keep, [False]]).astype(np.int8)))
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        yield int(starts[first]), int(ends[after - 1])


def _bad(block: Block, starts: NDArray[np.int64], ends: NDArray[np.int64], row: int, code: str, cause: str) -> BadLine:
    return BadLine(block.first_line + row, block.data[starts[row] : ends[row]].rstrip(b"\n"), code, cause)


def _undecodable(data: bytes, ends: NDArray[np.int64]) -> list[int]:
    found = set()
    at = data.find(b"\0")
    while at >= 0:
        row = int(np.searchsorted(ends, at, side="right"))
        found.add(row)
        at = data.find(b"\0", int(ends[row]))
    view, at = memoryview(data), 0
    while at < len(data):
        try:
            str(view[at:], "utf-8")
            break
        except UnicodeDecodeError as error:
            row = int(np.searchsorted(ends, at + error.start, side="right"))
            found.add(row)
            at = int(ends[row])
    return sorted(found)


def _quoted(
    data: bytes, bounds: tuple[NDArray[np.int64], NDArray[np.int64]], columns: int, delimiter: str
) -> tuple[list[tuple[int, int]], list[int]]:
    """Groups of lines that one quoted field joins, and lines whose quote never closes."""
    if b'"' not in data:
        return [], []
    starts, ends = bounds
    quotes = np.flatnonzero(np.frombuffer(data, np.uint8) == 34)
    odd = np.flatnonzero(np.bincount(np.searchsorted(ends, quotes, side="right"), minlength=len(ends)) % 2)
    joined: list[tuple[int, int]] = []
    unclosed: list[int] = []
    position = 0
    while position < len(odd):
        first = int(odd[position])
        last = int(odd[position + 1]) if position + 1 < len(odd) else -1
        near = 0 <= last - first <= JOINED_LINES and ends[last] - starts[first] <= JOINED_BYTES
        if near and field_count(data[starts[first] : ends[last]], delimiter) == columns:
            joined.append((first, last))
            position += 2
            continue
        if field_count(data[starts[first] : ends[first]], delimiter) < 0:
            unclosed.append(first)
        position += 1
    return joined, unclosed


def field_count(raw: bytes, delimiter: str) -> int:
    """Fields of one record; -1 when it is not one whole record."""
    rows = fields_of(raw.decode("utf-8", "replace"), delimiter)
    return len(rows[0]) if len(rows) == 1 else -1


def fields_of(text: str, delimiter: str) -> list[list[str]]:
    """The records of a text as lists of fields; none when a quote stays open at its end."""
    probe = list(csv.reader(io.StringIO(text.rstrip("\n") + delimiter + "x", newline=""), delimiter=delimiter))
    if not probe or probe[-1][-1] != "x":
        return []
    return [*probe[:-1], probe[-1][:-1]]
