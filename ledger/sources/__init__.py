"""The formats the ledger reads, one file each; a file is offered to them in this order, the first that knows it reads it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.blocks import TextFile
from ledger.problems import LiushuiError
from ledger.profile import Profile
from ledger.reading import HEAD_BYTES, Progress, Reader, Reading
from ledger.segments import file_digest
from ledger.sources import canonical, json_lines, mapped, parquet


@dataclass(frozen=True)
class Source:
    """A format: looks at the first bytes of a file (unpacked) and gives the reader for it, or None when it is not its own."""

    name: str
    offered: Callable[[bytes, Sequence[Profile]], Reader | None]


SOURCES = (
    Source("parquet", parquet.offered),
    Source("jsonl", json_lines.offered),
    Source("csv", canonical.offered),
    Source("profile", mapped.offered),
    Source("accounts", canonical.offered_accounts),
)


def read_file(reading: Reading, profiles: Sequence[Profile], progress: Progress) -> Reading:
    """Read one file in whatever format it is; what cannot be read becomes a problem of the file."""
    try:
        _read(reading, profiles, progress)
        if not reading.data_lines and not reading.complaints.counts:
            reading.complain(0, "LDG-no-rows", "the file has a header and no rows")
    except LiushuiError as error:
        reading.complain(0, error.code, str(error))
    except OSError as error:
        reading.complain(0, "LDG-missing-path", f"the file cannot be read: {error.strerror}")
    if not reading.digest and reading.path.is_file():
        reading.digest = file_digest(reading.path)
    reading.check()
    return reading


def _read(reading: Reading, profiles: Sequence[Profile], progress: Progress) -> None:
    if not reading.size:
        raise LiushuiError("LDG-empty-file", "the file has no bytes")
    head = next(TextFile(reading.path, HEAD_BYTES).blocks(), None)
    start = head.data[:HEAD_BYTES] if head else b""
    if not start:
        raise LiushuiError("LDG-damaged-file", "nothing of the compressed file can be unpacked")
    if b"\0" in start.split(b"\n", 1)[0] and not start.startswith(parquet.MAGIC):
        raise LiushuiError("LDG-not-text", f"the file is neither text nor Parquet (it starts with {start[:4].hex(' ')})")
    for source in SOURCES:
        reader = source.offered(start, profiles)
        if reader:
            reader(reading, progress)
            return
    shown = ", ".join(name[:30] for name in canonical.header_cells(start)[0][:12])
    raise LiushuiError("LDG-unknown-header", f"no record kind and no profile has this header: {shown!r}")
