"""A parcel in compiled code: the money on one leg in the order in which it left, and what reports and limits make of it."""

import numpy as np
from numba import njit

from tracing.exact_kernels import Table

CLEAN, NONE = -1, -1
P_CLAIM, P_FEN, P_BASIS, P_HOP, P_TIER, P_LEG, P_START, P_PIECE, P_FLAGS = range(9)
"""Columns of a parcel; the leg, the first fen on it and the carried piece are those that brought the lot."""
WIDTH = 9


@njit(cache=True)
def parcel_for(entries: int) -> Table:
    """An empty parcel with room for so many."""
    return np.zeros((entries, WIDTH), np.int64)


@njit(cache=True)
def clean_out(parcel: Table, at: int, fen: int) -> int:
    """Write clean money into the parcel where there is any; how many entries the parcel has then."""
    if fen <= 0:
        return at
    parcel[at, P_CLAIM], parcel[at, P_FEN], parcel[at, P_BASIS] = CLEAN, fen, 0
    return at + 1


@njit(cache=True)
def claimed(parcel: Table, size: int, seeds: Table, labelled: Table) -> int:
    """The parcel with its clean fen labelled where a seed lies over them; neighbours under one seed are one lot."""
    filled, offset, at = 0, 0, 0
    while at < size:
        end = offset + parcel[at, P_FEN]
        if parcel[at, P_CLAIM] != CLEAN:
            labelled[filled] = parcel[at]
            filled, offset, at = filled + 1, end, at + 1
            continue
        while at + 1 < size and parcel[at + 1, P_CLAIM] == CLEAN:
            at += 1
            end += parcel[at, P_FEN]
        while offset < end:
            claim, tier, until = CLEAN, 0, end
            for one in range(len(seeds)):
                begin, stop = seeds[one, 1], seeds[one, 1] + seeds[one, 2]
                if begin <= offset < stop:
                    claim, tier, until = seeds[one, 3], seeds[one, 4], min(end, stop)
                elif begin > offset:
                    until = min(until, begin)
            labelled[filled, P_CLAIM], labelled[filled, P_FEN], labelled[filled, P_HOP] = claim, until - offset, 1
            labelled[filled, P_BASIS] = 0 if claim == CLEAN else until - offset
            labelled[filled, P_TIER], labelled[filled, P_LEG], labelled[filled, P_START] = tier, NONE, 0
            labelled[filled, P_PIECE], labelled[filled, P_FLAGS] = NONE, 0
            filled, offset = filled + 1, until
        at += 1
    return filled
