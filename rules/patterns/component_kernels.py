"""Compiled strongly connected components: only inside one can money come home."""

import numpy as np
from numba import njit

from rules.scope import Ints


@njit(cache=True)
def strong_components(out_start: Ints, out_to: Ints) -> Ints:
    """The number of the strongly connected component of each account, by Tarjan's method without recursion.

    Args:
        out_to: where each account's edges lead, account by account.
    """
    accounts = len(out_start) - 1
    number = np.full(accounts, -1, np.int64)
    order = np.full(accounts, -1, np.int64)
    low = np.zeros(accounts, np.int64)
    place = out_start[:-1].copy()
    waiting, way = np.empty(accounts, np.int64), np.empty(accounts, np.int64)
    waits, seen, components = 0, 0, 0
    for first in range(accounts):
        if order[first] >= 0:
            continue
        depth = 1
        way[0] = waiting[waits] = first
        waits += 1
        order[first] = low[first] = seen
        seen += 1
        while depth > 0:
            x = way[depth - 1]
            if place[x] < out_start[x + 1]:
                y = out_to[place[x]]
                place[x] += 1
                if order[y] < 0:
                    order[y] = low[y] = seen
                    seen += 1
                    way[depth] = waiting[waits] = y
                    depth += 1
                    waits += 1
                elif number[y] < 0:
                    low[x] = min(low[x], order[y])
                continue
            depth -= 1
            if depth > 0:
                low[way[depth - 1]] = min(low[way[depth - 1]], low[x])
            if low[x] == order[x]:
                while number[x] < 0:
                    waits -= 1
                    number[waiting[waits]] = components
                components += 1
    return number
