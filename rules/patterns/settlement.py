"""Gather-scatter and stack told by the money: middle accounts that all pass on the same share of what they got."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.patterns.edges import Edges, Instances
from rules.patterns.grouping import grouped
from rules.scope import Flags, Ints

MOST_STEPS = 2_000_000
"""Edges looked at per account, after which it is given up and counted. Grade P."""
MOST_LEGS = 5
"""Most credits, and most debits, of one settlement; longer runs fit any share by chance. Grade P."""
MOST_TRANSFERS = 500
"""A larger group is ordinary traffic that hangs together: given up and counted. Grade P."""
LEAST_BP, MOST_BP = 5_000, 9_900
"""Shares looked at, basis points of what came in. Beyond 99 % is no commission: who passes all on keeps nothing. Grade P."""
WITHIN_BP = (1, 20)
"""How far a settlement may be from the share: to the fen, or in whole yuan. What stands out more counts. Grade P."""
LEAST_PEAK, LEAST_TIMES = 8, 10
"""Standard deviations by which a share must stand out of its neighbourhood, and settlements that must have it. Grade P."""
NEIGHBOURS_BP = 500
"""Shares on either side that make the neighbourhood. Grade P."""
FIRST_BP, LAST_BP = LEAST_BP - NEIGHBOURS_BP - max(WITHIN_BP), MOST_BP + NEIGHBOURS_BP + max(WITHIN_BP)
"""Shares counted: those looked at, and what makes their neighbourhoods."""


@dataclass(frozen=True)
class Settlements:
    """Runs of credits and debits of one account each. middle: the account; share_bp: debits over credits, basis points."""

    instances: Instances
    middle: Ints
    share_bp: Ints

    def only(self, keep: Flags) -> "Settlements":
        """Some of the settlements; what was given up stays told."""
        return Settlements(self.instances.only(keep), self.middle[keep], self.share_bp[keep])


@dataclass(frozen=True)
class KeptShare:
    """A share that too many settlements have for chance: passed_on_bp ± within_bp of what came in."""

    passed_on_bp: int
    within_bp: int

    def has(self, share_bp: Ints) -> Flags:
        """Which settlements have it."""
        return np.asarray(np.abs(share_bp - self.passed_on_bp) <= self.within_bp, dtype=np.bool_)


@dataclass(frozen=True)
class Commission:
    """Groups of accounts that work for one share, the settlements they are made of, and the share; None: none stands out."""

    groups: Instances
    settlements: Settlements
    share: KeptShare | None


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
    return Settlements(found, middle, (debited * 10_000 + credited // 2) // np.maximum(credited, 1))


def shares(edges: Edges, window_us: int) -> tuple[Ints, int]:
    """How many settlements within the window have each share from FIRST_BP on; and accounts given up."""
    from rules.patterns.settlement_kernels import share_counts

    ends = (edges.out_start, edges.out_edge, edges.in_start, edges.in_edge)
    counts, cut = share_counts(*ends, edges.time_us, edges.fen, window_us, FIRST_BP, LAST_BP, MOST_LEGS, MOST_STEPS)
    return counts, int(cut)


def kept_share(counts: Ints) -> KeptShare | None:
    """The share that too many settlements have for chance; None where there is none.

    Not assumed but estimated: who works for a commission keeps the same part each time, and the share stands out.

    Args:
        counts: how many settlements have each share, FIRST_BP … LAST_BP.
    """
    best, found = float(LEAST_PEAK), None
    for within in WITHIN_BP:
        times, height = standing_out(counts, within)
        height[times < LEAST_TIMES] = 0
        if height.max() > best:
            best, top = float(height.max()), LEAST_BP - FIRST_BP + int(np.argmax(height))
            near = np.arange(top - within, top + within + 1)
            middle = np.searchsorted(np.cumsum(counts[near]), (counts[near].sum() + 1) // 2)
            found = KeptShare(FIRST_BP + int(near[middle]), within)
    return found


def standing_out(counts: Ints, within: int) -> tuple[Ints, NDArray[np.float64]]:
    """How many settlements lie near each share LEAST_BP … MOST_BP, and by how many standard deviations that is too many.

    The deviation is that of the shares around it, and not less than chance would have: settlements share transfers, so that
    their counts vary more than those of independent things.
    """
    times = np.convolve(counts, np.ones(2 * within + 1, dtype=np.int64), "valid")
    margin = LEAST_BP - FIRST_BP - within
    times = times[margin - NEIGHBOURS_BP : len(times) - margin + NEIGHBOURS_BP]
    near = np.lib.stride_tricks.sliding_window_view(times, 2 * NEIGHBOURS_BP + 1)
    usual = np.median(near, axis=1)
    spread = 1.4826 * np.median(np.abs(near - usual[:, None]), axis=1)
    told = times[NEIGHBOURS_BP:-NEIGHBOURS_BP]
    return told, (told - usual) / np.maximum(spread, np.sqrt(np.maximum(usual, 1)))


def commissioned(edges: Edges, window_us: int, link_us: int) -> Commission:
    """Settlements at the share that stands out, joined where they share a payer or a payee.

    Args:
        link_us: most time between two transfers of the payer, or to the payee, that join.
    """
    from rules.patterns.layer_kernels import linked_legs

    counts, cut = shares(edges, window_us)
    share = kept_share(counts)
    if share is None:
        none = Settlements(
            Instances("settlement", np.zeros(1, dtype=np.int64), edges.row[:0], cut), edges.row[:0], edges.row[:0]
        )
        return Commission(grouped("commissioned", np.full(len(edges), -1), MOST_TRANSFERS, cut), none, None)
    low, high = share.passed_on_bp - share.within_bp - 1, share.passed_on_bp + share.within_bp + 1
    near = settlements(edges, window_us, low, high)
    at_share = near.only(share.has(near.share_bp))
    found, leg = at_share.instances, at_share.instances.edge
    comes_in = edges.target[leg] == at_share.middle[found.owner()]
    outer = np.where(comes_in, edges.source[leg], edges.target[leg])
    group = linked_legs(found.start, leg, comes_in, outer, edges.time_us, link_us, len(edges), edges.accounts)
    return Commission(grouped("commissioned", group, MOST_TRANSFERS, found.cut), at_share, share)
