"""What a flow diagram shows, before any format: the graph, the folded graph that is drawn, and the facts of its footer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata

from api.exports.wording import instant, money, zone_name
from ledger.book import Ledger
from tracing.folding import READABLE_NODES, fold
from tracing.graph import FlowGraph, flow_graph
from tracing.result import Trace

CHINA_MINUTES = 480
"""Times in pictures are China's, UTC+08:00; the footer says so."""


@dataclass(frozen=True)
class Diagram:
    """A titled picture of one trace.

    graph: every account and flow (data formats). drawn: the same folded to a readable size (pictures).
    summary: one line under the title. facts: the footer, in order. generator: name and version of the product.
    """

    title: str
    graph: FlowGraph
    drawn: FlowGraph
    summary: str
    facts: tuple[str, ...]
    generator: str
    zone_minutes: int = CHINA_MINUTES


def plan_diagram(
    ledger: Ledger, trace: Trace, *, title: str, now: datetime | None = None, roles: Mapping[str, str] | None = None
) -> Diagram:
    """Project and fold the trace and word its footer; without `now` nothing in the picture depends on the clock."""
    title = title.strip() or "All reports"
    graph = flow_graph(ledger, trace, roles)
    drawn = fold(graph, READABLE_NODES)
    return Diagram(title, graph, drawn, _summary(trace, graph), _facts(trace, drawn, title, now), generator_name())


def generator_name() -> str:
    """Name and version of the product as installed."""
    try:
        return f"liushui {metadata.version('liushui')}"
    except metadata.PackageNotFoundError:
        return "liushui (not installed)"


def _summary(trace: Trace, graph: FlowGraph) -> str:
    victims = int((graph.nodes["state"] == "victim").sum())
    lost = int(trace.claims["claim_fen"].sum()) if len(trace.claims) else 0
    recoverable = int(graph.nodes["recoverable_fen"].sum())
    sunk = int(trace.sinks["amount_fen"].sum()) if len(trace.sinks) else 0
    parts = [
        f"{_counted(len(trace.claims), 'claim')} of {_counted(victims, 'paying account')}",
        f"lost {money(lost, graph.currency)}",
        f"left the accounts in view {money(sunk, graph.currency)}",
        f"still freezable {money(recoverable, graph.currency)}",
    ]
    return " · ".join(parts)


def _facts(trace: Trace, drawn: FlowGraph, title: str, now: datetime | None) -> tuple[str, ...]:
    as_of = trace.parameters.as_of_us
    facts = [
        f"Case: {title}",
        f"method {trace.parameters.method}",
        "as of the last record" if as_of is None else f"as of {instant(as_of, CHINA_MINUTES):%Y-%m-%d %H:%M:%S}",
        f"batch {trace.batch}",
        f"ledger {trace.ledger_digest[:16]}",
        f"times {zone_name(CHINA_MINUTES)}",
    ]
    if drawn.folded:
        boxes = int((drawn.nodes["count"] > 1).sum())
        facts.append(f"{drawn.folded} accounts folded into {_counted(boxes, 'box', 'boxes')}; the csv and json list each")
    for limit in trace.limits:
        facts.append(f"limit {limit.name} {limit.value} left {money(limit.basis_fen, drawn.currency)} unfollowed")
    if trace.warnings:
        facts.append(f"{_counted(len(trace.warnings), 'warning')} in the trace")
    if now is not None:
        facts.append(f"drawn {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    return (*facts, "page 1 of 1")


def _counted(number: int, word: str, plural: str = "") -> str:
    return f"{number:,} {word if number == 1 else plural or word + 's'}"
