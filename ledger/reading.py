"""What one file gave: its good rows, its bad lines, its problems, and the count that proves nothing was lost."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import pyarrow as pa

from ledger.complaints import Complaints
from ledger.fields import PAYMENT_KINDS, RecordKind
from ledger.text.blocks import Block
from ledger.text.lines import BadLine, too_long
from ledger.text.parse import Parsed

HEAD_BYTES = 1 << 16
KEPT_BYTES, LINE_COST = 32 << 20, 300
"""Refused lines of one file that are kept in memory, each with what it costs beside its text; the others are set aside."""

Progress = Callable[[str, int, int], None]
"""Told (stage, done, total) while a long step runs."""


Reader = Callable[["Reading", Progress], None]
"""Reads a file to its end into the reading."""


def silent(stage: str, done: int, total: int) -> None:
    """The progress nobody watches."""


@dataclass
class Reading:
    """One file read to its end.

    chunks: tables of the kind's columns with `line`, in file order. data_lines = rows - derived + refused + blank, always.
    derived: rows beyond the file's own lines (fees split off). side: accounts a profile says something about.
    beside: rows of other kinds that the file's lines tell of as well (the links of a list of cards), with `line`; not counted.
    decisions: rows of `DECISIONS` without their id, taken inside this file.
    periods: own account, first and last UTC microsecond that the file says it is for.
    format: how it was read, such as `csv`, `parquet`, `jsonl`, `profile:wechat`; of a container `zip`, `xlsx`, `gz`.
    sheet: it is a workbook's sheet, written out as comma-separated UTF-8. opened: it is a container whose parts landed.
    streams: the reader says so where it does not look at its rows again; transfers then go to `sink` at once and are not
    kept here. passed: how many went.
    aside: a path for refused lines beyond those in `bad`, and then set_aside: how many they are; None: all stay in memory.
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
    beside: dict[str, pa.Table] = field(default_factory=dict)
    derived: int = 0
    blank: int = 0
    data_lines: int = 0
    complaints: Complaints = field(default_factory=Complaints)
    decisions: list[dict[str, object]] = field(default_factory=list)
    periods: list[tuple[str, int, int]] = field(default_factory=list)
    sheet: bool = False
    opened: bool = False
    sink: "Callable[[Reading, pa.Table], None] | None" = None
    streams: bool = False
    passed: int = 0
    aside: Path | None = None
    bad_bytes: int = 0
    set_aside: int = 0

    @property
    def landed(self) -> bool:
        """True when the file becomes a source of the ledger."""
        return self.opened or bool(self.rows)

    @property
    def stem(self) -> str:
        """What the file calls itself: its own name without ending, for a sheet that of its workbook. Not the scratch path's."""
        name = PurePath(self.name)
        return name.parent.stem if self.sheet else name.stem

    @property
    def rows(self) -> int:
        """Good rows so far."""
        return self.passed + sum(int(chunk.num_rows) for chunk in self.chunks)

    def of_kind(self, kind: str) -> list[pa.Table]:
        """All rows of a kind that the file gives, as its own or beside them."""
        own = self.chunks if self.kind and self.kind.name == kind else []
        return [*own, self.beside[kind]] if kind in self.beside else list(own)

    def take(self, parsed: Parsed) -> None:
        """Add a block: its rows, its bad lines as problems, its doubts."""
        if parsed.rows.num_rows:
            self._keep(parsed.rows)
        self.blank += parsed.blank
        self.data_lines += parsed.rows.num_rows + len(parsed.bad) + parsed.blank
        self.refuse(parsed.bad)
        for doubt in parsed.doubts:
            self.complain(doubt.line, doubt.code, doubt.cause)

    def _keep(self, rows: pa.Table) -> None:
        if self.streams and self.sink and self.kind and self.kind.name in PAYMENT_KINDS:
            self.sink(self, rows)
            self.passed += rows.num_rows
        else:
            self.chunks.append(rows)

    def handed_on(self) -> Iterator[pa.Table]:
        """The chunks; they are not kept any longer, but `rows` counts them."""
        while self.chunks:
            chunk = self.chunks.pop(0)
            self.passed += chunk.num_rows
            yield chunk

    @property
    def refused(self) -> int:
        """Lines that are no rows, so far."""
        return len(self.bad) + self.set_aside

    def refuse(self, lines: Sequence[BadLine]) -> None:
        """Lines that are no rows: each is a problem and goes to the quarantine."""
        for line in lines:
            self.complain(line.line, line.code, line.cause)
        if self.aside is None or self.bad_bytes < KEPT_BYTES:
            self.bad.extend(lines)
            self.bad_bytes += sum(len(line.raw) + LINE_COST for line in lines)
            return
        self.set_aside += len(lines)
        with self.aside.open("ab") as stream:
            stream.writelines(line.raw + b"\n" for line in lines)

    def forget(self) -> None:
        """Start anew: what was read so far does not count."""
        self.chunks, self.bad, self.complaints = [], [], Complaints()
        self.data_lines = self.derived = self.blank = self.bad_bytes = self.set_aside = 0
        if self.aside is not None:
            self.aside.unlink(missing_ok=True)

    def pass_over(self, block: Block) -> None:
        """A line too long to be read, of which the block has the beginning."""
        self.data_lines += 1
        self.refuse([too_long(block)])

    def complain(self, line: int, code: str, message: str) -> None:
        """A problem of this file."""
        self.complaints.add(self.name, line, code, message)

    def check(self) -> None:
        """Our own promise: every data line is a row, a bad line or blank."""
        assert self.rows - self.derived + self.refused + self.blank == self.data_lines, f"{self.name}: lines were lost"
