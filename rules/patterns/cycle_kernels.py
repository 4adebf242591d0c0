"""Compiled search for cycles: forward from a root, only where the way back was seen from the other side."""

import numpy as np
from numba import njit

from rules.scope import Ints


@njit(cache=True)
def room(values: Ints, used: int, more: int) -> Ints:
    """The array, or a larger copy where `more` values would not fit behind the `used` ones."""
    if used + more <= len(values):
        return values
    larger = np.empty(max(2 * len(values), used + more), np.int64)
    larger[:used] = values[:used]
    return larger


@njit(cache=True)
def first_from(edge: Ints, begin: int, end: int, time: Ints, instant: int) -> int:
    """The first place in edge[begin:end], which is in time order, whose time is not before the instant."""
    while begin < end:
        middle = (begin + end) // 2
        if time[edge[middle]] < instant:
            begin = middle + 1
        else:
            end = middle
    return begin


@njit(cache=True)
def first_above(edge: Ints, begin: int, end: int, position: int) -> int:
    """The first place in edge[begin:end], which ascends, that is above the position."""
    while begin < end:
        middle = (begin + end) // 2
        if edge[middle] <= position:
            begin = middle + 1
        else:
            end = middle
    return begin


@njit(cache=True)
def timed_cycles(
    source: Ints,
    target: Ints,
    time: Ints,
    out_start: Ints,
    out_edge: Ints,
    in_start: Ints,
    in_edge: Ints,
    component: Ints,
    window: int,
    shortest: int,
    longest: int,
    ordered: bool,
    most_steps: int,
) -> tuple[Ints, Ints, int]:
    """Simple cycles of `shortest` … `longest` edges within the window after their first edge, every one once.

    Args:
        component: strongly connected component of each account; edges between two are skipped.
        ordered: times must strictly increase along the cycle; else the first edge is the earliest and the order is free.
        most_steps: edges looked at per first edge, after which it is given up; the rest is after a thousand times
            as many in all, and after 25 times as many edges in cycles.
    Returns:
        starts, edges, first edges given up.
    """
    accounts = len(out_start) - 1
    back = longest // 2
    stamp = np.full((back + 1, accounts), -1, np.int64)
    late = np.zeros((back + 1, accounts), np.int64)
    queue = np.empty((back + 1, accounts), np.int64)
    on_path = np.zeros(accounts, np.bool_)
    path = np.zeros(longest + 1, np.int64)
    place = np.zeros(longest + 1, np.int64)
    starts, edges = np.zeros(1024, np.int64), np.empty(4096, np.int64)
    found, used, cut, total = 0, 0, 0, 0
    for root in range(len(source)):
        u, v = source[root], target[root]
        if component[u] != component[v]:
            continue
        begun, until, steps = time[root], time[root] + window, 0
        # Is there anything that leaves v, and anything that comes home to u?
        at = first_above(out_edge, out_start[v], out_start[v + 1], root)
        if at == out_start[v + 1] or time[out_edge[at]] > until:
            continue
        at = first_above(in_edge, in_start[u], in_start[u + 1], root)
        if at == in_start[u + 1] or time[in_edge[at]] > until:
            continue
        if total > 1_000 * most_steps or used > 25 * most_steps:
            cut += 1
            continue
        # The way back: late[d, x] is the last instant at which x can leave and be home in at most d edges.
        queue[0, 0] = u
        length, top, whole = 1, 0, False
        stamp[0, u], late[0, u] = root, until + 1
        while top < back and not whole and steps <= most_steps:
            top += 1
            count = 0
            for k in range(length):  # whoever is home in fewer edges is home in at most this many
                x = queue[top - 1, k]
                stamp[top, x], late[top, x] = root, late[top - 1, x]
                queue[top, count] = x
                count += 1
            whole = True
            for k in range(length):
                x = queue[top - 1, k]
                bound = late[top - 1, x]
                if top > 1 and stamp[top - 2, x] == root and late[top - 2, x] == bound:
                    continue  # looked at from here before, with the same bound
                for p in range(first_above(in_edge, in_start[x], in_start[x + 1], root), in_start[x + 1]):
                    f = in_edge[p]
                    if time[f] > until or (ordered and time[f] >= bound):
                        break
                    steps += 1
                    y = source[f]
                    if y == u or component[y] != component[u] or (ordered and time[f] <= begun):
                        continue
                    if stamp[top, y] != root:
                        stamp[top, y], late[top, y] = root, time[f]
                        queue[top, count] = y
                        count += 1
                        whole = False
                    elif time[f] > late[top, y]:
                        late[top, y] = time[f]
                        if ordered:
                            whole = False
            length = count
        if steps > most_steps:
            cut += 1
            total += steps
            continue
        # Once nobody new was found, the labels hold for any number of edges.
        if (whole or longest - 1 <= top) and (stamp[top, v] != root or (ordered and late[top, v] <= begun)):
            continue
        path[0] = root
        on_path[u] = on_path[v] = True
        depth = 1
        place[1] = first_above(out_edge, out_start[v], out_start[v + 1], root)
        while depth > 0:
            x = target[path[depth - 1]]
            if place[depth] >= out_start[x + 1] or time[out_edge[place[depth]]] > until or steps > most_steps:
                on_path[x] = False
                depth -= 1
                continue
            f = out_edge[place[depth]]
            place[depth] += 1
            steps += 1
            if ordered and time[f] <= time[path[depth - 1]]:
                continue
            y = target[f]
            if y == u:
                if depth + 1 >= shortest:
                    path[depth] = f
                    edges, starts = room(edges, used, depth + 1), room(starts, found + 1, 1)
                    edges[used : used + depth + 1] = path[: depth + 1]
                    used += depth + 1
                    found += 1
                    starts[found] = used
                continue
            left = longest - depth - 1
            if left == 0 or on_path[y] or component[y] != component[u]:
                continue
            if left <= top or whole:
                level = min(left, top)
                if stamp[level, y] != root or (ordered and late[level, y] <= time[f]):
                    continue
            path[depth] = f
            on_path[y] = True
            depth += 1
            place[depth] = first_above(out_edge, out_start[y], out_start[y + 1], f if ordered else root)
        on_path[u] = False
        total += steps
        if steps > most_steps:
            cut += 1
    return starts[: found + 1], edges[:used], cut


