"""Compiled pairing of each transfer with the one that passes it on."""

import numpy as np
from numba import njit

from rules.patterns.cycle_kernels import room
from rules.scope import Ints


@njit(cache=True)
def forwards(
    out_start: Ints, out_edge: Ints, source: Ints, target: Ints, time: Ints, fen: Ints, gap: int, low_bp: int, high_bp: int
) -> Ints:
    """For each edge the edge that passes it on: the earliest not yet taken one out of its target within the gap; -1 where none.

    Edges are served in time order. low_bp, high_bp: bounds of the amount passed on, in basis points of the amount received.
    An edge straight back to the payer passes nothing on.
    """
    follower = np.full(len(source), -1, np.int64)
    taken = np.zeros(len(source), np.bool_)
    head = out_start[:-1].copy()
    for e in range(len(source)):
        x = target[e]
        while head[x] < out_start[x + 1] and (taken[out_edge[head[x]]] or time[out_edge[head[x]]] <= time[e]):
            head[x] += 1
        for p in range(head[x], out_start[x + 1]):
            f = out_edge[p]
            if time[f] > time[e] + gap:
                break
            if taken[f] or target[f] == source[e]:
                continue
            if fen[f] * 10_000 >= fen[e] * low_bp and fen[f] * 10_000 <= fen[e] * high_bp:
                follower[e] = f
                taken[f] = True
                break
    return follower


@njit(cache=True)
def paths(follower: Ints, least: int) -> tuple[Ints, Ints]:
    """The maximal runs of edges that pass each other on, of at least `least` edges, by their first edge."""
    follows = np.zeros(len(follower), np.bool_)
    for e in range(len(follower)):
        if follower[e] >= 0:
            follows[follower[e]] = True
    starts, edges = np.zeros(1024, np.int64), np.empty(4096, np.int64)
    found, used = 0, 0
    for first in range(len(follower)):
        if follows[first]:
            continue
        count, e = 0, first
        while e >= 0:
            count += 1
            e = follower[e]
        if count < least:
            continue
        edges, starts = room(edges, used, count), room(starts, found + 1, 1)
        e = first
        while e >= 0:
            edges[used] = e
            used += 1
            e = follower[e]
        found += 1
        starts[found] = used
    return starts[: found + 1], edges[:used]
