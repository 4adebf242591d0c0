"""Compiled passes that make the links of LIFO, and the way back through the links of either method.

Like `tracing.kernels` these are loops over plain arrays; `tracing.links` says what they compute.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tracing.legs import Codes, Flags, Ints
from tracing.lots import OVERDRAWN, UNSPENT

NONE = -1
ENDS, OWING = 1, 2
"""Kinds of slots: tracing ends there; a bank paid some of its debits. Every other slot is 0."""


@njit(cache=True)
def credited_before(
    order: Codes,
    source: Codes,
    target: Codes,
    given: Ints,
    received: Ints,
    kind: NDArray[np.int8],
    debit_leg: Codes,
    credit_end: Ints,
    entry: Ints,
) -> tuple[Ints, Ints, Ints]:
    """How far the credits of a slot reach on the axis when each of its debits is paid: all that matching needs of them.

    Args:
        debit_leg: the first-in-first-out axis. credit_end, entry: per slot, where its first credit begins, and the entry of
            its first debit.
    Returns:
        per entry of the axis that a slot pays itself, the end of the credits so far (the others without a meaning); per slot
        the end of all; where the credits of owing slots end, in the order of the legs.
    """
    state = np.column_stack((credit_end, entry))  # side by side: one cache line per slot instead of two
    seen, ends = np.empty(len(debit_leg), np.int64), np.empty(len(order), np.int64)  # untouched memory costs nothing
    count = 0
    for leg in order:
        s, t = source[leg], target[leg]
        if given[leg] > 0 and kind[s] != ENDS:
            at = state[s, 1]
            if kind[s] != OWING or debit_leg[at] == leg:
                seen[at] = state[s, 0]
                at += 1
            if kind[s] == OWING and debit_leg[at] == OVERDRAWN - 1 - leg:
                at += 1
            state[s, 1] = at
        state[t, 0] += received[leg]
        if kind[t] == OWING:
            ends[count] = state[t, 0]
            count += 1
    return seen, state[:, 0].copy(), ends[:count]


@njit(cache=True)
def newest_first(
    slot_start: Ints,
    held: Ints,
    kind: NDArray[np.int8],
    debit_start: Ints,
    debit_leg: Codes,
    seen: Ints,
    credit_end: Ints,
    cuts: Ints,
    most: int,
    start: Ints,
    spent_by: Codes,
    offset: Ints,
) -> int:
    """Match every debit to the newest stretches of its slot's axis that are left, slot by slot, so that a stack is in cache.

    A slot is a stack of unspent stretches; above each of them hangs the list of spent rows, from the highest down, that
    lie between it and the stretch above. A stretch that is used up hands its list to the one below, so that at the end the
    rows of a slot hang in axis order and need no sort. Credits between two debits are one stretch.

    Args:
        held: what each slot held before, debts as 0. debit_start, debit_leg: the first-in-first-out axis; what repays a bank
            is the same fen under both methods. seen, credit_end: as `credited_before` gives them; cuts: its ends, sorted.
        most: rows one slot can have. start, spent_by, offset: filled with the rows, as in `Links`.
    Returns:
        how many rows there are.
    """
    row_start, row_offset = np.empty(most, np.int64), np.empty(most, np.int64)
    row_leg, following = np.empty(most, np.int32), np.empty(most, np.int32)
    low, high = np.empty(most, np.int64), np.empty(most, np.int64)
    first, last = np.empty(most, np.int32), np.empty(most, np.int32)
    entry, cut, done = 0, 0, 0
    for slot in range(len(held)):
        if kind[slot] == ENDS:
            start[done], spent_by[done], offset[done] = slot_start[slot], UNSPENT, 0
            done, entry = done + 1, entry + 1
            continue
        at, credited = slot_start[slot] + held[slot], credit_end[slot]
        top, rows = 0, 0
        low[0], high[0], first[0], last[0] = slot_start[slot], at, NONE, NONE
        while True:
            leg = debit_leg[entry]
            if leg <= OVERDRAWN:  # nothing is left: the rows of what was repaid, one per credit, hang above the lowest stretch
                begin, at = debit_start[entry], debit_start[entry + 1]
                entry += 1
                place, until = begin, min(at, credited)
                while place < until:
                    row_start[rows], row_leg[rows], row_offset[rows] = place, leg, place - begin
                    following[rows] = first[0]
                    if first[0] == NONE:
                        last[0] = rows
                    first[0] = rows
                    rows += 1
                    while cuts[cut] <= place:
                        cut += 1
                    place = min(until, cuts[cut])
                continue
            now = credited if leg == UNSPENT else seen[entry]
            if now > at:
                if first[top] != NONE:  # something was spent since: a stretch of its own
                    top += 1
                    low[top], first[top], last[top] = at, NONE, NONE
                high[top] = now
                at = now
            entry += 1
            if leg == UNSPENT:
                break
            left = debit_start[entry] - debit_start[entry - 1]
            while left > 0:
                part = min(left, high[top] - low[top])
                left -= part
                high[top] -= part
                row_start[rows], row_leg[rows], row_offset[rows], following[rows] = high[top], leg, left, NONE
                if first[top] == NONE:
                    first[top] = rows
                else:
                    following[last[top]] = rows
                last[top] = rows
                rows += 1
                if high[top] == low[top] and top > 0:
                    top -= 1
                    following[last[top + 1]] = first[top]
                    if first[top] == NONE:
                        last[top] = last[top + 1]
                    first[top] = first[top + 1]
        owed = credited < slot_start[slot + 1]  # debts nobody repaid
        done += rows + owed
        for node in range(top + 1):
            done += high[node] > low[node]
        place = done
        if owed:
            place -= 1
            start[place], spent_by[place], offset[place] = credited, OVERDRAWN, 0
        for node in range(top, -1, -1):
            row = first[node]
            while row != NONE:
                place -= 1
                start[place], spent_by[place], offset[place] = row_start[row], row_leg[row], row_offset[row]
                row = following[row]
            if high[node] > low[node]:
                place -= 1
                start[place], spent_by[place], offset[place] = low[node], UNSPENT, 0
    start[done] = slot_start[-1]
    return done


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
