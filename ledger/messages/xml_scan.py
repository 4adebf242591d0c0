"""Messages in large plain files: the marks of `ledger/messages/xml_marks.py`, found by a compiled scan.

The scan gives up at whatever is not plainly right (`OddXmlError`); the whole file is then read by libxml2, whose word counts.
"""

from collections.abc import Iterator
from functools import cache
from itertools import chain
from typing import Any

import numpy as np

from ledger.messages.xml_marks import Marks
from ledger.messages.xml_paths import CODE, trie
from ledger.messages.xml_prolog import Prolog, utf8_pieces
from ledger.problems import LiushuiError

BLOCK_BYTES = 8 << 20
ENTRY_BYTES = 64 << 20
"""A larger entry is left to libxml2, which refuses it."""


class OddXmlError(Exception):
    """Something stands in the file that the scan leaves to libxml2."""


def marks_by_scan(pieces: Iterator[bytes], prolog: Prolog) -> Iterator[Marks]:
    """Read a message in pieces.

    Raises OddXmlError where libxml2 has to read the file; what was given until then does not count.
    """
    _check_root(prolog)
    state = (np.zeros(128, np.uint64), np.zeros(128, np.int16), np.zeros(2, np.int64))
    waiting, skip, lines = b"", prolog.root, 1
    for text in chain(_sound(pieces, prolog), [b""]):
        data = waiting + text
        if len(data) < BLOCK_BYTES and text:
            waiting = data
            continue
        marks, end = _scanned(data, skip, prolog, state, lines)
        lines += data.count(b"\n", 0, end)
        waiting, skip = data[end:], 0
        if len(waiting) > ENTRY_BYTES:
            raise OddXmlError
        if len(marks.code):
            yield marks
    if not state[2][1] or waiting.strip():
        raise OddXmlError


def _sound(pieces: Iterator[bytes], prolog: Prolog) -> Iterator[bytes]:
    try:
        yield from utf8_pieces(pieces, prolog, checked=True)
    except LiushuiError as error:
        raise OddXmlError from error


def _check_root(prolog: Prolog) -> None:
    """The root's own tag is judged by libxml2, for its namespaces."""
    from lxml import etree

    try:
        etree.fromstring(f"{prolog.tag.rstrip('/>')}/>".encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise OddXmlError from error


def _scanned(data: bytes, skip: int, prolog: Prolog, state: Any, lines: int) -> tuple[Marks, int]:
    from ledger.messages.xml_kernel import ODD, hashed, scan

    view = np.frombuffer(data, np.uint8)
    colon = prolog.name.encode().find(b":")
    prefix = hashed(np.frombuffer(prolog.name.encode(), np.uint8), 0, colon) if colon > 0 else np.uint64(0)
    spans = (skip, len(data), prefix, "xmlns:xsi" in prolog.tag)
    room = len(data) // 4 + 16
    out = (np.empty(room, np.int16), np.empty(room, np.int64), np.empty(room, np.int64))
    how, count, end = scan(view, spans, _names(), _machine(), state, out)
    if how == ODD:
        raise OddXmlError
    code, start, stop = out[0][:count].copy(), out[1][:count].copy(), out[2][:count].copy()
    entries = start[code == CODE["entry"]]
    return Marks(data, code, start, stop, escaped=True, line=_lines(view, entries, lines)), end


def _lines(view: Any, places: Any, first: int) -> Any:
    """The line of each place."""
    ends = np.flatnonzero(view == 10)
    return np.searchsorted(ends, places) + first


@cache
def _machine() -> tuple[Any, ...]:
    machine = trie()
    tables = (machine.steps, machine.text, machine.currency, machine.mark, machine.container)
    return (*tables, np.int16(CODE["close"]), np.int16(CODE["entry"]))


@cache
def _names() -> tuple[Any, ...]:
    """The local names as an open hash table: hashes, numbers (-1: empty), their letters and where each starts."""
    from ledger.messages.xml_kernel import hashed

    words = [name.encode() for name in trie().names]
    slots, numbers = np.zeros(512, np.uint64), np.full(512, -1, np.int16)
    for number, word in enumerate(words):
        value = hashed(np.frombuffer(word, np.uint8), 0, len(word))
        at = int(value) & 511
        while numbers[at] >= 0:
            at = (at + 1) & 511
        slots[at], numbers[at] = value, number
    letters = np.frombuffer(b"".join(words), np.uint8)
    return slots, numbers, letters, np.cumsum([0, *map(len, words)])
