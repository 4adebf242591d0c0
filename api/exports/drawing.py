"""The flow diagram as an SVG document: headings, boxes, flows with amount and time, legend and footer."""

from html import escape
from itertools import groupby
from typing import Any

from api.exports.boxes import COUNT_SIZE, HEADING_SIZE, LINE, PADDING, SIZES, TONES, Line, box_height, heading, tone_name
from api.exports.diagram import Diagram
from api.exports.font import CJK_FAMILY, FAMILY, is_latin, text_width
from api.exports.geometry import ARROW, LEFT, Box, Scene, Stroke, place_scene
from api.exports.labels import AMOUNT_SIZE, TIME_SIZE
from api.exports.marks import BACK_RED, FLOW_BLUE, FLOW_HEAD, LEGEND_SIZE, PALE, icon, kind_name, legend
from api.exports.wording import LONG_TITLE, fitted, money, safe

TOP = 128.0
NARROWEST = 880.0
RADII = {"wallet": 13, "person": 9}

STYLE = f"""
text {{ font-family: "{FAMILY}", sans-serif; fill: #1a202c; }}
tspan {{ font-family: "{CJK_FAMILY}", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }}
.title {{ font-size: 19px; font-weight: bold; }}
.title tspan, .name tspan {{ stroke: #1a202c; stroke-width: 0.45px; }}
.summary {{ font-size: 12px; fill: #4a5568; }}
.heading {{ font-size: {HEADING_SIZE:g}px; font-weight: bold; }}
.count, .total {{ font-size: {COUNT_SIZE:g}px; fill: #5d6778; }}
.name {{ font-size: {SIZES["name"]}px; font-weight: bold; }}
.sub {{ font-size: {SIZES["sub"]}px; fill: #4a5568; }}
.flow {{ font-size: {SIZES["flow"]}px; fill: #5d6778; }}
.green {{ font-size: {SIZES["green"]}px; font-weight: bold; fill: #1e7b34; }}
.held {{ font-size: {SIZES["held"]}px; fill: #4a5568; }}
.open {{ font-size: {SIZES["open"]}px; fill: #9c4f0b; }}
.amount {{ font-size: {AMOUNT_SIZE}px; font-weight: bold; fill: #14274e; }}
.time {{ font-size: {TIME_SIZE}px; fill: #4f5b6e; }}
.amount, .time {{ stroke: #fff; stroke-width: 3px; stroke-linejoin: round; paint-order: stroke; }}
.legend {{ font-size: {LEGEND_SIZE}px; fill: #4a5568; }}
.footer {{ font-size: 10px; fill: #5d6778; }}
"""


def draw(diagram: Diagram) -> str:
    """The whole document; text from records is escaped and spelt out where it cannot be shown."""
    graph = diagram.drawn
    scene = place_scene(graph, diagram.zone_minutes)
    width = max(scene.width + LEFT, NARROWEST)
    foot = TOP + scene.height + 34
    legend_parts, after = legend(graph, LEFT, foot, width - 2 * LEFT)
    footer_parts, end = _footer(diagram, after + 6, width - 2 * LEFT)
    strokes = sorted(scene.strokes, key=lambda stroke: (stroke.row.is_back, -stroke.row.traced_fen))
    body = [
        *_title(diagram, width),
        *_headings(diagram, scene),
        f'<g transform="translate(0,{TOP:g})">',
        *(_pale(stroke) for stroke in strokes if stroke.row.amount_fen > stroke.row.traced_fen),
        *(_stroke(stroke) for stroke in strokes),
        *(_box(box) for box in scene.boxes),
        *(_label(stroke, graph.currency) for stroke in scene.strokes),
        "</g>",
        f'<path d="M{LEFT:g},{foot - 18:.1f} H{width - LEFT:.1f}" stroke="#d5dae3"/>',
        *legend_parts,
        *footer_parts,
    ]
    size = f'width="{width:.0f}" height="{end + 10:.0f}" viewBox="0 0 {width:.0f} {end + 10:.0f}"'
    title = escape(safe(diagram.title[:LONG_TITLE]))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>{title}</title>'
    return "\n".join([head, f"<style>{STYLE}</style>", '<rect width="100%" height="100%" fill="#fff"/>', *body, "</svg>\n"])


