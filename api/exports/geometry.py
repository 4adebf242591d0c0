"""Where everything of a flow diagram stands: boxes, ports on their sides, flow lines and their labels."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Any

from api.exports.boxes import BOX_WIDTH, Line, box_height, box_lines
from api.exports.font import text_width
from api.exports.wording import instant, money, when
from tracing.graph import FlowGraph
from tracing.layout import Placement, layered_layout

LEFT = 36.0
NODE_SPACE = 20.0
LANES = 34.0
AMOUNT_SIZE, TIME_SIZE = 11.0, 10.0
THINNEST, THICKEST = 1.4, 9.0
TALLEST_SIDE = 320.0
"""A box grows to hold its flows side by side, up to this."""


Point = tuple[float, float]
Leg = tuple[str, float, float]


@dataclass(frozen=True)
class Label:
    """Amount and time of a flow above its line."""

    amount: str
    time: str

    @property
    def width(self) -> float:
        return text_width(self.amount, AMOUNT_SIZE, True) + 14 + text_width(self.time, TIME_SIZE)


@dataclass(frozen=True)
class Box:
    """A node's box by its top left corner."""

    x: float
    y: float
    height: float
    lines: list[Line]
    row: Any


@dataclass(frozen=True)
class Stroke:
    """A flow: legs in the order the money takes; a leg is ("line" | "curve", x, y) from the point before."""

    start: Point
    legs: list[Leg]
    width: float
    label: Label
    label_at: tuple[float, float]
    label_room: float
    row: Any


@dataclass(frozen=True)
class Scene:
    """Everything placed; x of each column, total size without margins for headings and footer."""

    boxes: list[Box]
    strokes: list[Stroke]
    columns: list[float]
    width: float
    height: float


_Course = tuple[Point, list[tuple[int, float]], float]
"""Port heights at source and target, the route between, and the lane of a flow within its column."""


@dataclass(frozen=True)
class _Gap:
    """One gap between columns: where its labels begin and how wide they are."""

    start: float
    room: float


