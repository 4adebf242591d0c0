"""A parcel in compiled code: the money on one leg in the order in which it left, and what reports and limits make of it."""

import numpy as np
from numba import njit

from tracing.exact_kernels import Table
from tracing.legs import Ints

CLEAN, NONE = -1, -1
P_CLAIM, P_FEN, P_BASIS, P_HOP, P_TIER, P_LEG, P_START, P_PIECE, P_FLAGS = range(9)
"""Columns of a parcel; the leg, the first fen on it and the carried piece are those that brought the lot."""
WIDTH, BUCKETS = 9, 64

Parcels = tuple[Table, Table, Ints, Ints, Ints, Ints, Ints]
"""A parcel, one to label it in, and room to share in: parts, remainders, those near a bound, buckets, places of claims."""


def parcels_for(entries: int, claims: int) -> Parcels:
    """Parcels with room for so many entries, of claims below that number."""
    parcel, labelled = np.zeros((2, entries, WIDTH), np.int64)
    part, rest, near = np.zeros((3, entries), np.int64)
    return parcel, labelled, part, rest, near, np.zeros(BUCKETS, np.int64), np.zeros(claims, np.int64)


@njit(cache=True)
def clean_out(parcel: Table, at: int, fen: int) -> int:
    """Write clean money into the parcel where there is any; how many entries the parcel has then."""
    if fen <= 0:
        return at
    parcel[at, P_CLAIM], parcel[at, P_FEN], parcel[at, P_BASIS] = CLEAN, fen, 0
    return at + 1


@njit(cache=True)
def claimed(parcel: Table, size: int, seeds: Table, first: int, end_seed: int, labelled: Table) -> int:
    """Label the parcel's clean fen where one of the seeds first … end_seed lies over them; how many entries it has then.

    Neighbours under one seed are one lot. labelled: room to work in, as much as the parcel.
    """
    filled, offset, at = 0, 0, 0
    while at < size:
        end = offset + parcel[at, P_FEN]
        if parcel[at, P_CLAIM] != CLEAN:
            for column in range(WIDTH):
                labelled[filled, column] = parcel[at, column]
            filled, offset, at = filled + 1, end, at + 1
            continue
        while at + 1 < size and parcel[at + 1, P_CLAIM] == CLEAN:
            at += 1
            end += parcel[at, P_FEN]
        while offset < end:
            claim, tier, until = CLEAN, 0, end
            for one in range(first, end_seed):
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
    for at in range(filled):
        for column in range(WIDTH):
            parcel[at, column] = labelled[at, column]
    return filled


@njit(cache=True)
def stopped_by(limits: Ints, hop: int, rested_us: int, fen: int) -> int:
    """The first limit that stops a piece from going on; -1 when none does."""
    if limits[0] > 0 and hop >= limits[0]:
        return 0
    if limits[1] > 0 and rested_us > limits[1]:
        return 1
    if fen < limits[2]:
        return 2
    return -1
