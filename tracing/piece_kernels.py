"""Claims followed over the slots of a live trace, in compiled code."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tracing.exact_kernels import grown, product_over, share
from tracing.legs import Ints
from tracing.live_arrays import Arenas, LegArrays, SlotArrays
from tracing.lots import UNSPENT
from tracing.parcel_kernels import stopped_by

CARRIED, RESTED, REPAID, LOST, CUT = 0, 1, 2, 3, 4
"""Kinds of a piece; CUT + k: stopped by limit k."""
KIND, CLAIM, LEG, START, FEN, BASIS, HOP, TIER, LINKED = range(9)
WIDTH = 9
Table = NDArray[np.int64]


@njit(cache=True)
def note(out: Table, at: int, row: Table, kind: int) -> None:
    """Copy one piece with its kind."""
    out[at] = row
    out[at, KIND] = kind


@njit(cache=True)
def follow_pieces(legs: LegArrays, slots: SlotArrays, arenas: Arenas, holder: Ints, seeds: Table, limits: Ints) -> Table:
    """Follow disputed payments forward until their money rests: as `tracing.follow.follow`, slot by slot.

    Args:
        holder: number of each slot's holder.
        seeds: rows of KIND … LINKED; limits: hops, rest in microseconds, fen; 0 = no limit.
    Returns:
        all pieces by kind; START of CARRIED and LOST is in given fen, of the others in received fen.
    """
    stack, depth = np.empty((max(16, 2 * len(seeds)), WIDTH), np.int64), len(seeds)
    for k in range(len(seeds)):
        stack[k] = seeds[len(seeds) - 1 - k]
    out, written = np.empty((max(64, 8 * len(seeds)), WIDTH), np.int64), 0
    row, part = np.empty(WIDTH, np.int64), np.empty(WIDTH, np.int64)
    while depth > 0:
        depth -= 1
        row[:] = stack[depth]
        leg = row[LEG]
        out = grown(out, written + 2)
        note(out, written, row, CARRIED)
        written += 1
        begin, end = row[START], row[START] + row[FEN]
        if legs.given_fen[leg] != legs.received_fen[leg]:
            begin = product_over(begin, legs.received_fen[leg], legs.given_fen[leg])[0]
            end = product_over(end, legs.received_fen[leg], legs.given_fen[leg])[0]
        if end == begin:
            note(out, written, row, LOST)
            written += 1
            continue
        slot, fen = legs.target[leg], end - begin
        first, count, spent = slots.entry_first[slot], slots.entry_count[slot], slots.debit_end[slot]
        start = legs.credit_start[leg] + begin
        low, high = 0, count if start < spent else 0
        while low < high:
            middle = (low + high) // 2
            if arenas.debit_start[first + middle] <= start:
                low = middle + 1
            else:
                high = middle
        entry = low - 1 if start < spent else count
        at = start
        while at < start + fen:
            until, onward = start + fen, UNSPENT
            if entry < count:
                onward = arenas.debit_leg[first + entry]
                until = min(until, arenas.debit_start[first + entry + 1] if entry + 1 < count else spent)
            part[:] = row
            part[START], part[FEN] = begin + at - start, until - at
            part[BASIS] = until - at if row[BASIS] == fen else share(row[BASIS], fen, at - start, until - start)
            stop = -1
            if onward >= 0:
                stop = stopped_by(limits, row[HOP], legs.moment_us[onward] - legs.moment_us[leg], until - at)
            out = grown(out, written + 1)
            if onward < 0:
                note(out, written, part, RESTED if onward == UNSPENT else REPAID)
                written += 1
            elif stop >= 0:
                note(out, written, part, CUT + stop)
                written += 1
            else:
                stack = grown(stack, depth + 1)
                part[LEG], part[START] = onward, at - arenas.debit_start[first + entry]
                part[HOP] += 1
                part[TIER] += 1 if holder[slot] != holder[legs.target[onward]] else 0
                part[LINKED] = 1 if slots.identified[slot] else 0
                stack[depth] = part
                depth += 1
            at, entry = until, entry + 1
    return out[:written]
