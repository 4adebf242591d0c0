"""Blocks in compiled code: what a slot holds of claims' money stands side by side, in places of columns all slots share.

A block has a power of two of places; one that became too small is kept for the next slot of its size. Under pro rata a place is
a pool, one a claim, in order of the claims (`tracing.share_kernels`); else a lot, oldest first (`tracing.lot_kernels`).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tracing.exact_kernels import Table, Whole
from tracing.legs import Codes, Ints
from tracing.slot_kernels import BASE, COUNT, FIRST, ROOM

HOP, TIER, LEG, FLAGS = range(4)
"""Columns of the facts of a pool or lot; LEG is the last one that brought any of it."""
START, LOW, PIECE = range(3)
"""Columns of where a lot is from: its first fen on its leg, how many of them are gone, the carried piece that brought it."""

Facts = NDArray[np.int32]
Blocks = tuple[Ints, Codes, Facts, Ints, Table]
"""The columns all slots share: fen, claims, facts, basis, and where lots are from, which has no rows under pro rata."""


def empty_blocks(places: int, *, lots: bool) -> Blocks:
    """The columns with so many places: memory nobody has touched costs nothing, and numpy asks for it in large pages."""
    whole, short = np.int64, np.int32
    facts, whence = np.empty((places, 4), short), np.empty((places if lots else 0, 3), whole)
    return np.empty(places, whole), np.empty(places, short), facts, np.empty(places, whole), whence


@njit(cache=True)
def class_of(places: int) -> int:
    """The power of two that holds so many places, four at least."""
    found = 2
    while 1 << found < places:
        found += 1
    return found


@njit(cache=True)
def has_places(slots: Table, slot: int, more: int) -> bool:
    """Whether so many more fit behind what the slot's block holds."""
    return slots[slot, FIRST] + slots[slot, COUNT] + more <= slots[slot, ROOM]


@njit(cache=True)
def moved_block(
    slots: Table,
    slot: int,
    need: int,
    free: Ints,
    used: Whole,
    fens: Ints,
    names: Codes,
    facts: Facts,
    basis: Ints,
    whence: Table,
) -> Whole:
    """Give a slot a block of so many places; how many places are in use then, for which the columns must have room.

    Args:
        free: per size the first block to use again; its first fen is where the next one is. whence: of lots; else no rows.
    """
    base, first, count, room = slots[slot, BASE], slots[slot, FIRST], slots[slot, COUNT], slots[slot, ROOM]
    into = base
    if 2 * need > room:
        size = class_of(need)
        into = free[size]
        if into >= 0:
            free[size] = fens[into]
        else:
            into, used = used, used + (1 << size)
        slots[slot, BASE], slots[slot, ROOM] = into, 1 << size
    for one in range(count):
        old, new = base + first + one, into + one
        fens[new], names[new], basis[new] = fens[old], names[old], basis[old]
        for column in range(4):
            facts[new, column] = facts[old, column]
        if len(whence) > 0:
            for column in range(3):
                whence[new, column] = whence[old, column]
    slots[slot, FIRST] = 0
    if into != base and room > 0:
        fens[base], free[class_of(room)] = free[class_of(room)], base
    return used
