"""A text file as blocks of whole lines, hashed while it is read; gzip is unpacked and UTF-16 rewritten on the way."""

import codecs
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy as np

BLOCK_BYTES = 8 << 20
JOINED_LINES = 50
JOINED_BYTES = 1 << 16
"""A quoted field may run over this many lines or bytes; a quote open for longer is taken for a stray one."""
_CACHED = 1 << 18
SHOWN_BYTES = 1 << 17
"""What is kept of a line that is longer than two blocks."""
PACKED_RATIO, PACKED_SMALL = 200, 64 << 20
"""A gzip file that unpacks to more than this many times its size, and to more than a little, is made to burst."""
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True)
class Block:
    """Whole lines of a file. first_line: 1-based number of the first; every line ends in a line feed.

    cut_bytes: 0, or how long the one line of this block is, of which only the beginning is here.
    """

    data: bytes
    first_line: int
    cut_bytes: int = 0


@dataclass
class TextFile:
    """One file to read. `digest` and `damage` are known when `blocks` has been read to its end, `encoding` after its first."""

    path: Path
    block_bytes: int = BLOCK_BYTES
    hasher: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    damage: str = ""
    read_bytes: int = 0
    encoding: str = ""

    def blocks(self) -> Iterator[Block]:
        """The lines in blocks. A line longer than two blocks comes alone and cut short."""
        rest, line = b"", 1
        pieces = self._pieces()
        for piece in pieces:
            data = rest + piece
            cut = data.rfind(b"\n") + 1
            cut = open_quote(data, cut)
            if not cut and len(data) < 2 * self.block_bytes:
                rest = data
                continue
            if b"\n" in data or b"\r" in data:
                cut = cut or max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
                block, rest = _block(data[:cut], line), data[cut:]
            else:
                block, rest = _long_line(data, line, pieces)
            yield block
            line += line_count(block.data)
        if rest:
            yield _block(rest, line)

    def head(self, size: int) -> bytes:
        """The first lines, about so many bytes; cut where there is no line end. The file is not read further."""
        data = b""
        for piece in self._pieces():
            data += piece
            if len(data) >= size:
                break
        cut = data.rfind(b"\n", 0, size) + 1
        return _block(data[:cut] or data[:size], 1).data if data else b""

    def pieces(self) -> Iterator[bytes]:
        """The bytes as they come, for formats that are not made of lines."""
        return self._pieces()

    def _pieces(self) -> Iterator[bytes]:
        with self.path.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
            stream.seek(0)
            pieces = self._unpacked(stream) if packed else self._raw(stream)
            first = next(pieces, b"")
            while first and len(first) < 2 and (more := next(pieces, b"")):
                first += more
            self.encoding = _UTF_16.get(first[:2], "")
            yield from self._rewritten(chain([first[2:]], pieces)) if self.encoding else chain([first], pieces)

    def _rewritten(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """UTF-16 as UTF-8. What is no character stays undecodable, so that its line is told."""
        decoder = codecs.getincrementaldecoder(self.encoding)("surrogatepass")
        for piece in pieces:
            yield decoder.decode(piece).encode("utf-8", "surrogatepass")
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            self.damage = self.damage or "the file ends in half a UTF-16 character"

    def _raw(self, stream: BinaryIO) -> Iterator[bytes]:
        while piece := stream.read(self.block_bytes):
            self.hasher.update(piece)
            self.read_bytes += len(piece)
            yield piece

    def _unpacked(self, stream: BinaryIO) -> Iterator[bytes]:
        """Members one after the other; what was readable before the damage is kept."""
        unpacker, size = zlib.decompressobj(31), 0
        for piece in self._raw(stream):
            waiting, more = piece, True
            while more and not self.damage:
                try:
                    data = unpacker.decompress(waiting, self.block_bytes)
                except zlib.error as error:
                    self.damage = str(error)
                    break
                yield data
                size += len(data)
                if size > max(PACKED_SMALL, PACKED_RATIO * self.read_bytes):
                    self.damage = f"it unpacks to more than {PACKED_RATIO} times its size"
                waiting = unpacker.unconsumed_tail
                more = bool(waiting) or len(data) == self.block_bytes
                if unpacker.eof:
                    waiting = unpacker.unused_data.lstrip(b"\0")
                    more = bool(waiting)
                    unpacker = zlib.decompressobj(31) if more else unpacker
        if not self.damage and not unpacker.eof:
            self.damage = "the compressed file ends before its data does"


def _long_line(data: bytes, line: int, pieces: Iterator[bytes]) -> tuple[Block, bytes]:
    """A line that goes on and on: its beginning, and what follows its end. The rest of it is passed over."""
    size = len(data)
    for piece in pieces:
        end = piece.find(b"\n") + 1
        size += end or len(piece)
        if end:
            return _cut(data, line, size - 1), piece[end:]
    return _cut(data, line, size), b""


def _cut(data: bytes, line: int, size: int) -> Block:
    return Block(data[:SHOWN_BYTES].replace(b"\r", b" ") + b"\n", line, size)


def _block(data: bytes, line: int) -> Block:
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
        data = data.replace(b"\r", b" " if b"\n" in data else b"\n")
    return Block(data if data.endswith(b"\n") else data + b"\n", line)


def line_count(data: bytes) -> int:
    """How many line feeds there are; faster than `bytes.count`, which is made for rare bytes."""
    codes = np.frombuffer(data, np.uint8)
    return sum(int(np.count_nonzero(codes[at : at + _CACHED] == 10)) for at in range(0, len(codes), _CACHED))


def open_quote(data: bytes, cut: int) -> int:
    """Where to cut so that a quoted field that may go on after `cut` is not torn apart."""
    if b'"' not in data or data.count(b'"', 0, cut) % 2 == 0:
        return cut
    start = cut
    for _ in range(JOINED_LINES):
        before = data.rfind(b"\n", 0, start - 1) + 1
        if cut - before > JOINED_BYTES:
            break
        if data.count(b'"', before, start) % 2:
            return before
        start = before
        if not start:
            break
    return cut
