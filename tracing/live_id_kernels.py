"""Compiled pass of the index of ids: rows into the buckets of their hashes."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tracing.legs import Codes

NONE = -1


@njit(cache=True)
def bucketed(hashes: NDArray[np.uint64], bits: int) -> tuple[Codes, Codes]:
    """The last row of each of 2^bits buckets, and for each row the one before it in its bucket; -1 where there is none."""
    last, before = np.full(1 << bits, NONE, np.int32), np.empty(len(hashes), np.int32)
    for row in range(len(hashes)):
        bucket = hashes[row] >> np.uint64(64 - bits)
        before[row] = last[bucket]
        last[bucket] = row
    return last, before
