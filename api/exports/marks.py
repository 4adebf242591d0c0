"""Small signs of a diagram: one icon per kind of account, and the legend."""

from collections.abc import Callable
from typing import Any

from api.exports.boxes import TONES, tone_name
from api.exports.font import text_width
from tracing.graph import FlowGraph

LEGEND_SIZE = 10.5
FLOW_BLUE, FLOW_HEAD, BACK_RED, PALE = "#9cb7e2", "#4a78c0", "#e0605f", "#dfe7f4"

TONE_WORDS = {
    "victim": "victim",
    "tier 1": "paid by a victim",
    "tier": "later tier",
    "voucher": "voucher",
    "hub": "merchant or issuer",
    "cash_out": "cash-out",
}
KIND_WORDS = {
    "person": "person",
    "bank": "bank account",
    "wallet": "wallet",
    "hub": "merchant",
    "voucher": "voucher",
    "cash": "cash",
    "fold": "several accounts",
}

SHAPES = {
    "person": "M0,-6 A6,6 0 1 1 -0.01,-6 Z",
    "bank": "M-6.5,-4.5 H6.5 V4.5 H-6.5 Z M-6.5,-1.5 H6.5",
    "wallet": "M-3,-5 H3 A4,5 0 0 1 3,5 H-3 A4,5 0 0 1 -3,-5 Z",
    "hub": "M-7,0 L-3.5,-5.8 H3.5 L7,0 L3.5,5.8 H-3.5 Z",
    "voucher": "M0,-6.5 L6.5,0 L0,6.5 L-6.5,0 Z",
    "cash": "M0,-6 L6.5,5.5 H-6.5 Z",
    "fold": "M-6,-2 H3 V6 H-6 Z M-3,-2 V-5 H6 V3 H3",
}


def kind_name(kind: str, count: int) -> str:
    """Key into `SHAPES`."""
    if count > 1 and kind not in ("card", "q_coin"):
        return "fold"
    known = {"bank": "bank", "loan": "bank", "wallet": "wallet", "card": "voucher", "q_coin": "voucher", "cash": "cash"}
    return known.get(kind, "person" if kind in ("person", "") else "hub")


def icon(name: str, at: tuple[float, float], colour: str) -> str:
    """The sign of a kind, centred."""
    x, y = at
    return (
        f'<path transform="translate({x:.1f},{y:.1f})" d="{SHAPES[name]}" fill="#fff" fill-opacity="0.7" '
        f'stroke="{colour}" stroke-width="1.4" stroke-linejoin="round"/>'
    )


def legend(graph: FlowGraph, left: float, y: float, width: float) -> tuple[list[str], float]:
    """The signs and colours that occur in the picture, in as many lines as the width needs; returns the y after it."""
    parts: list[str] = []
    x = left
    for draw, word, room in _entries(graph):
        need = room + 8 + text_width(word, LEGEND_SIZE) + 24
        if x > left and x + need > left + width:
            x, y = left, y + 20
        parts.append(draw(x, y))
        parts.append(f'<text class="legend" x="{x + room + 8:.1f}" y="{y + 4:.1f}">{word}</text>')
        x += need
    return parts, y + 20


Entry = tuple[Callable[[float, float], str], str, float]


def _entries(graph: FlowGraph) -> list[Entry]:
    rows: list[Any] = list(graph.nodes.itertuples(index=False))
    tones = {tone_name(row) for row in rows}
    kinds = {kind_name(row.kind, row.count) for row in rows}
    entries: list[Entry] = [(_swatch(name), word, 14.0) for name, word in TONE_WORDS.items() if name in tones]
    if any(row.is_frontier for row in rows):
        entries.append((_dashed_swatch, "statement not obtained", 14.0))
    entries += [(_icon_entry(name), word, 14.0) for name, word in KIND_WORDS.items() if name in kinds]
    entries.append((_line(FLOW_BLUE, ""), "width: traced amount", 26.0))
    if (graph.flows["amount_fen"] > graph.flows["traced_fen"]).any():
        entries.append((_line(PALE, "", 7.0), "with money that is not the victims'", 26.0))
    if graph.flows["is_back"].any():
        entries.append((_line(BACK_RED, ""), "to an earlier column", 26.0))
    if graph.flows["dashed"].any():
        entries.append((_line(FLOW_BLUE, ' stroke-dasharray="7 4"'), "inferred link", 26.0))
    return entries


def _swatch(name: str) -> Callable[[float, float], str]:
    tone = TONES[name]
    return lambda x, y: (
        f'<rect x="{x:.1f}" y="{y - 6:.1f}" width="14" height="12" rx="2" fill="{tone.fill}" stroke="{tone.border}"/>'
        f'<rect x="{x:.1f}" y="{y - 6:.1f}" width="3" height="12" fill="{tone.bar}"/>'
    )


def _dashed_swatch(x: float, y: float) -> str:
    look = 'rx="2" fill="#fff" stroke="#4a5568" stroke-dasharray="3 2"'
    return f'<rect x="{x:.1f}" y="{y - 6:.1f}" width="14" height="12" {look}/>'


def _icon_entry(name: str) -> Callable[[float, float], str]:
    return lambda x, y: icon(name, (x + 7, y), "#4a5568")


def _line(colour: str, dash: str, width: float = 3.0) -> Callable[[float, float], str]:
    return lambda x, y: f'<path d="M{x:.1f},{y:.1f} h26" stroke="{colour}" stroke-width="{width}"{dash} fill="none"/>'
