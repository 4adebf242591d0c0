"""Cycle 回流: money that comes home, every transfer later than the one before."""

from dataclasses import dataclass

from rules.patterns.edges import Edges, Instances

MOST_STEPS = 2_000_000
"""Edges looked at per first transfer, after which it is given up and counted. Grade P."""


@dataclass(frozen=True)
class Round:
    """What counts as a cycle. window_us: from the first to the last transfer. ordered: every transfer is later than the one
    before; else only the first must be the earliest."""

    window_us: int
    shortest: int = 3
    longest: int = 10
    ordered: bool = True
    most_steps: int = MOST_STEPS


def cycles(edges: Edges, shape: Round) -> Instances:
    """Every cycle through different accounts, once, by its first transfer; parallel transfers make cycles of their own."""
    from rules.patterns.component_kernels import strong_components
    from rules.patterns.cycle_kernels import timed_cycles

    component = strong_components(edges.out_start, edges.target[edges.out_edge])
    found = timed_cycles(
        edges.source,
        edges.target,
        edges.time_us,
        edges.out_start,
        edges.out_edge,
        edges.in_start,
        edges.in_edge,
        component,
        shape.window_us,
        shape.shortest,
        shape.longest,
        shape.ordered,
        shape.most_steps,
    )
    return Instances("cycle", *found)
