"""Pools and shares in compiled code: what every pool of a slot gives by its share, and what joins the pools of the next.

The pools of a slot stand side by side in its block, in order of the claims; fen and claims have columns of their own, since
shares need the fen alone. A pool that became empty stays, without money, until half of the block is.
"""

import numpy as np
from numba import njit

from tracing.block_kernels import FLAGS, HOP, LEG, TIER, Facts
from tracing.exact_kernels import Table, Whole, product_over
from tracing.legs import Codes, Ints
from tracing.parcel_kernels import P_BASIS, P_CLAIM, P_FEN, P_FLAGS, P_HOP, P_LEG, P_PIECE, P_START, P_TIER
from tracing.slot_kernels import BASE, COUNT, EMPTY, HELD, clean_of

NO_HOP = 2**31 - 1
"""Hop and tier of a pool without money: whatever comes is less."""
FEW = 16
"""So many remainders are each compared with each; more are counted in buckets."""
BUCKETS = 64
EXACT_WANT, EXACT_TOTAL = 2**50, 2**61
"""Below them the quotient estimated in a double is wrong by one at most, and its remainder shows it."""


@njit(cache=True)
def shares(fen: Ints, clean: int, want: int, part: Ints, rest: Ints, near: Ints, buckets: Ints) -> None:
    """Every pool's share of what is wanted, the clean money's last, into `part`: the floor, and a fen more for the largest
    remainders, the first ones first.

    Args:
        rest, near, buckets: room to work in.
    """
    n, given, total = len(fen), np.int64(0), np.int64(clean)
    for one in range(n):
        total += fen[one]
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
    if want > given:
        add_to_largest(part, rest, n + 1, want - given, near, buckets)


@njit(cache=True)
def add_to_largest(part: Ints, rest: Ints, count: int, more: Whole, near: Ints, buckets: Ints) -> None:
    """A fen more for the parts with the `more` largest remainders, the first ones first."""
    if count <= FEW:
        for one in range(count):
            mine, before = rest[one], np.int64(0)
            for other in range(one):
                before += rest[other] >= mine
            for other in range(one + 1, count):
                before += rest[other] > mine
            part[one] += before < more
        return
    bound, equal = least_of_largest(rest, count, more, buckets, near)
    for one in range(count):
        if rest[one] > bound:
            part[one] += 1
        elif rest[one] == bound and equal > 0:
            part[one] += 1
            equal -= 1


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
def pools_out(
    slots: Table,
    slot: int,
    want: int,
    fens: Ints,
    names: Codes,
    facts: Facts,
    basis: Ints,
    parcel: Table,
    work: Table,
) -> Whole:
    """Take the claims' shares of what leaves a slot into the parcel; how many entries it has then, and their fen.

    Args:
        want: fen, no more than the slot holds. work: three rows to work in, as long as the pools and one more; a fourth
            of `BUCKETS`.
    """
    base, count = slots[slot, BASE], slots[slot, COUNT]
    part = work[0]
    shares(fens[base : base + count], clean_of(slots, slot), want, part, work[1], work[2], work[3])
    size, gone = 0, np.int64(0)
    for one in range(count):
        mine = part[one]
        if mine == 0:
            continue
        row = base + one
        had, whole = fens[row], basis[row]
        own = mine if whole == had else product_over(mine, whole, had)[0]
        parcel[size, P_CLAIM], parcel[size, P_FEN], parcel[size, P_BASIS] = names[row], mine, own
        parcel[size, P_HOP], parcel[size, P_TIER] = facts[row, HOP], facts[row, TIER]
        parcel[size, P_LEG], parcel[size, P_START] = facts[row, LEG], 0
        parcel[size, P_PIECE], parcel[size, P_FLAGS] = -1, facts[row, FLAGS]
        size += 1
        gone += mine
        fens[row], basis[row] = had - mine, whole - own
        if mine == had:
            facts[row, HOP], facts[row, TIER], facts[row, FLAGS] = NO_HOP, NO_HOP, 0
            slots[slot, EMPTY] += 1
    slots[slot, HELD] -= gone
    if 2 * slots[slot, EMPTY] > count:
        slots[slot, COUNT], slots[slot, EMPTY] = without_empty(fens, names, facts, basis, base, count), 0
    return size


@njit(cache=True)
def without_empty(fens: Ints, names: Codes, facts: Facts, basis: Ints, base: int, count: int) -> Whole:
    """Close the gaps in a block; how many pools it has then."""
    kept = base
    for row in range(base, base + count):
        if fens[row] > 0:
            if row != kept:
                fens[kept], names[kept], basis[kept] = fens[row], names[row], basis[row]
                for column in range(4):
                    facts[kept, column] = facts[row, column]
            kept += 1
    return kept - base


@njit(cache=True)
def pools_in(
    slots: Table,
    slot: int,
    parcel: Table,
    size: int,
    leg: int,
    fens: Ints,
    names: Codes,
    facts: Facts,
    basis: Ints,
    pooled: Ints,
) -> None:
    """Add a parcel of claims' money, in order of the claims, to a slot's pools; its block has room.

    Args:
        pooled: per carried piece, what its claim has in the pool then; no entries when nobody asks.
    """
    base, count = slots[slot, BASE], slots[slot, COUNT]
    row, fresh, end = base, 0, base + count
    for one in range(size):
        claim = parcel[one, P_CLAIM]
        slots[slot, HELD] += parcel[one, P_FEN]
        while row < end and names[row] < claim:
            row += 1
        if row == end or names[row] != claim:
            parcel[one, P_START] = 0
            fresh += 1
            continue
        slots[slot, EMPTY] -= fens[row] == 0
        fens[row] += parcel[one, P_FEN]
        basis[row] += parcel[one, P_BASIS]
        facts[row, HOP] = min(facts[row, HOP], parcel[one, P_HOP])
        facts[row, TIER] = min(facts[row, TIER], parcel[one, P_TIER])
        facts[row, LEG] = leg
        facts[row, FLAGS] |= parcel[one, P_FLAGS]
        if len(pooled) > 0:
            pooled[parcel[one, P_PIECE]] = fens[row]
        parcel[one, P_START] = -1
    if fresh == 0:
        return
    slots[slot, COUNT] = count + fresh
    row, into = end - 1, end + fresh - 1
    for one in range(size - 1, -1, -1):
        if parcel[one, P_START] < 0:
            continue
        while row >= base and names[row] > parcel[one, P_CLAIM]:
            fens[into], names[into], basis[into] = fens[row], names[row], basis[row]
            for column in range(4):
                facts[into, column] = facts[row, column]
            row, into = row - 1, into - 1
        names[into], fens[into], basis[into] = parcel[one, P_CLAIM], parcel[one, P_FEN], parcel[one, P_BASIS]
        facts[into, HOP], facts[into, TIER] = parcel[one, P_HOP], parcel[one, P_TIER]
        facts[into, LEG], facts[into, FLAGS] = leg, parcel[one, P_FLAGS]
        if len(pooled) > 0:
            pooled[parcel[one, P_PIECE]] = parcel[one, P_FEN]
        into -= 1
