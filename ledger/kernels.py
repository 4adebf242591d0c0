"""Compiled loops; importing this module costs half a second, so only functions that need one import it."""

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True)
def _opener(before: Any, after: Any, start: Any, end: Any) -> Any:
    """The row of an account's first group that no other row of it leads to."""
    for row in range(start, end):
        led_to = False
        for other in range(start, end):
            led_to = led_to or (other != row and after[other] == before[row])
        if not led_to:
            return row
    return start


@numba.njit(cache=True)
def _next(before: Any, used: Any, start: Any, current: Any) -> Any:
    """The unused row that starts at the current balance, else the one that starts nearest to it."""
    best = -1
    for row in range(start, start + len(used)):
        if not used[row - start] and (best < 0 or abs(before[row] - current) < abs(before[best] - current)):
            best = row
    return best


@numba.njit(cache=True)
def walk_chain(account: Any, group: Any, before: Any, after: Any, expected: Any, broken: Any) -> None:
    """Walk each account's balances; within a group (a day) the rows may come in any order, the one that chains is taken."""
    start = 0
    current = np.int64(0)
    while start < len(account):
        end = start
        while end < len(account) and account[end] == account[start] and group[end] == group[start]:
            end += 1
        opened = start > 0 and account[start - 1] == account[start]
        used = np.zeros(end - start, np.bool_)
        for _ in range(end - start):
            row = _next(before, used, start, current) if opened else _opener(before, after, start, end)
            expected[row] = current
            broken[row] = opened and before[row] != current
            used[row - start] = True
            current = after[row]
            opened = True
        start = end
