"""Run as a program of its own: the sheets of one workbook, from the given one on, as comma-separated text.

A workbook of five kilobytes can make its reader ask for half a terabyte, and the reader then ends the whole process. So it runs
in a process with limits, which knows nothing of the ledger, and the caller goes on with the next sheet when it dies.

Arguments: workbook, folder for the text, first sheet, bytes of memory, bytes of one text, seconds of processor time. Prints one
JSON object per line: first the number of sheets, then what became of each.
"""

import csv
import datetime
import json
import resource
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

HEADER_ROWS = 60
"""Merged cells are filled in as far as profiles look for a header."""
_LINE_ENDS = str.maketrans({"\n": " ", "\r": " ", "\x0b": " ", "\x0c": " ", "\u2028": " ", "\u2029": " "})


def cell_text(value: object) -> str:
    """A cell as text. Spreadsheets keep 15 digits: a longer number has lost its end and is left in the form that shows it.

    >>> cell_text(0.1 + 0.2), cell_text(5.0), cell_text(6222020200012345678.0), cell_text(123456789012345.0), cell_text(0.00001)
    ('0.3', '5', '6.22202020001235E+18', '123456789012345', '0.00001')
    >>> cell_text(datetime.datetime(2025, 3, 1, 9, 0, 0, 999000)), cell_text(datetime.date(2025, 3, 1))
    ('2025-03-01 09:00:01', '2025-03-01')
    """
    match value:
        case bool():
            text = str(value).upper()
        case int() | float():
            text = _number_text(value)
        case datetime.datetime():
            text = _moment_text(value)
        case datetime.timedelta():
            seconds = round(value.total_seconds())
            text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        case datetime.date() | datetime.time():
            text = value.isoformat()
        case _:
            text = str(value).translate(_LINE_ENDS)
    return text


def _number_text(value: float) -> str:
    text = format(value, ".15g")
    return format(Decimal(text), "f") if "e-" in text else text.upper()


def _moment_text(value: datetime.datetime) -> str:
    """Whole seconds where the rest is the rounding of a serial number, which is good to a few milliseconds."""
    nearest = (value + datetime.timedelta(milliseconds=500)).replace(microsecond=0)
    exact = value if abs(nearest - value) > datetime.timedelta(milliseconds=2) else nearest
    text = exact.isoformat(" ", "milliseconds" if exact.microsecond else "seconds")
    return text.removesuffix(" 00:00:00")


def _filled(rows: Iterator[list[Any]], merged: Iterable[Any], left: int) -> Iterator[list[Any]]:
    """Rows in which a merged text stands in every cell of its range: a header over two rows then has all names in one."""
    spans = [(top, bottom, first, last) for (top, first), (bottom, last) in merged if top < HEADER_ROWS]
    held: dict[tuple[int, int], str] = {}
    for number, row in enumerate(rows):
        for top, bottom, first, last in spans if number < HEADER_ROWS else ():
            if not top <= number <= bottom or not 0 <= first - left < len(row):
                continue
            if number == top and isinstance(row[first - left], str):
                held[top, first] = row[first - left]
            if held.get((top, first)):
                row[first - left : last - left + 1] = [held[top, first]] * (min(last - left + 1, len(row)) - (first - left))
        yield row


def write_sheet(sheet: Any, path: Path) -> int:
    """One sheet as text, line n for row n; how many rows it has."""
    rows = 0
    with path.open("w", encoding="utf-8", errors="replace", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        left = sheet.start[1] if sheet.start else 0
        for row in _filled(sheet.iter_rows(), sheet.merged_cell_ranges or (), left):
            writer.writerow([cell_text(cell) for cell in row])
            rows += 1
    return rows


def _tell(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main(workbook: str, folder: str, first: str, *limits: str) -> None:
    """Write every sheet from the first one on. What goes wrong is told, or ends the process."""
    memory, size, seconds = (int(limit) for limit in limits)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_path(workbook)
    except PasswordError:
        _tell(error="encrypted")
        return
    except (CalamineError, OSError) as error:
        _tell(error="damaged", cause=str(error)[:300])
        return
    about = book.sheets_metadata
    _tell(sheets=len(about))
    for number in range(int(first), len(about)):
        told = {"number": number, "name": about[number].name, "hidden": about[number].visible != SheetVisibleEnum.Visible}
        if about[number].typ not in (SheetTypeEnum.WorkSheet, SheetTypeEnum.MacroSheet):
            _tell(**told, rows=0)
            continue
        _tell(**told)
        try:
            _tell(number=number, rows=write_sheet(book.get_sheet_by_index(number), Path(folder) / f"sheet{number}"))
        except (CalamineError, OSError, MemoryError) as error:
            _tell(number=number, cause=str(error)[:300] or "it needs more memory than a workbook may take")


if __name__ == "__main__":
    main(*sys.argv[1:])