def place_scene(graph: FlowGraph, zone_minutes: int) -> Scene:
    """Lay the graph out; the same graph gives the same places."""
    rows = list(graph.nodes.itertuples(index=False))
    flows = list(graph.flows.itertuples(index=False))
    lines = [box_lines(row, graph.currency) for row in rows]
    widths = _widths(flows)
    labels = _labels(flows, graph.currency, zone_minutes)
    heights = _heights(lines, flows, widths)
    half = [(height + NODE_SPACE) / 2 for height in heights]
    placement = layered_layout(graph, list(zip(half, half, strict=True)), [_slot(width) for width in widths])
    column_x, gaps, right = _across(graph, placement, labels)
    columns = graph.nodes["column"].tolist()
    boxes = [
        Box(column_x[columns[i]], placement.node_y[i] - heights[i] / 2, heights[i], lines[i], row) for i, row in enumerate(rows)
    ]
    routes = placement.routes
    ports = _ports(boxes, flows, routes, widths)
    lanes = _lanes(flows, columns, ports)
    strokes = []
    for i, flow in enumerate(flows):
        gap = gaps[placement.slots[i] // 2]
        level = next(y for layer, y in routes[i] if layer == placement.slots[i])
        start, legs = _legs(flow, columns, (ports[i], routes[i], lanes.get(i, 0.0)), column_x, gaps)
        strokes.append(Stroke(start, legs, widths[i], labels[i], (gap.start, level - widths[i] / 2 - 3), gap.room, flow))
    return Scene(boxes, strokes, column_x, right, placement.height)


def _widths(flows: list[Any]) -> list[float]:
    most = max((flow.traced_fen for flow in flows), default=1) or 1
    return [round(THINNEST + (THICKEST - THINNEST) * sqrt(flow.traced_fen / most), 2) for flow in flows]


def _labels(flows: list[Any], currency: str, zone_minutes: int) -> list[Label]:
    days = {instant(time_us, zone_minutes).date() for flow in flows for time_us in (flow.first_us, flow.last_us)}
    dated = len(days) > 1
    labels = []
    for flow in flows:
        time = when((flow.first_us, flow.last_us), flow.count, zone_minutes, dated)
        labels.append(Label(money(flow.traced_fen, currency), f"◂ {time}" if flow.is_back else time))
    return labels


def _heights(lines: list[list[Line]], flows: list[Any], widths: list[float]) -> list[float]:
    """Text height, or what the flows of the busier side need."""
    sides: dict[tuple[int, str], float] = defaultdict(float)
    for flow, width in zip(flows, widths, strict=True):
        sides[flow.source_node, "out"] += width + 2
        sides[flow.target_node, "in"] += width + 2
    needed = [max(sides[node, "out"], sides[node, "in"]) + 8 for node in range(len(lines))]
    return [max(box_height(text), min(need, TALLEST_SIDE)) for text, need in zip(lines, needed, strict=True)]


def _across(graph: FlowGraph, placement: Placement, labels: list[Label]) -> tuple[list[float], list[_Gap], float]:
    """x of columns and label slots; the steeper the curves of a gap, the more room they get."""
    count = len(graph.columns)
    rooms = [0.0] * (count + 1)
    steep: dict[int, float] = defaultdict(float)
    ends = list(zip(graph.flows["source_node"].tolist(), graph.flows["target_node"].tolist(), strict=True))
    columns = graph.nodes["column"].tolist()
    for i, (source, target) in enumerate(ends):
        rooms[placement.slots[i] // 2] = max(rooms[placement.slots[i] // 2], labels[i].width + 6)
        low, high = sorted((source, target), key=lambda node: columns[node])
        points = [(2 * columns[low], placement.node_y[low]), *placement.routes[i], (2 * columns[high], placement.node_y[high])]
        for (layer, y), (_, other) in pairwise(points):
            steep[layer] = max(steep[layer], abs(other - y))
    x, column_x, gaps = LEFT, [], []
    for column in range(count):
        column_x.append(x)
        start = x + BOX_WIDTH + _curve_room(steep[2 * column])
        gaps.append(_Gap(start, rooms[column]))
        x = start + rooms[column] + _curve_room(steep[2 * column + 1])
    right = column_x[-1] + BOX_WIDTH if column_x else 0.0
    if rooms and count and rooms[count - 1]:
        right = gaps[-1].start + gaps[-1].room
    return column_x, gaps, right


def _curve_room(steepness: float) -> float:
    return min(max(46.0, 30 + 0.13 * steepness), 300.0)


def _slot(width: float) -> tuple[float, float]:
    """Room above the line for its text, and below it."""
    return (width / 2 + AMOUNT_SIZE + 5, width / 2 + 4)


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


def _legs(flow: Any, columns: list[int], course: _Course, column_x: list[float], gaps: list[_Gap]) -> tuple[Point, list[Leg]]:
    """The way of one flow from port to port."""
    (source_y, target_y), route, lane = course
    source, target = columns[flow.source_node], columns[flow.target_node]
    if source == target:
        x, level = column_x[source] + BOX_WIDTH, route[0][1]
        apex = gaps[source].start - lane
        return (x, source_y), [("turn", apex, level), ("return", x, target_y)]
    stops: list[Leg] = []
    for layer, y in route:
        left, right = (
            (column_x[layer // 2], column_x[layer // 2] + BOX_WIDTH)
            if layer % 2 == 0
            else (gaps[layer // 2].start, gaps[layer // 2].start + gaps[layer // 2].room)
        )
        stops += [("curve", left, y), ("line", right, y)]
    if target > source:
        return (column_x[source] + BOX_WIDTH, source_y), [*stops, ("curve", column_x[target], target_y)]
    stops = [("curve" if i % 2 == 0 else "line", x, y) for i, (_, x, y) in enumerate(reversed(stops))]
    return (column_x[source], source_y), [*stops, ("curve", column_x[target] + BOX_WIDTH, target_y)]
