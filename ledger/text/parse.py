"""A block of comma-separated lines into typed columns: at full speed when every cell is sound, with care when not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from ledger.complaints import LISTED
from ledger.fields import TYPES, Field, RecordKind
from ledger.text.blocks import Block, line_count
from ledger.text.cells import MAX_FEN, Reason, check_kind, fen_of, has_rewritten, reasons_text, trimmed
from ledger.text.lines import BadLine, Records, field_count, fields_of, records
from ledger.text.texts import extras

DECIMAL = pa.decimal128(20, 2)
LINE = "line"
EXTRA = "extra"


@dataclass(frozen=True)
class Header:
    """The columns of a file, in its own order; `kind` is what they were recognised as."""

    names: tuple[str, ...]
    kind: RecordKind

    @property
    def unknown(self) -> tuple[str, ...]:
        """Columns the kind does not have."""
        return tuple(name for name in self.names if self.kind.field(name) is None)


@dataclass(frozen=True)
class Parsed:
    """Good rows of a block with their line numbers, and what became of the others.

    rows: the kind's columns (missing ones are absent), `line`, and `extra` where there are unknown columns.
    doubts: problems of rows that were taken all the same. data_lines = rows + bad + blank records.
    """

    rows: pa.Table
    bad: tuple[BadLine, ...]
    doubts: tuple[BadLine, ...]
    blank: int


def parse_block(block: Block, header: Header) -> Parsed:
    """Read one block; every line is a row, a bad line or blank."""
    fast = _fast(block, header)
    return fast if fast is not None else _careful(block, header)


def _fast(block: Block, header: Header) -> Parsed | None:
    """The whole block in one typed pass; None when anything in it is not plainly right."""
    if b"\0" in block.data:
        return None
    types = {name: _fast_type(header.kind.field(name)) for name in header.names}
    try:
        table = read_cells(block.data, header.names, types)
    except pa.ArrowInvalid:
        return None
    lines = line_count(block.data)
    if table.num_rows != lines:
        return None
    numbers = np.arange(block.first_line, block.first_line + lines, dtype=np.int32)
    columns: dict[str, pa.Array] = {}
    padded = b" " in block.data or b"\t" in block.data
    for name in header.names:
        field = header.kind.field(name)
        if field is None:
            continue
        values = _sound(field, _whole(table[name]), padded)
        if values is None:
            return None
        columns[name] = values
    return _assembled(columns, {name: _whole(table[name]) for name in header.unknown}, numbers)


def _fast_type(field: Field | None) -> pa.DataType:
    if field is None or field.sort in ("account", "flag"):  # nearly every account of a block is another one: no dictionary
        return pa.string()
    return DECIMAL if field.sort in ("amount", "balance") else TYPES[field.sort]


def read_cells(
    data: bytes,
    names: Sequence[str],
    types: dict[str, pa.DataType],
    delimiter: str = ",",
    on_wrong: Callable[[pyarrow.csv.InvalidRow], str] | None = None,
) -> pa.Table:
    """Arrow's parser over one block: no header in it, empty cells are null, one thread."""
    return pyarrow.csv.read_csv(
        pa.BufferReader(data),
        read_options=pyarrow.csv.ReadOptions(column_names=list(names), use_threads=False, block_size=len(data) + 1024),
        parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=on_wrong),
        convert_options=pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""]),
    )


