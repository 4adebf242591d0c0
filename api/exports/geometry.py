"""Where everything of a flow diagram stands: boxes, ports on their sides, flow lines and their labels."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Any

from api.exports.boxes import Line, box_height, box_lines, column_width, heading
from api.exports.labels import TIME_SIZE, Label, place_labels, slot_extent
from tracing.graph import FlowGraph
from tracing.layout import Placement, layered_layout

LEFT = 36.0
NODE_SPACE, VOUCHER_SPACE = 16.0, 10.0
LANES, LANE_END = 30.0, 5.0
"""Room of the turns of flows within a column, and between them and the labels."""
ARROW = 8.0
THINNEST, THICKEST = 1.4, 9.0
TALLEST_SIDE = 320.0
"""A box grows to hold its flows side by side, up to this."""


Point = tuple[float, float]
Leg = tuple[str, float, float]


@dataclass(frozen=True)
class Box:
    """A node's box by its top left corner."""

    x: float
    y: float
    width: float
    height: float
    lines: list[Line]
    row: Any


@dataclass(frozen=True)
class Stroke:
    """A flow and where its texts stand: legs in the order the money takes, a leg ("line" | "curve", x, y) onwards."""

    start: Point
    legs: list[Leg]
    width: float
    label: Label
    label_at: Point
    label_room: float
    time_at: Point
    row: Any


@dataclass(frozen=True)
class Scene:
    """Everything placed; x and width of each column, total size without margins for headings and footer."""

    boxes: list[Box]
    strokes: list[Stroke]
    columns: list[float]
    widths: list[float]
    width: float
    height: float


_Course = tuple[Point, list[tuple[int, float]], float]
"""Port heights at source and target, the route between, and the lane of a flow within its column."""


@dataclass(frozen=True)
class _Gap:
    """One gap between columns: where its labels begin and how wide they are."""

    start: float
    room: float


@dataclass(frozen=True)
class _Across:
    """Everything from left to right: both sides of each column, the gaps, and where the last of it ends."""

    left: list[float]
    right: list[float]
    gaps: list[_Gap]
    end: float


