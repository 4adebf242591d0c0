"""Canonical records as JSON Lines: one object per line with the canonical names."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from ledger.fields import RecordKind, clean_header, recognise
from ledger.problems import LiushuiError
from ledger.reading import Progress, Reader, Reading
from ledger.statements.profile import Profile
from ledger.text.blocks import BLOCK_BYTES, Block, TextFile
from ledger.text.lines import BadLine, Records, records
from ledger.text.parse import Header, Parsed, check_cells

TITLE = "canonical records in JSON Lines"
EXAMPLE = """{"transfer": "T1", "time": "2025-03-01T09:00:00+08:00", "source": "a", "target": "b", "amount": "500.00"}
{"transfer": "T2", "time": "2025-03-01T09:04:00+08:00", "source": "b", "target": "c", "amount": "97.00"}"""


def offered(start: bytes, profiles: Sequence[Profile]) -> Reader | None:
    """Text that starts with a brace."""
    return read if start.lstrip(b"\xef\xbb\xbf \n\t").startswith(b"{") else None


def read(reading: Reading, progress: Progress) -> None:
    """Read a JSON Lines file to its end. The kind is that of the first object that has one."""
    reading.format, reading.streams = "jsonl", True
    file = TextFile(reading.path, BLOCK_BYTES // 4)
    unknown: dict[str, None] = {}
    for block in file.blocks():
        if block.cut_bytes:
            reading.pass_over(block)
            continue
        objects, split, bad = _objects(block)
        reading.kind = reading.kind or _kind(objects)
        parsed, names = _parsed(objects, reading.kind, split)
        reading.take(parsed)
        reading.refuse(bad)
        reading.data_lines += len(bad)
        unknown |= dict.fromkeys(names)
        progress(f"reading {reading.name}", file.read_bytes, reading.size)
    reading.digest = file.hasher.hexdigest()
    if file.damage:
        reading.complain(0, "LDG-damaged-file", f"after {reading.data_lines:,} lines: {file.damage}")
    if unknown:
        reading.complain(0, "LDG-unknown-columns", "kept as extra attributes: " + ", ".join(sorted(unknown)))


def _objects(block: Block) -> tuple[list[tuple[int, dict[str, str | None]]], Records, list[BadLine]]:
    """The objects with their record numbers, cells as text; numbers keep the digits they were written with."""
    split = records(block, 0, quoted=False)
    found, bad = [], []
    for number in range(len(split.lines)):
        raw = split.raw(number)
        try:
            value = json.loads(raw.removeprefix(b"\xef\xbb\xbf"), parse_float=str, parse_int=str)
        except ValueError as error:
            bad.append(BadLine(int(split.lines[number]), raw, "LDG-bad-json", f"the line is not JSON: {error}"))
            continue
        if isinstance(value, Mapping):
            found.append((number, dict(zip(clean_header(list(value)), map(_text, value.values()), strict=True))))
        else:
            bad.append(BadLine(int(split.lines[number]), raw, "LDG-bad-json", "the line is not one JSON object"))
    return found, split, bad


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else json.dumps(value, ensure_ascii=False)


def _kind(objects: list[tuple[int, dict[str, str | None]]]) -> RecordKind:
    names = {name: None for _, cells in objects for name in cells}
    kind = recognise(list(names))
    if kind is None:
        shown = ", ".join(list(names)[:12])
        raise LiushuiError("LDG-unknown-header", f"no record kind has these fields: {shown}")
    return kind


def _parsed(
    objects: list[tuple[int, dict[str, str | None]]], kind: RecordKind, split: Records
) -> tuple[Parsed, tuple[str, ...]]:
    names = {name: None for _, cells in objects for name in cells} | dict.fromkeys(sorted(kind.required))
    header = Header(tuple(names), kind)
    cells = {name: pa.array([values.get(name) for _, values in objects], pa.string()) for name in names}
    taken = np.array([number for number, _ in objects], np.int64)
    parsed = check_cells(header, cells, split.lines[taken], lambda row: split.raw(int(taken[row])))
    return Parsed(parsed.rows, (*split.bad, *parsed.bad), parsed.doubts, parsed.blank + split.blank), header.unknown
