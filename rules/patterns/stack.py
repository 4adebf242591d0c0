"""Stack 叠层: several layers, the payees of one being the payers of the next."""

import numpy as np

from rules.patterns.edges import Edges, Instances
from rules.patterns.grouping import grouped
from rules.scope import Ints

MOST_STEPS = 10_000
"""Onward transfers looked at per transfer, after which it is given up and counted. Grade P."""
MOST_TRANSFERS = 500
"""A larger group is ordinary traffic that hangs together, not an instance: given up and counted. Grade P."""


def stacks(edges: Edges, window_us: int, low_bp: int, high_bp: int, least_middle: int = 2) -> Instances:
    """Groups of two-step moves a → m → c that hang together by a shared payer a or payee c, with several middle accounts.

    Each second transfer follows the first within the window with between low_bp and high_bp of its amount (basis points).
    """
    from rules.patterns.layer_kernels import linked, wedges

    ends = (edges.out_start, edges.out_edge, edges.source, edges.target, edges.time_us, edges.fen)
    one, two, cut = wedges(*ends, window_us, low_bp, high_bp, MOST_STEPS)
    if not len(one):
        return grouped("stack", np.full(len(edges), -1), MOST_TRANSFERS, cut)
    group = linked(one, two, edges.source, edges.target, edges.time_us, window_us, len(edges))
    group[~np.isin(group, broad(edges, group, one, least_middle))] = -1
    return grouped("stack", group, MOST_TRANSFERS, cut)


def broad(edges: Edges, group: Ints, one: Ints, least_middle: int) -> Ints:
    """Groups with at least that many different middle accounts."""
    pairs = np.unique(group[one] * edges.accounts + edges.target[one]) // edges.accounts
    names, counts = np.unique(pairs, return_counts=True)
    return np.asarray(names[counts >= least_middle], dtype=np.int64)
