"""Gather-scatter 先聚后散: one account with many payers, then many payees."""

from rules.patterns.edges import Edges, Instances


def gather_scatters(edges: Edges, window_us: int, least_in: int, least_out: int) -> Instances:
    """Per account the instants before which many paid in and from which on many are paid, each within one window.

    The best first, by the smaller of both numbers; none shares a transfer with a better one. By account.
    """
    from rules.patterns.pattern_kernels import turns

    found = turns(
        edges.out_start,
        edges.out_edge,
        edges.in_start,
        edges.in_edge,
        edges.source,
        edges.target,
        edges.time_us,
        window_us,
        least_in,
        least_out,
    )
    return Instances("gather_scatter", *found, 0)
