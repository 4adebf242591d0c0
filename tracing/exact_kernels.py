"""Exact arithmetic of the compiled code: products beyond 64 bits, shares that add up, tables that grow."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

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
