"""Workbooks (xlsx, xls, xlsb, ods): every sheet becomes a text of comma-separated values, line n for row n."""

import json
import mmap
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.containers.names import Shown, harmless
from ledger.containers.parts import Container, Part
from ledger.containers.scratch import LimitError, Scratch
from ledger.store.segments import file_digest

READER = Path(__file__).with_name("sheets.py")
OLDER_BYTES = 1 << 30
"""An .xls of all the rows and columns it can have is smaller."""
DEATHS = 3
"""So many sheets may end the process that reads them; then the rest of the workbook is left."""


@dataclass
class _Sheet:
    number: int
    name: str = ""
    hidden: bool = False
    rows: int | None = None
    cause: str = ""
    path: Path | None = None


def open_workbook(part: Part, format_name: str, scratch: Scratch) -> Container:
    """The sheets of a workbook as parts; what cannot be read is a problem of the workbook."""
    container = Container(format_name, part.name)
    shown = Shown(part.name)
    for sheet in _sheets(part.path, container, scratch):
        inner, _ = harmless(sheet.name)
        name = shown.name(inner)
        if sheet.cause:
            container.complain("LDG-damaged-file", f"the sheet {inner!r} cannot be read: {sheet.cause}")
        elif not sheet.rows or not sheet.path:
            container.complain("LDG-no-rows", f"the sheet {inner!r} has no cells")
        else:
            if sheet.hidden:
                container.complain("LDG-hidden-sheet", f"the sheet {inner!r} is hidden; it was read like the others")
            container.parts.append(Part(sheet.path, name, file_digest(sheet.path), part.depth + 1, sheet=True))
    return container


def open_older(part: Part, scratch: Scratch) -> Container | None:
    """An .xls, or a workbook under a password, which has the same wrapping; None for other documents in it."""
    if not 0 < part.path.stat().st_size <= OLDER_BYTES:
        return None
    with part.path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            container = Container("xlsx", part.name)
            container.complain("LDG-encrypted", "the workbook is protected by a password")
            return container
        if all(content.find(name.encode("utf-16-le")) < 0 for name in ("Workbook", "Book")):
            return None
    return open_workbook(part, "xls", scratch)


def _sheets(workbook: Path, container: Container, scratch: Scratch) -> Iterator[_Sheet]:
    """Every sheet that was reached. Where the reading process dies the sheet is told, and another process reads on."""
    first, count, deaths = 0, 1, 0
    while first < min(count, scratch.limits.sheets) and deaths < DEATHS:
        told, reason = _run(workbook, first, scratch)
        trouble = next((line for line in told if "error" in line), None)
        if trouble or not told:
            container.complain(*_unreadable(trouble, reason))
            return
        count = told[0]["sheets"]
        sheets = _merged(told[1:])
        for sheet in sheets:
            if sheet.rows is None and not sheet.cause:
                sheet.cause, deaths = reason, deaths + 1
            yield _taken(sheet, scratch)
        if not sheets:
            break
        first = sheets[-1].number + 1
    if first < count:
        container.complain("LDG-archive-limit", f"{count - first:,} of its {count:,} sheets were not read")


def _unreadable(trouble: dict[str, Any] | None, reason: str) -> tuple[str, str]:
    if trouble and trouble["error"] == "encrypted":
        return "LDG-encrypted", "the workbook is protected by a password"
    return "LDG-damaged-file", f"the workbook cannot be read: {trouble['cause'] if trouble else reason}"


def _merged(told: list[dict[str, Any]]) -> list[_Sheet]:
    """What was told of each sheet, in order: its name when it was begun, its rows when it was done."""
    sheets: dict[int, dict[str, Any]] = {}
    for line in told:
        sheets.setdefault(line["number"], {}).update(line)
    return [_Sheet(**sheet) for sheet in sheets.values()]


def _taken(sheet: _Sheet, scratch: Scratch) -> _Sheet:
    """The sheet with its text under a path of its own, counted."""
    written = scratch.folder / f"sheet{sheet.number}"
    if not written.exists():
        return sheet
    if not sheet.cause:
        try:
            scratch.spend(written.stat().st_size)
            sheet.path = scratch.next_path()
            written.rename(sheet.path)
            return sheet
        except LimitError as error:
            sheet.cause = str(error)
    written.unlink()
    return sheet


def _run(workbook: Path, first: int, scratch: Scratch) -> tuple[list[dict[str, Any]], str]:
    """What the reading process told, and why it ended where it died."""
    limits = scratch.limits
    most = max(0, limits.unpacked_bytes - scratch.used_bytes)
    words = [workbook, scratch.folder, first, limits.memory_bytes, most, limits.sheet_seconds]
    done = subprocess.run(  # noqa: S603 - our own program; the workbook's path is an argument of its own
        [sys.executable, "-I", str(READER), *(str(word) for word in words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    told = [json.loads(line) for line in done.stdout.decode("utf-8", "replace").splitlines() if line.endswith("}")]
    limit = "it needs more memory or time than a workbook may take" if done.returncode < 0 else "it is damaged"
    return told, limit
