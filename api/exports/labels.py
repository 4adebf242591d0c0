"""What is written at the flows of a diagram: amount and time, beside each other or, where there is height, stacked."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from api.exports.font import text_width
from api.exports.wording import instant, money, when
from tracing.graph import FlowGraph
from tracing.layout import LINE, label_slots

AMOUNT_SIZE, TIME_SIZE = 11.0, 10.0


@dataclass(frozen=True)
class Label:
    """Amount of a flow above its line, and its time beside the amount, or stacked: below the line."""

    amount: str
    time: str
    stacked: bool = False

    @property
    def width(self) -> float:
        amount, time = text_width(self.amount, AMOUNT_SIZE, True), text_width(self.time, TIME_SIZE)
        return max(amount, time) if self.stacked else amount + 14 + time


def place_labels(graph: FlowGraph, half: list[float], widths: list[float], zone_minutes: int) -> list[Label]:
    """The label of every flow, with time below amount, which is narrow, in every gap where that makes the picture no taller.

    Args:
        half: half the height each node wants; widths: of each flow's line.
    """
    labels = _labels(graph, zone_minutes)
    columns = graph.nodes["column"].tolist()
    lanes = [
        sorted((columns[a], columns[b])) for a, b in zip(graph.flows["source_node"], graph.flows["target_node"], strict=True)
    ]
    slots = label_slots(graph)
    height: dict[int, float] = defaultdict(float)
    growth: dict[int, float] = defaultdict(float)
    for column, room in zip(columns, half, strict=True):
        height[2 * column] += 2 * room
    for slot, width, (low, high) in zip(slots, widths, lanes, strict=True):
        for layer in range(2 * low + 1, 2 * high):
            height[layer] += sum(LINE)
        height[slot] += sum(slot_extent(width, False)) - (sum(LINE) if high > low else 0)
        growth[slot] += sum(slot_extent(width, True)) - sum(slot_extent(width, False))
    tallest = max(height.values(), default=0.0)
    return [
        Label(label.amount, label.time, height[slot] + growth[slot] <= tallest)
        for label, slot in zip(labels, slots, strict=True)
    ]


def slot_extent(width: float, stacked: bool) -> tuple[float, float]:
    """Room above the line for its text, and below it."""
    return (width / 2 + AMOUNT_SIZE + 5, width / 2 + (TIME_SIZE + 5 if stacked else 4))


def _labels(graph: FlowGraph, zone_minutes: int) -> list[Label]:
    flows: list[Any] = list(graph.flows.itertuples(index=False))
    days = {instant(time_us, zone_minutes).date() for flow in flows for time_us in (flow.first_us, flow.last_us)}
    dated = len(days) > 1
    labels = []
    for flow in flows:
        time = when((flow.first_us, flow.last_us), flow.count, zone_minutes, dated)
        labels.append(Label(money(flow.traced_fen, graph.currency), f"◂ {time}" if flow.is_back else time))
    return labels
