"""Which transfers are worth searching: by how the two accounts deal with each other, and by what happens to the money."""

import numpy as np

from rules.patterns.edges import Edges
from rules.scope import Flags, Ints

MOST_STEPS = 10_000
"""Onward transfers looked at per transfer; one with more is kept as it is. Grade P."""


def once(edges: Edges) -> Flags:
    """Edges from a payer that pays this payee only this once: people who deal with each other do so again."""
    pair = edges.source * edges.accounts + edges.target
    _, inverse, count = np.unique(pair, return_inverse=True, return_counts=True)
    return np.asarray(count[inverse] == 1, dtype=np.bool_)


def strangers(edges: Edges, window_us: int) -> Flags:
    """Edges between two accounts that deal with each other, in either direction, within one window only."""
    low, high = np.minimum(edges.source, edges.target), np.maximum(edges.source, edges.target)
    pair = low * edges.accounts + high
    order = np.argsort(pair, kind="stable")
    begins = np.ones(len(order), dtype=np.bool_)
    begins[1:] = pair[order][1:] != pair[order][:-1]
    group = np.cumsum(begins) - 1
    first = np.flatnonzero(begins)
    last = np.concatenate([first[1:], [len(order)]]) - 1 if len(order) else first
    time = edges.time_us[order]
    short = time[last] - time[first] <= window_us
    flags = np.zeros(len(edges), dtype=np.bool_)
    flags[order] = short[group] if len(order) else False
    return flags


def apart(edges: Edges, near_us: int, far_us: int) -> Flags:
    """Edges between two accounts that otherwise deal, in either direction, further away in time only.

    near_us: dealings as near as this belong together. far_us: up to here another dealing means that they know each other; who
    comes back after longer is a stranger again.
    """
    low, high = np.minimum(edges.source, edges.target), np.maximum(edges.source, edges.target)
    _, pair = np.unique(low * edges.accounts + high, return_inverse=True)
    time = edges.time_us - (edges.time_us[0] if len(edges) else 0)
    here = pair * (int(time[-1] if len(edges) else 0) + 2 * far_us + 1) + time  # so long a way apart no two pairs meet
    every = np.sort(here)
    earlier = np.searchsorted(every, here - near_us) - np.searchsorted(every, here - far_us)
    later = np.searchsorted(every, here + far_us, side="right") - np.searchsorted(every, here + near_us, side="right")
    return np.asarray((earlier == 0) & (later == 0), dtype=np.bool_)


def sparse(edges: Edges, end: Ints, most: int) -> Flags:
    """Edges of an account (`end`: source or target of each) at an instant at which it has at most that many."""
    pair = np.lexsort([edges.time_us, end])
    new = np.ones(len(pair), dtype=np.bool_)
    new[1:] = (end[pair][1:] != end[pair][:-1]) | (edges.time_us[pair][1:] != edges.time_us[pair][:-1])
    run = np.cumsum(new) - 1
    flags = np.zeros(len(pair), dtype=np.bool_)
    flags[pair] = np.bincount(run)[run] <= most if len(pair) else False
    return flags


def passed_on(edges: Edges, gap_us: int, low_bp: int, high_bp: int) -> Flags:
    """Edges of which an account passed on about as much: it came in, or went out, next to a like amount within the gap.

    low_bp, high_bp: bounds of the later amount in basis points of the earlier one.
    """
    from rules.patterns.layer_kernels import wedges

    ends = (edges.out_start, edges.out_edge, edges.source, edges.target, edges.time_us, edges.fen)
    one, two, _ = wedges(*ends, gap_us, low_bp, high_bp, MOST_STEPS)
    flags = np.zeros(len(edges), dtype=np.bool_)
    flags[one] = True
    flags[two] = True
    return flags
