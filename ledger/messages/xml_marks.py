"""An XML message as a stream of marks: the texts its paths name, and where containers, entries and details begin.

Read by libxml2 one element at a time, entities unresolved and nothing fetched. `xml_scan.py` makes the same marks of
large plain files several times as fast; a test compares the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ledger.messages.xml_paths import CODE, CONTAINERS, DEAD, OUTSIDE, trie
from ledger.problems import LiushuiError

ENTRY_BYTES = 24 << 20
"""An entry, and all that stands between two, may have this many bytes: libxml2 makes up to thirty times as much of them."""
BLOCK_TEXTS = 1_500_000
PIECE_BYTES = 1 << 16
_OPEN, _CLOSE, _ENTRY = (CODE[name] for name in ("open", "close", "entry"))


@dataclass(frozen=True)
class Marks:
    """Part of a message, cut between entries.

    code: what is marked (`FIELDS`). start, end: its text in `data` (UTF-8); for `entry` all its bytes; for `open` and `close`
    `end` is the position in CONTAINERS. escaped: whether texts still hold the five named entities. line: of each entry.
    """

    data: bytes
    code: NDArray[np.int16]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    escaped: bool
    line: NDArray[np.int64]


@dataclass
class _Noted:
    """Marks as they are found."""

    data: bytearray = field(default_factory=bytearray)
    code: list[int] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    line: list[int] = field(default_factory=list)

    def text(self, code: int, text: str) -> None:
        self.start.append(len(self.data))
        self.data += text.encode("utf-8", "replace")
        self.end.append(len(self.data))
        self.code.append(code)

    def place(self, code: int, end: int = -1) -> None:
        self.code.append(code)
        self.start.append(len(self.data))
        self.end.append(end)

    def marks(self) -> Marks:
        arrays = (np.array(self.code, np.int16), np.array(self.start, np.int64), np.array(self.end, np.int64))
        return Marks(bytes(self.data), *arrays, escaped=False, line=np.array(self.line, np.int64))


def marks_by_libxml2(pieces: Iterator[bytes]) -> Iterator[Marks]:
    """Read a message in pieces of UTF-8; raises LiushuiError at a damage, after what stood before it has been given."""
    from lxml import etree

    walk = _Walk()
    parser = etree.XMLPullParser(
        events=("end",),
        tag=[f"{{*}}{name}" for name in (*CONTAINERS, "Ntry", "CdtTrfTxInf")],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
        encoding="utf-8",
    )
    since, damage, checked = 0, "", False
    for piece in pieces:
        damage = _fed(parser, piece)
        since += len(piece)
        for _, element in parser.read_events():
            if not checked and element.getroottree().docinfo.internalDTD is not None:
                raise LiushuiError("LDG-xml-refused", "the file declares a document type; such XML is not read")
            checked = True
            since = 0 if walk.take(element) else since
        if len(walk.noted.data) > BLOCK_TEXTS:
            yield walk.rest()
        if since > ENTRY_BYTES:
            damage = f"more than {ENTRY_BYTES:,} bytes without the end of an entry"
        if damage:
            break
    damage = damage or _closed(parser)
    yield walk.rest()
    if damage:
        raise LiushuiError("LDG-damaged-file", damage)


def _fed(parser: Any, piece: bytes) -> str:
    """Give the parser a piece; what is wrong with it, if anything."""
    from lxml import etree

    try:
        parser.feed(piece)
    except etree.XMLSyntaxError as error:
        return _told(error)
    return ""


def _closed(parser: Any) -> str:
    from lxml import etree

    try:
        parser.close()
    except etree.XMLSyntaxError as error:
        return _told(error)
    return ""


def _told(error: Any) -> str:
    """libxml2's words without what it cites of the file, and the line."""
    line, column = error.position
    return f"not well formed at line {line}, column {column}: {str(error.msg).split(', line ')[0][:120]}"


