"""Scatter-gather 先散后聚: one origin pays several accounts, each of which later pays the same destination."""

from rules.patterns.edges import Edges, Instances

MOST_STEPS = 20_000_000
"""Edges looked at per origin, after which it is given up and counted. Grade P."""


def scatter_gathers(edges: Edges, window_us: int, least: int, most_steps: int = MOST_STEPS) -> Instances:
    """Per origin and destination the windows with the most different middle accounts, at least `least`, not overlapping.

    A middle account is paid strictly before it pays on; all legs lie within the window. By origin, then destination.
    """
    from rules.patterns.pattern_kernels import most_in_window, two_steps

    scatters = most_in_window(edges.out_start, edges.out_edge, edges.target, edges.time_us, window_us) >= least
    gathers = most_in_window(edges.in_start, edges.in_edge, edges.source, edges.time_us, window_us) >= least
    found = two_steps(
        edges.out_start, edges.out_edge, edges.target, edges.time_us, window_us, least, scatters, gathers, most_steps
    )
    return Instances("scatter_gather", *found)
