"""Lots in compiled code: a slot's lots as a chain, taken from its ends, put behind the others.

A lot is a row of `pool`: the part LOW … HIGH of FEN that arrived together and stand for BASIS of a claim's money. The lots of a
slot are a chain from its head to its tail, oldest first. Pro rata has no lots: see `tracing.share_kernels`.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tracing.legs import Ints

FIFO, LIFO, PRO_RATA, CLEAN_FIRST, TAINT_FIRST = 0, 1, 2, 3, 4
"""Codes of the methods."""
CLEAN = -1
NONE = -1
CLAIM, FEN, BASIS, LOW, HIGH, LEG, START, HOP, TIER, NEXT, BEFORE, PIECE, FLAGS = range(13)
"""Columns of `pool`; PIECE is the output row of the piece that brought the lot."""
P_CLAIM, P_FEN, P_BASIS, P_HOP, P_TIER, P_LEG, P_START, P_SHARE, P_PIECE, P_FLAGS = range(10)
"""Columns of a parcel, the lots on one leg in the order in which they left."""

Table = NDArray[np.int64]
Whole = Any
"""A 64-bit integer of the compiled code."""


@njit(cache=True)
def product_over(a: int, b: int, c: int) -> tuple[Whole, Whole]:
    """a × b divided by c, exactly: quotient and remainder. All are below 2⁶³, a or b is at most c."""
    if a == 0 or b == 0:
        return np.int64(0), np.int64(0)
    if a <= 9223372036854775807 // b:
        whole = a * b
        return np.int64(whole // c), np.int64(whole % c)
    quotient, remainder = np.uint64(0), np.uint64(0)
    divisor = np.uint64(c)
    top, factor = np.uint64(a), np.uint64(b)
    high_quotient, high_remainder = factor // divisor, factor % divisor
    for bit in range(62, -1, -1):  # Horner over the bits of a: doubles quotient and remainder, adds b where the bit is set
        quotient, remainder = quotient * np.uint64(2), remainder * np.uint64(2)
        if remainder >= divisor:
            quotient, remainder = quotient + np.uint64(1), remainder - divisor
        if (top >> np.uint64(bit)) & np.uint64(1):
            quotient, remainder = quotient + high_quotient, remainder + high_remainder
            if remainder >= divisor:
                quotient, remainder = quotient + np.uint64(1), remainder - divisor
    return np.int64(quotient), np.int64(remainder)


@njit(cache=True)
def share(basis: int, fen: int, low: int, high: int) -> Whole:
    """Basis of the part low … high of a lot, by cumulative floor, so that parts add up."""
    if basis == fen:
        return np.int64(high - low)
    return product_over(high, basis, fen)[0] - product_over(low, basis, fen)[0]


@njit(cache=True)
def grown(table: Table, rows: int) -> Table:
    """The table with room for that many rows."""
    if rows <= len(table):
        return table
    larger = np.zeros((max(rows, 2 * len(table)), table.shape[1]), np.int64)
    larger[: len(table)] = table
    return larger


@njit(cache=True)
def new_lot(pool: Table, spare: Ints) -> Whole:
    """A row of the pool that is free. spare: first freed row, rows ever used."""
    row = spare[0]
    if row != NONE:
        spare[0] = pool[row, NEXT]
        return row
    spare[1] += 1
    return np.int64(spare[1] - 1)


@njit(cache=True)
def unlink(pool: Table, spare: Ints, head: Ints, tail: Ints, count: Ints, slot: int, row: int) -> None:
    """Take a lot out of its slot's chain and free its row."""
    before, after = pool[row, BEFORE], pool[row, NEXT]
    if before != NONE:
        pool[before, NEXT] = after
    else:
        head[slot] = after
    if after != NONE:
        pool[after, BEFORE] = before
    else:
        tail[slot] = before
    pool[row, NEXT] = spare[0]
    spare[0] = row
    count[slot] -= 1


@njit(cache=True)
def append(pool: Table, spare: Ints, head: Ints, tail: Ints, count: Ints, slot: int) -> Whole:
    """A new lot at the end of the slot's chain."""
    row = new_lot(pool, spare)
    pool[row, NEXT], pool[row, BEFORE] = NONE, tail[slot]
    if tail[slot] != NONE:
        pool[tail[slot], NEXT] = row
    else:
        head[slot] = row
    tail[slot] = row
    count[slot] += 1
    return row


