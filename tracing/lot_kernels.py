"""Lots in compiled code: the oldest leave first, what comes in stands behind the others.

A lot is a part of a claim's money that arrived together; clean money is no lot, it is what the balance holds beside them. Of a
lot the fen from LOW on are still there. Pro rata has no lots: see `tracing.share_kernels`.
"""

from numba import njit

from tracing.block_kernels import Records
from tracing.exact_kernels import Table, share
from tracing.legs import Codes, Ints
from tracing.parcel_kernels import P_BASIS, P_CLAIM, P_FEN, P_FLAGS, P_HOP, P_LEG, P_PIECE, P_START, P_TIER
from tracing.slot_kernels import BASE, COUNT, GONE, HELD


@njit(cache=True)
def lots_out(
    slots: Table,
    slot: int,
    fen: int,
    fens: Ints,
    names: Codes,
    facts: Records,
    bases: Ints,
    whence: Records,
    parcel: Table,
    size: int,
) -> int:
    """Take that many fen of claims off the old end into the parcel, which has `size` entries; how many it has then."""
    slots[slot, HELD] -= fen
    row = slots[slot, BASE]
    while fen > 0:
        left, low = fens[row], whence[row].low
        part = min(fen, left)
        fen -= part
        parcel[size, P_CLAIM], parcel[size, P_FEN] = names[row], part
        parcel[size, P_BASIS] = share(bases[row], low + left, low, low + part)
        parcel[size, P_HOP], parcel[size, P_TIER] = facts[row].hop, facts[row].tier
        parcel[size, P_LEG], parcel[size, P_START] = facts[row].leg, whence[row].start + low
        parcel[size, P_PIECE], parcel[size, P_FLAGS] = whence[row].piece, facts[row].flags
        size += 1
        if part < left:
            fens[row], whence[row].low = left - part, low + part
        else:
            row += 1
            slots[slot, BASE] = row
            slots[slot, GONE] += 1
            slots[slot, COUNT] -= 1
    return size


@njit(cache=True)
def lots_in(
    slots: Table,
    slot: int,
    parcel: Table,
    size: int,
    leg: int,
    fens: Ints,
    names: Codes,
    facts: Records,
    bases: Ints,
    whence: Records,
) -> None:
    """Put a parcel of claims' money that came by a leg behind the slot's lots; its block has room.

    Of an entry the basis stands for all that arrived, P_LEG says how much of that repaid an overdraft and is gone, P_START
    where on the leg it begins, P_PIECE which carried piece it is.
    """
    row = slots[slot, BASE] + slots[slot, COUNT]
    for one in range(size):
        fens[row], names[row], bases[row] = parcel[one, P_FEN], parcel[one, P_CLAIM], parcel[one, P_BASIS]
        facts[row].hop, facts[row].tier = parcel[one, P_HOP], parcel[one, P_TIER]
        facts[row].leg, facts[row].flags = leg, parcel[one, P_FLAGS]
        whence[row].start, whence[row].low = parcel[one, P_START], parcel[one, P_LEG]
        whence[row].piece = parcel[one, P_PIECE]
        slots[slot, HELD] += parcel[one, P_FEN]
        row += 1
    slots[slot, COUNT] += size
