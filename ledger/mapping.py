"""A profile's columns into canonical cells: time, direction, accounts, rules and fees, for a block at once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.cells import Reason, trimmed
from ledger.fields import BANK, Field, RecordKind
from ledger.profile import Profile
from ledger.records import INSTANT, UNKNOWN_PREFIX
from ledger.templates import captured, rendered

Mask = NDArray[np.bool_]
MAPPED = RecordKind("bank", (*BANK.fields, Field("operation", "word"), Field("order", "text")))
MAPPED_WALLET = RecordKind("wallet", MAPPED.fields)
_PLAIN = ("channel", "device", "ip", "order")
KEPT = (
    "time",
    "date",
    "clock",
    "amount",
    "debit",
    "credit",
    "direction",
    "id",
    "source",
    "target",
    "balance",
    "currency",
    *_PLAIN,
)
"""Columns whose content is wholly in the canonical row; the others also stay as extra attributes."""


@dataclass(frozen=True)
class Mapped:
    """Canonical cells of a block and the reasons for which the profile refuses rows."""

    cells: dict[str, pa.Array]
    reasons: tuple[Reason, ...]
    own: pa.Array

    def notes(self, profile: Profile, cells: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """What later steps need beside the row itself; the names start with `#`."""
        notes = {"#own": self.own}
        if profile.fee and profile.fee.column in cells:
            found = captured(cells[profile.fee.column], profile.fee.pattern)
            notes["#fee"] = found
            notes["#fee_target"] = rendered([profile.fee.target], {**cells, "own": self.own}, len(found))
        for side in ("source", "target"):
            if f"{side}_name" in cells:
                notes[f"#{side}_name"] = cells[f"{side}_name"]
        return notes


def cleaned(profile: Profile, column: pa.Array) -> pa.Array:
    """A column without blanks and TABs around its cells; placeholders become null."""
    text = trimmed(column)
    if not profile.empty:
        return text
    placeholder = pc.fill_null(pc.is_in(text, pa.array(profile.empty)), False)
    return pc.if_else(placeholder, pa.scalar(None, pa.string()), text)


def mapped_cells(profile: Profile, cells: Mapping[str, pa.Array], rows: int, name: str) -> Mapped:
    """Canonical cells from a profile's columns.

    Args:
        cells: by field name, cleaned; also what the preamble said. name: stands for a counterparty without a name.
    """
    times, untimed = _times(profile, cells, rows)
    amount, signed_direction = _amount(profile, cells, rows)
    decided = _decided(profile, cells, rows)
    direction = pc.coalesce(decided["direction"], signed_direction)
    inward, outward = _mask(pc.equal(direction, "in")), _mask(pc.equal(direction, "out"))
    own = rendered(profile.own_account, cells, rows)
    other = pc.coalesce(decided["counterparty"], rendered(profile.counterparty, cells, rows))
    other = pc.coalesce(other, rendered([UNKNOWN_PREFIX + "{own}"], {"own": own}, rows), pa.scalar(UNKNOWN_PREFIX + name))
    if profile.amount_sign == "two_sided":
        own, other, outward = cells["source"], cells["target"], np.ones(rows, bool)
    source = pc.coalesce(decided["source"], _chosen(outward, own, inward, other))
    target = pc.coalesce(decided["target"], _chosen(outward, other, inward, own))
    undecided = _mask(source.is_null()) | _mask(target.is_null())
    balance = _stripped(profile, cells.get("balance", pa.nulls(rows, pa.string())))
    result = {
        "transfer": rendered(profile.id, cells, rows),
        "time": times,
        "source": source,
        "target": target,
        "amount": amount,
        "currency": pc.coalesce(cells.get("currency", pa.nulls(rows, pa.string())), pa.scalar(profile.currency)),
        "status": pc.coalesce(decided["status"], pa.scalar("done")),
        "operation": decided["operation"],
        "reverses": decided["reverses"],
        "reference": rendered(profile.reference, cells, rows),
        "remark": rendered(profile.remark, cells, rows),
        "source_balance": _chosen(outward, balance, np.zeros(rows, bool), balance),
        "target_balance": _chosen(inward, balance, np.zeros(rows, bool), balance),
    }
    result |= {field: cells[field] for field in _PLAIN if field in cells}
    result["channel"] = pc.coalesce(decided["channel"], result.get("channel", pa.nulls(rows, pa.string())))
    result |= {field: pa.repeat(pa.scalar(value), rows) for field, value in profile.constants.items()}
    shown = {"direction": "direction", "two_columns": "debit and credit"}.get(profile.amount_sign, "amount")
    reasons = (
        Reason("LDG-bad-time", "time as given", f"is not like {' or '.join(profile.time_formats)}", untimed),
        Reason("LDG-profile-rule", shown, "does not say who pays whom, and no rule of the profile does", undecided),
    )
    return Mapped(result, reasons, own)


def time_text(profile: Profile, cells: Mapping[str, pa.Array], rows: int) -> pa.Array:
    """The time as the file gives it; a date and a clock column are joined."""
    if "time" in cells:
        return cells["time"]
    return rendered(["{date} {clock}", "{date}"], cells, rows)


def _times(profile: Profile, cells: Mapping[str, pa.Array], rows: int) -> tuple[pa.Array, Mask]:
    text = time_text(profile, cells, rows).to_pandas()
    times = pd.Series(pd.NaT, index=text.index, dtype="datetime64[us]")
    for form in profile.time_formats:
        if times.isna().any():
            parsed = pd.to_datetime(text.where(times.isna()), format=form, errors="coerce", utc="%z" in form)
            if parsed.dt.tz is not None:
                parsed = parsed.dt.tz_convert(profile.zone).dt.tz_localize(None)
            times = times.fillna(parsed.dt.as_unit("us"))
    zoned = times.dt.tz_localize(profile.zone, ambiguous=np.zeros(rows, bool), nonexistent="shift_forward")
    stamps = pa.array(zoned.dt.tz_convert("UTC")).cast(INSTANT)
    if isinstance(stamps, pa.ChunkedArray):
        stamps = stamps.combine_chunks()
    return stamps, _mask(stamps.is_null())


def _amount(profile: Profile, cells: Mapping[str, pa.Array], rows: int) -> tuple[pa.Array, pa.Array]:
    """Amounts without sign, and the direction as far as the amount or its column says it."""
    if profile.amount_sign == "two_columns":
        debit, credit = (_unsigned_or_null(_stripped(profile, cells[name])) for name in ("debit", "credit"))
        both = _mask(debit.is_valid()) & _mask(credit.is_valid())
        amount = pc.if_else(pa.array(both), pa.scalar(None, pa.string()), pc.coalesce(debit, credit))
        return amount, _chosen(
            _mask(debit.is_valid()) & ~both, _text("out", rows), _mask(credit.is_valid()) & ~both, _text("in", rows)
        )
    amount = _stripped(profile, cells["amount"])
    if profile.amount_sign == "signed":
        minus = _mask(pc.starts_with(amount, "-"))
        given = _mask(amount.is_valid())
        return pc.replace_substring_regex(amount, "^[+-]", ""), _chosen(
            minus, _text("out", rows), given & ~minus, _text("in", rows)
        )
    words = cells.get("direction", pa.nulls(rows, pa.string()))
    outward = _mask(pc.is_in(words, pa.array(profile.outward, pa.string())))
    inward = _mask(pc.is_in(words, pa.array(profile.inward, pa.string())))
    return amount, _chosen(outward, _text("out", rows), inward, _text("in", rows))


def _unsigned_or_null(amount: pa.Array) -> pa.Array:
    """A debit may be written with a minus; a zero in the other column means nothing."""
    text = pc.replace_substring_regex(amount, "^[+-]", "")
    zero = pc.fill_null(pc.match_substring_regex(text, r"^0*\.?0*$"), False)
    return pc.if_else(zero, pa.scalar(None, pa.string()), text)


def _stripped(profile: Profile, text: pa.Array) -> pa.Array:
    for mark in profile.amount_strip:
        text = pc.replace_substring(text, mark, "")
    if profile.amount_pattern:
        text = captured(text, profile.amount_pattern)
    return pc.utf8_trim_whitespace(text)


def _decided(profile: Profile, cells: Mapping[str, pa.Array], rows: int) -> dict[str, pa.Array]:
    """What the rules say per row: for every field the first rule that fits and sets it."""
    none = pa.nulls(rows, pa.string())
    decided = dict.fromkeys(
        ("direction", "source", "target", "status", "operation", "channel", "reverses", "counterparty"), none
    )
    for rule in profile.rules:
        fits = np.ones(rows, bool)
        groups: dict[str, pa.Array] = {}
        for name, pattern in rule.when.items():
            cell = pc.fill_null(cells.get(name, none), "")
            fits &= _mask(pc.match_substring_regex(cell, pattern))
            if "(?P<" in pattern:
                found = pc.extract_regex(cell, pattern)
                groups |= {f.name: pc.struct_field(found, [at]) for at, f in enumerate(found.type)}
        for name, template in rule.sets.items():
            value = rendered([template], {**cells, **groups}, rows)
            decided[name] = pc.coalesce(decided[name], pc.if_else(pa.array(fits), value, pa.scalar(None, pa.string())))
    return decided


def _chosen(first: Mask, one: pa.Array, second: Mask, other: pa.Array) -> pa.Array:
    null = pa.scalar(None, pa.string())
    return pc.if_else(pa.array(first), one, pc.if_else(pa.array(second), other, null))


def _text(value: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value), rows)


def _mask(array: pa.Array) -> Mask:
    return np.asarray(pc.fill_null(array, False).to_numpy(zero_copy_only=False), bool)
