"""Pools and shares in compiled code: what every pool of a slot gives by its share, and what joins the pools of the next.

The pools of a slot stand side by side in its block, in no order; fen and claims have columns of their own, since shares need
the fen alone. The last pool takes the place of one that became empty. Whatever depends on an order goes by claims.
"""

from typing import Any

import numpy as np
from numba import njit

from tracing.block_kernels import Records
from tracing.exact_kernels import Table, Whole, product_over
from tracing.legs import Codes, Ints
from tracing.parcel_kernels import BUCKETS, P_BASIS, P_CLAIM, P_FEN, P_FLAGS, P_HOP, P_LEG, P_PIECE, P_START, P_TIER
from tracing.slot_kernels import BALANCE, BASE, COUNT, HELD, clean_of

LAST = 2**31 - 1
"""Where the clean money stands among the claims: behind them."""
FEW, FEW_MORE = 16, 4
"""Of so many remainders, or for so many fen, the largest is looked for again and again; else they are counted in buckets."""
EXACT_WANT, EXACT_TOTAL = 2**50, 2**61
"""Below them the quotient estimated in a double is wrong by one at most, and its remainder shows it."""


@njit(cache=True, inline="always")
def gives_nothing(slots: Table, slot: int, fen: int) -> Any:
    """Whether so little leaves a slot that no pool gives any of it, told without looking at the pools. It may miss some.

    With 2 × held × fen < balance every pool's share is below one fen, and the clean money's remainder, balance − held × fen,
    is above every pool's, at most held × fen: the one fen that is missing is the clean money's too.
    """
    return np.float64(2.000001) * slots[slot, HELD] * fen < slots[slot, BALANCE]


@njit(cache=True, inline="always")
def shares(
    fens: Ints,
    names: Codes,
    base: int,
    n: int,
    clean: int,
    total: int,
    want: int,
    part: Ints,
    rest: Ints,
    near: Ints,
    buckets: Ints,
) -> None:
    """Every pool's share of what is wanted, the clean money's last, into `part`: the floor, and a fen more for the largest
    remainders; of equal ones for the first claim's, the clean money's last.

    Args:
        fens, names: of the pools, n from `base` on (views would count references, which costs as much as the shares).
        total: of the pools and the clean money. rest, near, buckets: room to work in.
    """
    given, first = np.int64(0), np.uint64(base)
    for one in range(np.uint64(n)):
        part[one] = fens[first + one]
    part[n] = clean
    if want < EXACT_WANT and total < EXACT_TOTAL:
        rate = want / total
        for one in range(np.uint64(n + 1)):  # without a branch, and numbers without a sign as places: several at once
            mine = part[one]
            quotient = np.int64(mine * rate)
            # the products may wrap around; their difference is small, so it is right
            remainder = mine * want - quotient * total
            less, more = np.int64(remainder < 0), np.int64(remainder >= total)
            quotient += more - less
            part[one], rest[one] = quotient, remainder + (less - more) * total
            given += quotient
    else:
        for one in range(np.uint64(n + 1)):
            part[one], rest[one] = product_over(part[one], want, total)
            given += part[one]
    if want > given:
        add_to_largest(part, rest, names, first, n, want - given, near, buckets)


