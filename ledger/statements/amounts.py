"""Amounts as exports write them, into plain decimals: signs, brackets, separators, marks of currency, fen; never a float."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ledger.statements.profile import Profile
from ledger.statements.templates import captured

Mask = NDArray[np.bool_]
_PLAIN = r"^[0-9]+(?:\.[0-9]+)?$"
_CURRENCY = r"^([(+-]*)(?:[¥$€£]|RMB|CNY|人民币)?([+-]?[0-9.].*)$"
_GROUPED = r"^[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?$"
_DEBIT, _CREDIT = r"(?i)\s*(?:DR|D|借)\.?$", r"(?i)\s*(?:CR|C|贷)\.?$"


@dataclass(frozen=True)
class Amounts:
    """A column of amounts.

    text: decimals of yuan without sign; null where nothing or nothing readable stands. minus: what is written below zero.
    signed: where a sign, brackets or a word for debit or credit stand. side: `in` or `out` where such a word stands.
    unreadable: cells that hold something else.
    """

    text: pa.Array
    minus: Mask
    signed: Mask
    side: pa.Array
    unreadable: Mask


@dataclass(frozen=True)
class Moved:
    """What a row's amount cells say: the amount, the direction as far as they know it, and where a minus turns it round."""

    text: pa.Array
    direction: pa.Array
    flipped: Mask
    unreadable: Mask


def amounts(profile: Profile, cells: pa.Array, pattern: bool = True) -> Amounts:
    """Read a column of amounts.

    Args:
        pattern: whether the profile's `amount_pattern` applies (to amounts, not to balances).
    """
    text = _normal(profile, cells)
    if pattern and profile.amount_pattern:
        text = pc.utf8_trim_whitespace(captured(text, profile.amount_pattern))
    rows = len(text)
    plain = _mask(pc.match_substring_regex(text, _PLAIN))
    if (plain | _mask(text.is_null())).all():
        text, none = _in_yuan(profile, text), np.zeros(rows, bool)
        lost = _mask(cells.is_valid()) & _mask(text.is_null())
        return Amounts(text, none, none, pa.nulls(rows, pa.string()), lost)
    debit, credit = _mask(pc.match_substring_regex(text, _DEBIT)), _mask(pc.match_substring_regex(text, _CREDIT))
    text = pc.replace_substring_regex(pc.replace_substring_regex(text, _DEBIT, ""), _CREDIT, "")
    text = pc.replace_substring_regex(pc.replace_substring_regex(text, _CURRENCY, r"\1\2"), r"\s*元$", "")
    bracketed = _mask(pc.match_substring_regex(text, r"^\(.*\)$"))
    text = pc.if_else(pa.array(bracketed), pc.utf8_slice_codeunits(text, 1, -1), text)
    minus = bracketed | _mask(pc.match_substring_regex(text, r"^-|-$"))
    plus = _mask(pc.match_substring_regex(text, r"^\+"))
    text = pc.replace_substring_regex(text, r"^[+-]|-$", "")
    grouped = pc.fill_null(pc.match_substring_regex(text, _GROUPED), False)
    text = pc.if_else(grouped, pc.replace_substring(text, ",", ""), text)
    text = _in_yuan(profile, pc.replace_substring_regex(pc.replace_substring_regex(text, r"\.$", ""), r"^\.", "0."))
    readable = pc.match_substring_regex(text, _PLAIN)
    side = pc.if_else(pa.array(debit), "out", pc.if_else(pa.array(credit), "in", pa.scalar(None, pa.string())))
    lost = _mask(cells.is_valid()) & ~_mask(readable)
    text = pc.if_else(pc.fill_null(readable, False), text, pa.scalar(None, pa.string()))
    return Amounts(text, minus, minus | plus | debit | credit, side, lost)


def balances(profile: Profile, cells: pa.Array) -> pa.Array:
    """Balances as signed decimals; what cannot be read stays as it is, to be told when the column is checked."""
    read = amounts(profile, cells, pattern=False)
    negative = pa.array(read.minus & _mask(read.text.is_valid()))
    signed = pc.if_else(negative, pc.binary_join_element_wise("-", read.text, ""), read.text)
    return pc.if_else(pa.array(read.unreadable), cells, signed)


