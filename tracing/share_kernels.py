"""Pools and shares in compiled code: what every pool of a slot gives by its share, and what joins the pools of the next.

The pools of a slot stand side by side in its block, in order of the claims; fen and claims have columns of their own, since
shares need the fen alone. A pool that became empty stays, without money, until half of the block is.
"""

import numpy as np
from numba import njit

from tracing.block_kernels import Records
from tracing.exact_kernels import Table, Whole, product_over
from tracing.legs import Codes, Ints
from tracing.parcel_kernels import BUCKETS, NONE, P_BASIS, P_CLAIM, P_FEN, P_FLAGS, P_HOP, P_LEG, P_PIECE, P_START, P_TIER
from tracing.slot_kernels import BALANCE, BASE, COUNT, GONE, HELD, ask_for, clean_of

NO_HOP = 2**31 - 1
"""Hop and tier of a pool without money: whatever comes is less."""
FEW = 16
"""So many remainders are each compared with each; more are counted in buckets."""
EXACT_WANT, EXACT_TOTAL = 2**50, 2**61
"""Below them the quotient estimated in a double is wrong by one at most, and its remainder shows it."""


@njit(cache=True, inline="always")
def gives_nothing(slots: Table, slot: int, fen: int) -> bool:
    """Whether so little leaves a slot that no pool gives any of it, told without looking at the pools. It may miss some.

    With 2 × held × fen < balance every pool's share is below one fen, and the clean money's remainder, balance − held × fen,
    is above every pool's, at most held × fen: the one fen that is missing is the clean money's too.
    """
    return np.float64(2.000001) * slots[slot, HELD] * fen < slots[slot, BALANCE]


@njit(cache=True, inline="always")
def shares(
    fens: Ints, base: int, n: int, clean: int, total: int, want: int, part: Ints, rest: Ints, near: Ints, buckets: Ints
) -> None:
    """Every pool's share of what is wanted, the clean money's last, into `part`: the floor, and a fen more for the largest
    remainders, the first ones first.

    Args:
        fens: of the pools, n from `base` on (views would count references, which costs as much as the shares).
        total: of the pools and the clean money. rest, near, buckets: room to work in.
    """
    given = np.int64(0)
    if want < EXACT_WANT and total < EXACT_TOTAL:
        rate = want / total
        first = np.uint64(base)
        for one in range(np.uint64(n)):
            part[one] = fens[first + one]
        part[n] = clean
        for one in range(np.uint64(n + 1)):
            mine = part[one]
            quotient = np.int64(mine * rate)
            # the products may wrap around; their difference is small, so it is right
            remainder = mine * want - quotient * total
            less, more = np.int64(remainder < 0), np.int64(remainder >= total)
            quotient += more - less
            part[one], rest[one] = quotient, remainder + (less - more) * total
            given += quotient
    else:
        for one in range(n + 1):
            part[one], rest[one] = product_over(fens[base + one] if one < n else clean, want, total)
            given += part[one]
    if want > given:
        add_to_largest(part, rest, n + 1, want - given, near, buckets)


@njit(cache=True, inline="always")
def add_to_largest(part: Ints, rest: Ints, count: int, more: Whole, near: Ints, buckets: Ints) -> None:
    """A fen more for the parts with the `more` largest remainders, the first ones first."""
    if more <= 3:
        for _ in range(more):
            top, best = np.int64(-1), np.uint64(0)
            for one in range(np.uint64(count)):
                mine = rest[one]
                if mine > top:
                    top, best = mine, one
            part[best] += 1
            rest[best] = -1
        return
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


