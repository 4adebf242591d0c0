"""A profile's columns into canonical cells: time, direction, accounts, rules and fees, for a block at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.fields import BANK, PROFILE_KINDS, Field, RecordKind
from ledger.statements.amounts import Amounts, amounts, balances, moved
from ledger.statements.currencies import currency_codes
from ledger.statements.parties import Mask, Parties, as_mask, decided, named_groups, parties
from ledger.statements.profile import Profile
from ledger.statements.templates import captured, rendered
from ledger.statements.times import instants, time_text
from ledger.text.cells import Reason, trimmed

MAPPED = RecordKind("bank", (*BANK.fields, *(Field(name, "word") for name in ("operation", "witness")), Field("order", "text")))
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
_SIDES = ("name", "holder", "institution")
_QUOTED = r"""^="([^"]*)"$|^'([0-9])|[\x{200B}\x{FEFF}]"""
"""How spreadsheets keep a number as text, and characters nobody sees."""
REWRITTEN = r"^[0-9](?:\.[0-9]+)?[eE]\+[0-9]{2}$"
"""A long number that a spreadsheet has rewritten: the digits after the first few are gone."""


@dataclass(frozen=True)
class Mapped:
    """Canonical cells of a block and the reasons for which the profile refuses rows.

    shown: cells as the file gives them, for the messages. notes: what later steps need beside the row; names start with `#`.
    """

    cells: dict[str, pa.Array]
    reasons: tuple[Reason, ...]
    shown: dict[str, pa.Array] = field(default_factory=dict)
    notes: dict[str, pa.Array] = field(default_factory=dict)


def record_kind(profile: Profile) -> RecordKind:
    """The record kind a profile's rows are read as."""
    return {"bank": MAPPED, "wallet": MAPPED_WALLET}.get(profile.kind) or PROFILE_KINDS[profile.kind]


def cleaned(profile: Profile, column: pa.Array) -> pa.Array:
    """A column without blanks, TABs and spreadsheet quoting around its cells; placeholders become null.

    A cell of nothing but dashes is the placeholder `-`.
    """
    text = trimmed(column)
    if pc.any(pc.match_substring_regex(text, _QUOTED)).as_py():
        text = trimmed(pc.replace_substring_regex(text, _QUOTED, r"\1\2"))
    if not profile.empty:
        return text
    plain = pc.replace_substring_regex(text, "^-+$", "-")
    placeholder = pc.fill_null(pc.is_in(plain, pa.array(profile.empty)), False)
    return pc.if_else(placeholder, pa.scalar(None, pa.string()), text)


