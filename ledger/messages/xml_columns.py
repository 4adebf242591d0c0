"""Marks of a message as columns: one text per entry, or per detail of an entry."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.messages.xml_marks import Marks, leaf_texts
from ledger.messages.xml_paths import CODE, FIELDS, IN_HEADER
from ledger.text.cells import trimmed

Places = NDArray[np.int64]
_NAMED = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))
_NOTHING = r"(?i)^(?:not ?provided|nonref|none|n/?a|-+)$"
"""What banks write where a reference is required and they have none."""


@dataclass(frozen=True)
class XmlBlock:
    """A block of marks with what is needed to take columns out of it."""

    marks: Marks

    @cached_property
    def entries(self) -> int:
        """Entries in the block."""
        return len(self.at("entry"))

    @cached_property
    def entry_of(self) -> Places:
        """Per mark the entry it stands in; -1 before the first."""
        return np.cumsum(self.marks.code == CODE["entry"]) - 1

    @cached_property
    def detail_of(self) -> Places:
        """Per mark the detail (of the whole block) it stands in."""
        return np.cumsum(self.marks.code == CODE["detail"]) - 1

    @cached_property
    def header(self) -> list[tuple[str, str]]:
        """What containers say of themselves, in order: (field, text); for `open` and `close` the container's number."""
        wanted = np.isin(self.marks.code, [*IN_HEADER, CODE["open"], CODE["close"]])
        rows = np.flatnonzero(wanted)
        texts = self._taken(self._laid[1][rows]).to_pylist()
        codes, ends = self.marks.code[rows].tolist(), self.marks.end[rows].tolist()
        places = ("open", "close", "balance")
        told = (
            (FIELDS[code], str(end) if FIELDS[code] in places else text or "")
            for code, end, text in zip(codes, ends, texts, strict=True)
        )
        return [(field, text) for field, text in told if text]

    def raw(self, entry: int) -> bytes:
        """The bytes of an entry."""
        at = self.at("entry")[entry]
        return self.marks.data[int(self.marks.start[at]) : int(self.marks.end[at])]

    def at(self, name: str) -> Places:
        """The marks of a field."""
        order, bounds = self._sorted
        return order[bounds[CODE[name]] : bounds[CODE[name] + 1]]

    def column(self, name: str, owner: Places, rows: int) -> pa.Array:
        """The first text of a field per row; without blanks around it, null where there is none.

        Args:
            owner: per mark its row, `entry_of` or `detail_of`.
        """
        marks, row = self._owned(name, owner)
        if not len(marks):
            return pa.nulls(rows, pa.string())
        first = np.concatenate([[True], row[1:] != row[:-1]])
        place = np.full(rows, -1, np.int64)
        place[row[first]] = self._laid[1][marks[first]]
        return self._taken(place)

    def joined(self, name: str, owner: Places, rows: int) -> pa.Array:
        """All texts of a field per row, with a blank between them."""
        marks, row = self._owned(name, owner)
        if not len(marks) or not (row[1:] == row[:-1]).any():
            return self.column(name, owner, rows)
        texts = self._taken(self._laid[1][marks])
        bounds = np.searchsorted(row, np.arange(rows + 1)).astype(np.int32)
        joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(bounds), pc.fill_null(texts, "")), " ")
        return trimmed(joined)

    def counted(self, name: str, owner: Places, rows: int) -> Places:
        """How many texts of a field each row has."""
        return np.bincount(self._owned(name, owner)[1], minlength=rows)

    def _owned(self, name: str, owner: Places) -> tuple[Places, Places]:
        """The marks of a field that belong to a row, and their rows, which rise."""
        marks = self.at(name)
        row = owner[marks]
        mine = row >= 0
        return (marks, row) if mine.all() else (marks[mine], row[mine])

    def reference(self, name: str, owner: Places, rows: int) -> pa.Array:
        """A field that identifies something; null where the bank says that it has none."""
        column = self.column(name, owner, rows)
        if column.null_count == rows:
            return column
        return pc.if_else(pc.match_substring_regex(column, _NOTHING), pa.scalar(None, pa.string()), column)

    @cached_property
    def _laid(self) -> tuple[pa.Array, Places]:
        return leaf_texts(self.marks)

    @cached_property
    def _sorted(self) -> tuple[Places, Places]:
        order = np.argsort(self.marks.code, kind="stable")
        return order, np.searchsorted(self.marks.code[order], np.arange(len(CODE) + 1))

    @cached_property
    def _odd(self) -> tuple[bool, bool]:
        """Whether texts may hold named entities, and line ends that XML reads as others."""
        return self.marks.escaped and b"&" in self.marks.data, self.marks.escaped and b"\r" in self.marks.data

    def _taken(self, place: Places) -> pa.Array:
        texts = self._laid[0].take(pa.array(place, mask=place < 0))
        named, returns = self._odd
        if named:
            for entity, letter in _NAMED:
                texts = pc.replace_substring(texts, entity, letter)
        if returns:
            texts = pc.replace_substring(pc.replace_substring(texts, "\r\n", "\n"), "\r", "\n")
        return trimmed(texts)
