"""Batches of redemptions behind a payout, enumerated in compiled code with bounded work.

Like other kernels this file is loops over plain arrays; `rules.batches` says what they are for. Redemptions are sorted by time.
Looked at are unbroken runs, runs with one redemption left out, and up to four redemptions within a short reach of each other.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FULL = 10_000
LONGEST_RUN = 40
"""Redemptions of the longest unbroken run. Grade P."""
REACH, LARGEST = 10, 4
"""Freely combined are up to `LARGEST` redemptions out of `REACH` neighbours. Grade P."""
SKIPPED = 0.15
"""What a redemption in between that belongs to another batch costs a batch. Grade P."""
LEFT_OUT = -1
"""Stands in a row of members for the end of it."""


@njit(cache=True)
def mark(fits: Flags, k: int, face: int, paid: int, slack: int, grid: Ints) -> None:
    """Mark the rates at which a face explains a payout. grid: first rate, step, how many, in basis points."""
    low, high = (paid - slack) * FULL, (paid + slack) * FULL
    first = (max(low, 0) + face - 1) // face - grid[0]
    last = high // face - grid[0]
    for at in range(max((first + grid[1] - 1) // grid[1], 0), min(last // grid[1], grid[2] - 1) + 1):
        fits[k, at] = True


@njit(cache=True)
def slack_of(face: int, limits: Ints) -> int:
    """How far a payout may be from the face at the rate, in fen."""
    return max(face * int(limits[2]) // FULL, int(limits[3]))


@njit(cache=True)
def rates_that_fit(
    time: Ints, face: Ints, begin: Ints, end: Ints, paid_us: Ints, paid: Ints, limits: Ints, grid: Ints
) -> Flags:
    """Per payout and rate: whether some batch explains the payout.

    Args:
        begin, end: which redemptions are open for each payout.
        limits: payout window and batch span in microseconds, tolerance in basis points, least tolerance in fen.
    """
    fits = np.zeros((len(paid), grid[2]), np.bool_)
    for k in range(len(paid)):
        oldest = paid_us[k] - limits[0]
        for i in range(begin[k], end[k]):
            total = 0
            for j in range(i, min(end[k], i + LONGEST_RUN)):
                if time[j] - time[i] > limits[1]:
                    break
                total += face[j]
                if time[j] >= oldest:
                    mark(fits, k, total, paid[k], slack_of(total, limits), grid)
            top = min(end[k], i + REACH)
            for a in range(i + 1, top):
                if time[a] - time[i] > limits[1]:
                    break
                two = face[i] + face[a]
                if time[a] >= oldest:
                    mark(fits, k, two, paid[k], slack_of(two, limits), grid)
                for b in range(a + 1, top):
                    if time[b] - time[i] > limits[1]:
                        break
                    three = two + face[b]
                    if time[b] >= oldest:
                        mark(fits, k, three, paid[k], slack_of(three, limits), grid)
                    for c in range(b + 1, top):
                        if time[c] - time[i] > limits[1]:
                            break
                        if time[c] >= oldest:
                            four = three + face[c]
                            mark(fits, k, four, paid[k], slack_of(four, limits), grid)
    return fits


@njit(cache=True)
def together(gap: int, usual: int) -> float:
    """Chance that two redemptions so far apart are of one batch."""
    return min(max(1.0 / (1.0 + gap / usual), 0.02), 0.9)


@njit(cache=True)
def fits_at(face: int, paid: int, rate: int, limits: Ints) -> bool:
    """Whether a payout is within the tolerance of the face at the rate."""
    return abs(face * rate - paid * FULL) <= slack_of(face, limits) * FULL


@njit(cache=True)
def noted(
    members: NDArray[np.int32], facts: Floats, size: int, k: int, chosen: Ints, count: int, face: int, weight: float
) -> int:
    """Write a batch down; how many are written then."""
    facts[size, 0], facts[size, 1], facts[size, 2] = k, face, weight
    for at in range(count):
        members[size, at] = chosen[at]
    for at in range(count, members.shape[1]):
        members[size, at] = LEFT_OUT
    return size + 1


@njit(cache=True)
def batches_that_fit(
    time: Ints, face: Ints, begin: Ints, end: Ints, paid_us: Ints, paid: Ints, limits: Ints, rate: int, most: int, usual: int
) -> tuple[NDArray[np.int32], Floats, Floats]:
    """The batches that explain each payout at a rate.

    Args:
        most: batches kept per payout; the weight of further ones is told, so that it can count against those kept.
        usual: gap in microseconds at which two redemptions are as likely of one batch as not.
    Returns:
        members (a row per batch), facts (payout, face, weight), and per payout the weight of all batches there may be and the
        weight of those not kept.
    """
    members = np.empty((1024, LONGEST_RUN), np.int32)
    facts = np.empty((1024, 3))
    totals = np.zeros((len(paid), 2))
    chosen = np.empty(LONGEST_RUN, np.int64)
    size = 0
    for k in range(len(paid)):
        oldest, kept = paid_us[k] - limits[0], 0
        first, last = begin[k], end[k]
        totals[k, 0] = 1.0
        for i in range(first, last - 1):
            totals[k, 0] += 1.0 - together(time[i + 1] - time[i], usual)
        if size + most + 1 > len(facts):
            room = max(2 * len(facts), size + most + 1)
            more_members, more_facts = np.empty((room, LONGEST_RUN), np.int32), np.empty((room, 3))
            more_members[:size], more_facts[:size] = members[:size], facts[:size]
            members, facts = more_members, more_facts
        for i in range(first, last):
            before = 1.0 if i == first else 1.0 - together(time[i] - time[i - 1], usual)
            total, weight = 0, before
            for j in range(i, min(last, i + LONGEST_RUN)):
                if time[j] - time[i] > limits[1]:
                    break
                total += face[j]
                if j > i:
                    weight *= together(time[j] - time[j - 1], usual)
                if time[j] < oldest:
                    continue
                after = 1.0 if j + 1 == last else 1.0 - together(time[j + 1] - time[j], usual)
                if fits_at(total, paid[k], rate, limits):
                    if kept < most:
                        for at in range(i, j + 1):
                            chosen[at - i] = at
                        size = noted(members, facts, size, k, chosen, j - i + 1, total, weight * after)
                        kept += 1
                    else:
                        totals[k, 1] += weight * after
                if j - i <= LARGEST:
                    continue
                for out in range(i + 1, j):
                    if not fits_at(total - face[out], paid[k], rate, limits):
                        continue
                    if kept < most:
                        at = 0
                        for one in range(i, j + 1):
                            if one != out:
                                chosen[at] = one
                                at += 1
                        size = noted(members, facts, size, k, chosen, at, total - face[out], weight * after * SKIPPED)
                        kept += 1
                    else:
                        totals[k, 1] += weight * after * SKIPPED
            top = min(last, i + REACH)
            chosen[0] = i
            for a in range(i + 1, top):
                if time[a] - time[i] > limits[1]:
                    break
                chosen[1] = a
                two = face[i] + face[a]
                w2 = together(time[a] - time[i], usual) * SKIPPED ** (a - i - 1)
                if a > i + 1 and time[a] >= oldest and fits_at(two, paid[k], rate, limits):
                    if kept < most:
                        size = noted(members, facts, size, k, chosen, 2, two, w2)
                        kept += 1
                    else:
                        totals[k, 1] += w2
                for b in range(a + 1, top):
                    if time[b] - time[i] > limits[1]:
                        break
                    chosen[2] = b
                    three = two + face[b]
                    w3 = w2 * together(time[b] - time[a], usual) * SKIPPED ** (b - a - 1)
                    if b > i + 2 and time[b] >= oldest and fits_at(three, paid[k], rate, limits):
                        if kept < most:
                            size = noted(members, facts, size, k, chosen, 3, three, w3)
                            kept += 1
                        else:
                            totals[k, 1] += w3
                    for c in range(b + 1, top):
                        if time[c] - time[i] > limits[1]:
                            break
                        four = three + face[c]
                        if c > i + 3 and time[c] >= oldest and fits_at(four, paid[k], rate, limits):
                            w4 = w3 * together(time[c] - time[b], usual) * SKIPPED ** (c - b - 1)
                            chosen[3] = c
                            if kept < most:
                                size = noted(members, facts, size, k, chosen, 4, four, w4)
                                kept += 1
                            else:
                                totals[k, 1] += w4
    return members[:size], facts[:size], totals