@njit(cache=True, inline="always")
def add_to_largest(part: Ints, rest: Ints, names: Codes, first: Whole, n: int, more: Whole, near: Ints, buckets: Ints) -> None:
    """A fen more for the parts with the `more` largest remainders, of equal ones for the first claims'."""
    if more <= FEW_MORE or n < FEW:
        for _ in range(more):
            best: Whole = np.uint64(n)
            top, claim = rest[n], np.int32(LAST)
            for one in range(np.uint64(n)):
                top = max(top, rest[one])
            for one in range(np.uint64(n)):
                if rest[one] == top and names[first + one] < claim:
                    best, claim = one, names[first + one]
            part[best] += 1
            rest[best] = -1
        return
    bound, equal = least_of_largest(rest, n + 1, more, buckets, near)
    for one in range(np.uint64(n + 1)):
        part[one] += rest[one] > bound
        rest[one] = -1 if rest[one] != bound else 0 if one == n else LAST - names[first + one]
    bound, _ = least_of_largest(rest, n + 1, equal, buckets, near)
    for one in range(np.uint64(n + 1)):
        part[one] += rest[one] >= bound


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
    bases: Ints,
    parcel: Table,
    part: Ints,
    rest: Ints,
    near: Ints,
    buckets: Ints,
) -> Whole:
    """Take the claims' shares of what leaves a slot into the parcel, in order of the claims; how many entries it has then.

    Args:
        want: fen, no more than the slot holds. part, rest, near: room to work in, one more than the pools; buckets likewise.
    """
    base, count, total = slots[slot, BASE], slots[slot, COUNT], slots[slot, BALANCE]
    shares(fens, names, base, count, clean_of(slots, slot), total, want, part, rest, near, buckets)
    size = 0
    for one in range(count):  # without a branch
        near[size] = base + one
        size += part[one] > 0
    by_claim(near, size, names)
    emptied, gone = 0, np.int64(0)
    for each in range(size):
        row = near[each]
        mine = part[row - base]
        had, own = fens[row], mine
        if len(bases) > 0:
            whole = bases[row]
            own = mine if whole == had else product_over(mine, whole, had)[0]
            bases[row] = whole - own
        parcel[each, P_CLAIM], parcel[each, P_FEN], parcel[each, P_BASIS] = names[row], mine, own
        parcel[each, P_HOP], parcel[each, P_TIER] = facts[row].hop, facts[row].tier
        parcel[each, P_LEG], parcel[each, P_START] = facts[row].leg, 0
        parcel[each, P_PIECE], parcel[each, P_FLAGS] = -1, facts[row].flags
        gone += mine
        fens[row] = had - mine
        emptied += mine == had
    slots[slot, HELD] -= gone
    row, last = base + count - 1, base + count - 1
    while emptied > 0:
        if fens[row] == 0:
            fens[row], names[row], facts[row] = fens[last], names[last], facts[last]
            if len(bases) > 0:
                bases[row] = bases[last]
            last, emptied = last - 1, emptied - 1
        row -= 1
    slots[slot, COUNT] = last + 1 - base
    return size


@njit(cache=True, inline="always")
def by_claim(rows: Ints, size: int, names: Codes) -> None:
    """Put the first `size` rows in order of their claims, by Shell's method: in place, and most often there is one."""
    gap = size // 2
    while gap > 0:
        for end in range(gap, size):
            row, at = rows[end], end
            while at >= gap and names[rows[at - gap]] > names[row]:
                rows[at] = rows[at - gap]
                at -= gap
            rows[at] = row
        gap //= 2


@njit(cache=True, inline="always")
def pools_in(
    slots: Table,
    slot: int,
    parcel: Table,
    size: int,
    leg: int,
    fens: Ints,
    names: Codes,
    facts: Records,
    bases: Ints,
    places: Ints,
    pooled: Ints,
) -> None:
    """Add the parcel's first `size` entries, in any order, to a slot's pools; its block has room.

    Args:
        places: room to work in, zeros: an entry per claim. pooled: per carried piece, what its claim has in the pool then; no
            entries when nobody asks.
    """
    base, end = slots[slot, BASE], slots[slot, BASE] + slots[slot, COUNT]
    mapped = size > FEW_MORE
    if mapped:
        for row in range(base, end):
            places[names[row]] = row + 1
    for one in range(size):
        claim, fen = parcel[one, P_CLAIM], parcel[one, P_FEN]
        row = base
        if mapped:
            row = places[claim] - 1 if places[claim] > 0 else end
            places[claim] = row + 1
        else:
            while row < end and names[row] != claim:
                row += 1
        if row == end:
            end += 1
            names[row], fens[row] = claim, fen
            if len(bases) > 0:
                bases[row] = parcel[one, P_BASIS]
            facts[row].hop, facts[row].tier = parcel[one, P_HOP], parcel[one, P_TIER]
            facts[row].flags = parcel[one, P_FLAGS]
        else:
            fens[row] += fen
            if len(bases) > 0:
                bases[row] += parcel[one, P_BASIS]
            facts[row].hop, facts[row].tier = min(facts[row].hop, parcel[one, P_HOP]), min(facts[row].tier, parcel[one, P_TIER])
            facts[row].flags |= parcel[one, P_FLAGS]
        facts[row].leg = leg
        slots[slot, HELD] += fen
        if len(pooled) > 0:
            pooled[parcel[one, P_PIECE]] = fens[row]
    slots[slot, COUNT] = end - base
    if mapped:
        for row in range(base, end):
            places[names[row]] = 0
