"""Gather-scatter and stack told by the money: middle accounts that all pass on the same share of what they got."""

from dataclasses import dataclass

import numpy as np

from rules.patterns.edges import Edges, Instances
from rules.patterns.grouping import grouped
from rules.scope import Ints

MOST_STEPS = 2_000_000
"""Edges looked at per account, after which it is given up and counted. Grade P."""
MOST_LEGS = 5
"""Most credits, and most debits, of one settlement; longer runs fit any share by chance. Grade P."""
MOST_TRANSFERS = 500
"""A larger group is ordinary traffic that hangs together: given up and counted. Grade P."""
BIN_BP = 20
"""Width of the steps in which shares are counted, basis points. Grade P."""
LEAST_PEAK = 8
"""Standard deviations by which a share must stand out of its neighbourhood, on ≥ 10 occasions. Grade P."""
NEIGHBOURS = 25
"""Steps on either side that make the neighbourhood of a share. Grade P."""
LEAST_BP, MOST_BP = 5_000, 11_000
"""Shares looked at, basis points of what came in. Grade P."""


@dataclass(frozen=True)
class Settlements:
    """Runs of credits and debits of one account each. middle: the account; share_bp: debits over credits, basis points."""

    instances: Instances
    middle: Ints
    share_bp: Ints


def settlements(edges: Edges, window_us: int, low_bp: int = LEAST_BP, high_bp: int = MOST_BP) -> Settlements:
    """Every run of credits and later run of debits of one account within the window, in a proportion between the bounds."""
    from rules.patterns.settlement_kernels import settled

    ends = (edges.out_start, edges.out_edge, edges.in_start, edges.in_edge)
    start, edge, cut = settled(*ends, edges.time_us, edges.fen, window_us, low_bp, high_bp, MOST_LEGS, MOST_STEPS)
    found = Instances("settlement", start, edge, cut)
    middle = edges.target[edge[start[:-1]]]
    credited = np.zeros(len(found), dtype=np.int64)
    debited = np.zeros(len(found), dtype=np.int64)
    owner, comes_in = found.owner(), edges.target[edge] == middle[found.owner()]
    np.add.at(credited, owner[comes_in], edges.fen[edge[comes_in]])
    np.add.at(debited, owner[~comes_in], edges.fen[edge[~comes_in]])
    return Settlements(found, middle, debited * 10_000 // np.maximum(credited, 1))


def kept_share(share_bp: Ints) -> int | None:
    """The share that too many settlements have for chance (the middle of its step, basis points); None where there is none.

    Not assumed but estimated: who works for a commission keeps the same part each time, and the share stands out.
    """
    counts = np.bincount(share_bp // BIN_BP, minlength=MOST_BP // BIN_BP + 2)
    pairs = counts[:-1] + counts[1:]  # a rounded share falls on both sides of a step's edge
    near = np.lib.stride_tricks.sliding_window_view(np.pad(pairs, NEIGHBOURS, mode="reflect"), 2 * NEIGHBOURS + 1)
    usual = np.median(near, axis=1)
    height = (pairs - usual) / np.sqrt(np.maximum(usual, 1))
    height[: LEAST_BP // BIN_BP] = 0
    best = int(np.argmax(height))
    return (best + 1) * BIN_BP if pairs[best] >= 10 and height[best] >= LEAST_PEAK else None


def commissioned(edges: Edges, window_us: int, link_us: int) -> tuple[Instances, int | None]:
    """Settlements at the share that stands out, joined where they share a payer or a payee.

    Args:
        link_us: most time between two transfers of the payer, or to the payee, that join.

    Returns:
        the instances, and the share in basis points; no instance and None where no share stands out.
    """
    from rules.patterns.layer_kernels import linked_legs

    all_of_them = settlements(edges, window_us)
    share = kept_share(all_of_them.share_bp)
    found, middle = all_of_them.instances, all_of_them.middle
    keep = np.zeros(len(found), dtype=np.bool_) if share is None else np.abs(all_of_them.share_bp - share) <= BIN_BP
    leg = found.edge[np.repeat(keep, np.diff(found.start))]
    size = np.diff(found.start)[keep]
    start = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    comes_in = edges.target[leg] == np.repeat(middle[keep], size)
    outer = np.where(comes_in, edges.source[leg], edges.target[leg])
    group = linked_legs(start, leg, comes_in, outer, edges.time_us, link_us, len(edges), edges.accounts)
    return grouped("commissioned", group, MOST_TRANSFERS, found.cut), share