def moved(profile: Profile, cells: Mapping[str, pa.Array], rows: int) -> Moved:
    """The amount of every row, and the direction its cells give."""
    sign = profile.sign(cells)
    if sign == "two_columns":
        return _two_columns(profile, cells, rows)
    read = amounts(profile, cells["amount"])
    none = np.zeros(rows, bool)
    by_sign = pc.if_else(pa.array(read.minus), "out", "in")
    if sign == "signed":
        direction = pc.coalesce(_turned(read.side, read.minus), by_sign)
        return Moved(
            read.text, pc.if_else(read.text.is_valid(), direction, pa.scalar(None, pa.string())), none, read.unreadable
        )
    if sign == "two_sided":
        return Moved(read.text, pa.repeat("out", rows), read.minus, read.unreadable)
    words = cells.get("direction", pa.nulls(rows, pa.string()))
    outward, inward = (pc.is_in(words, pa.array(side, pa.string())) for side in (profile.outward, profile.inward))
    word = pc.if_else(outward, "out", pc.if_else(inward, "in", pa.scalar(None, pa.string())))
    signed = pc.if_else(pa.array(read.signed & _mask(words.is_null())), by_sign, pa.scalar(None, pa.string()))
    flipped = read.minus & _mask(word.is_valid()) if profile.minus == "reversal" else none
    return Moved(read.text, pc.coalesce(word, _turned(read.side, read.minus), signed), flipped, read.unreadable)


def _two_columns(profile: Profile, cells: Mapping[str, pa.Array], rows: int) -> Moved:
    """One column for what goes out and one for what comes in; a zero in the other column means nothing."""
    debit, credit = (amounts(profile, cells[name]) for name in ("debit", "credit"))
    left, right = _unless_zero(debit.text), _unless_zero(credit.text)
    both = _mask(left.is_valid()) & _mask(right.is_valid())
    neither = _mask(left.is_null()) & _mask(right.is_null())
    null = pa.scalar(None, pa.string())
    text = pc.if_else(pa.array(both), null, pc.coalesce(left, right, debit.text, credit.text))
    direction = pc.if_else(pa.array(_mask(left.is_valid()) & ~both), "out", null)
    direction = pc.coalesce(direction, pc.if_else(pa.array(_mask(right.is_valid()) & ~both), "in", null))
    direction = pc.if_else(pa.array(neither & _mask(text.is_valid())), "out", direction)
    minus = np.where(_mask(left.is_valid()), debit.minus, credit.minus)
    flipped = minus & ~both if profile.minus == "reversal" else np.zeros(rows, bool)
    return Moved(text, direction, flipped, debit.unreadable | credit.unreadable)


def _normal(profile: Profile, cells: pa.Array) -> pa.Array:
    """Full-width forms as usual ones, no blanks inside, the marks the profile names taken out."""
    text = pc.utf8_normalize(cells, "NFKC")
    for mark in profile.amount_strip.replace(",", ""):
        text = pc.replace_substring(text, mark, "")
    text = pc.replace_substring(pc.replace_substring(text, "\u2212", "-"), "\u00a0", " ")
    return pc.replace_substring_regex(pc.utf8_trim_whitespace(text), r"^([^0-9]*) +|^'", r"\1")


def _in_yuan(profile: Profile, text: pa.Array) -> pa.Array:
    """Whole fen as decimals of yuan; anything but whole fen is no longer a number."""
    if profile.amount_unit == "yuan":
        return text
    whole = pc.replace_substring_regex(text, r"\.0*$", "")
    digits = pc.fill_null(pc.match_substring_regex(whole, "^[0-9]+$"), False)
    decimals = pc.replace_substring_regex(pc.utf8_lpad(whole, 3, "0"), "^([0-9]+)([0-9]{2})$", r"\1.\2")
    return pc.if_else(digits, decimals, pa.scalar(None, pa.string()))


def _turned(side: pa.Array, minus: Mask) -> pa.Array:
    """`in` and `out` changed for each other where a minus stands before the word."""
    other = pc.if_else(pc.equal(side, "in"), "out", "in")
    return pc.if_else(side.is_valid(), pc.if_else(pa.array(minus), other, side), side)


def _unless_zero(text: pa.Array) -> pa.Array:
    zero = pc.fill_null(pc.match_substring_regex(text, r"^0*\.?0*$"), False)
    return pc.if_else(zero, pa.scalar(None, pa.string()), text)


def _mask(array: pa.Array) -> Mask:
    return np.asarray(pc.fill_null(array, False).to_numpy(zero_copy_only=False), bool)
