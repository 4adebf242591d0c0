"""Back through the pools of pro rata, in compiled code: one pass over the carried rows, the last one first."""

import numpy as np
from numba import njit

from tracing.back_kernels import CLAIMED, CUT, GOES_ON, NOTHING, both_flags, inverse
from tracing.exact_kernels import Table, Whole, grown, product_over
from tracing.legs import Flags, Ints

OUT_COLUMNS = 9
"""Start, carried row, fen of the leg, fen of the start, hop, tier, flags, what was found (`GOES_ON`: the row's own payer), and
whether the row is the start's own."""


@njit(cache=True)
def shared_back(
    begin: Ints,
    demands: Table,
    entries: Table,
    fen: Ints,
    arrived: Ints,
    pooled: Ints,
    source: Ints,
    target: Ints,
    gave: Ints,
    got: Ints,
    is_seed: Flags,
    tiers: Ints,
    flagged: Ints,
    limits: Ints,
    time: Ints,
) -> Table:
    """Back through the pools of pro rata: at each arrival the money wanted from a pool is shared between what arrived and what
    was there, by their amounts, to the nearest fen, the half to what arrived. What is wanted from a pool is one: it has the
    fewest hops of its parts, and rested until the first of them left; a part that never left stops at no window.

    Args:
        begin: per start the first demand and the first entry (k + 1, 2). demands: pool, fen wanted of what it holds in the
            end. entries: carried row, fen of it wanted at once, by descending row within a start.
        fen … is_seed: of the carried rows in trace order: the leg's fen, what joined the target's pool, the pool then, the
            pools it left and joined (-1: none), the leg's rate, whether a claim begins there. tiers: 1 where the leg leaves its
            holder. flagged: per pool the bits that money behind it gets.
        limits: most hops, longest rest in microseconds, least fen; 0 = none. time: of each carried row, for the window.
    Returns:
        a row of `OUT_COLUMNS` for every part of every start.
    """
    pools = len(flagged)
    wanted, quantity, flags = np.zeros(pools, np.int64), np.zeros(pools, np.int64), np.zeros(pools, np.int64)
    hops, tier, since = np.zeros(pools, np.int64), np.zeros(pools, np.int64), np.zeros(pools, np.int64)
    out, written = np.empty((1024, OUT_COLUMNS), np.int64), 0
    for start in range(len(begin) - 1):
        outstanding, entry = np.int64(0), begin[start, 1]
        for at in range(begin[start, 0], begin[start + 1, 0]):
            pool = demands[at, 0]
            wanted[pool] += demands[at, 1]
            quantity[pool] += demands[at, 1]
            hops[pool], tier[pool], since[pool], flags[pool] = 0, 0, -NOTHING, 0
            outstanding += demands[at, 1]
        for row in range(len(fen) - 1, -1, -1):
            if outstanding == 0 and entry == begin[start + 1, 1]:
                break
            out = grown(out, written + 2 + begin[start + 1, 1] - entry)
            first = written
            pool = target[row]
            if pool >= 0 and wanted[pool] > 0 and arrived[row] > 0:
                take = nearest(wanted[pool], arrived[row], pooled[row])
                part = nearest(quantity[pool], arrived[row], pooled[row])
                wanted[pool] -= take
                quantity[pool] -= part
                outstanding -= take
                if take > 0:
                    what = CLAIMED if is_seed[row] else GOES_ON
                    if 0 < limits[0] <= hops[pool]:
                        what = CUT
                    elif limits[1] > 0 and since[pool] - time[row] > limits[1]:
                        what = CUT + 1
                    elif part < limits[2]:
                        what = CUT + 2
                    if what < CUT and gave[row] != got[row]:
                        part = min(fen[row], inverse(part, gave[row], got[row]))
                    onward = 1 if what < CUT else 0
                    write(out, written, start, row, part, take, hops[pool] + onward, tier[pool] + onward * tiers[row])
                    out[written, 6] = both_flags(flags[pool], flagged[pool] * onward)
                    out[written, 7], out[written, 8] = what, 0
                    written += 1
            while entry < begin[start + 1, 1] and entries[entry, 0] == row:
                write(out, written, start, row, entries[entry, 1], entries[entry, 1], 1, tiers[row])
                out[written, 6], out[written, 7], out[written, 8] = 0, CLAIMED if is_seed[row] else GOES_ON, 1
                written += 1
                entry += 1
            pool = source[row]
            for at in range(first, written):
                if out[at, 7] != GOES_ON:
                    continue
                if wanted[pool] == 0:
                    hops[pool], tier[pool], since[pool], flags[pool] = NOTHING, NOTHING, NOTHING, 0
                hops[pool], tier[pool] = min(hops[pool], out[at, 4]), min(tier[pool], out[at, 5])
                since[pool] = min(since[pool], time[row])
                flags[pool] = both_flags(flags[pool], out[at, 6])
                wanted[pool] += out[at, 3]
                quantity[pool] += out[at, 2]
                outstanding += out[at, 3]
    return out[:written]


@njit(cache=True)
def write(out: Table, at: int, start: int, row: int, part: int, take: int, hop: int, tier: int) -> None:
    """The first columns of a row."""
    out[at, 0], out[at, 1], out[at, 2], out[at, 3], out[at, 4], out[at, 5] = start, row, part, take, hop, tier


@njit(cache=True)
def nearest(wanted: int, part: int, whole: int) -> Whole:
    """wanted × part / whole, rounded to the nearest fen, the half up."""
    quotient, rest = product_over(wanted, part, whole)
    return quotient + (1 if rest >= whole - rest else 0)
