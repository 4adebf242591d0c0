"""Compiled passes over rows sorted by group, then time: the only place here that knows numba; imported lazily, cached."""

import numpy as np
from numba import njit

from rules.scope import Ints


@njit(cache=True)
def order_by(codes: Ints, size: int) -> Ints:
    """Positions that sort codes 0 … size-1, equal codes in their order: a counting sort."""
    place = np.zeros(size + 1, np.int64)
    for code in codes:
        place[code + 1] += 1
    for code in range(size):
        place[code + 1] += place[code]
    order = np.empty(len(codes), np.int64)
    for k in range(len(codes)):
        order[place[codes[k]]] = k
        place[codes[k]] += 1
    return order


@njit(cache=True)
def ends(group: Ints, time_us: Ints, window_us: int) -> Ints:
    """For each row: the position behind the last row of its group at most `window_us` later."""
    found = np.empty(len(group), np.int64)
    end = 0
    for k in range(len(group)):
        end = max(end, k + 1)
        while end < len(group) and group[end] == group[k] and time_us[end] <= time_us[k] + window_us:
            end += 1
        found[k] = end
    return found


@njit(cache=True)
def starts(group: Ints, time_us: Ints, window_us: int) -> Ints:
    """For each row: the position of the first row of its group at most `window_us` earlier."""
    found = np.empty(len(group), np.int64)
    start = 0
    for k in range(len(group)):
        while group[start] != group[k] or time_us[start] < time_us[k] - window_us:
            start += 1
        found[k] = start
    return found


@njit(cache=True)
def lowest_until(values: Ints, end: Ints) -> Ints:
    """Smallest of values[k:end[k]] for every k; the ends never fall and lie behind k."""
    found = np.empty(len(values), np.int64)
    queue = np.empty(len(values) + 1, np.int64)
    head, tail, seen = 0, 0, 0
    for k in range(len(values)):
        while seen < end[k]:
            while tail > head and values[queue[tail - 1]] >= values[seen]:
                tail -= 1
            queue[tail] = seen
            tail += 1
            seen += 1
        while queue[head] < k:
            head += 1
        found[k] = values[queue[head]]
    return found


@njit(cache=True)
def spent_again(group: Ints, time_us: Ints, fen: Ints, window_us: int) -> Ints:
    """How much of each credit (fen > 0) had left its group again within the window, the newest money spent first; 0 for debits.

    The lowest balance of the window is kept in a queue of balances that no later one undercuts.
    """
    gone = np.zeros(len(group), np.int64)
    queue, held = np.empty(len(group), np.int64), np.empty(len(group), np.int64)
    head, tail, end = 0, 0, 0
    before, balance = 0, 0
    for k in range(len(group)):
        while end < len(group) and (end <= k or (group[end] == group[k] and time_us[end] <= time_us[k] + window_us)):
            balance += fen[end]
            while tail > head and held[tail - 1] >= balance:
                tail -= 1
            queue[tail], held[tail] = end, balance
            tail += 1
            end += 1
        while queue[head] < k:
            head += 1
        if fen[k] > 0:
            gone[k] = fen[k] - min(max(held[head] - before, 0), fen[k])
        before += fen[k]
    return gone


@njit(cache=True)
def different(group: Ints, value: Ints, time_us: Ints, window_us: int, size: int) -> Ints:
    """For each row: how many different values 0 … size-1 its group has in the window up to it."""
    found = np.empty(len(group), np.int64)
    held = np.zeros(size, np.int64)
    count, start = 0, 0
    for k in range(len(group)):
        held[value[k]] += 1
        if held[value[k]] == 1:
            count += 1
        while group[start] != group[k] or time_us[start] < time_us[k] - window_us:
            held[value[start]] -= 1
            if held[value[start]] == 0:
                count -= 1
            start += 1
        found[k] = count
    return found
