"""A file to read, and a container with the files that came out of it."""

from dataclasses import dataclass, field
from pathlib import Path

from ledger.complaints import Complaints


@dataclass(frozen=True)
class Part:
    """One file to read. name: as it is told by. depth: how many containers it came out of.

    sha256: known where it was unpacked, else empty. sheet: a workbook's sheet, written out as comma-separated UTF-8.
    """

    path: Path
    name: str
    sha256: str = ""
    depth: int = 0
    sheet: bool = False


@dataclass
class Container:
    """What came out of a file that holds others. format: `zip`, `gz`, `xlsx` and so on."""

    format: str
    name: str
    parts: list[Part] = field(default_factory=list)
    complaints: Complaints = field(default_factory=Complaints)

    def complain(self, code: str, message: str, part: str = "") -> None:
        """A problem of the container, or of one part that could not be had."""
        self.complaints.add(part or self.name, 0, code, message)