def _whole(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return column.combine_chunks() if column.num_chunks else pa.array([], column.type)


def _sound(field: Field, values: pa.Array, padded: bool) -> pa.Array | None:
    """The column when every cell of it is right as it stands; else None."""
    if field.required and values.null_count:
        return None
    if field.sort in ("id", "account", "text") and has_rewritten(field, values):
        return None
    if field.sort in ("amount", "balance"):
        return _sound_fen(field, values)
    if field.sort in ("id", "account", "text") and not padded:
        return values
    if field.sort in ("id", "account", "text"):
        clean = trimmed(values)
        return None if field.required and clean.null_count else clean
    reasons: tuple[Reason, ...]
    columns, reasons = check_kind(RecordKind("column", (field,)), {field.name: values})
    return None if reasons else columns[field.name]


def _sound_fen(field: Field, values: pa.Array) -> pa.Array | None:
    fen = fen_of(values)
    given = fen if not values.null_count else fen[values.is_valid().to_numpy(zero_copy_only=False)]
    if len(given) and (given.max() > MAX_FEN or given.min() < -MAX_FEN):
        return None
    if len(given) and field.sort == "amount" and given.min() <= 0:
        return None
    if field.sort == "balance" and len(given) and (given == -1).any():
        return None
    return pa.array(fen, mask=values.is_null().to_numpy(zero_copy_only=False)) if values.null_count else pa.array(fen)


def _assembled(columns: dict[str, pa.Array], unknown: dict[str, pa.Array], lines: NDArray[np.int32]) -> Parsed:
    arrays = dict(columns)
    arrays[LINE] = pa.array(lines)
    if unknown:
        arrays[EXTRA] = extras(unknown)
    return Parsed(pa.table(arrays), (), (), 0)


def _careful(block: Block, header: Header) -> Parsed:
    split = records(block, len(header.names))
    table, taken, wrong = read_text(split, header.names)
    return check_rows(header, table, taken, split, wrong)


def read_text(
    split: Records, names: Sequence[str], delimiter: str = ",", ragged: bool = False
) -> tuple[pa.Table, NDArray[np.int64], list[BadLine]]:
    """All cells of the records as text; which records became rows; and the ones with another number of fields.

    Args:
        ragged: missing fields at the end of a line are empty, and further empty ones are dropped.
    """
    numbers: list[int] = []

    def skip(row: pyarrow.csv.InvalidRow) -> str:
        numbers.append(row.number - 1)
        return "skip"

    types = dict.fromkeys(names, pa.string())
    empty = pa.table({name: pa.array([], pa.string()) for name in names})
    try:
        table = read_cells(split.data, names, types, delimiter, skip) if len(split.lines) else empty
        matched = table.num_rows + len(numbers) == len(split.lines) and not (ragged and numbers)
    except pa.ArrowInvalid:
        matched = False
    if not matched:
        table, numbers = _one_by_one(split, names, delimiter, ragged)
    taken = np.setdiff1d(np.arange(len(split.lines)), np.array(numbers, np.int64))
    wrong = [_wrong_columns(split, number, len(names), delimiter) for number in numbers]
    return table, taken, wrong


def _one_by_one(split: Records, names: Sequence[str], delimiter: str, ragged: bool) -> tuple[pa.Table, list[int]]:
    """Record by record, when Arrow and we disagree where a record ends."""
    good: list[list[str]] = []
    wrong: list[int] = []
    for number in range(len(split.lines)):
        rows = fields_of(split.raw(number).decode("utf-8", "replace"), delimiter)
        if ragged and len(rows) == 1 and not any(rows[0][len(names) :]):
            rows = [(rows[0] + [""] * len(names))[: len(names)]]
        if len(rows) == 1 and len(rows[0]) == len(names):
            good.append(rows[0])
        else:
            wrong.append(number)
    columns = {name: pa.array([row[index] for row in good], pa.string()) for index, name in enumerate(names)}
    return pa.table(columns), wrong


def _wrong_columns(split: Records, number: int, expected: int, delimiter: str) -> BadLine:
    raw = split.raw(number)
    found = field_count(raw, delimiter)
    cause = f"{found} fields where the header has {expected}" if found >= 0 else "a quote opens and never closes"
    return BadLine(int(split.lines[number]), raw, "LDG-wrong-columns" if found >= 0 else "LDG-unclosed-quote", cause)


def check_rows(header: Header, table: pa.Table, taken: NDArray[np.int64], split: Records, wrong: Sequence[BadLine]) -> Parsed:
    """Check the text rows of a block's records and add what was set aside before."""
    cells = {name: _whole(table[name]) for name in header.names}
    parsed = check_cells(header, cells, split.lines[taken], lambda row: split.raw(int(taken[row])))
    everything = sorted([*split.bad, *wrong, *parsed.bad], key=lambda line: line.line)
    return Parsed(parsed.rows, tuple(everything), parsed.doubts, split.blank + parsed.blank)


def check_cells(
    header: Header,
    cells: dict[str, pa.Array],
    lines: NDArray[np.int32],
    raw: Callable[[int], bytes],
    more: Sequence[Reason] = (),
) -> Parsed:
    """Check rows of cells (text, or already typed), drop the refused ones, tell blank rows from bad ones.

    Args:
        raw: the bytes of a row as they came, for the quarantine. more: reasons found before, told first.
    """
    filled = np.zeros(len(lines), bool)
    for values in cells.values():
        text = trimmed(values) if pa.types.is_string(values.type) else values
        filled |= text.is_valid().to_numpy(zero_copy_only=False)
    columns, reasons = check_kind(header.kind, {name: cells[name] for name in cells if header.kind.field(name)})
    told = _Told(cells, lines, raw)
    hard = [*more, *(reason for reason in reasons if not reason.optional and not _covered(reason, more))]
    soft = [reason for reason in reasons if reason.optional]
    refused = _any(hard, len(lines)) & filled
    bad = told.refused(hard, np.flatnonzero(refused))
    doubts = [told.of(soft, int(row)) for row in np.flatnonzero(_any(soft, len(lines)) & filled & ~refused)]
    keep = pa.array(filled & ~refused)
    good = {name: values.filter(keep) for name, values in columns.items()}
    unknown = {name: cells[name].filter(keep) for name in header.unknown}
    parsed = _assembled(good, unknown, lines[filled & ~refused])
    return Parsed(parsed.rows, tuple(bad), tuple(doubts), int((~filled).sum()))


def _covered(reason: Reason, more: Sequence[Reason]) -> bool:
    """An empty cell is not told again where an earlier reason emptied it."""
    rows = _any(more, len(reason.rows))
    return reason.code == "LDG-missing-value" and bool(rows.any()) and not bool((reason.rows & ~rows).any())


def _any(reasons: Sequence[Reason], rows: int) -> NDArray[np.bool_]:
    found = np.zeros(rows, bool)
    for reason in reasons:
        found |= reason.rows
    return found


@dataclass(frozen=True)
class _Told:
    """Makes the message of a row: all its causes with the cells as they came."""

    cells: dict[str, pa.Array]
    lines: NDArray[np.int32]
    raw: Callable[[int], bytes]

    def refused(self, reasons: Sequence[Reason], rows: NDArray[np.int64]) -> list[BadLine]:
        """The first thousand with their causes; the others with the code alone, since no more are listed."""
        if not len(rows):
            return []
        first = np.argmax(np.stack([reason.rows[rows[LISTED:]] for reason in reasons]), axis=0)
        rest = zip(rows[LISTED:].tolist(), first.tolist(), strict=True)
        told = [self.of(reasons, int(row)) for row in rows[:LISTED]]
        return told + [BadLine(int(self.lines[row]), self.raw(row), reasons[at].code, reasons[at].cause) for row, at in rest]

    def of(self, reasons: Sequence[Reason], row: int) -> BadLine:
        code, cause = reasons_text(reasons, row, lambda name: _shown(self.cells[name][row].as_py()))
        return BadLine(int(self.lines[row]), self.raw(row), code, cause)


def _shown(value: object) -> str:
    if value is None:
        return ""
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")
