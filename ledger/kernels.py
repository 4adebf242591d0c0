"""Compiled loops; importing this module costs half a second, so only functions that need one import it."""

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True)
def _chains(before: Any, after: Any, start: Any, end: Any, forward: Any) -> Any:
    """Whether the rows start..end chain as they stand, or from the last to the first."""
    for row in range(start, end - 1):
        if forward and after[row] != before[row + 1]:
            return False
        if not forward and after[row + 1] != before[row]:
            return False
    return True


@numba.njit(cache=True)
def _degrees(before: Any, after: Any, start: Any, end: Any, surplus: Any) -> Any:
    """The node a path over the rows must start at, -1 where they form a round, -2 where there is no such path."""
    for row in range(start, end):
        surplus[before[row]] += 1
        surplus[after[row]] -= 1
    opener, more, less, wild = np.int64(-1), 0, 0, False
    for row in range(start, end):
        for node in (before[row], after[row]):
            if surplus[node] == 1:
                opener = node
                more += 1
            elif surplus[node] == -1:
                less += 1
            elif surplus[node] != 0:
                wild = True
            surplus[node] = 0
    return np.int64(-2) if wild or more > 1 or less > 1 or more != less else opener


@numba.njit(cache=True)
def _path(before: Any, after: Any, bounds: Any, opener: Any, work: Any, found: Any) -> Any:
    """An Eulerian path from a node (Hierholzer), the rows that stand first taken first; False where it misses rows."""
    start, end = bounds
    head, following, stack = work
    for row in range(end - 1, start - 1, -1):
        following[row] = head[before[row]]
        head[before[row]] = row
    depth, at, node = 0, end, opener
    while True:
        row = head[node]
        if row >= 0:
            head[node] = following[row]
            stack[depth] = row
            depth += 1
            node = after[row]
            continue
        if not depth:
            break
        depth -= 1
        at -= 1
        found[at] = stack[depth]
        node = before[stack[depth]]
    for row in range(start, end):
        head[before[row]] = -1
    return at == start


@numba.njit(cache=True)
def _by_balance(nodes: Any, bounds: Any, current: Any, surplus: Any, work: Any, found: Any) -> Any:
    """Look for a path over the rows of a group, from the current balance if it can; whether there is one."""
    before, after = nodes
    start, end = bounds
    opener = _degrees(before, after, start, end, surplus)
    if opener == -2:
        return False
    if opener >= 0:
        return _path(before, after, bounds, opener, work, found)
    if current >= 0 and _path(before, after, bounds, current, work, found):
        return True
    return _path(before, after, bounds, before[start], work, found)


@numba.njit(cache=True)
def order_chains(account: Any, starts: Any, ends: Any, nodes: Any, node_count: Any, result: Any) -> None:
    """Put the rows of every group (one account, one time) into an order in which balances chain, nearest to how they stand.

    Args:
        nodes: balance before and after every row, as codes below node_count. result: the order, filled with 0, 1, 2 …, and
            per group how it was found (`ledger/statements/sequence.py`).
    """
    before, after = nodes
    chosen, how = result
    surplus = np.zeros(node_count, np.int64)
    found = np.empty(len(before), np.int64)
    work = (np.full(node_count, -1, np.int64), np.empty(len(before), np.int64), np.empty(len(before), np.int64))
    current = np.int64(-1)
    for group in range(len(starts)):
        start, end = starts[group], ends[group]
        if group == 0 or account[starts[group - 1]] != account[start]:
            current = np.int64(-1)
        forward = _chains(before, after, start, end, True)
        if not (forward and (current < 0 or before[start] == current)):
            backward = _chains(before, after, start, end, False)
            if backward and before[end - 1] == current:
                how[group] = 1
            else:
                walked = _by_balance(nodes, (start, end), current, surplus, work, found)
                linked = walked and before[found[start]] == current
                how[group] = 2 if linked else 0 if forward else 1 if backward else 2 if walked else 3
        for row in range(start, end):
            chosen[row] = row if how[group] in (0, 3) else start + end - 1 - row if how[group] == 1 else found[row]
        current = after[chosen[end - 1]]
