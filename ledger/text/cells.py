"""Cells into values: every column of a record kind checked at once, with a reason for each line that is refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.fields import Field, RecordKind
from ledger.records import INSTANT, WORD

MAX_FEN = 92_000_000_000_000_000
"""Largest amount of one transfer: sums of a hundred of them still fit 64 bits."""
FIRST_YEAR, LAST_YEAR = 1900, 2200
_OFFSET = r"(?:[zZ]|[+-]\d{2}(?::?\d{2})?)$"
_HUGE = Decimal(10) ** 25
_DECIMAL = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?$"

REWRITTEN = r"^[0-9](?:\.[0-9]+)?[eE]\+[0-9]{2}$"
"""A long number as a spreadsheet rewrites it."""
_NUMBERS = ("transfer", "account", "identifier", "reference", "order", "reverses")
"""Texts that join records to each other."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Reason:
    """Why some rows of a column are refused (or, for `optional`, why the cell is left empty)."""

    code: str
    field: str
    cause: str
    rows: Mask
    optional: bool = False


@dataclass(frozen=True)
class Column:
    """A typed column and what was wrong in it; refused rows hold a null."""

    values: pa.Array
    reasons: tuple[Reason, ...] = ()


def check_column(field: Field, cells: pa.Array) -> Column:
    """Read one column of text cells (or cells that already have their type) as the field wants them."""
    if pa.types.is_string(cells.type):
        cells = trimmed(cells)
    elif pa.types.is_dictionary(cells.type):
        cells = pa.DictionaryArray.from_arrays(cells.indices, trimmed(cells.dictionary, nulls=False))
    reader: dict[str, Callable[[Field, pa.Array], Column]] = {
        "instant": _instants,
        "amount": _amounts,
        "balance": _amounts,
        "word": _words,
        "flag": _flags,
        "account": _plain_words,
    }
    column = _undamaged(field, reader.get(field.sort, _text)(field, cells))
    if not field.required:
        return column
    missing = cells.is_null().to_numpy(zero_copy_only=False)
    return Column(column.values, (Reason("LDG-missing-value", field.name, "is empty", missing), *column.reasons))


def _undamaged(field: Field, column: Column) -> Column:
    """Numbers that a spreadsheet has cut name nobody any more: `6.22E+18` is ten thousand cards at once."""
    words = column.values.dictionary if pa.types.is_dictionary(column.values.type) else column.values
    if not has_rewritten(field, words):
        return column
    cut = pc.fill_null(pc.match_substring_regex(words, REWRITTEN), False)
    rows = _mask(pc.is_in(column.values.cast(pa.string()), words.filter(cut)))
    code = "LDG-damaged-id" if field.required else "LDG-optional-ignored"
    cause = "has lost its last digits in a spreadsheet"
    emptied = pc.if_else(pa.array(rows), pa.scalar(None, pa.string()), column.values.cast(pa.string()))
    values = emptied.dictionary_encode().cast(WORD) if field.sort == "account" else emptied
    return Column(values, (Reason(code, field.name, cause, rows, not field.required), *column.reasons))


def has_rewritten(field: Field, words: pa.Array) -> bool:
    """True when a column of ids or accounts holds a number that a spreadsheet has cut; a look at the bytes is mostly enough."""
    if field.sort not in ("id", "account") and field.name not in _NUMBERS:
        return False
    data = words.buffers()[2]
    if data is None or not (np.frombuffer(data, np.uint8) == ord("+")).any():
        return False
    return bool(_mask(pc.match_substring_regex(words, REWRITTEN)).any())


def trimmed(cells: pa.Array, nulls: bool = True) -> pa.Array:
    """Text without blanks around it; what is empty then becomes null."""
    text = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text) if nulls else text


def fen_of(decimals: pa.Array) -> NDArray[np.int64]:
    """Decimal128(…, 2) as whole fen; a value beyond int64 comes out as -1. Nulls come out as 0."""
    words = np.frombuffer(decimals.buffers()[1], np.int64).reshape(-1, 2)[decimals.offset : decimals.offset + len(decimals)]
    low, high = words[:, 0].copy(), words[:, 1]
    low[high != low >> 63] = -1
    if decimals.null_count:
        low[decimals.is_null().to_numpy(zero_copy_only=False)] = 0
    return low


