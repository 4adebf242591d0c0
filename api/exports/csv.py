"""The flows of the diagram as CSV: every pair of accounts, nothing folded."""

from datetime import UTC, datetime, timedelta
from typing import Any

from api.exports.cells import csv_bytes
from api.exports.diagram import Diagram
from api.exports.wording import yuan

HEADER = (
    *("source", "target", "traced", "amount", "currency", "transfers"),
    *("first", "last", "hop", "back", "made_by", "inferred", "claims"),
)
AMOUNTS = ("traced", "amount")


def render(diagram: Diagram) -> bytes:
    """One row per flow, sorted by source and target; amounts are decimal strings in yuan, times ISO 8601."""
    return csv_bytes(HEADER, [_cells(row, diagram) for row in diagram.graph.flows.itertuples(index=False)], AMOUNTS)


def _cells(flow: Any, diagram: Diagram) -> list[str]:
    words = [flow.source, flow.target, yuan(flow.traced_fen), yuan(flow.amount_fen), diagram.graph.currency]
    words += [str(flow.count), _time(flow.first_us), _time(flow.last_us), str(flow.hop)]
    return [*words, str(flow.is_back).lower(), flow.made_by, str(flow.dashed).lower(), flow.claims]


def _time(time_us: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)).isoformat()
