"""Reading an MT940 file from its first line to its last row."""

from collections.abc import Iterator
from itertools import islice

import pyarrow as pa

from ledger.messages.iso_times import ZONE
from ledger.messages.message_rows import MESSAGE, told_accounts
from ledger.messages.mt940_lines import Mt940
from ledger.messages.mt940_rows import mt940_rows
from ledger.messages.statement_end import finish_rows
from ledger.messages.statement_heads import count_refused
from ledger.reading import Progress, Reading
from ledger.text.blocks import TextFile

BLOCK_LINES = 20_000
"""Statement lines that become rows together."""


def read_mt940(reading: Reading, progress: Progress) -> None:
    """Read an MT940 file to its end: every tag 61 is a row or a problem."""
    reading.kind = MESSAGE
    reading.format = "mt940"
    text = _Text(reading, progress)
    parser, told = Mt940(), list[pa.Table]()
    lines = parser.lines_of(text.lines())
    while block := list(islice(lines, BLOCK_LINES)):
        parsed, accounts = mt940_rows(block, parser.heads)
        reading.take(parsed)
        count_refused(parser.heads, parsed)
        told.append(accounts)
        reading.data_lines += len(parser.bad)
        reading.refuse(parser.bad)
        parser.bad.clear()
    reading.data_lines += len(parser.bad)
    reading.refuse(parser.bad)
    known = finish_rows(reading, parser.heads)
    reading.side = told_accounts(told, [])
    sums = [f"{len(parser.heads):,} statements", f"{parser.entries:,} lines", f"dates are taken in {ZONE}, at midnight"]
    if known:
        sums.append(f"{known:,} balances counted on from the opening balance")
    if text.latin:
        sums.append(f"{text.latin:,} lines are no UTF-8 and read as Latin-1")
    reading.complain(0, "LDG-statement-read", "; ".join(sums))


class _Text:
    """The file line by line, with the number of each; `latin` counts those that are not UTF-8."""

    def __init__(self, reading: Reading, progress: Progress) -> None:
        self.reading, self.progress, self.latin = reading, progress, 0

    def lines(self) -> Iterator[tuple[int, str]]:
        reading = self.reading
        file = TextFile(reading.path)
        for block in file.blocks():
            if block.cut_bytes:
                reading.pass_over(block)
                continue
            for at, line in enumerate(block.data.removesuffix(b"\n").split(b"\n"), start=block.first_line):
                yield at, self._decoded(line)
            self.progress(f"reading {reading.name}", file.read_bytes, reading.size)
        reading.digest = file.hasher.hexdigest()
        if file.damage:
            reading.complain(0, "LDG-damaged-file", f"after {reading.data_lines:,} lines: {file.damage}")

    def _decoded(self, line: bytes) -> str:
        try:
            return line.decode().removeprefix("\ufeff")
        except UnicodeDecodeError:
            self.latin += 1
            return line.decode("latin-1")
