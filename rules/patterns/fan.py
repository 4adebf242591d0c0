"""Fan-in 多对一 and fan-out 一对多: one account with many different payers, or payees, within a window."""

import numpy as np

from rules.patterns.edges import Edges, Instances


def fan_ins(edges: Edges, window_us: int, least: int) -> Instances:
    """Windows with at least `least` different payers of one account, the fullest first, none sharing a transfer; by account."""
    from rules.patterns.pattern_kernels import fan_windows

    wanted = np.ones(edges.accounts, dtype=np.bool_)
    found = fan_windows(edges.in_start, edges.in_edge, edges.source, edges.time_us, window_us, least, wanted)
    return Instances("fan_in", *found, 0)


def fan_outs(edges: Edges, window_us: int, least: int) -> Instances:
    """Windows with at least `least` different payees of one account, the fullest first, none sharing a transfer; by account."""
    from rules.patterns.pattern_kernels import fan_windows

    wanted = np.ones(edges.accounts, dtype=np.bool_)
    found = fan_windows(edges.out_start, edges.out_edge, edges.target, edges.time_us, window_us, least, wanted)
    return Instances("fan_out", *found, 0)
