"""Rows that only all files together show to be wrong: repeated ids, events without a value, unknown transfers."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from ledger.batch.repeats import Repeats
from ledger.reading import Reading


@dataclass
class Rejects:
    """Tells each file what became of its rows; `lines` are those that go to the quarantine, by file number.

    names: source names by number, those of earlier batches included. readings: the run's, by file number.
    supersede: whether a row with a published id and other content takes its place; superseding: those that do.
    """

    names: Sequence[str]
    readings: dict[int, Reading]
    lines: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    repeated: Counter[int] = field(default_factory=Counter)
    supersede: bool = False
    superseding: list[pa.Table] = field(default_factory=list)

    def doubt(self, file: int, line: int, code: str, message: str) -> None:
        """A problem of a row that stays."""
        self.readings[file].complain(line, code, message)

    def refuse(self, file: int, line: int, code: str, message: str) -> None:
        """A problem of a row that goes to the quarantine."""
        self.lines[file].append(line)
        self.doubt(file, line, code, message)

    def corrections(self, rows: pa.Table) -> None:
        """Rows (transfer, file, line) that take the place of published ones."""
        if not rows.num_rows:
            return
        self.superseding.append(rows)
        files = rows["file"].to_numpy()
        for file in np.unique(files):
            message = f"{int((files == file).sum()):,} rows take the place of rows published before under their ids"
            self.doubt(int(file), 0, "LDG-superseded", message)

    def repeats(self, gone: Repeats, table: pa.Table, key: str, other: str = "LDG-duplicate-other-content") -> None:
        """Rows whose id was taken: counted where the content is the same, refused where it is not."""
        if not len(gone.rows):
            return
        rows = table.select([key, "file", "line"]).take(pa.array(gone.rows))
        files, lines = rows["file"].to_numpy(), rows["line"].to_numpy()
        for index in np.flatnonzero(~gone.same):
            reading = self.readings[int(files[index])]
            if reading.complaints.full(reading.name, other):  # only counted: a message would be made for nobody
                self.lines[int(files[index])].append(int(lines[index]))
                reading.complaints.count(reading.name, other)
                continue
            kept = f"{self.names[gone.kept_file[index]]}:{gone.kept_line[index]}"
            here = f"{self.names[files[index]]}:{lines[index]}"
            message = f"{key} {rows[key][int(index)].as_py()!r} at {here} has other content than at {kept}, which stays"
            self.refuse(int(files[index]), int(lines[index]), other, message)
        same = files[gone.same]
        for file in np.unique(same):
            number = int((same == file).sum())
            self.repeated[int(file)] += number
            sources = sorted({self.names[kept] for kept in np.unique(gone.kept_file[gone.same][same == file])})
            message = f"{number:,} rows are already there with the same content, in {', '.join(sources[:5])}"
            self.doubt(int(file), 0, "LDG-same-content", message)
