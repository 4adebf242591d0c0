"""Refused lines kept as they came, and the problem list beside the ledger."""

import csv
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from ledger.formulas import guarded
from ledger.problems import Problem
from ledger.reading import Reading
from ledger.text.blocks import TextFile

QUARANTINE = "quarantine"
PROBLEMS = "problems.csv"
_NAME_BYTES = 200


def write_quarantine(folder: Path, reading: Reading, more: Sequence[int]) -> Path | None:
    """Write the raw text of a file's refused lines; None when there are none.

    Args:
        more: further lines that were refused only after reading; they are fetched from the file again.
    """
    raw = {line.line: line.raw for line in reading.bad}
    if more:
        raw |= _again(reading, set(more))
    if not raw and not reading.set_aside:
        return None
    home = folder / QUARANTINE
    home.mkdir(exist_ok=True)
    path = home / f"{reading.digest[:8]}-{_fitting(reading.name.replace('/', '-').removesuffix('.gz'))}"
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as stream:
        stream.writelines(raw[line] + b"\n" for line in sorted(raw))
        if reading.aside and reading.set_aside:
            with reading.aside.open("rb") as aside:
                shutil.copyfileobj(aside, stream)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    return path


def _again(reading: Reading, wanted: set[int]) -> dict[int, bytes]:
    """The text of lines that were good when they were read."""
    if reading.format == "parquet":
        return dict.fromkeys(wanted, b"(a Parquet row)")
    if reading.format == "iso20022":
        from ledger.messages.iso20022 import entries_of

        return entries_of(reading, wanted)
    return lines_of(reading.path, wanted)


def _fitting(name: str) -> str:
    """The end of a name that a file system takes: at most 255 bytes, of which others need a few."""
    return name.encode()[-_NAME_BYTES:].decode("utf-8", "ignore")


def lines_of(path: Path, wanted: set[int]) -> dict[int, bytes]:
    """Some lines of a text file as they stand in it."""
    found: dict[int, bytes] = {}
    for block in TextFile(path).blocks():
        count = block.data.count(b"\n")
        if any(block.first_line <= line < block.first_line + count for line in wanted):
            lines = block.data.split(b"\n")
            found |= {line: lines[line - block.first_line] for line in wanted if 0 <= line - block.first_line < count}
    return found


def write_problems(folder: Path, problems: Iterable[Problem]) -> None:
    """Replace LEDGER/problems.csv; text that a spreadsheet would run as a formula is made harmless."""
    temporary = folder / f".{PROBLEMS}.tmp"
    with temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)  # unquoted, a CR in a text would break its row
        writer.writerow(["code", "severity", "file", "line", "message"])
        for problem in problems:
            writer.writerow([problem.code, problem.severity, guarded(problem.file), problem.line, guarded(problem.message)])
    temporary.replace(folder / PROBLEMS)