@njit(cache=True, inline="always")
def pools_out(
    slots: Table,
    slot: int,
    want: int,
    fens: Ints,
    names: Codes,
    facts: Records,
    parcel: Table,
    part: Ints,
    rest: Ints,
    near: Ints,
    buckets: Ints,
) -> Whole:
    """Take the claims' shares of what leaves a slot into the parcel; how many entries it has then.

    Args:
        want: fen, no more than the slot holds. part, rest, near: room to work in, one more than the pools; buckets likewise.
    """
    base, count, total = slots[slot, BASE], slots[slot, COUNT], slots[slot, BALANCE]
    shares(fens, base, count, clean_of(slots, slot), total, want, part, rest, near, buckets)
    giving = 0
    for one in range(count):
        if part[one] > 0:
            ask_for(facts, base + one)
            near[giving] = one
            giving += 1
    size, gone = 0, np.int64(0)
    for each in range(giving):
        one = near[each]
        mine, row = part[one], base + one
        had, whole = fens[row], facts[row].basis
        own = mine if whole == had else product_over(mine, whole, had)[0]
        parcel[size, P_CLAIM], parcel[size, P_FEN], parcel[size, P_BASIS] = names[row], mine, own
        parcel[size, P_HOP], parcel[size, P_TIER] = facts[row].hop, facts[row].tier
        parcel[size, P_LEG], parcel[size, P_START] = facts[row].leg, 0
        parcel[size, P_PIECE], parcel[size, P_FLAGS] = -1, facts[row].flags
        size += 1
        gone += mine
        fens[row], facts[row].basis = had - mine, whole - own
        if mine == had:
            facts[row].hop, facts[row].tier, facts[row].flags = NO_HOP, NO_HOP, 0
            slots[slot, GONE] += 1
    slots[slot, HELD] -= gone
    if 2 * slots[slot, GONE] > count:
        slots[slot, COUNT], slots[slot, GONE] = without_empty(fens, names, facts, base, count), 0
    return size


@njit(cache=True)
def without_empty(fens: Ints, names: Codes, facts: Records, base: int, count: int) -> Whole:
    """Close the gaps in a block; how many pools it has then."""
    kept = base
    for row in range(base, base + count):
        if fens[row] > 0:
            if row != kept:
                fens[kept], names[kept], facts[kept] = fens[row], names[row], facts[row]
            kept += 1
    return kept - base


@njit(cache=True)
def pools_in(
    slots: Table,
    slot: int,
    parcel: Table,
    first: int,
    size: int,
    leg: int,
    fens: Ints,
    names: Codes,
    facts: Records,
    pooled: Ints,
) -> None:
    """Add the parcel's entries first … size, in order of their claims, to a slot's pools; its block has room.

    Args:
        pooled: per carried piece, what its claim has in the pool then; no entries when nobody asks.
    """
    base, count = slots[slot, BASE], slots[slot, COUNT]
    row, fresh, end = base, 0, base + count
    for one in range(first, size):
        claim = parcel[one, P_CLAIM]
        slots[slot, HELD] += parcel[one, P_FEN]
        while row < end and names[row] < claim:
            row += 1
        if row == end or names[row] != claim:
            parcel[one, P_START] = NONE
            fresh += 1
        else:
            parcel[one, P_START] = row
            ask_for(facts, row)
    for one in range(first, size):
        row = parcel[one, P_START]
        if row < 0:
            continue
        slots[slot, GONE] -= fens[row] == 0
        fens[row] += parcel[one, P_FEN]
        facts[row].basis += parcel[one, P_BASIS]
        facts[row].hop = min(facts[row].hop, parcel[one, P_HOP])
        facts[row].tier = min(facts[row].tier, parcel[one, P_TIER])
        facts[row].leg = leg
        facts[row].flags |= parcel[one, P_FLAGS]
        if len(pooled) > 0:
            pooled[parcel[one, P_PIECE]] = fens[row]
    if fresh == 0:
        return
    slots[slot, COUNT] = count + fresh
    row, into = end - 1, end + fresh - 1
    for one in range(size - 1, first - 1, -1):
        if parcel[one, P_START] >= 0:
            continue
        while row >= base and names[row] > parcel[one, P_CLAIM]:
            fens[into], names[into], facts[into] = fens[row], names[row], facts[row]
            row, into = row - 1, into - 1
        names[into], fens[into], facts[into].basis = parcel[one, P_CLAIM], parcel[one, P_FEN], parcel[one, P_BASIS]
        facts[into].hop, facts[into].tier = parcel[one, P_HOP], parcel[one, P_TIER]
        facts[into].leg, facts[into].flags = leg, parcel[one, P_FLAGS]
        if len(pooled) > 0:
            pooled[parcel[one, P_PIECE]] = parcel[one, P_FEN]
        into -= 1
