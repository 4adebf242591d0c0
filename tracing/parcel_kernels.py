"""A parcel in compiled code: the lots on one leg in the order in which they left, and what a report makes of them."""

from numba import njit

from tracing.lot_kernels import (
    CLEAN,
    NONE,
    P_BASIS,
    P_CLAIM,
    P_FEN,
    P_FLAGS,
    P_HOP,
    P_LEG,
    P_PIECE,
    P_START,
    P_TIER,
    Table,
)  # fmt: skip


@njit(cache=True)
def has_claims(parcel: Table, size: int) -> bool:
    """Whether any of the parcel is a claim's money."""
    found = False
    for at in range(size):
        found |= parcel[at, P_CLAIM] != CLEAN
    return found


@njit(cache=True)
def claimed(parcel: Table, size: int, seeds: Table, labelled: Table) -> int:
    """The parcel with its clean fen labelled where a seed lies over them; neighbours under one seed are one lot."""
    filled, offset, at = 0, 0, 0
    while at < size:
        end = offset + parcel[at, P_FEN]
        if parcel[at, P_CLAIM] != CLEAN:
            labelled[filled] = parcel[at]
            filled, offset, at = filled + 1, end, at + 1
            continue
        while at + 1 < size and parcel[at + 1, P_CLAIM] == CLEAN:
            at += 1
            end += parcel[at, P_FEN]
        while offset < end:
            claim, tier, until = CLEAN, 0, end
            for one in range(len(seeds)):
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
    return filled