def _mask(array: pa.Array) -> Mask:
    return np.asarray(pc.fill_null(array, False).to_numpy(zero_copy_only=False), bool)


def _text(field: Field, cells: pa.Array) -> Column:
    return Column(cells.cast(pa.string()))


def _plain_words(field: Field, cells: pa.Array) -> Column:
    return Column(cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode().cast(WORD))


def _words(field: Field, cells: pa.Array) -> Column:
    if pa.types.is_dictionary(cells.type) and not cells.null_count:
        return _dictionary_words(field, cells)
    text = cells.cast(pa.string())
    if field.name == "currency":
        wrong = _mask(pc.invert(pc.match_substring_regex(text, "^[A-Z]{3}$")))
        reason = Reason("LDG-bad-currency", field.name, "is not three capital letters", wrong)
    elif field.words:
        wrong = _mask(pc.invert(pc.is_in(text, pa.array(field.words)))) & _mask(text.is_valid())
        reason = Reason("LDG-unknown-word", field.name, f"is not one of {', '.join(field.words)}", wrong)
    else:
        return Column(text.dictionary_encode().cast(WORD))
    return Column(text.dictionary_encode().cast(WORD), (reason,))


def _dictionary_words(field: Field, cells: pa.Array) -> Column:
    """The words alone are looked at where all of them are right."""
    words = cells.dictionary.cast(pa.string())
    wrong = any(reason.rows.any() for reason in _words(field, words).reasons)
    if wrong or words.null_count or len(pc.unique(words)) < len(words):
        return _words(field, cells.cast(pa.string()))
    return Column(cells.cast(WORD), ())


def _flags(field: Field, cells: pa.Array) -> Column:
    if pa.types.is_boolean(cells.type):
        return Column(cells)
    text = pc.utf8_lower(cells)
    true = pc.is_in(text, pa.array(["true", "1", "yes"]))
    false = pc.is_in(text, pa.array(["false", "0", "no"]))
    wrong = _mask(cells.is_valid()) & ~_mask(true) & ~_mask(false)
    values = pa.array(_mask(true), mask=~(_mask(true) | _mask(false)))
    return Column(values, (Reason("LDG-optional-ignored", field.name, "is neither true nor false", wrong, optional=True),))


def _instants(field: Field, cells: pa.Array) -> Column:
    if pa.types.is_timestamp(cells.type):
        return _known_years(field, cells.cast(INSTANT), np.zeros(len(cells), bool), ())
    given = _mask(cells.is_valid())
    dated = _mask(pc.match_substring_regex(cells, r"^\d{4}-?\d{2}-?\d{2}"))
    bare = given & dated & ~_mask(pc.match_substring_regex(cells, r"\d[T ]?\d{2}:?\d{2}.*" + _OFFSET))
    readable = pc.if_else(pa.array(given & dated & ~bare), cells, pa.scalar(None, pa.string()))
    times = _parsed(readable)
    wrong = (given & ~dated) | (given & dated & ~bare & ~_mask(times.is_valid()))
    optional = not field.required
    reasons: tuple[Reason, ...] = (
        Reason("LDG-no-offset", field.name, "has no offset from UTC (write 2025-03-01T09:00:00+08:00)", bare),
        Reason("LDG-bad-time", field.name, "is not an ISO 8601 date and time", wrong),
    )
    if optional:
        reasons = tuple(Reason("LDG-optional-ignored", r.field, r.cause, r.rows, optional=True) for r in reasons)
    return _known_years(field, times, wrong | bare, reasons)


def _parsed(text: pa.Array) -> pa.Array:
    """Arrow's own reading where it works for the whole column, else pandas' cell by cell."""
    try:
        return text.cast(INSTANT)
    except pa.ArrowInvalid:
        stamps = pd.to_datetime(text.to_pandas(), utc=True, errors="coerce", format="ISO8601")
        return pa.array(stamps.dt.as_unit("us")).cast(INSTANT)


