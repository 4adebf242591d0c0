"""Blocks in compiled code: what a slot holds of claims' money stands side by side, in places of columns all slots share.

Blocks come in sizes; one that became too small is kept for the next slot of its size. Under pro rata a place is a pool, one a
claim (`tracing.share_kernels`); else a lot, oldest first (`tracing.lot_kernels`).
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tracing.exact_kernels import Table, Whole
from tracing.legs import Codes, Ints
from tracing.slot_kernels import BASE, COUNT, GONE, ROOM, aligned, ask_for

FACTS = np.dtype([("leg", np.int32), ("hop", np.int32), ("tier", np.int32), ("flags", np.int32)])
"""What is known of a pool or lot beside its claim, fen and basis; leg is the last one that brought any of it."""
WHENCE = np.dtype([("start", np.int64), ("low", np.int64), ("piece", np.int64), ("unused", np.int64)])
"""Where a lot is from: its first fen on its leg, how many of them are gone, the carried piece that brought it."""

Records = NDArray[Any]
Blocks = tuple[Ints, Codes, Records, Ints, Records]
"""The columns all slots share: fen, claims, facts, basis, and where lots are from.

Under pro rata the last has no rows, nor has the basis where no leg converts anything: it is the fen.
"""


def empty_blocks(places: int, *, lots: bool, converted: bool) -> Blocks:
    """The columns with so many places."""
    fens, names, facts = aligned(places, np.dtype(np.int64)), aligned(places, np.dtype(np.int32)), aligned(places, FACTS)
    bases = aligned(places if lots or converted else 0, np.dtype(np.int64))
    return fens, names, facts, bases, aligned(places if lots else 0, WHENCE)


@njit(cache=True)
def class_of(places: int) -> int:
    """The number of the smallest size that holds so many places."""
    found = 0
    while places_of(found) < places:
        found += 1
    return found


@njit(cache=True)
def places_of(size: int) -> int:
    """Places of a size by its number: 4, 6, 8, 12, 16, 24 and so on."""
    return (4 + 2 * (size & 1)) << (size >> 1)


@njit(cache=True, inline="always")
def ask_for_block(
    slots: Table, slot: int, most: int, fens: Ints, names: Codes, facts: Records, bases: Ints, whence: Records
) -> None:
    """Ask for what stands in a slot's block, of the facts the first ones up to `most`: a cache line at a time."""
    begin = slots[slot, BASE]
    end = begin + slots[slot, COUNT]
    for one in range(begin, end, 8):
        ask_for(fens, one)
        if len(bases) > 0:
            ask_for(bases, one)
    for one in range(begin, end, 16):
        ask_for(names, one)
    for one in range(begin, min(end, begin + most), 4):
        ask_for(facts, one)
    if len(whence) > 0:
        ask_for(whence, begin)


@njit(cache=True, inline="always")
def ask_for_end(slots: Table, slot: int, fens: Ints, names: Codes, facts: Records, bases: Ints, whence: Records) -> None:
    """Ask for the place behind a slot's block, and for the claims of its pools."""
    begin = slots[slot, BASE]
    end = begin + slots[slot, COUNT]
    ask_for(fens, end)
    ask_for(facts, end)
    if len(bases) > 0:
        ask_for(bases, end)
    if len(whence) > 0:
        ask_for(names, end)
        ask_for(whence, end)
    else:
        for one in range(begin, end + 1, 16):
            ask_for(names, one)


@njit(cache=True)
def has_places(slots: Table, slot: int, more: int) -> Whole:
    """Whether so many more fit behind what the slot's block holds."""
    return slots[slot, GONE] + slots[slot, COUNT] + more <= slots[slot, ROOM]


@njit(cache=True)
def moved_block(
    slots: Table,
    slot: int,
    need: int,
    free: Ints,
    used: Whole,
    fens: Ints,
    names: Codes,
    facts: Records,
    bases: Ints,
    whence: Records,
) -> Whole:
    """Give a slot a block of so many places; how many places are in use then, for which the columns must have room.

    Args:
        free: per size the first block to use again; its first fen is where the next one is. whence: of lots; else no rows.
    """
    first, count, room, lots = slots[slot, BASE], slots[slot, COUNT], slots[slot, ROOM], len(whence) > 0
    base = first - slots[slot, GONE]
    into = base
    if 2 * need > room:
        size = class_of(need)
        into = free[size]
        if into >= 0:
            free[size] = fens[into]
        else:
            into, used = used, used + places_of(size)
        slots[slot, ROOM] = places_of(size)
    for one in range(count):
        old, new = first + one, into + one
        fens[new], names[new], facts[new] = fens[old], names[old], facts[old]
        if len(bases) > 0:
            bases[new] = bases[old]
        if lots:
            whence[new] = whence[old]
    slots[slot, BASE], slots[slot, GONE] = into, 0
    if into != base and room > 0:
        fens[base], free[class_of(room)] = free[class_of(room)], base
    return used
