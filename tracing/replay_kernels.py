"""The compiled replay of label-dependent methods: one pass over the legs in trace order, all claims at once.

Like `tracing.kernels` this file is loops over plain arrays; `tracing.replay` says what it computes, `tracing.lot_kernels` what
a lot is. Clean money of a slot no claim has reached is its balance alone.
"""

import numpy as np
from numba import njit

from tracing.legs import Codes, Flags, Ints
from tracing.lot_kernels import (
    BASIS,
    CLAIM,
    CLEAN,
    FEN,
    FLAGS,
    HIGH,
    HOP,
    LEG,
    LIFO,
    LOW,
    NEXT,
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
    PIECE,
    START,
    TIER,
    Table,
    append,
    clean_out,
    grown,
    product_over,
    put_clean,
    share,
    taken,
)  # fmt: skip
from tracing.parcel_kernels import claimed, has_claims

CARRIED, RESTED, OVERDRAWN, LOST, SEED, CUT = 0, 1, 2, 3, 4, 5
"""What became of a piece; `CUT + k` is the k-th limit: hops, window, amount."""
ENDS, TAINTED = 1, 2
"""States of a slot: money that comes in goes no further; a claim has reached it."""
PLAIN_COLUMNS = 10
OUT_COLUMNS = 15  # what, claim, leg, start, fen, basis, hop, tier, linked, flags, then what a trace backward needs:
FROM, FROM_START, ARRIVED, POOLED, PAYER = 10, 11, 12, 13, 14
"""The output row of the piece that brought the lot (-1: none), where in what arrived by it; what of the piece joined the lots
at the target, the claim's money there then; the slot that paid."""


@njit(cache=True)
def note(
    out: Table,
    at: int,
    what: int,
    claim: int,
    leg: int,
    start: int,
    fen: int,
    basis: int,
    hop: int,
    tier: int,
    linked: int,
    flags: int,
) -> int:
    """Write down what became of a piece; how many are written then."""
    out[at, 0], out[at, 1], out[at, 2], out[at, 3], out[at, 4] = what, claim, leg, start, fen
    out[at, 5], out[at, 6], out[at, 7], out[at, 8], out[at, 9] = basis, hop, tier, linked, flags
    if out.shape[1] > PLAIN_COLUMNS:
        out[at, FROM], out[at, FROM_START], out[at, ARRIVED], out[at, POOLED], out[at, PAYER] = NONE, 0, 0, 0, NONE
    return at + 1


