"""What one file gave: its good rows, its bad lines, its problems, and the count that proves nothing was lost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from ledger.complaints import Complaints
from ledger.fields import RecordKind
from ledger.lines import BadLine
from ledger.parse import Parsed

HEAD_BYTES = 1 << 16

Progress = Callable[[str, int, int], None]
"""Told (stage, done, total) while a long step runs."""


Reader = Callable[["Reading", Progress], None]
"""Reads a file to its end into the reading."""


def silent(stage: str, done: int, total: int) -> None:
    """The progress nobody watches."""


@dataclass
class Reading:
    """One file read to its end.

    chunks: tables of the kind's columns with `line`, in file order. data_lines = rows - derived + len(bad) + blank, always.
    derived: rows beyond the file's own lines (fees split off). side: accounts a profile says something about.
    format: how it was read, such as `csv`, `parquet`, `jsonl`, `profile:wechat`.
    """

    path: Path
    name: str
    size: int
    format: str = ""
    kind: RecordKind | None = None
    digest: str = ""
    chunks: list[pa.Table] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    side: pa.Table | None = None
    derived: int = 0
    blank: int = 0
    data_lines: int = 0
    complaints: Complaints = field(default_factory=Complaints)

    @property
    def rows(self) -> int:
        """Good rows so far."""
        return sum(chunk.num_rows for chunk in self.chunks)

    def take(self, parsed: Parsed) -> None:
        """Add a block: its rows, its bad lines as problems, its doubts."""
        if parsed.rows.num_rows:
            self.chunks.append(parsed.rows)
        self.blank += parsed.blank
        self.data_lines += parsed.rows.num_rows + len(parsed.bad) + parsed.blank
        self.refuse(parsed.bad)
        for doubt in parsed.doubts:
            self.complain(doubt.line, doubt.code, doubt.cause)

    def refuse(self, lines: Sequence[BadLine]) -> None:
        """Lines that are no rows: each is a problem and goes to the quarantine."""
        self.bad.extend(lines)
        for line in lines:
            self.complain(line.line, line.code, line.cause)

    def complain(self, line: int, code: str, message: str) -> None:
        """A problem of this file."""
        self.complaints.add(self.name, line, code, message)

    def check(self) -> None:
        """Our own promise: every data line is a row, a bad line or blank."""
        assert self.rows - self.derived + len(self.bad) + self.blank == self.data_lines, f"{self.name}: lines were lost"
