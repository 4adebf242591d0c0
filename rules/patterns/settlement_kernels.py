"""Compiled search for accounts that pass on a fixed share of what a few payers gave them."""

import numpy as np
from numba import njit

from rules.patterns.cycle_kernels import first_from, room
from rules.scope import Ints


@njit(cache=True)
def settled(
    out_start: Ints,
    out_edge: Ints,
    in_start: Ints,
    in_edge: Ints,
    time: Ints,
    fen: Ints,
    window: int,
    low_bp: int,
    high_bp: int,
    most_legs: int,
    most_steps: int,
) -> tuple[Ints, Ints, int]:
    """Every run of credits and later run of debits of one account whose sums are in the given proportion.

    All transfers lie within the window; a run has no gap and at most `most_legs` transfers.

    Returns:
        starts and edges (credits, then debits) of each, accounts given up.
    """
    starts, edges = np.zeros(1024, np.int64), np.empty(4096, np.int64)
    found, used, cut = 0, 0, 0
    for account in range(len(out_start) - 1):
        c, d = out_start[account], out_start[account + 1]
        steps = 0
        for i in range(in_start[account], in_start[account + 1]):
            until, credit = time[in_edge[i]] + window, 0
            for j in range(i, min(in_start[account + 1], i + most_legs)):
                if time[in_edge[j]] > until or steps > most_steps:
                    break
                credit += fen[in_edge[j]]
                for k in range(first_from(out_edge, c, d, time, time[in_edge[j]] + 1), d):
                    if time[out_edge[k]] > until:
                        break
                    debit = 0
                    for m in range(k, min(d, k + most_legs)):
                        steps += 1
                        debit += fen[out_edge[m]]
                        if time[out_edge[m]] > until or debit * 10_000 > credit * high_bp:
                            break
                        if debit * 10_000 >= credit * low_bp:
                            count = j - i + m - k + 2
                            edges, starts = room(edges, used, count), room(starts, found + 1, 1)
                            edges[used : used + j - i + 1] = in_edge[i : j + 1]
                            edges[used + j - i + 1 : used + count] = out_edge[k : m + 1]
                            used += count
                            found += 1
                            starts[found] = used
        if steps > most_steps:
            cut += 1
    return starts[: found + 1], edges[:used], cut


@njit(cache=True)
def share_counts(
    out_start: Ints,
    out_edge: Ints,
    in_start: Ints,
    in_edge: Ints,
    time: Ints,
    fen: Ints,
    window: int,
    low_bp: int,
    high_bp: int,
    most_legs: int,
    most_steps: int,
) -> tuple[Ints, int]:
    """How many of the runs that `settled` finds have each share, low_bp … high_bp, rounded to the basis point.

    Nothing is kept of the runs: there are more of them than of the transfers. The search is that of `settled`, loop for loop,
    and changes with it.

    Returns:
        counts, accounts given up.
    """
    counts = np.zeros(high_bp - low_bp + 1, np.int64)
    cut = 0
    for account in range(len(out_start) - 1):
        c, d = out_start[account], out_start[account + 1]
        steps = 0
        for i in range(in_start[account], in_start[account + 1]):
            until, credit = time[in_edge[i]] + window, 0
            for j in range(i, min(in_start[account + 1], i + most_legs)):
                if time[in_edge[j]] > until or steps > most_steps:
                    break
                credit += fen[in_edge[j]]
                for k in range(first_from(out_edge, c, d, time, time[in_edge[j]] + 1), d):
                    if time[out_edge[k]] > until:
                        break
                    debit = 0
                    for m in range(k, min(d, k + most_legs)):
                        steps += 1
                        debit += fen[out_edge[m]]
                        share = (debit * 10_000 + credit // 2) // credit
                        if time[out_edge[m]] > until or share > high_bp:
                            break
                        if share >= low_bp:
                            counts[share - low_bp] += 1
        if steps > most_steps:
            cut += 1
    return counts, cut