class _Walk:
    """Takes finished elements into marks and frees them."""

    def __init__(self) -> None:
        machine = trie()
        self.noted = _Noted()
        self.open: Any = None
        self.text, self.currency, self.mark, self.container = (
            column.tolist() for column in (machine.text, machine.currency, machine.mark, machine.container)
        )

    def rest(self) -> Marks:
        """The marks since the last time."""
        noted, self.noted = self.noted, _Noted()
        return noted.marks()

    def take(self, element: Any) -> bool:
        """Take an entry or a container that has ended; True where it was one, and not merely called so."""
        above = list(element.iterancestors())
        node = OUTSIDE
        for one in reversed(above):
            node = _step(node, one.tag)
        own = _step(node, element.tag)
        mark = self.mark[own]
        if mark == _OPEN:
            self._enter(element, own)
            self._children(element, own, None)
            self.noted.place(_CLOSE, self.container[own])
            self.open = None
        elif mark == _ENTRY:
            self._enter(above[0], node)
            self._children(above[0], node, element)
            self._entry(element, own)
        else:
            return False
        element.clear()
        for one in (element, *above):
            parent = one.getparent()
            while one.getprevious() is not None:
                del parent[0]
        return True

    def _enter(self, container: Any, node: int) -> None:
        if self.open is not container:
            self.open = container
            self.noted.place(_OPEN, self.container[node])

    def _children(self, container: Any, node: int, until: Any) -> None:
        """What stands in a container before an entry, or behind its last one."""
        for child in container:
            if child is until:
                break
            self._note(child, node)

    def _entry(self, element: Any, node: int) -> None:
        from lxml import etree

        noted = self.noted
        noted.line.append(element.sourceline or 0)
        noted.code.append(_ENTRY)
        noted.start.append(len(noted.data))
        noted.data += etree.tostring(element, encoding="utf-8", with_tail=False)
        noted.end.append(len(noted.data))
        self._inside(element, node)

    def _note(self, element: Any, above: int) -> None:
        node = _step(above, element.tag) if isinstance(element.tag, str) else DEAD
        if node != DEAD and self.mark[node] != _ENTRY:
            if self.mark[node] >= 0:
                self.noted.place(self.mark[node])
            self._inside(element, node)

    def _inside(self, element: Any, node: int) -> None:
        currency = element.get("Ccy") if self.currency[node] >= 0 else None
        if currency is not None:
            self.noted.text(self.currency[node], currency)
        if len(element):
            for child in element:
                self._note(child, node)
        elif self.text[node] >= 0 and element.text:
            self.noted.text(self.text[node], element.text)


def _step(node: int, tag: Any) -> int:
    if node == DEAD or not isinstance(tag, str):
        return DEAD
    return _leads().get((node, tag.rpartition("}")[2]), OUTSIDE if node == OUTSIDE else DEAD)


@cache
def _leads() -> dict[tuple[int, str], int]:
    machine = trie()
    rows, columns = np.nonzero(machine.steps > OUTSIDE)
    return {(int(r), machine.names[c]): int(machine.steps[r, c]) for r, c in zip(rows, columns, strict=True)}


def leaf_texts(marks: Marks) -> tuple[pa.Array, NDArray[np.int64]]:
    """All texts of a block laid in one array with the gaps between them, and per mark its place there (-1 for places).

    The array looks into `data`: taking rows of it copies only those.
    """
    leaf = (marks.code > CODE["detail"]) & (marks.code != CODE["balance"])
    at = np.flatnonzero(leaf)
    offsets = np.empty(2 * len(at) + 1, np.int32)
    offsets[0:-1:2], offsets[1::2] = marks.start[at], marks.end[at]
    offsets[-1] = len(marks.data)
    place = np.full(len(marks.code), -1, np.int64)
    place[at] = 2 * np.arange(len(at))
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(marks.data)]
    return pa.Array.from_buffers(pa.string(), 2 * len(at), buffers), place
