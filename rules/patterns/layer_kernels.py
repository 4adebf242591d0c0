"""Compiled searches for layers: bipartite blocks and stacks, as connected groups of edges."""

import numpy as np
from numba import njit

from rules.patterns.cycle_kernels import first_above, room
from rules.scope import Flags, Ints


@njit(cache=True)
def root_of(parent: Ints, x: int) -> int:
    """The representative of x, paths halved on the way."""
    while parent[x] != x:
        parent[x] = parent[parent[x]]
        x = parent[x]
    return x


@njit(cache=True)
def join(parent: Ints, x: int, y: int) -> None:
    """Put two edges into one group; the smaller position represents it."""
    a, b = root_of(parent, x), root_of(parent, y)
    if a < b:
        parent[b] = a
    else:
        parent[a] = b


@njit(cache=True)
def quads(
    out_start: Ints,
    out_edge: Ints,
    in_start: Ints,
    in_edge: Ints,
    source: Ints,
    target: Ints,
    time: Ints,
    window: int,
    most_steps: int,
) -> tuple[Ints, int]:
    """Group the edges of every two payers that pay the same two payees, the four edges within one window.

    Returns:
        the group of each edge (a smallest position), -1 for an edge of no such four; payers given up.
    """
    edges = len(source)
    parent = np.arange(edges)
    member = np.zeros(edges, np.bool_)
    one, two = np.empty(1024, np.int64), np.empty(1024, np.int64)
    cut = 0
    for payer in range(len(out_start) - 1):
        steps, size = 0, 0
        for p in range(out_start[payer], out_start[payer + 1]):
            e = out_edge[p]
            t = target[e]
            # From the first edge into t that is not older than the window.
            low, high = in_start[t], in_start[t + 1]
            while low < high:
                middle = (low + high) // 2
                if time[in_edge[middle]] < time[e] - window:
                    low = middle + 1
                else:
                    high = middle
            for q in range(low, in_start[t + 1]):
                f = in_edge[q]
                if time[f] > time[e] + window or steps > most_steps:
                    break
                steps += 1
                if source[f] > payer:
                    one, two = room(one, size, 1), room(two, size, 1)
                    one[size], two[size] = e, f
                    size += 1
        if steps > most_steps:
            cut += 1
            continue
        if size < 2:
            continue
        order = np.argsort(source[two[:size]], kind="mergesort")
        begin = 0
        while begin < size:
            end = begin
            while end < size and source[two[order[end]]] == source[two[order[begin]]]:
                end += 1
            for i in range(begin, end):
                for j in range(i + 1, end):
                    steps += 1
                    e, f, g, h = one[order[i]], two[order[i]], one[order[j]], two[order[j]]
                    if target[e] == target[g]:
                        continue
                    first = min(min(time[e], time[f]), min(time[g], time[h]))
                    last = max(max(time[e], time[f]), max(time[g], time[h]))
                    if last - first <= window:
                        member[e] = member[f] = member[g] = member[h] = True
                        join(parent, e, f)
                        join(parent, e, g)
                        join(parent, e, h)
                if steps > most_steps:
                    break
            begin = end
        if steps > most_steps:
            cut += 1
    group = np.full(edges, -1, np.int64)
    for e in range(edges):
        if member[e]:
            group[e] = root_of(parent, e)
    return group, cut


@njit(cache=True)
def wedges(
    out_start: Ints,
    out_edge: Ints,
    source: Ints,
    target: Ints,
    time: Ints,
    fen: Ints,
    window: int,
    low_bp: int,
    high_bp: int,
    most_steps: int,
) -> tuple[Ints, Ints, int]:
    """Every two edges of which the second takes on within the window from where the first ended; not straight back.

    low_bp, high_bp: bounds of the second amount in basis points of the first.

    Returns:
        first edges, second edges, first edges given up.
    """
    one, two = np.empty(4096, np.int64), np.empty(4096, np.int64)
    size, cut = 0, 0
    for e in range(len(source)):
        m = target[e]
        begin = first_above(out_edge, out_start[m], out_start[m + 1], e)
        for q in range(begin, out_start[m + 1]):
            f = out_edge[q]
            if time[f] > time[e] + window:
                break
            if q - begin >= most_steps:
                cut += 1
                break
            like = fen[f] * 10_000 >= fen[e] * low_bp and fen[f] * 10_000 <= fen[e] * high_bp
            if like and time[f] > time[e] and target[f] != source[e]:
                one, two = room(one, size, 1), room(two, size, 1)
                one[size], two[size] = e, f
                size += 1
    return one[:size], two[:size], cut


@njit(cache=True)
def linked(one: Ints, two: Ints, source: Ints, target: Ints, time: Ints, window: int, edges: int) -> Ints:
    """Group wedges: those with the same payer, and those with the same payee, whose neighbours in time are within the window.

    Returns:
        the group of each edge, -1 for an edge of no wedge.
    """
    parent = np.arange(edges)
    member = np.zeros(edges, np.bool_)
    for w in range(len(one)):
        member[one[w]] = member[two[w]] = True
        join(parent, one[w], two[w])
    for side in range(2):
        end, leg = (source, one) if side == 0 else (target, two)
        order = np.argsort(leg, kind="mergesort")
        last = np.full(max(source.max(), target.max()) + 1, -1, np.int64)
        for w in order:
            e = leg[w]
            before = last[end[e]]
            if before >= 0 and time[e] - time[before] <= window:
                join(parent, e, before)
            last[end[e]] = e
    group = np.full(edges, -1, np.int64)
    for e in range(edges):
        if member[e]:
            group[e] = root_of(parent, e)
    return group


@njit(cache=True)
def linked_legs(
    start: Ints, leg: Ints, comes_in: Flags, outer: Ints, time: Ints, window: int, edges: int, accounts: int
) -> Ints:
    """Group instances that share an edge, or on the same side an outer account whose neighbours in time are within the window.

    Returns:
        the group of each edge, -1 for an edge of no instance.
    """
    parent = np.arange(edges)
    group = np.full(edges, -1, np.int64)
    for i in range(len(start) - 1):
        for p in range(start[i] + 1, start[i + 1]):
            join(parent, leg[start[i]], leg[p])
    last = np.full((2, accounts), -1, np.int64)
    for p in np.argsort(leg, kind="mergesort"):
        side, e = (0 if comes_in[p] else 1), leg[p]
        before = last[side, outer[p]]
        if before >= 0 and time[e] - time[before] <= window:
            join(parent, e, before)
        last[side, outer[p]] = e
    for e in leg:
        group[e] = root_of(parent, e)
    return group


@njit(cache=True)
def shared(start: Ints, edge: Ints, edges: int) -> Ints:
    """Group instances that share an edge; the group of each edge, -1 for an edge of no instance."""
    parent = np.arange(edges)
    group = np.full(edges, -1, np.int64)
    for i in range(len(start) - 1):
        for p in range(start[i] + 1, start[i + 1]):
            join(parent, edge[start[i]], edge[p])
    for e in edge:
        group[e] = root_of(parent, e)
    return group
