"""Bipartite 二部: several payers that pay the same several payees."""

from rules.patterns.edges import Edges, Instances
from rules.patterns.grouping import grouped

MOST_STEPS = 2_000_000
"""Edges looked at per payer, after which it is given up and counted. Grade P."""
MOST_TRANSFERS = 5_000
"""A larger block is a market place, not an instance: given up and counted. Grade P."""


def bipartites(edges: Edges, window_us: int, most_steps: int = MOST_STEPS) -> Instances:
    """Blocks of fours: two payers and two payees, all four transfers within the window; fours that share one are one block."""
    from rules.patterns.layer_kernels import quads

    group, cut = quads(
        edges.out_start,
        edges.out_edge,
        edges.in_start,
        edges.in_edge,
        edges.source,
        edges.target,
        edges.time_us,
        window_us,
        most_steps,
    )
    return grouped("bipartite", group, MOST_TRANSFERS, cut)
