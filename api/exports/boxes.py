"""What stands in a node's box: its lines of text and its colours."""

from dataclasses import dataclass
from math import ceil
from typing import Any

from api.exports.font import text_width
from api.exports.wording import fitted, money, safe, tail

BOX_WIDTH, NARROWEST_BOX = 206.0, 140.0
"""A column is as wide as its texts need, within these."""
LINE = 15.0
PADDING = 12.0
ICON_ROOM = 24.0

VOUCHER_WORDS = {"card": ("card", "cards"), "q_coin": ("QQ", "QQ")}


SILENT_ROLES = ("unknown", "hub")
"""Roles that tell nothing a box does not show already."""


@dataclass(frozen=True)
class Line:
    """One line of text: style is the CSS class, full the text behind an ellipsis."""

    text: str
    style: str
    full: str = ""


@dataclass(frozen=True)
class Tone:
    """Colours of a box."""

    bar: str
    fill: str
    border: str


TONES = {
    "victim": Tone("#2b6cb0", "#e3edfb", "#5b8fd0"),
    "tier 1": Tone("#c05621", "#fdebd8", "#d18b4b"),
    "tier": Tone("#4a5568", "#f4f5f7", "#8a93a3"),
    "voucher": Tone("#6b46c1", "#efe8fb", "#9f7fd6"),
    "cash_out": Tone("#c53030", "#fbdfe0", "#d66a6a"),
    "hub": Tone("#2c7a7b", "#dff2f0", "#58a5a3"),
}

HEADINGS = {
    "victims": "Victims",
    "hop": "Hop {hop}",
    "exchange": "Exchange",
    "redeemed": "Redeemed by",
    "onward": "Onward {hop}",
    "exit": "Exit points",
}
HEADING_SIZE, COUNT_SIZE = 15.0, 11.0

SIZES = {"name": 12.5, "sub": 10.5, "flow": 10.0, "green": 10.5, "held": 10.5, "open": 10.0}
BOLD = ("name", "green")


def tone_name(row: Any) -> str:
    """Key into `TONES`: the state, tiers told apart into the first and the later ones."""
    if row.state in TONES and row.state != "tier":
        return str(row.state)
    return "tier 1" if row.tier == 1 else "tier"


def box_lines(row: Any, currency: str, hop: int | None = None) -> list[Line]:
    """The lines of one node of a flow graph, top to bottom, each cut to the box; `hop` where the column does not tell it."""
    lines = [_name(row, currency), *_where(row, currency, hop)]
    if row.state != "voucher" or not _told(row, lines[0], currency):
        lines.append(_movement(row, currency))
    if row.recoverable_fen:
        whole = row.recoverable_fen == row.held_fen
        rest = "" if whole else f" of {money(row.held_fen, currency)} held"
        text = f"freezable {money(row.recoverable_fen, currency)}"
        lines.append(Line(text + rest if _room(text + rest, "green") else text, "green", text + rest))
    elif row.held_fen:
        lines.append(Line(f"holds {money(row.held_fen, currency)}", "held"))
    if row.is_frontier:
        lines.append(Line("statement not obtained", "open"))
    return [line for line in lines if line.text]


def heading(row: Any, currency: str) -> tuple[str, str, str]:
    """What stands over a column: its name, how many accounts, what they received."""
    word = "voucher" if row.kind == "exchange" else "account"
    verb = "lost" if row.kind == "victims" else "received"
    count = f"{row.accounts:,} {word if row.accounts == 1 else word + 's'}"
    return HEADINGS[str(row.kind)].format(hop=row.hop), count, f"{verb} {money(int(row.received_fen), currency)}"


def column_width(boxes: list[list[Line]], head: tuple[str, str, str]) -> float:
    """Width of the boxes of a column so that each of their lines, and the heading, fits."""
    name, count, total = head
    needs = [text_width(name, HEADING_SIZE, True) + 10 + text_width(count, COUNT_SIZE), text_width(total, COUNT_SIZE)]
    for lines in boxes:
        for i, line in enumerate(lines):
            room = 2 * PADDING + (ICON_ROOM if i == 0 else 0)
            needs.append(text_width(line.text, SIZES[line.style], line.style in BOLD) + room)
    return min(max(NARROWEST_BOX, ceil(max(needs))), BOX_WIDTH)


def box_height(lines: list[Line]) -> float:
    """Height of the text with its padding."""
    return LINE * len(lines) + 10


def _room(text: str, style: str, icon: bool = False) -> bool:
    return text_width(text, SIZES[style], style in BOLD) <= BOX_WIDTH - 2 * PADDING - (ICON_ROOM if icon else 0)


def _cut(text: str, style: str, icon: bool = False) -> Line:
    shown = safe(text)
    room = BOX_WIDTH - 2 * PADDING - (ICON_ROOM if icon else 0)
    return Line(fitted(shown, room, SIZES[style], style in BOLD), style, shown)


def _name(row: Any, currency: str) -> Line:
    if row.count > 1:
        _, many = VOUCHER_WORDS.get(row.kind, ("account", "accounts"))
        amount = row.out_fen if row.state == "victim" else row.in_fen
        both = f"{row.count:,} {many}, {money(amount, currency)}"
        return _cut(both if _room(both, "name", icon=True) else f"{row.count:,} {many}", "name", icon=True)
    if row.holder_name.strip():
        return _cut(row.holder_name, "name", icon=True)
    if row.state == "voucher":
        return _cut(f"{VOUCHER_WORDS[row.kind][0]} {tail(row.account)}", "name", icon=True)
    return Line(fitted(safe(tail(row.account)), BOX_WIDTH - 48, SIZES["name"], True), "name", safe(row.account))


def _where(row: Any, currency: str, hop: int | None) -> list[Line]:
    """Hop, bank, end of the account number, role: `hop 3 · ICBC …8424 · mule`; the role below where it does not fit."""
    words = [row.institution]
    if row.count == 1 and row.holder_name:
        words.append(tail(row.account))
    place = " ".join(word for word in words if word)
    told = " · ".join(word for word in ("" if hop is None else f"hop {hop}", place) if word)
    role = "" if row.role in (row.state, *SILENT_ROLES) else row.role.replace("q_coin", "Q-coin").replace("_", " ")
    if row.state == "voucher" and row.count == 1 and row.in_fen == row.out_fen:
        role = money(row.in_fen, currency)
    both = " · ".join(word for word in (told, role) if word)
    return [_cut(both, "sub")] if _room(safe(both), "sub") else [_cut(told, "sub"), _cut(role, "sub")]


def _told(row: Any, name: Line, currency: str) -> bool:
    """Whether the lines above already say what a box of vouchers took in and gave."""
    return money(row.in_fen, currency) in name.text if row.count > 1 else row.in_fen == row.out_fen


def _movement(row: Any, currency: str) -> Line:
    if row.state == "victim":
        return Line(f"paid {money(row.out_fen, currency)}", "flow")
    out = money(row.out_fen, currency)
    text = f"in {money(row.in_fen, currency)} · out {out if row.out_fen else '0'}"
    if row.count > 1 and _room(f"{row.count:,} accounts, {money(row.in_fen, currency)}", "name", icon=True):
        text = f"out {out}" if row.out_fen else ""
    elif row.state in ("cash_out", "hub") and not row.out_fen:
        text = f"in {money(row.in_fen, currency)}"
    return Line(fitted(text, BOX_WIDTH - 2 * PADDING, SIZES["flow"]), "flow", text)