@njit(cache=True)
def plain_cycles(
    out_start: Ints, out_to: Ints, in_start: Ints, in_from: Ints, shortest: int, longest: int, most_steps: int
) -> tuple[Ints, Ints, int]:
    """Simple cycles of a graph without times, from their smallest account, in the order of the accounts on them.

    Args:
        out_to, in_from: neighbours of each account, ascending, each once.
    Returns:
        starts, accounts, roots given up.
    """
    accounts = len(out_start) - 1
    back = max(longest // 2, 1)
    home = np.zeros(accounts, np.int64)  # edges to the root, as far as `back`
    stamp = np.full(accounts, -1, np.int64)
    queue = np.empty(accounts, np.int64)
    on_path = np.zeros(accounts, np.bool_)
    path = np.zeros(longest + 1, np.int64)
    place = np.zeros(longest + 1, np.int64)
    starts, members = np.zeros(1024, np.int64), np.empty(4096, np.int64)
    found, used, cut = 0, 0, 0
    for root in range(accounts):
        if out_start[root] == out_start[root + 1] or in_start[root] == in_start[root + 1]:
            continue
        steps = 0
        queue[0] = root
        stamp[root], home[root] = root, 0
        head, tail = 0, 1
        while head < tail:
            x = queue[head]
            head += 1
            if home[x] == back:
                break
            for p in range(in_start[x], in_start[x + 1]):
                y = in_from[p]
                steps += 1
                if y > root and stamp[y] != root:
                    stamp[y], home[y] = root, home[x] + 1
                    queue[tail] = y
                    tail += 1
        if tail == 1:
            continue
        path[0] = root
        on_path[root] = True
        depth = 1
        place[1] = out_start[root]
        while depth > 0:
            x = path[depth - 1]
            if place[depth] >= out_start[x + 1] or steps > most_steps:
                on_path[x] = False
                depth -= 1
                continue
            y = out_to[place[depth]]
            place[depth] += 1
            steps += 1
            if y == root and depth >= shortest:
                members, starts = room(members, used, depth), room(starts, found + 1, 1)
                members[used : used + depth] = path[:depth]
                used += depth
                found += 1
                starts[found] = used
            left = longest - depth
            if y <= root or on_path[y] or left == 0:
                continue
            if left <= back and (stamp[y] != root or home[y] > left):
                continue
            path[depth] = y
            on_path[y] = True
            depth += 1
            place[depth] = out_start[y]
        if steps > most_steps:
            cut += 1
    return starts[: found + 1], members[:used], cut
