"""Gzip files whose content is not text: unpacked whole, because their readers need a file."""

import zlib
from collections.abc import Iterator
from pathlib import Path

from ledger.containers.names import harmless
from ledger.containers.parts import Container, Part
from ledger.containers.scratch import DamageError, LimitError, Scratch, Unpacked

PIECE = 1 << 20


def open_gzip(part: Part, scratch: Scratch) -> Container:
    """The one file inside."""
    container = Container("gz", part.name)
    inner = harmless(part.name.rsplit("/", 1)[-1])[0]
    inner = inner.removesuffix(".gz") if inner.endswith(".gz") else f"{inner}#unpacked"
    name = f"{part.name}/{inner}"
    try:
        scratch.check_depth(part.depth)
        poured = scratch.pour(gunzipped(part.path), Unpacked(part.path.stat().st_size))
    except LimitError as error:
        container.complain("LDG-archive-limit", f"not unpacked: {error}")
        return container
    if poured.damage:
        container.complain("LDG-damaged-file", f"the compressed file is cut or corrupt: {poured.damage}", name)
    container.parts.append(Part(poured.path, name, poured.sha256, part.depth + 1))
    return container


def gunzipped(path: Path) -> Iterator[bytes]:
    """The content in pieces, members one after the other. Raises DamageError where it is cut or corrupt."""
    unpacker, fresh = zlib.decompressobj(31), True
    with path.open("rb") as stream:
        while waiting := stream.read(PIECE):
            while waiting:
                fresh = False
                try:
                    yield unpacker.decompress(waiting, PIECE)
                except zlib.error as error:
                    raise DamageError(str(error)) from error
                waiting = unpacker.unconsumed_tail
                if unpacker.eof:
                    waiting, unpacker, fresh = unpacker.unused_data.lstrip(b"\0"), zlib.decompressobj(31), True
    if not fresh:
        yield unpacker.flush()
        if not unpacker.eof:
            raise DamageError("it ends before its data does")
