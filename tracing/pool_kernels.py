"""Back through the pools of pro rata, in compiled code: one pass over the carried rows, the last one first."""

import numpy as np
from numba import njit

from tracing.back_kernels import NOTHING, inverse
from tracing.exact_kernels import Table, Whole, grown, product_over
from tracing.legs import Flags, Ints


@njit(cache=True)
def shared_back(
    begin: Ints,
    demands: Table,
    entries: Table,
    claim: Ints,
    fen: Ints,
    arrived: Ints,
    pooled: Ints,
    source: Ints,
    target: Ints,
    gave: Ints,
    got: Ints,
    is_seed: Flags,
    tiers: Ints,
    pools: int,
) -> Table:
    """Back through the pools of pro rata: at each arrival the money wanted from a pool is shared between what arrived and what
    was there, by their amounts, to the nearest fen, the half to what arrived.

    Args:
        begin: per start the first demand and the first entry (k + 1, 2). demands: pool, fen wanted of what it holds in the
            end. entries: carried row, fen of it wanted at once, by descending row within a start.
        claim … is_seed: of the carried rows in trace order: what joined the target's pool, the pool then, the pools it left
            and joined (-1: none), the leg's rate. tiers: 1 where the leg leaves its holder.
    Returns:
        start, carried row, fen of the leg, fen of the start, hop, tier, whether the claim began there.
    """
    wanted, quantity = np.zeros(pools, np.int64), np.zeros(pools, np.int64)
    hops, tier = np.zeros(pools, np.int64), np.zeros(pools, np.int64)
    out, written = np.empty((1024, 7), np.int64), 0
    for start in range(len(begin) - 1):
        outstanding, entry = np.int64(0), begin[start, 1]
        for at in range(begin[start, 0], begin[start + 1, 0]):
            pool = demands[at, 0]
            wanted[pool] += demands[at, 1]
            quantity[pool] += demands[at, 1]
            hops[pool], tier[pool] = 0, 0
            outstanding += demands[at, 1]
        for row in range(len(claim) - 1, -1, -1):
            if outstanding == 0 and entry == begin[start + 1, 1]:
                break
            take, part, hop, level = np.int64(0), np.int64(0), NOTHING, NOTHING
            pool = target[row]
            if pool >= 0 and wanted[pool] > 0 and arrived[row] > 0:
                take = nearest(wanted[pool], arrived[row], pooled[row])
                part = nearest(quantity[pool], arrived[row], pooled[row])
                wanted[pool] -= take
                quantity[pool] -= part
                outstanding -= take
                hop, level = hops[pool] + 1, tier[pool] + tiers[row]
                if gave[row] != got[row]:
                    part = min(fen[row], inverse(part, gave[row], got[row]))
            while entry < begin[start + 1, 1] and entries[entry, 0] == row:
                take, part = take + entries[entry, 1], part + entries[entry, 1]
                hop, level = 1, tiers[row]
                entry += 1
            if take == 0:
                continue
            out = grown(out, written + 1)
            out[written, 0], out[written, 1], out[written, 2], out[written, 3] = start, row, part, take
            out[written, 4], out[written, 5], out[written, 6] = hop, level, 1 if is_seed[row] else 0
            written += 1
            if is_seed[row]:
                continue
            pool = source[row]
            fresh = wanted[pool] == 0
            hops[pool] = hop if fresh else min(hops[pool], hop)
            tier[pool] = level if fresh else min(tier[pool], level)
            wanted[pool] += take
            quantity[pool] += part
            outstanding += take
    return out[:written]


@njit(cache=True)
def nearest(wanted: int, part: int, whole: int) -> Whole:
    """wanted × part / whole, rounded to the nearest fen, the half up."""
    quotient, rest = product_over(wanted, part, whole)
    return quotient + (1 if rest >= whole - rest else 0)
