"""A text file as blocks of whole lines, hashed while it is read; gzip is unpacked on the way."""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

BLOCK_BYTES = 8 << 20
JOINED_LINES = 50
JOINED_BYTES = 1 << 16
"""A quoted field may run over this many lines or bytes; a quote open for longer is taken for a stray one."""


@dataclass(frozen=True)
class Block:
    """Whole lines of a file. first_line: 1-based number of the first; every line ends in a line feed."""

    data: bytes
    first_line: int


@dataclass
class TextFile:
    """One file to read. `digest` and `damage` are known when `blocks` has been read to its end."""

    path: Path
    block_bytes: int = BLOCK_BYTES
    hasher: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    damage: str = ""
    read_bytes: int = 0

    def blocks(self) -> Iterator[Block]:
        """The lines in blocks. A line longer than a block comes alone, as it is."""
        rest, line = b"", 1
        for piece in self._pieces():
            data = rest + piece
            cut = data.rfind(b"\n") + 1
            cut = open_quote(data, cut)
            if not cut and len(data) < 2 * self.block_bytes:
                rest = data
                continue
            cut = cut or len(data)
            rest = data[cut:]
            block = _block(data[:cut], line)
            yield block
            line += block.data.count(b"\n")
        if rest:
            yield _block(rest, line)

    def _pieces(self) -> Iterator[bytes]:
        with self.path.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
            stream.seek(0)
            yield from self._unpacked(stream) if packed else self._raw(stream)

    def _raw(self, stream: BinaryIO) -> Iterator[bytes]:
        while piece := stream.read(self.block_bytes):
            self.hasher.update(piece)
            self.read_bytes += len(piece)
            yield piece

    def _unpacked(self, stream: BinaryIO) -> Iterator[bytes]:
        """Members one after the other; what was readable before the damage is kept."""
        unpacker = zlib.decompressobj(31)
        for piece in self._raw(stream):
            waiting, more = piece, True
            while more and not self.damage:
                try:
                    data = unpacker.decompress(waiting, self.block_bytes)
                except zlib.error as error:
                    self.damage = str(error)
                    break
                yield data
                waiting = unpacker.unconsumed_tail
                more = bool(waiting) or len(data) == self.block_bytes
                if unpacker.eof:
                    waiting = unpacker.unused_data.lstrip(b"\0")
                    more = bool(waiting)
                    unpacker = zlib.decompressobj(31) if more else unpacker
        if not self.damage and not unpacker.eof:
            self.damage = "the compressed file ends before its data does"


def _block(data: bytes, line: int) -> Block:
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
        data = data.replace(b"\r", b" " if b"\n" in data else b"\n")
    return Block(data if data.endswith(b"\n") else data + b"\n", line)


def open_quote(data: bytes, cut: int) -> int:
    """Where to cut so that a quoted field that may go on after `cut` is not torn apart."""
    if data.count(b'"', 0, cut) % 2 == 0:
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