@njit(cache=True)
def replayed(
    method: int,
    order: Ints,
    time: Ints,
    source: Codes,
    target: Codes,
    given: Ints,
    received: Ints,
    ends: Flags,
    identified: Flags,
    flagged: Ints,
    holder: Ints,
    opening: Ints,
    seeds: Table,
    limits: Ints,
    wide: bool,
    most: int,
) -> Table:
    """Move every lot leg by leg.

    Args:
        order: the legs in trace order. holder, opening: per slot. flagged: bits that money leaving a slot gets.
        seeds: place in `order`, start, fen, claim, tier of every disputed part, by place and start; disjoint per leg.
        limits: most hops, longest rest in microseconds, least fen; 0 = none.
        wide: whether a trace backward needs its columns. most: rows after which the pass stops.
    Returns:
        one row of `OUT_COLUMNS`, or the first `PLAIN_COLUMNS` of them, per piece and what became of it; more than `most` when
        the pass did not come to its end.
    """
    slots = len(ends)
    balance, state = opening.copy(), np.zeros(slots, np.int8)
    for slot in range(slots):
        state[slot] = ENDS if ends[slot] else 0
    clean = np.zeros(slots, np.int64)  # of tainted slots, where clean money is no lot
    head, tail, count = np.full(slots, NONE, np.int64), np.full(slots, NONE, np.int64), np.zeros(slots, np.int64)
    pool = np.zeros((1024, 13), np.int64)
    spare = np.array([NONE, 0], np.int64)
    parcel, labelled = np.zeros((64, 10), np.int64), np.zeros((64, 10), np.int64)
    out, written = np.zeros((4096, OUT_COLUMNS if wide else PLAIN_COLUMNS), np.int64), 0
    seed, next_seed = 0, seeds[0, 0] if len(seeds) else -1
    for place in range(len(order)):
        leg = order[place]
        x, s, t = given[leg], source[leg], target[leg]
        if place != next_seed and (state[s] | state[t]) == 0:  # no claim's money: two balances
            if x != 0:
                balance[s] -= x
                balance[t] += received[leg]
            continue
        y, first = received[leg], seed
        while seed < len(seeds) and seeds[seed, 0] == place:
            seed += 1
        next_seed = seeds[seed, 0] if seed < len(seeds) else -1
        if x == 0:
            continue
        hot = state[s] == TAINTED
        if not hot and first == seed:
            if not ends[s]:
                balance[s] -= x
            if ends[t]:
                continue
            if state[t] == TAINTED:
                fresh = y - min(y, max(0, -balance[t]))
                if fresh > 0 and method <= LIFO:
                    if spare[1] + 1 > len(pool):
                        pool = grown(pool, spare[1] + 1)
                    put_clean(pool, spare, head, tail, count, t, fresh)
                clean[t] += fresh if method > LIFO else 0
            balance[t] += y
            continue
        if written > most:
            return out[:written]
        room = 2 * (count[s] + 4) + 3 * (seed - first) + 2
        if room > len(parcel):  # looked at here: to hand a table over and back costs more than most legs
            parcel, labelled = grown(parcel, 2 * room), grown(labelled, 2 * room)
        size = 0
        if hot:
            want = min(x, max(0, balance[s]))
            size = taken(method, pool, spare, head, tail, count, s, want, clean, parcel)
            size = clean_out(parcel, size, x - want)
        else:
            size = clean_out(parcel, size, x)
        if not ends[s]:
            balance[s] -= x
        if written + 4 * (size + 3 * (seed - first)) + 8 > len(out):
            out = grown(out, written + 4 * (size + 3 * (seed - first)) + 8)
        # what a limit stops goes no further: here it becomes clean
        written = limited(parcel, size, limits, time, leg, out, written, flagged[s], holder[s] != holder[t])
        if first < seed:
            size = claimed(parcel, size, seeds[first:seed], labelled)
            parcel, labelled = labelled, parcel
        linked = 1 if identified[s] else 0
        if spare[1] + size + 2 > len(pool):
            pool = grown(pool, spare[1] + size + 2)
        if state[t] == 0 and has_claims(parcel, size):
            state[t] = TAINTED
            before = max(0, balance[t])
            if method > LIFO:
                clean[t] = before
            elif before > 0:
                put_clean(pool, spare, head, tail, count, t, before)
        repaid = 0 if ends[t] else max(0, -balance[t])
        offset, mine = 0, 0
        for at in range(size):
            claim, fen, basis, hop, tier, flags = (
                parcel[at, P_CLAIM], parcel[at, P_FEN], parcel[at, P_BASIS], parcel[at, P_HOP], parcel[at, P_TIER],
                parcel[at, P_FLAGS],
            )  # fmt: skip
            start = offset
            offset += fen
            begin, end = start, offset
            if x != y:
                begin, end = product_over(start, y, x)[0], product_over(offset, y, x)[0]
            if claim != CLEAN:
                if hop == 1:
                    written = note(out, written, SEED, claim, leg, start, fen, basis, hop, tier, 1, flags)
                mine, chosen = written, 1 if hop == 1 else linked  # a report chose the disputed payment
                written = note(out, written, CARRIED, claim, leg, start, fen, basis, hop, tier, chosen, flags)
                if wide:
                    out[mine, PAYER] = s
                if wide and hop > 1:
                    out[mine, FROM], out[mine, FROM_START] = parcel[at, P_PIECE], parcel[at, P_START]
                if end == begin:
                    written = note(out, written, LOST, claim, leg, start, fen, basis, hop, tier, linked, flags)
                    continue
                if ends[t]:
                    written = note(out, written, RESTED, claim, leg, begin, end - begin, basis, hop, tier, linked, flags)
                    continue
            if ends[t] or end == begin:
                continue
            low = min(max(repaid - begin, 0), end - begin)
            if low > 0 and claim != CLEAN:
                owed = share(basis, end - begin, 0, low)
                written = note(out, written, OVERDRAWN, claim, leg, begin, low, owed, hop, tier, linked, flags)
            if low == end - begin or state[t] != TAINTED:
                continue
            if claim == CLEAN:
                if method > LIFO:
                    clean[t] += end - begin - low
                else:
                    put_clean(pool, spare, head, tail, count, t, end - begin - low)
            else:
                row = append(pool, spare, head, tail, count, t)
                pool[row, CLAIM], pool[row, FEN], pool[row, BASIS], pool[row, LOW] = claim, end - begin, basis, low
                pool[row, HIGH], pool[row, LEG], pool[row, START] = end - begin, leg, begin
                pool[row, HOP], pool[row, TIER], pool[row, PIECE], pool[row, FLAGS] = hop, tier, mine, flags
                if wide:
                    out[mine, ARRIVED] = end - begin - low
        if not ends[t]:
            balance[t] += y
    for slot in range(slots):
        row = head[slot]
        while row != NONE:
            if pool[row, CLAIM] != CLEAN:
                out = grown(out, written + 1)
                low, high = pool[row, LOW], pool[row, HIGH]
                basis = share(pool[row, BASIS], pool[row, FEN], low, high)
                written = note(
                    out, written, RESTED, pool[row, CLAIM], pool[row, LEG], pool[row, START] + low, high - low, basis,
                    pool[row, HOP], pool[row, TIER], 0, pool[row, FLAGS],
                )  # fmt: skip
                if wide:
                    out[written - 1, FROM], out[written - 1, FROM_START] = pool[row, PIECE], pool[row, START] + low
                    out[written - 1, PAYER] = slot
            row = pool[row, NEXT]
    return out[:written]


