"""The formats the ledger reads, one file each; a file is offered to them in this order, the first that knows it reads it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ledger.containers.kinds import foreign
from ledger.problems import LiushuiError
from ledger.reading import HEAD_BYTES, Progress, Reader, Reading
from ledger.sources import canonical, iso20022, json_lines, mapped, mt940, parquet
from ledger.statements.profile import Profile
from ledger.store.segments import file_digest
from ledger.text.blocks import TextFile


@dataclass(frozen=True)
class Source:
    """A format the ledger reads.

    name: short, as in `Reading.format`.
    offered(start, profiles): the reader when the file is its own, else None. `start` is the first 64 KiB: unpacked where it
    was gzip, UTF-8 where it was UTF-16, whole lines each with its line feed; a file without line feeds comes cut. Raises
    LiushuiError when the file is its own but cannot be read. The reader gets a `Reading` whose path has the file's unpacked
    bytes; packed text alone stays packed, `TextFile` unpacks it.
    title, example: for people: what it is, and what its start looks like.
    encodings: of its text; none where the format says it itself. whole: it cannot be read from a part of the file.
    """

    name: str
    offered: Callable[[bytes, Sequence[Profile]], Reader | None]
    title: str
    example: str
    encodings: tuple[str, ...] = ("utf-8", "utf-16")
    whole: bool = False


SOURCES = (
    Source("parquet", parquet.offered, parquet.TITLE, parquet.EXAMPLE, (), whole=True),
    Source("iso20022", iso20022.offered, iso20022.TITLE, iso20022.EXAMPLE, whole=True),
    Source("mt940", mt940.offered, mt940.TITLE, mt940.EXAMPLE, ("utf-8", "latin-1"), whole=True),
    Source("jsonl", json_lines.offered, json_lines.TITLE, json_lines.EXAMPLE),
    Source("csv", canonical.offered, canonical.TITLE, canonical.EXAMPLE),
    Source("profile", mapped.offered, mapped.TITLE, mapped.EXAMPLE, ()),
    Source("accounts", canonical.offered_accounts, canonical.ACCOUNTS_TITLE, canonical.ACCOUNTS_EXAMPLE),
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
    start, fitted = opening_of(reading, profiles)
    _, reader = find_source(start, fitted)
    if reader is None:
        shown = ", ".join(name[:30] for name in canonical.header_cells(start)[0][:12])
        raise LiushuiError("LDG-unknown-header", f"no record kind and no profile has this header: {shown!r}")
    reader(reading, progress)


def opening_of(reading: Reading, profiles: Sequence[Profile]) -> tuple[bytes, Sequence[Profile]]:
    """The start of a file as sources are offered it, and the profiles as they fit it.

    Raises LiushuiError for bytes that are no text and no Parquet.
    """
    file = TextFile(reading.path)
    start = file.head(HEAD_BYTES)
    if not start:
        raise LiushuiError("LDG-damaged-file", f"nothing of the compressed file can be unpacked: {file.damage}")
    named = foreign(start)
    if named or (b"\0" in start.split(b"\n", 1)[0] and not start.startswith(parquet.MAGIC)):
        what = named or f"neither text nor Parquet (it starts with {start[:4].hex(' ')})"
        raise LiushuiError("LDG-not-text", f"the file is {what}")
    if not (reading.sheet or file.encoding):
        return start, profiles
    utf_8 = [replace(profile, encodings=("utf-8-sig",)) for profile in profiles]
    return start, [replace(profile, delimiter=",") for profile in utf_8] if reading.sheet else utf_8


def find_source(start: bytes, profiles: Sequence[Profile]) -> tuple[Source | None, Reader | None]:
    """The first source that knows a file, and its reader."""
    for source in SOURCES:
        reader = source.offered(start, profiles)
        if reader:
            return source, reader
    return None, None
