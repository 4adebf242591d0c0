"""Layered layout of a flow graph: columns are fixed, every flow owns a label slot in one gap between two columns.

Layers alternate: 2c is column c, 2c + 1 the gap after it. A flow is a chain of dummies, one per layer between its ends, and
one of them, in a gap, is its label slot. igraph's Sugiyama layout orders the layers; heights differ per vertex, so
places are found here: weighted least squares towards the neighbours, in order, without overlap (pool adjacent violators).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tracing.graph import FlowGraph
from tracing.layers import Extent, Net, ordered

SWEEPS = 40
INNER_WEIGHT = 16.0
"""How much straighter a long flow is kept than the line from a box to its first label."""
LINE = (6.0, 6.0)
"""Room above and below a flow that passes a column or a gap without its label."""

SLACK = 1.06
"""Height of the picture, in heights of its tallest layer."""
WIDEST_BAND = 24.0
AWAY = 6
"""How many labels more a gap may hold before a long flow's label moves one column further from both its ends."""


@dataclass(frozen=True)
class Placement:
    """Vertical places, in the unit of the extents given, downwards from 0.

    node_y: per node. routes: per flow its (layer, y) from the lower column to the higher one.
    slots: per flow the layer of its label; height: of the whole.
    """

    node_y: list[float]
    routes: list[list[tuple[int, float]]]
    slots: list[int]
    height: float


def layered_layout(graph: FlowGraph, node_extents: Sequence[Extent], slot_extents: Sequence[Extent]) -> Placement:
    """Place nodes and label slots; an extent is the room wanted (above, below) the place."""
    columns = graph.nodes["column"].tolist()
    ends = list(zip(graph.flows["source_node"].tolist(), graph.flows["target_node"].tolist(), strict=True))
    if not columns:
        return Placement([], [], [], 0.0)
    net = Net([2 * column for column in columns], list(node_extents))
    slots = label_slots(graph)
    chains = [
        _chain(net, columns, pair, slot, slot_extents[flow]) for flow, (pair, slot) in enumerate(zip(ends, slots, strict=True))
    ]
    order = ordered(net)
    place = _without_bands(net, _places(net, order))
    routes = [[(net.layer[v], place[v]) for v in chain] for chain in chains]
    height = max(place[v] + net.extent[v][1] for v in range(len(place)))
    return Placement(place[: len(columns)], routes, slots, height)


def label_slots(graph: FlowGraph) -> list[int]:
    """The layer of each flow's label: a flow to the next column has one gap, a longer one takes the emptier near its ends."""
    columns = graph.nodes["column"].tolist()
    ends = list(zip(graph.flows["source_node"].tolist(), graph.flows["target_node"].tolist(), strict=True))
    used: Counter[int] = Counter()
    slots = [0] * len(ends)
    spans = [abs(columns[target] - columns[source]) for source, target in ends]
    for flow in sorted(range(len(ends)), key=lambda flow: (spans[flow], flow)):
        source, target = ends[flow]
        low = min(columns[source], columns[target])
        gaps = range(low, low + max(spans[flow], 1))
        gap = min(gaps, key=lambda gap: (used[gap] + AWAY * min(gap - gaps[0], gaps[-1] - gap), gap))
        used[gap] += 1
        slots[flow] = 2 * gap + 1
    return slots


def _chain(net: Net, columns: list[int], ends: tuple[int, int], slot: int, extent: Extent) -> list[int]:
    left, right = sorted(ends, key=lambda node: columns[node])
    low, high = 2 * columns[left], 2 * columns[right]
    if low == high:
        label = net.add(slot, extent)
        net.join(left, label, 1.0)
        net.join(right, label, 1.0)
        return [label]
    chain = [net.add(layer, extent if layer == slot else LINE) for layer in range(low + 1, high)]
    stops = [left, *chain, right]
    for first, second in pairwise(stops):
        inner = first != left and second != right
        net.join(first, second, INNER_WEIGHT if inner else 1.0)
    return chain


def _places(net: Net, order: list[list[int]]) -> list[float]:
    """Centres: start packed around the middle, then pull every layer towards its neighbours, first one side, at last both."""
    before, after = net.sides()
    both = [first + second for first, second in zip(before, after, strict=True)]
    place = [0.0] * len(net.layer)
    tallest = max(sum(sum(net.extent[v]) for v in layer) for layer in order)
    for layer in order:
        y = -sum(sum(net.extent[v]) for v in layer) / 2
        for v in layer:
            place[v] = y + net.extent[v][0]
            y += sum(net.extent[v])
    for sweep in range(SWEEPS):
        forwards = sweep % 2 == 0
        sides = both if sweep >= SWEEPS // 2 else before if forwards else after
        for layer in order if forwards else list(reversed(order)):
            _pull(net, layer, sides, place, tallest * SLACK / 2)
    for forwards in (True, False, True):
        for layer in order if forwards else list(reversed(order)):
            _straighten(net, layer, before if forwards else after, place)
    return place


def _without_bands(net: Net, place: list[float]) -> list[float]:
    """The places from 0 on, with every band that is empty in all layers cut to `WIDEST_BAND`; order and spacing stay."""
    by_top = sorted(range(len(place)), key=lambda v: (place[v] - net.extent[v][0], v))
    cut = foot = place[by_top[0]] - net.extent[by_top[0]][0]
    moved = list(place)
    for v in by_top:
        top = place[v] - net.extent[v][0]
        cut += max(0.0, top - foot - WIDEST_BAND)
        foot = max(foot, place[v] + net.extent[v][1])
        moved[v] = place[v] - cut
    return moved


def _straighten(net: Net, layer: list[int], sides: list[list[tuple[int, float]]], place: list[float]) -> None:
    """Put the points of long flows level with the point before, as far as the slack to their neighbours allows."""
    for i, v in enumerate(layer):
        level = next((place[other] for other, weight in sides[v] if weight == INNER_WEIGHT), None)
        if level is None:
            continue
        if i > 0:
            above = layer[i - 1]
            level = max(level, place[above] + net.extent[above][1] + net.extent[v][0])
        if i + 1 < len(layer):
            below = layer[i + 1]
            level = min(level, place[below] - net.extent[below][0] - net.extent[v][1])
        place[v] = level


def _pull(net: Net, layer: list[int], sides: list[list[tuple[int, float]]], place: list[float], reach: float) -> None:
    """Move one layer to its wanted centres as nearly as order, heights and +-reach allow (isotonic regression on the slack)."""
    blocks: list[list[float]] = []  # weighted sum, weight, count
    offset, offsets = 0.0, []
    previous = 0.0
    for i, v in enumerate(layer):
        offset += 0.0 if i == 0 else previous + net.extent[v][0]
        previous = net.extent[v][1]
        offsets.append(offset)
        weight = sum(w for _, w in sides[v])
        wanted = sum(place[o] * w for o, w in sides[v]) / weight if weight else place[v]
        weight = weight or 0.1
        blocks.append([(wanted - offset) * weight, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    at = 0
    highest = net.extent[layer[0]][0] - reach if layer else 0.0
    lowest = reach - offset - previous
    for total, weight, count in blocks:
        start = min(max(total / weight, highest), lowest)
        for _ in range(int(count)):
            place[layer[at]] = start + offsets[at]
            at += 1