def split_cells(profile: Profile, cells: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """The cells with those added that the profile's `split` patterns find inside others, its `texts`, and what it joins."""
    result = dict(cells)
    rows = len(next(iter(cells.values()))) if cells else 0
    for name, text in profile.texts.items():
        made = rendered([text], result, rows)
        result[name] = pc.coalesce(cells[name], made) if name in cells else made
    for name, pattern in profile.split.items():
        if name in cells:
            for group, found in named_groups(cells[name], pattern).items():
                result[group] = pc.coalesce(found, result[group]) if group in result else found
    for name, parts in profile.join.items():
        given = [pc.coalesce(result[part], pa.scalar("")) for part in parts if part in result]
        if given:
            joined = pc.binary_join_element_wise(*given, "; ") if len(given) > 1 else given[0]
            result[name] = trimmed(pc.replace_substring_regex(joined, "^(?:; )+|(?:; )+$|(; )(?:; )+", r"\1"))
    return result


def mapped_fields(profile: Profile, cells: Mapping[str, pa.Array], rows: int) -> Mapped:
    """Cells of a record kind whose fields a profile gives one by one."""
    kind = record_kind(profile)
    result: dict[str, pa.Array] = {name: pa.repeat(pa.scalar(value), rows) for name, value in profile.constants.items()}
    shown, reasons = {}, []
    for name, templates in profile.fields.items():
        wanted = kind.field(name)
        assert wanted
        text = rendered(templates, cells, rows)
        shown[f"{name} as given"] = text
        if wanted.sort == "instant":
            result[name], untimed = instants(profile, text)
            untimed &= wanted.required | as_mask(text.is_valid())
            reasons.append(_untimed(profile, f"{name} as given", untimed, not wanted.required))
        elif wanted.sort == "amount":
            read: Amounts = amounts(profile, text)
            result[name] = read.text
            reasons.append(_unreadable(f"{name} as given", read.unreadable))
        else:
            result[name] = balances(profile, text) if wanted.sort == "balance" else text
    return Mapped(result, tuple(reasons), shown)


def mapped_cells(profile: Profile, cells: Mapping[str, pa.Array], rows: int, name: str) -> Mapped:
    """Canonical cells from a profile's columns.

    Args:
        cells: by field name, cleaned; also what the preamble said. name: stands for a counterparty without a name.
    """
    given = time_text(profile, cells, rows)
    times, untimed = instants(profile, given)
    none = pa.nulls(rows, pa.string())
    ruled = decided(profile, cells, rows)
    if ruled["amount"].null_count < rows:
        cells = {**cells, "amount": pc.coalesce(ruled["amount"], cells["amount"])}
    money = moved(profile, cells, rows)
    direction = pc.coalesce(ruled["direction"], money.direction)
    turned = pc.if_else(pc.equal(direction, "in"), "out", "in")
    direction = pc.if_else(pc.and_(pa.array(money.flipped), direction.is_valid()), turned, direction)
    sides = parties(profile, cells, ruled, direction, name)
    undecided = as_mask(sides.source.is_null()) | as_mask(sides.target.is_null())
    nobody = undecided & as_mask(sides.own.is_null()) & as_mask(direction.is_valid())
    balance = balances(profile, cells["balance"]) if "balance" in cells else none
    balance = pc.if_else(ruled["own_account"].is_null(), balance, none)
    result = {
        "transfer": rendered(profile.id, cells, rows),
        "time": times,
        "source": sides.source,
        "target": sides.target,
        "amount": money.text,
        "currency": pc.coalesce(currency_codes(cells.get("currency", none)), pa.scalar(profile.currency)),
        "status": pc.coalesce(ruled["status"], _failed(profile, cells, rows), pa.scalar("done")),
        "operation": ruled["operation"],
        "reverses": ruled["reverses"],
        "reference": pc.coalesce(ruled["reference"], rendered(profile.reference, cells, rows)),
        "remark": rendered(profile.remark, cells, rows),
        **_balances(profile, cells, sides, balance),
        "witness": sides.witness,
    }
    result |= {field: cells[field] for field in _PLAIN if field in cells}
    result["channel"] = pc.coalesce(ruled["channel"], result.get("channel", none))
    result |= {field: pa.repeat(pa.scalar(value), rows) for field, value in profile.constants.items()}
    shown = {"direction": "direction", "two_columns": "debit and credit"}.get(profile.sign(cells) or "", "amount")
    amount_given = rendered(["{amount}", "{debit} / {credit}", "{debit}", "{credit}"], cells, rows)
    reasons = (
        _untimed(profile, "time as given", untimed, False),
        Reason("LDG-missing-value", "amount as given", "is empty", as_mask(amount_given.is_null())),
        _unreadable("amount as given", money.unreadable),
        Reason("LDG-missing-value", "own account", "is told neither by the row nor by the lines around the table", nobody),
        Reason("LDG-profile-rule", shown, "does not say who pays whom, and no rule of the profile does", undecided & ~nobody),
        Reason("LDG-own-counterparty", "counterparty", "is the statement's own account", sides.mistaken, True),
        Reason("LDG-own-account-unnamed", "own account", "is not told, the file's name stands for it,", sides.unnamed, True),
    )
    texts = {
        "time as given": given,
        "amount as given": amount_given,
        "own account": sides.own,
        "direction": cells.get("direction", none),
        "debit and credit": rendered(["{debit} / {credit}", "{debit}", "{credit}"], cells, rows),
    }
    named = ruled["counterparty"].is_null()  # the name a row gives is not that of an account which a rule has put there
    held = {what: pc.if_else(named, cells[what], None) for what in (f"partner_{side}" for side in _SIDES) if what in cells}
    return Mapped(result, reasons, texts, _notes(profile, {**cells, **held}, sides, money.flipped))


def _untimed(profile: Profile, field: str, rows: Mask, optional: bool) -> Reason:
    code = "LDG-optional-ignored" if optional else "LDG-bad-time"
    return Reason(code, field, f"is not like {' or '.join(profile.time_formats)}", rows, optional)


def _unreadable(field: str, rows: Mask) -> Reason:
    return Reason("LDG-bad-amount", field, "is not an amount", rows)


def _failed(profile: Profile, cells: Mapping[str, pa.Array], rows: int) -> pa.Array:
    """`failed` where a word of the state column says so."""
    failed = np.zeros(rows, bool)
    if "state" in cells:
        for pattern in profile.failed:
            failed |= as_mask(pc.match_substring_regex(cells["state"], pattern))
    return pc.if_else(pa.array(failed), pa.scalar("failed"), pa.scalar(None, pa.string()))


def _balances(profile: Profile, cells: Mapping[str, pa.Array], sides: Parties, balance: pa.Array) -> dict[str, pa.Array]:
    """The own side's balance after the row, and the other side's where the file knows it."""
    other = balances(profile, cells["partner_balance"]) if "partner_balance" in cells else pa.nulls(len(balance), pa.string())
    ours, theirs = pa.array(sides.outward), pa.array(sides.inward)
    null = pa.scalar(None, pa.string())
    return {
        "source_balance": pc.if_else(ours, balance, pc.if_else(theirs, other, null)),
        "target_balance": pc.if_else(theirs, balance, pc.if_else(ours, other, null)),
    }


def _notes(profile: Profile, cells: Mapping[str, pa.Array], sides: Parties, flipped: Mask) -> dict[str, pa.Array]:
    notes = {"#own": sides.own, "#flipped": pa.array(flipped)}
    if profile.fee and profile.fee.column in cells:
        notes["#fee"] = captured(cells[profile.fee.column], profile.fee.pattern)
        notes["#fee_target"] = rendered([profile.fee.target], {**cells, "own": sides.own}, len(flipped))
    if profile.refunded and profile.refunded.column in cells:
        notes["#refunded"] = captured(cells[profile.refunded.column], profile.refunded.pattern)
        whole = pc.match_substring_regex(cells[profile.refunded.column], profile.refunded.whole or "$^")
        notes["#refunded_whole"] = pc.fill_null(whole, False)
        notes["#refund_key"] = rendered(profile.refunded.key, cells, len(flipped))
    if "state" in cells:
        notes["#state"] = cells["state"]
    ours = pc.equal(sides.source, sides.own)
    none = pa.nulls(len(flipped), pa.string())
    for what in _SIDES:
        if f"own_{what}" in cells or f"partner_{what}" in cells:
            own, other = cells.get(f"own_{what}", none), cells.get(f"partner_{what}", none)
            notes[f"#source_{what}"] = pc.if_else(ours, own, other)
            notes[f"#target_{what}"] = pc.if_else(ours, other, own)
        for side in ("source", "target"):
            if f"{side}_{what}" in cells:
                notes[f"#{side}_{what}"] = cells[f"{side}_{what}"]
    return notes