def _title(diagram: Diagram, width: float) -> list[str]:
    title = fitted(safe(diagram.title[:LONG_TITLE]), width - 2 * LEFT, 19, True)
    summary = fitted(diagram.summary, width - 2 * LEFT, 12)
    return [_text("title", LEFT, 34, title), _text("summary", LEFT, 54, summary)]


def _headings(diagram: Diagram, scene: Scene) -> list[str]:
    parts = []
    rows: list[Any] = list(diagram.drawn.columns.itertuples(index=False))
    for x, width, row in zip(scene.columns, scene.widths, rows, strict=True):
        name, count, total = heading(row, diagram.drawn.currency)
        parts += [
            f"<g><title>{name}, {total}</title>{_text('heading', x, 88, name)}",
            _text("count", x + width, 88, count, end=True),
            f"{_text('total', x, 105, total)}</g>",
            f'<path d="M{x:g},112 h{width:g}" stroke="#d5dae3"/>',
        ]
    return parts


def _box(box: Box) -> str:
    row = box.row
    tone = TONES[tone_name(row)]
    dash = ' stroke-dasharray="5 3"' if row.is_frontier else ""
    radius = RADII.get(row.kind, 4)
    place = f'x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:g}" height="{box.height:.1f}"'
    behind = ""
    if row.count > 1:
        shifted = f'x="{box.x + 4:.1f}" y="{box.y + 4:.1f}" width="{box.width:g}" height="{box.height:.1f}"'
        behind = f'<rect {shifted} rx="{radius}" fill="{tone.fill}" stroke="{tone.border}" stroke-opacity="0.6"/>'
    top = box.y + (box.height - box_height(box.lines)) / 2
    texts = []
    for i, line in enumerate(box.lines):
        texts.append(_text(line.style, box.x + PADDING, top + 17 + LINE * i, line.text, _full(line, i, row)))
    bar = (
        f'<path d="M{box.x + 5:.1f},{box.y:.1f} v{box.height:.1f} h-1 a4,4 0 0 1 -4,-4 v{-(box.height - 8):.1f} '
        f'a4,4 0 0 1 4,-4 Z" fill="{tone.bar}"/>'
    )
    if radius > 4:
        straight = f"M{box.x + 2.5:.1f},{box.y + radius - 2:.1f} v{box.height - 2 * radius + 4:.1f}"
        bar = f'<path d="{straight}" stroke="{tone.bar}" stroke-width="5"/>'
    sign = icon(kind_name(row.kind, row.count), (box.x + box.width - 15, top + 13), tone.bar)
    frame = f'<rect {place} rx="{radius}" fill="{tone.fill}" stroke="{tone.border}" stroke-width="1.3"{dash}/>'
    return f"<g>{behind}{frame}{bar}{sign}{''.join(texts)}</g>"


def _full(line: Line, number: int, row: Any) -> str:
    """Text behind a line: what was cut off, and on the first line the whole account and name."""
    if number == 0 and row.count == 1:
        return safe(f"{row.account} {row.holder_name}".strip()[:LONG_TITLE])
    return line.full if line.full != line.text else ""


def _label(stroke: Stroke, currency: str) -> str:
    x, y = stroke.label_at
    row = stroke.row
    amount = _text("amount", x, y, stroke.label.amount)
    time = _text("time", *stroke.time_at, stroke.label.time, end=not stroke.label.stacked)
    whole = f"{money(row.traced_fen, currency)} of {money(row.amount_fen, currency)}, transfers: {row.count}"
    tip = safe(f"{row.source[:200]} → {row.target[:200]}: {whole}; made by {row.made_by}; claims {row.claims[:400]}")
    return f"<g><title>{escape(tip)}</title>{amount}{time}</g>"