@njit(cache=True)
def limited(
    parcel: Table,
    size: int,
    limits: Ints,
    time: Ints,
    leg: int,
    out: Table,
    written: int,
    flagged: int,
    leaves: bool,
) -> int:
    """Write down what a limit stops, clean from here; the others are a hop further. How many are written then."""
    unlimited = limits[0] == 0 and limits[1] == 0 and limits[2] <= 1
    for at in range(size):
        if parcel[at, P_CLAIM] == CLEAN:
            continue
        stop = -1
        if not unlimited:
            stop = stopped_by(limits, parcel[at, P_HOP], time[leg] - time[parcel[at, P_LEG]], parcel[at, P_FEN])
        if stop >= 0:
            written = note(
                out, written, CUT + stop, parcel[at, P_CLAIM], parcel[at, P_LEG], parcel[at, P_START], parcel[at, P_FEN],
                parcel[at, P_BASIS], parcel[at, P_HOP], parcel[at, P_TIER], 0, parcel[at, P_FLAGS],
            )  # fmt: skip
            parcel[at, P_CLAIM], parcel[at, P_BASIS] = CLEAN, 0
        else:
            parcel[at, P_HOP] += 1
            parcel[at, P_FLAGS] |= flagged
            parcel[at, P_TIER] += 1 if leaves else 0
    return written


@njit(cache=True)
def stopped_by(limits: Ints, hop: int, rested_us: int, fen: int) -> int:
    """The first limit that stops a piece from going on; -1 when none does."""
    if limits[0] > 0 and hop >= limits[0]:
        return 0
    if limits[1] > 0 and rested_us > limits[1]:
        return 1
    if fen < limits[2]:
        return 2
    return -1