@njit(cache=True)
def part_out(parcel: Table, at: int, pool: Table, row: int, low: int, high: int) -> None:
    """Write the part low … high of a lot into the parcel."""
    parcel[at, P_CLAIM] = pool[row, CLAIM]
    parcel[at, P_FEN] = high - low
    parcel[at, P_BASIS] = 0 if pool[row, CLAIM] == CLEAN else share(pool[row, BASIS], pool[row, FEN], low, high)
    parcel[at, P_HOP], parcel[at, P_TIER] = pool[row, HOP], pool[row, TIER]
    parcel[at, P_LEG], parcel[at, P_START] = pool[row, LEG], pool[row, START] + low
    parcel[at, P_PIECE] = pool[row, PIECE]
    parcel[at, P_FLAGS] = pool[row, FLAGS]


@njit(cache=True)
def clean_out(parcel: Table, at: int, fen: int) -> int:
    """Write clean money into the parcel where there is any; how many entries the parcel has then."""
    if fen <= 0:
        return at
    parcel[at, P_CLAIM], parcel[at, P_FEN], parcel[at, P_BASIS] = CLEAN, fen, 0
    return at + 1


@njit(cache=True)
def take_chain(
    pool: Table, spare: Ints, head: Ints, tail: Ints, count: Ints, slot: int, fen: int, parcel: Table, newest: bool
) -> int:
    """Take fen off one end of the chain; the parcel keeps the order of the chain. How many entries it has then."""
    at = 0
    while fen > 0:
        row = tail[slot] if newest else head[slot]
        left = pool[row, HIGH] - pool[row, LOW]
        part = min(fen, left)
        fen -= part
        if newest:
            part_out(parcel, at, pool, row, pool[row, HIGH] - part, pool[row, HIGH])
            pool[row, HIGH] -= part
        else:
            part_out(parcel, at, pool, row, pool[row, LOW], pool[row, LOW] + part)
            pool[row, LOW] += part
        at += 1
        if part == left:
            unlink(pool, spare, head, tail, count, slot, row)
    if newest:
        for one in range(at // 2):
            for column in range(parcel.shape[1]):
                other = at - 1 - one
                parcel[one, column], parcel[other, column] = parcel[other, column], parcel[one, column]
    return at


@njit(cache=True)
def put_clean(pool: Table, spare: Ints, head: Ints, tail: Ints, count: Ints, slot: int, fen: int) -> None:
    """Clean money behind the slot's lots; neighbouring clean lots are one."""
    row = tail[slot]
    if row != NONE and pool[row, CLAIM] == CLEAN:
        pool[row, HIGH] += fen
        return
    row = append(pool, spare, head, tail, count, slot)
    pool[row, CLAIM], pool[row, FEN], pool[row, BASIS], pool[row, LOW], pool[row, HIGH] = CLEAN, fen, 0, 0, fen
    pool[row, LEG], pool[row, START], pool[row, HOP], pool[row, TIER] = NONE, 0, 0, 0


@njit(cache=True)
def taken(
    method: int, pool: Table, spare: Ints, head: Ints, tail: Ints, count: Ints, slot: int, fen: int, clean: Ints, parcel: Table
) -> int:
    """Take the lots that leave under the method; how many entries the parcel has then."""
    if method <= LIFO:
        return take_chain(pool, spare, head, tail, count, slot, fen, parcel, method == LIFO)
    held = clean[slot]
    if method == CLEAN_FIRST:
        first = min(fen, held)
        clean[slot] -= first
        size = clean_out(parcel, 0, first)
        shifted = parcel[size:]
        return size + take_chain(pool, spare, head, tail, count, slot, fen - first, shifted, False)
    claims = 0
    row = head[slot]
    while row != NONE and claims < fen:
        claims += pool[row, HIGH] - pool[row, LOW]
        row = pool[row, NEXT]
    first = min(fen, claims)
    size = take_chain(pool, spare, head, tail, count, slot, first, parcel, False)
    clean[slot] -= fen - first
    return clean_out(parcel, size, fen - first)
