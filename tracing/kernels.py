"""Compiled passes over legs in trace order: the only place of this package that knows numba; imported lazily, cached.

Every pass takes `order`, the legs in trace order.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tracing.legs import Codes, Flags, Ints
from tracing.lots import OVERDRAWN

NO_BALANCE = np.iinfo(np.int64).min
"""Marks a balance that no record reports."""


@njit(cache=True)
def reported_openings(
    order: Codes,
    source: Codes,
    target: Codes,
    given: Ints,
    received: Ints,
    source_balance: Ints,
    target_balance: Ints,
    slots: int,
) -> Ints:
    """Opening balance of each slot that follows from the first balance reported for it; NO_BALANCE where none is."""
    net = np.zeros(slots, np.int64)
    opening = np.full(slots, NO_BALANCE, np.int64)
    for leg in order:
        s, t = source[leg], target[leg]
        net[s] -= given[leg]
        net[t] += received[leg]
        if leg < len(source_balance):
            if source_balance[leg] != NO_BALANCE and opening[s] == NO_BALANCE:
                opening[s] = source_balance[leg] - net[s]
            if target_balance[leg] != NO_BALANCE and opening[t] == NO_BALANCE:
                opening[t] = target_balance[leg] - net[t]
    return opening


@njit(cache=True)
def totals(
    order: Codes, source: Codes, target: Codes, given: Ints, received: Ints, ends: Flags, slots: int
) -> tuple[Ints, Ints, Ints]:
    """Per slot: the lowest running balance from 0 (0 at the most, and where tracing ends), all credits, all debits."""
    credited = np.zeros(slots, np.int64)
    debited = np.zeros(slots, np.int64)
    lowest = np.zeros(slots, np.int64)
    for leg in order:
        s, t = source[leg], target[leg]
        debited[s] += given[leg]
        if not ends[s]:
            lowest[s] = min(lowest[s], credited[s] - debited[s])
        credited[t] += received[leg]
    return lowest, credited, debited


@njit(cache=True)
def lay_out(
    order: Codes,
    source: Codes,
    target: Codes,
    given: Ints,
    received: Ints,
    ends: Flags,
    credit_end: Ints,
    debit_end: Ints,
    entry: Ints,
    debit_start: Ints,
    debit_leg: NDArray[np.int32],
    write: bool,
) -> Ints:
    """Lay credits and debits of every slot end to end on the axis.

    Args:
        credit_end, debit_end, entry: per slot, where its first credit and debit begin and the entry its first debit takes;
            all three are moved on.
        debit_start, debit_leg: filled when `write`; a debit beyond the credits so far is cut, its end is `OVERDRAWN - 1 - leg`.
    Returns:
        the position at which each leg's credit begins; without a meaning unless `write`.
    """
    start = np.empty(len(source), np.int64)  # every leg is in `order`; untouched memory costs nothing while counting
    for leg in order:
        s, t = source[leg], target[leg]
        if not ends[s] and given[leg] > 0:
            begin, end = debit_end[s], debit_end[s] + given[leg]
            paid = min(max(credit_end[s], begin), end)  # from here on the bank pays
            if paid > begin:
                if write:
                    debit_start[entry[s]], debit_leg[entry[s]] = begin, leg
                entry[s] += 1
            if paid < end:
                if write:
                    debit_start[entry[s]], debit_leg[entry[s]] = paid, OVERDRAWN - 1 - leg
                entry[s] += 1
            debit_end[s] = end
        if write:
            start[leg] = credit_end[t]
        credit_end[t] += received[leg]
    return start


@njit(cache=True)
def earliest_arrivals(
    order: Codes, time: Ints, source: Codes, target: Codes, given: Ints, ends: Flags, is_start: Flags
) -> tuple[Ints, Ints]:
    """Hops and time of the earliest path to each slot from the start slots; -1 where there is none.

    Within one instant the legs are gone through until nothing more is reached, so their order does not matter.
    """
    hop = np.where(is_start, 0, -1)
    arrival = np.zeros(len(is_start), np.int64)
    begin = 0
    while begin < len(order):
        end = begin + 1
        while end < len(order) and time[order[end]] == time[order[begin]]:
            end += 1
        changed = True
        while changed:
            changed = False
            for place in range(begin, end):
                leg = order[place]
                s, t = source[leg], target[leg]
                if hop[s] >= 0 and hop[t] < 0 and given[leg] > 0 and not ends[s]:
                    hop[t] = hop[s] + 1
                    arrival[t] = time[leg]
                    changed = end > begin + 1
        begin = end
    return hop, arrival


@njit(cache=True)
def poison_spread(
    order: Codes,
    source: Codes,
    target: Codes,
    given: Ints,
    ends: Flags,
    holder: Ints,
    seeds: NDArray[np.int64],
    first: NDArray[np.int32],
    tier: NDArray[np.int32],
    hop: NDArray[np.int32],
    out: NDArray[np.int64],
) -> int:
    """Everything that leaves a slot after a claim's money came in, for up to 64 claims at once.

    Args:
        seeds: place in `order`, fen, claim, tier of every disputed part, by place.
        first, hop, tier: per claim and slot the leg of the first arrival and the fewest hops and tiers; first is -1 before.
        out: filled with claim, leg, fen, hop, tier as far as it reaches; an empty one only counts.
    Returns:
        how many rows there are.
    """
    bits = np.zeros(len(ends), np.uint64)
    rows, seed = 0, 0
    for place in range(len(order)):
        leg = order[place]
        s, t = source[leg], target[leg]
        suspect = bits[s] if not ends[s] else np.uint64(0)
        begin = seed
        while seed < len(seeds) and seeds[seed, 0] == place:
            seed += 1
        if given[leg] == 0 or (suspect == np.uint64(0) and begin == seed):
            continue
        for claim in range(len(first)):
            fen, hops, tiers = np.int64(0), 0, 0
            if (suspect >> np.uint64(claim)) & np.uint64(1):
                fen, hops = given[leg], hop[claim, s] + 1
                tiers = tier[claim, s] + (1 if holder[s] != holder[t] else 0)
            for at in range(begin, seed):
                if seeds[at, 2] == claim and (fen == 0 or hops > 1):
                    fen, hops, tiers = max(fen, seeds[at, 1]), 1, seeds[at, 3]
            if fen == 0:
                continue
            if rows < len(out):
                out[rows, 0], out[rows, 1], out[rows, 2], out[rows, 3], out[rows, 4] = claim, leg, fen, hops, tiers
            rows += 1
            if ends[t]:
                continue
            bits[t] |= np.uint64(1) << np.uint64(claim)
            if first[claim, t] < 0:
                first[claim, t], hop[claim, t], tier[claim, t] = leg, hops, tiers
            else:
                hop[claim, t], tier[claim, t] = min(hop[claim, t], hops), min(tier[claim, t], tiers)
    return rows