def _known_years(field: Field, times: pa.Array, refused: Mask, reasons: tuple[Reason, ...]) -> Column:
    first = pa.scalar(pd.Timestamp(f"{FIRST_YEAR}-01-01", tz="UTC"), INSTANT)
    last = pa.scalar(pd.Timestamp(f"{LAST_YEAR}-01-01", tz="UTC"), INSTANT)
    odd = _mask(pc.or_(pc.less(times, first), pc.greater_equal(times, last)))
    code = "LDG-bad-time" if field.required else "LDG-optional-ignored"
    reason = Reason(code, field.name, f"is not between {FIRST_YEAR} and {LAST_YEAR}", odd, optional=not field.required)
    nulled = pc.if_else(pa.array(odd | refused), pa.scalar(None, INSTANT), times)
    return Column(nulled, (*reasons, reason))


def _amounts(field: Field, cells: pa.Array) -> Column:
    given = _mask(cells.is_valid())
    numeric, exact = given, given
    if pa.types.is_string(cells.type):
        numeric = given & _mask(pc.match_substring_regex(cells, _DECIMAL))
        cells, exact = _decimals(cells, numeric)
    fen = fen_of(cells) if pa.types.is_decimal(cells.type) else cells.fill_null(0).to_numpy()
    too_big = numeric & exact & _beyond(cells)
    wrong = [
        ("LDG-bad-amount", "is not a decimal number", given & ~numeric),
        ("LDG-amount-decimals", "has more than two decimals", numeric & ~exact),
        ("LDG-amount-too-big", "is above 920,000,000,000,000.00", too_big),
    ]
    if field.sort == "amount":
        wrong.append(("LDG-amount-not-positive", "is not above zero", numeric & exact & ~too_big & (fen <= 0)))
    refused = np.logical_or.reduce([rows for _, _, rows in wrong])
    optional = field.sort == "balance"
    reasons = tuple(
        Reason("LDG-optional-ignored" if optional else code, field.name, cause, rows, optional) for code, cause, rows in wrong
    )
    return Column(pa.array(fen, pa.int64(), mask=refused | ~given), reasons)


def _beyond(cells: pa.Array) -> Mask:
    if not pa.types.is_decimal(cells.type):
        return np.asarray(np.abs(cells.fill_null(0).to_numpy()) > MAX_FEN)
    return _mask(pc.greater(pc.abs(cells), pa.scalar(Decimal(MAX_FEN).scaleb(-2), cells.type)))


def _decimals(cells: pa.Array, numeric: Mask) -> tuple[pa.Array, Mask]:
    """Text as decimals of two places, and where that is exact."""
    text = pc.if_else(pa.array(numeric), cells, pa.scalar(None, pa.string()))
    try:
        return text.cast(pa.decimal128(38, 2)), numeric
    except pa.ArrowInvalid:
        safe = pa.array([_two_places(value) for value in text.to_pylist()], pa.decimal128(38, 2))
        return safe, numeric & _mask(safe.is_valid())


def _two_places(value: str | None) -> Decimal | None:
    """The number with two decimals; None where that loses something. Numbers without end are only kept as too big."""
    if value is None:
        return None
    number = Decimal(value)
    if abs(number) >= _HUGE:
        return _HUGE
    places = number.quantize(Decimal("0.01"), ROUND_DOWN)
    return places if places == number else None


def reasons_text(reasons: Sequence[Reason], row: int, shown: Callable[[str], str]) -> tuple[str, str]:
    """Code of the first reason of a row, and all its causes in one sentence."""
    found = [reason for reason in reasons if reason.rows[row]]
    causes = [f"{reason.field} {shown(reason.field)} {reason.cause}" for reason in found]
    return found[0].code, "; ".join(causes)


def check_kind(kind: RecordKind, cells: dict[str, pa.Array]) -> tuple[dict[str, pa.Array], tuple[Reason, ...]]:
    """Check every column of a kind that is there."""
    columns = {field.name: check_column(field, cells[field.name]) for field in kind.fields if field.name in cells}
    reasons = [reason for column in columns.values() for reason in column.reasons if reason.rows.any()]
    return {name: column.values for name, column in columns.items()}, tuple(reasons)
