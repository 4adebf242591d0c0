"""Compiled passes that make the links of LIFO, and the way back through the links of either method.

Like `tracing.kernels` these are loops over plain arrays; `tracing.links` says what they compute.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tracing.legs import Codes, Flags, Ints
from tracing.lots import OVERDRAWN, UNSPENT

NONE = -1


@njit(cache=True)
def newest_first(
    order: Ints,
    source: Codes,
    target: Codes,
    given: Ints,
    received: Ints,
    ends: Flags,
    opening: Ints,
    slot_start: Ints,
    debit_start: Ints,
    debit_leg: NDArray[np.int32],
    entry: Ints,
) -> tuple[Ints, NDArray[np.int32], Ints]:
    """Match every debit to the newest stretches of its slot's axis that are left.

    A slot is a stack of unspent stretches; above each of them hangs the list of spent rows, from the highest down, that
    lie between it and the stretch above. A stretch that is used up hands its list to the one below, so that at the end the
    rows of a slot hang in axis order and need no sort.

    Args:
        opening: balance of each slot before. debit_start, debit_leg, entry: the first-in-first-out axis and each slot's
            first entry on it: what repays a bank is the same fen under both methods.
    Returns:
        start, leg, offset of the rows, as in `Links`.
    """
    slots = len(ends)
    room = 2 * len(order) + len(debit_leg) + slots + 1
    row_start, row_offset = np.empty(room, np.int64), np.empty(room, np.int64)  # untouched memory costs nothing
    row_leg, following = np.empty(room, np.int32), np.empty(room, np.int32)
    rows = 0
    low, high = np.empty(len(order) + slots, np.int64), np.empty(len(order) + slots, np.int64)
    under, first = np.empty(len(order) + slots, np.int32), np.empty(len(order) + slots, np.int32)
    last = np.empty(len(order) + slots, np.int32)
    spare, nodes = NONE, slots
    top = np.empty(slots, np.int32)
    count = np.zeros(slots, np.int64)
    balance, credit_end, debt = opening.copy(), slot_start[:-1].copy(), entry.copy()
    for slot in range(slots):
        top[slot], under[slot], first[slot], last[slot] = slot, NONE, NONE, NONE
        credit_end[slot] += max(0, opening[slot])
        low[slot], high[slot] = slot_start[slot], credit_end[slot]
    for leg in order:
        s, t, x, y = source[leg], target[leg], given[leg], received[leg]
        if x > 0 and not ends[s]:
            left = min(x, max(0, balance[s]))
            balance[s] -= x
            while left > 0:
                node = top[s]
                part = min(left, high[node] - low[node])
                left -= part
                if part > 0:
                    high[node] -= part
                    row_start[rows], row_leg[rows], row_offset[rows], following[rows] = high[node], leg, left, NONE
                    if first[node] == NONE:
                        first[node] = rows
                    else:
                        following[last[node]] = rows
                    last[node] = rows
                    rows += 1
                    count[s] += 1
                if high[node] == low[node] and under[node] != NONE:
                    below = under[node]
                    following[last[node]] = first[below]
                    if first[below] == NONE:
                        last[below] = last[node]
                    first[below] = first[node]
                    under[node], spare = spare, node
                    top[s] = below
        if y == 0 or ends[t]:
            credit_end[t] += y
            continue
        at, end = credit_end[t], credit_end[t] + y
        repaid = at + min(y, max(0, -balance[t]))
        balance[t] += y
        credit_end[t] = end
        node = top[t]
        while at < repaid:
            while debit_start[debt[t] + 1] <= at:
                debt[t] += 1
            row_start[rows], row_leg[rows], row_offset[rows] = at, debit_leg[debt[t]], at - debit_start[debt[t]]
            following[rows] = first[node]
            if first[node] == NONE:
                last[node] = rows
            first[node] = rows
            rows += 1
            count[t] += 1
            at = min(repaid, debit_start[debt[t] + 1])
        if at == end:
            continue
        if first[node] == NONE:  # nothing was spent since: one stretch
            high[node] = end
            continue
        new = spare
        if new == NONE:
            new, nodes = nodes, nodes + 1
        else:
            spare = under[new]
        low[new], high[new], under[new], first[new], last[new] = at, end, node, NONE, NONE
        top[t] = new
    place = np.zeros(slots + 1, np.int64)
    for slot in range(slots):
        node, size = top[slot], count[slot]
        while node != NONE:
            size += high[node] > low[node]
            node = under[node]
        place[slot + 1] = place[slot] + size + (credit_end[slot] < slot_start[slot + 1] or ends[slot])
    start, offset = np.empty(place[slots] + 1, np.int64), np.zeros(place[slots], np.int64)
    spent_by = np.empty(place[slots], np.int32)
    start[place[slots]] = slot_start[slots]
    for slot in range(slots):
        at = place[slot + 1]
        if ends[slot]:
            at -= 1
            start[at], spent_by[at] = slot_start[slot], UNSPENT
            continue
        if credit_end[slot] < slot_start[slot + 1]:  # debts nobody repaid
            at -= 1
            start[at], spent_by[at] = credit_end[slot], OVERDRAWN
        node = top[slot]
        while node != NONE:
            row = first[node]
            while row != NONE:
                at -= 1
                start[at], spent_by[at], offset[at] = row_start[row], row_leg[row], row_offset[row]
                row = following[row]
            if high[node] > low[node]:
                at -= 1
                start[at], spent_by[at] = low[node], UNSPENT
            node = under[node]
    return start, spent_by, offset


@njit(cache=True)
def by_debit(leg: Codes, start: Ints, legs: int) -> tuple[Codes, Codes]:
    """The rows that are not empty by the debit they are spent by, in axis order within one: first row of each leg, rows."""
    first = np.zeros(legs + 1, np.int32)
    for row in range(len(leg)):
        if leg[row] >= 0 and start[row + 1] > start[row]:
            first[leg[row] + 1] += 1
    for one in range(legs):
        first[one + 1] += first[one]
    rows, filled = np.empty(first[legs], np.int32), first.copy()
    for row in range(len(leg)):
        if leg[row] >= 0 and start[row + 1] > start[row]:
            rows[filled[leg[row]]] = row
            filled[leg[row]] += 1
    return first, rows


@njit(cache=True)
def by_position(credit_start: Ints, slot_start: Ints, empty: Flags) -> Codes:
    """The legs that brought something by their position on the axis: by slot in one counting pass, sorted where ties moved."""
    slots = len(slot_start) - 1
    slot = np.empty(len(credit_start), np.int32)
    place = np.zeros(slots + 1, np.int64)
    for leg in range(len(credit_start)):
        if not empty[leg]:
            slot[leg] = np.searchsorted(slot_start, credit_start[leg], side="right") - 1
            place[slot[leg] + 1] += 1
    for one in range(slots):
        place[one + 1] += place[one]
    ordered, filled = np.empty(place[slots], np.int32), place.copy()
    sorted_already = np.ones(slots, np.bool_)
    for leg in range(len(credit_start)):
        if empty[leg]:
            continue
        at = filled[slot[leg]]
        if at > place[slot[leg]] and credit_start[ordered[at - 1]] > credit_start[leg]:
            sorted_already[slot[leg]] = False
        ordered[at] = leg
        filled[slot[leg]] += 1
    for one in range(slots):
        if not sorted_already[one]:
            mine = ordered[place[one] : place[one + 1]].copy()
            ordered[place[one] : place[one + 1]] = mine[np.argsort(credit_start[mine], kind="mergesort")]
    return ordered
