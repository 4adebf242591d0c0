"""Files that hold other files: archives, workbooks, packed binaries. Each becomes parts that are read like any file."""

from dataclasses import dataclass

from ledger.containers.archive import open_zip
from ledger.containers.kinds import GZIP, OLE, ZIP
from ledger.containers.packed import gunzipped, open_gzip
from ledger.containers.parts import Container, Part
from ledger.containers.scratch import DamageError, Limits, Scratch, scratch_in
from ledger.containers.workbook import open_older

__all__ = ["CONTAINERS", "Container", "Limits", "Part", "Scratch", "open_container", "scratch_in"]


@dataclass(frozen=True)
class ContainerKind:
    """A container for people: its format, and what becomes of it."""

    name: str
    title: str


CONTAINERS = (
    ContainerKind("zip", "archive; every member is read, archives within archives too (two deep)"),
    ContainerKind("gz", "one packed file, text or not"),
    ContainerKind("xlsx", "workbook; every sheet is read, hidden ones too"),
    ContainerKind("xls", "older workbook"),
    ContainerKind("xlsb", "binary workbook"),
    ContainerKind("ods", "OpenDocument workbook"),
)
_START = 1 << 12
_NO_TEXT = (*ZIP, GZIP, OLE, b"PAR1", b"<", b"\xff\xfe<", b"\xfe\xff\0<")
"""What packed content starts with when its reader needs a file; other content is text and is unpacked while it is read."""


def open_container(part: Part, scratch: Scratch) -> Container | None:
    """What came out of a file that holds others; None when the file is read as it is. Never raises for what is in the file."""
    with part.path.open("rb") as stream:
        start = stream.read(_START)
    if start.startswith(ZIP):
        return open_zip(part, scratch)
    if start.startswith(GZIP) and _packed_start(part).startswith(_NO_TEXT):
        return open_gzip(part, scratch)
    return open_older(part, scratch) if start.startswith(OLE) else None


def _packed_start(part: Part) -> bytes:
    """The first bytes inside a gzip file, without what may stand before an XML document."""
    try:
        return next(gunzipped(part.path), b"")[:_START].lstrip(b"\xef\xbb\xbf \t\r\n")
    except DamageError:
        return b""
