"""Pools and shares in compiled code: what every pool of a slot gives by its share, and the blocks the pools stand in.

The pools of a slot stand side by side in one block, in order of the claims; fen and claims have arrays of their own, since
shares need the fen alone. A pool that became empty stays, without money, until half of the block is. Blocks have a power of
two of places; one that became too small is kept for the next slot of its size.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tracing.legs import Ints
from tracing.lot_kernels import (
    P_BASIS,
    P_CLAIM,
    P_FEN,
    P_FLAGS,
    P_HOP,
    P_PIECE,
    P_START,
    P_TIER,
    Table,
    Whole,
    product_over,
)

C_ARRIVED, C_POOLED, C_PAYER = 9, 10, 11
"""Columns of the carried pieces behind those of `tracing.follow.Pieces`, for a trace backward; as in `replay_kernels`."""
BASIS, HOP, TIER, LEG, FLAGS = range(5)
"""Columns of the facts of a pool; its fen and its claim are in arrays of their own."""
NO_HOP = 2**62
"""Hop and tier of a pool without money: whatever comes is less."""
FEW = 8
"""So many remainders are looked through again and again; more are counted in buckets."""
BUCKETS = 64
EXACT_WANT, EXACT_TOTAL = 2**50, 2**61
"""Below them the quotient estimated in a double is wrong by one at most, and its remainder shows it."""


@njit(cache=True)
def class_of(places: int) -> int:
    """The power of two that holds so many places, four at least."""
    found = 2
    while 1 << found < places:
        found += 1
    return found


@njit(cache=True)
def block_for(places: int, free: Ints, fens: Ints, used: Whole) -> tuple[Whole, Whole, Whole]:
    """A block for so many pools: where it begins, its places, and how many places are in use then."""
    size = class_of(places)
    base = free[size]
    if base < 0:
        return np.int64(used), np.int64(1 << size), np.int64(used + (1 << size))
    free[size] = fens[base]
    return base, np.int64(1 << size), np.int64(used)


@njit(cache=True)
def shares(
    fen: Ints, clean: int, total: int, want: int, part: Ints, rest: Ints, buckets: Ints, near: Ints
) -> tuple[Whole, Whole]:
    """Floor of every pool's share of what is wanted, the clean money's last, and its remainder.

    Returns:
        the least remainder that brings a fen more, and how many with exactly that remainder have it, the first ones first.
    """
    n, given = len(fen), np.int64(0)
    if want < EXACT_WANT and total < EXACT_TOTAL:
        rate = want / total
        for one in range(n + 1):
            mine = fen[one] if one < n else clean
            quotient = np.int64(mine * rate)
            # the products may wrap around; their difference is small, so it is right
            remainder = np.int64(mine * want) - np.int64(quotient * total)
            if remainder < 0:
                quotient, remainder = quotient - 1, remainder + total
            elif remainder >= total:
                quotient, remainder = quotient + 1, remainder - total
            part[one], rest[one] = quotient, remainder
            given += quotient
    else:
        for one in range(n + 1):
            part[one], rest[one] = product_over(fen[one] if one < n else clean, want, total)
            given += part[one]
    more = want - given
    if more == 0:
        return np.int64(9223372036854775807), np.int64(0)
    return least_of_largest(rest, n + 1, more, buckets, near)


@njit(cache=True)
def least_of_largest(values: Ints, count: Whole, more: Whole, buckets: Ints, near: Ints) -> tuple[Whole, Whole]:
    """The least of the `more` largest values, and how many of those are exactly it. Buckets, then the buckets of one bucket."""
    look = values
    while count > FEW:
        low, high = look[0], look[0]
        for one in range(count):
            low, high = min(low, look[one]), max(high, look[one])
        if low == high:
            return low, more
        shift = 0
        while (high - low) >> shift >= BUCKETS:
            shift += 1
        buckets[:] = 0
        for one in range(count):
            buckets[(look[one] - low) >> shift] += 1
        bucket = (high - low) >> shift
        while buckets[bucket] < more:
            more -= buckets[bucket]
            bucket -= 1
        filled = 0
        for one in range(count):
            if (look[one] - low) >> shift == bucket:
                near[filled] = look[one]
                filled += 1
        look, count = near, filled
    bound: Whole = np.int64(9223372036854775807)
    while True:  # the next lower value and how often it is there
        top, often = np.int64(-1), np.int64(0)
        for one in range(count):
            if top <= look[one] < bound:
                often = often + np.int64(1) if look[one] == top else np.int64(1)
                top = look[one]
        if often >= more:
            return top, more
        bound, more = np.int64(top), more - often


@njit(cache=True)
def without_empty(fens: Ints, names: Ints, facts: Table, base: int, count: int) -> Whole:
    """Close the gaps in a block; how many pools it has then."""
    kept = base
    for row in range(base, base + count):
        if fens[row] > 0:
            if row != kept:
                fens[kept], names[kept] = fens[row], names[row]
                for column in range(5):
                    facts[kept, column] = facts[row, column]
            kept += 1
    return np.int64(kept - base)


@njit(cache=True)
def joined_in_order(
    fens: Ints,
    names: Ints,
    facts: Table,
    base: int,
    count: int,
    parcel: Table,
    arrived: int,
    leg: int,
    carried: Table,
    wide: bool,
) -> tuple[Whole, Whole]:
    """Add arrivals, in order of their claims, to a block that has room; how many pools it has then, how many filled again."""
    row, fresh, filled = base, np.int64(0), np.int64(0)
    end = base + count
    for one in range(arrived):
        claim = parcel[one, P_CLAIM]
        while row < end and names[row] < claim:
            row += 1
        if row < end and names[row] == claim:
            filled += 1 if fens[row] == 0 else 0
            fens[row] += parcel[one, P_FEN]
            facts[row, BASIS] += parcel[one, P_BASIS]
            facts[row, HOP] = min(facts[row, HOP], parcel[one, P_HOP])
            facts[row, TIER] = min(facts[row, TIER], parcel[one, P_TIER])
            facts[row, LEG] = leg
            facts[row, FLAGS] |= parcel[one, P_FLAGS]
            if wide:
                carried[C_ARRIVED, parcel[one, P_PIECE]] = parcel[one, P_FEN]
                carried[C_POOLED, parcel[one, P_PIECE]] = fens[row]
            parcel[one, P_START] = -1
        else:
            parcel[one, P_START] = 0
            fresh += 1
    if fresh == 0:
        return np.int64(count), filled
    row, into = end - 1, end + fresh - 1
    for one in range(arrived - 1, -1, -1):
        if parcel[one, P_START] < 0:
            continue
        while row >= base and names[row] > parcel[one, P_CLAIM]:
            fens[into], names[into] = fens[row], names[row]
            for column in range(5):
                facts[into, column] = facts[row, column]
            row, into = row - 1, into - 1
        names[into], fens[into], facts[into, BASIS] = parcel[one, P_CLAIM], parcel[one, P_FEN], parcel[one, P_BASIS]
        facts[into, HOP], facts[into, TIER] = parcel[one, P_HOP], parcel[one, P_TIER]
        facts[into, LEG], facts[into, FLAGS] = leg, parcel[one, P_FLAGS]
        if wide:
            piece = parcel[one, P_PIECE]
            carried[C_ARRIVED, piece], carried[C_POOLED, piece] = parcel[one, P_FEN], parcel[one, P_FEN]
        into -= 1
    return np.int64(count + fresh), filled


@njit(cache=True)
def wider(values: Ints, length: int) -> NDArray[np.int64]:
    """The values with room for that many, at least twice as many."""
    larger = np.empty(max(length, 2 * len(values)), np.int64)
    larger[: len(values)] = values
    return larger


@njit(cache=True)
def longer(table: Table, columns: int) -> NDArray[np.int64]:
    """The table with room for that many columns, at least twice as many; rows do not fall on the same cache lines."""
    larger = np.empty((table.shape[0], max(columns, 2 * table.shape[1]) // 512 * 512 + 568), np.int64)
    larger[:, : table.shape[1]] = table
    return larger