def place_scene(graph: FlowGraph, zone_minutes: int) -> Scene:
    """Lay the graph out; the same graph gives the same places."""
    rows = list(graph.nodes.itertuples(index=False))
    flows = list(graph.flows.itertuples(index=False))
    lines = [box_lines(row, graph.currency, hop) for row, hop in zip(rows, _hidden_hops(graph), strict=True)]
    widths = _widths(flows)
    heights = _heights(lines, flows, widths)
    half = [
        (height + (VOUCHER_SPACE if row.state == "voucher" else NODE_SPACE)) / 2
        for height, row in zip(heights, rows, strict=True)
    ]
    labels = place_labels(graph, half, widths, zone_minutes)
    slots = [slot_extent(width, label.stacked) for width, label in zip(widths, labels, strict=True)]
    placement = layered_layout(graph, list(zip(half, half, strict=True)), slots)
    across = _across(graph, placement, labels, _column_widths(graph, lines))
    columns = graph.nodes["column"].tolist()
    boxes = [
        Box(left, placement.node_y[i] - heights[i] / 2, across.right[column] - left, heights[i], lines[i], row)
        for i, row in enumerate(rows)
        for column, left in [(columns[i], across.left[columns[i]])]
    ]
    routes = placement.routes
    ports = _ports(boxes, flows, routes, widths)
    lanes = _lanes(flows, columns, ports)
    strokes = []
    for i, flow in enumerate(flows):
        gap = across.gaps[placement.slots[i] // 2]
        level = next(y for layer, y in routes[i] if layer == placement.slots[i])
        start, legs = _legs(flow, columns, (ports[i], routes[i], lanes.get(i, 0.0)), across)
        texts = _texts(labels[i], gap, level, widths[i])
        strokes.append(Stroke(start, legs, widths[i], labels[i], texts[0], gap.room, texts[1], flow))
    sizes = [right - left for left, right in zip(across.left, across.right, strict=True)]
    return Scene(boxes, strokes, across.left, sizes, across.end, placement.height)


def _hidden_hops(graph: FlowGraph) -> list[int | None]:
    """The hop of every account whose column does not tell it."""
    kinds = zip(graph.columns["kind"].tolist(), graph.columns["hop"].tolist(), strict=True)
    told = [hop if kind in ("victims", "hop") else None for kind, hop in kinds]
    ends = zip(graph.nodes["tier"].tolist(), graph.nodes["column"].tolist(), strict=True)
    return [None if tier == told[column] else tier for tier, column in ends]


def _widths(flows: list[Any]) -> list[float]:
    most = max((flow.traced_fen for flow in flows), default=1) or 1
    return [round(THINNEST + (THICKEST - THINNEST) * sqrt(flow.traced_fen / most), 2) for flow in flows]


def _heights(lines: list[list[Line]], flows: list[Any], widths: list[float]) -> list[float]:
    """Text height, or what the flows of the busier side need."""
    sides: dict[tuple[int, str], float] = defaultdict(float)
    for flow, width in zip(flows, widths, strict=True):
        sides[flow.source_node, "out"] += width + 2
        sides[flow.target_node, "in"] += width + 2
    needed = [max(sides[node, "out"], sides[node, "in"]) + 8 for node in range(len(lines))]
    return [max(box_height(text), min(need, TALLEST_SIDE)) for text, need in zip(lines, needed, strict=True)]


def _column_widths(graph: FlowGraph, lines: list[list[Line]]) -> list[float]:
    held: dict[int, list[list[Line]]] = defaultdict(list)
    for column, text in zip(graph.nodes["column"].tolist(), lines, strict=True):
        held[column].append(text)
    rows = enumerate(graph.columns.itertuples(index=False))
    return [column_width(held[column], heading(row, graph.currency)) for column, row in rows]


def _across(graph: FlowGraph, placement: Placement, labels: list[Label], widths: list[float]) -> _Across:
    """x of columns and label slots; the steeper the curves of a gap, the more room they get."""
    count = len(graph.columns)
    rooms = [0.0] * (count + 1)
    steep: dict[int, float] = defaultdict(float)
    ends = list(zip(graph.flows["source_node"].tolist(), graph.flows["target_node"].tolist(), strict=True))
    columns = graph.nodes["column"].tolist()
    turning = {columns[source] for source, target in ends if columns[source] == columns[target]}
    for i, (source, target) in enumerate(ends):
        rooms[placement.slots[i] // 2] = max(rooms[placement.slots[i] // 2], labels[i].width + 6)
        low, high = sorted((source, target), key=lambda node: columns[node])
        points = [(2 * columns[low], placement.node_y[low]), *placement.routes[i], (2 * columns[high], placement.node_y[high])]
        for (layer, y), (_, other) in pairwise(points):
            steep[layer] = max(steep[layer], abs(other - y))
    left, right, gaps = [LEFT], [], []
    for column in range(count):
        right.append(left[column] + widths[column])
        turns = LANES + LANE_END + ARROW if column in turning else 0.0
        start = right[column] + max(_curve_room(steep[2 * column]), turns)
        gaps.append(_Gap(start, rooms[column]))
        left.append(start + rooms[column] + _curve_room(steep[2 * column + 1]))
    end = right[-1] if right else 0.0
    if count and rooms[count - 1]:
        end = gaps[-1].start + gaps[-1].room
    return _Across(left[:count], right, gaps, end)


def _curve_room(steepness: float) -> float:
    return min(max(22.0, 16 + 0.1 * steepness), 150.0)


def _texts(label: Label, gap: _Gap, level: float, width: float) -> tuple[Point, Point]:
    """Where the amount begins, and where the time ends or, stacked, begins."""
    above = level - width / 2 - 3
    below = level + width / 2 + TIME_SIZE
    return (gap.start, above), ((gap.start, below) if label.stacked else (gap.start + gap.room - 4, above))


def _ports(boxes: list[Box], flows: list[Any], routes: list[Any], widths: list[float]) -> list[tuple[float, float]]:
    """y at the source and at the target of every flow: side by side in the order of where the flows come from."""
    sides: dict[tuple[int, bool], list[tuple[float, int, int]]] = defaultdict(list)
    for i, flow in enumerate(flows):
        source, target = boxes[flow.source_node], boxes[flow.target_node]
        forward = source.x <= target.x
        first, last = (routes[i][0][1], routes[i][-1][1]) if forward else (routes[i][-1][1], routes[i][0][1])
        sides[flow.source_node, forward].append((first, i, 0))
        sides[flow.target_node, source.x >= target.x].append((last, i, 1))
    ports = [[0.0, 0.0] for _ in flows]
    for (node, _), ends in sides.items():
        box = boxes[node]
        total = sum(widths[i] + 2 for _, i, _ in ends)
        scale = min(1.0, (box.height - 6) / total)
        y = box.y + box.height / 2 - total * scale / 2
        for _, i, end in sorted(ends):
            ports[i][end] = y + (widths[i] + 2) * scale / 2
            y += (widths[i] + 2) * scale
    return [(source, target) for source, target in ports]


def _lanes(flows: list[Any], columns: list[int], ports: list[tuple[float, float]]) -> dict[int, float]:
    """How far left of its label a flow within a column turns: the shorter its way, the nearer to the boxes."""
    arcs: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for i, flow in enumerate(flows):
        if columns[flow.source_node] == columns[flow.target_node]:
            arcs[columns[flow.source_node]].append((-abs(ports[i][0] - ports[i][1]), i))
    return {i: LANES * rank / len(ranked) for ranked in arcs.values() for rank, (_, i) in enumerate(sorted(ranked))}


def _legs(flow: Any, columns: list[int], course: _Course, across: _Across) -> tuple[Point, list[Leg]]:
    """The way of one flow from port to port."""
    (source_y, target_y), route, lane = course
    source, target = columns[flow.source_node], columns[flow.target_node]
    if source == target:
        x, level = across.right[source], route[0][1]
        apex = across.gaps[source].start - LANE_END - lane
        return (x, source_y), [("turn", apex, level), ("return", x, target_y)]
    stops: list[Leg] = []
    for layer, y in route:
        gap = across.gaps[layer // 2]
        passed = (across.left[layer // 2], across.right[layer // 2]) if layer % 2 == 0 else (gap.start, gap.start + gap.room)
        stops += [("curve", passed[0], y), ("line", passed[1], y)]
    if target > source:
        return (across.right[source], source_y), [*stops, ("curve", across.left[target], target_y)]
    stops = [("curve" if i % 2 == 0 else "line", x, y) for i, (_, x, y) in enumerate(reversed(stops))]
    return (across.left[source], source_y), [*stops, ("curve", across.right[target], target_y)]