def _stroke(stroke: Stroke) -> str:
    row = stroke.row
    colour, head = (BACK_RED, BACK_RED) if row.is_back else (FLOW_BLUE, FLOW_HEAD)
    dash = ' stroke-dasharray="7 4"' if row.dashed else ""
    look = f'fill="none" stroke="{colour}" stroke-width="{stroke.width:g}" stroke-opacity="0.9"{dash}'
    line = f'<path d="{_path(stroke)}" {look}/>'
    _, x, y = stroke.legs[-1]
    side = -1 if _arrives_from_left(stroke) else 1
    half = max(3.6, stroke.width / 2 + 1.6)
    return f'{line}<path d="M{x:.1f},{y:.1f} l{side * ARROW:g},{-half:.1f} v{2 * half:.1f} Z" fill="{head}"/>'


def _pale(stroke: Stroke) -> str:
    """The whole of the transfers behind the traced part, at most twice as wide."""
    share = min(stroke.row.amount_fen / max(stroke.row.traced_fen, 1), 4.0) ** 0.5
    return f'<path d="{_path(stroke)}" fill="none" stroke="{PALE}" stroke-width="{stroke.width * share + 1.5:.1f}"/>'


def _arrives_from_left(stroke: Stroke) -> bool:
    way, x, _ = stroke.legs[-1]
    return way == "curve" and stroke.legs[-2][1] < x


def _path(stroke: Stroke) -> str:
    """The line, ending inside its arrow head."""
    x, y = stroke.start
    parts = [f"M{x:.1f},{y:.1f}"]
    last = len(stroke.legs) - 1
    for i, (way, to_x, to_y) in enumerate(stroke.legs):
        end_x = to_x + (0 if i < last else -ARROW + 1 if _arrives_from_left(stroke) else ARROW - 1)
        if way == "line":
            parts.append(f"H{end_x:.1f}")
        elif way == "curve":
            middle = (x + end_x) / 2
            parts.append(f"C{middle:.1f},{y:.1f} {middle:.1f},{to_y:.1f} {end_x:.1f},{to_y:.1f}")
        elif way == "turn":
            reach = stroke.label_at[0] + stroke.label_room
            parts.append(f"C{end_x:.1f},{y:.1f} {end_x:.1f},{y:.1f} {end_x:.1f},{to_y:.1f} H{reach:.1f} H{end_x:.1f}")
        else:
            parts.append(f"C{x:.1f},{to_y:.1f} {x:.1f},{to_y:.1f} {end_x:.1f},{to_y:.1f}")
        x, y = end_x, to_y
    return " ".join(parts)


def _footer(diagram: Diagram, y: float, width: float) -> tuple[list[str], float]:
    lines, line = [], ""
    for fact in (*diagram.facts, diagram.generator):
        shown = fitted(safe(fact[:LONG_TITLE]), width / 2, 10)
        joined = f"{line} · {shown}" if line else shown
        if text_width(joined, 10) > width and line:
            lines.append(line)
            joined = shown
        line = joined
    lines.append(line)
    return [_text("footer", LEFT, y + 8 + 15 * i, text) for i, text in enumerate(lines)], y + 8 + 15 * len(lines)


def _text(style: str, x: float, y: float, text: str, full: str = "", end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    title = f"<title>{escape(full)}</title>" if full else ""
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}"{anchor}>{_runs(text)}{title}</text>'


def _runs(text: str) -> str:
    """The text escaped, with what the CJK font draws in spans: a renderer's own fallback gives up beside ligatures."""
    parts = ((latin, escape("".join(run))) for latin, run in groupby(text, is_latin))
    return "".join(run if latin else f"<tspan>{run}</tspan>" for latin, run in parts)
