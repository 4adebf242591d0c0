"""Fan-in 多对一 and fan-out 一对多: one account with many different payers, or payees, within a window."""

import numpy as np

from rules.patterns.edges import Edges, Instances
from rules.scope import Ints


def fan_ins(edges: Edges, window_us: int, least: int) -> Instances:
    """Windows with at least `least` different payers of one account, the fullest first, none sharing a transfer; by account."""
    return fans("fan_in", (edges.in_start, edges.in_edge, edges.source), edges, window_us, least)


def fan_outs(edges: Edges, window_us: int, least: int) -> Instances:
    """Windows with at least `least` different payees of one account, the fullest first, none sharing a transfer; by account."""
    return fans("fan_out", (edges.out_start, edges.out_edge, edges.target), edges, window_us, least)


def fans(kind: str, side: tuple[Ints, Ints, Ints], edges: Edges, window_us: int, least: int) -> Instances:
    """Fans of one kind; side: where the centre's edges begin, these edges, and the account at the far end of each."""
    from rules.patterns.pattern_kernels import fan_windows

    wanted = np.ones(edges.accounts, dtype=np.bool_)
    return Instances(kind, *fan_windows(*side, edges.time_us, window_us, least, wanted), 0)
