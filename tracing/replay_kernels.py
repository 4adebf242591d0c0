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
    PRO_RATA,
    START,
    TIER,
    Table,
    append,
    clean_out,
    grown,
    pool_for,
    product_over,
    put_clean,
    share,
    taken,
)  # fmt: skip

CARRIED, RESTED, OVERDRAWN, LOST, SEED, CUT = 0, 1, 2, 3, 4, 5
"""What became of a piece; `CUT + k` is the k-th limit: hops, window, amount."""
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
) -> Table:
    """Move every lot leg by leg.

    Args:
        order: the legs in trace order. holder, opening: per slot. flagged: bits that money leaving a slot gets.
        seeds: place in `order`, start, fen, claim, tier of every disputed part, by place and start; disjoint per leg.
        limits: most hops, longest rest in microseconds, least fen; 0 = none.
    Returns:
        one row of `OUT_COLUMNS` per piece and what became of it.
    """
    slots = len(ends)
    balance = opening.copy()
    tainted = np.zeros(slots, np.bool_)
    clean = np.zeros(slots, np.int64)  # of tainted slots, where clean money is no lot
    head, tail, count = np.full(slots, NONE, np.int64), np.full(slots, NONE, np.int64), np.zeros(slots, np.int64)
    pool = np.zeros((1024, 13), np.int64)
    spare = np.array([NONE, 0], np.int64)
    parcel, labelled = np.zeros((64, 10), np.int64), np.zeros((64, 10), np.int64)
    out, written = np.zeros((4096, OUT_COLUMNS), np.int64), 0
    seed = 0
    for place in range(len(order)):
        leg = order[place]
        x, y, s, t = given[leg], received[leg], source[leg], target[leg]
        first = seed
        while seed < len(seeds) and seeds[seed, 0] == place:
            seed += 1
        if x == 0:
            continue
        hot = tainted[s] and not ends[s]
        if not hot and first == seed:
            if not ends[s]:
                balance[s] -= x
            if ends[t]:
                continue
            if tainted[t]:
                fresh = y - min(y, max(0, -balance[t]))
                if fresh > 0 and method <= LIFO:
                    pool = grown(pool, spare[1] + 1)
                    put_clean(pool, spare, head, tail, count, t, fresh)
                clean[t] += fresh if method > LIFO else 0
            balance[t] += y
            continue
        room = 2 * (count[s] + 4) + 3 * (seed - first) + 2
        parcel, labelled = grown(parcel, room), grown(labelled, room)
        size = 0
        if hot:
            want = min(x, max(0, balance[s]))
            size = taken(method, pool, spare, head, tail, count, s, want, clean, parcel)
            size = clean_out(parcel, size, x - want)
        else:
            size = clean_out(parcel, size, x)
        if not ends[s]:
            balance[s] -= x
        out = grown(out, written + 4 * (size + 3 * (seed - first)) + 8)
        # what a limit stops goes no further: here it becomes clean
        for at in range(size):
            if parcel[at, P_CLAIM] == CLEAN:
                continue
            stop = stopped_by(limits, parcel[at, P_HOP], time[leg] - time[parcel[at, P_LEG]], parcel[at, P_FEN])
            if stop >= 0:
                written = note(
                    out, written, CUT + stop, parcel[at, P_CLAIM], parcel[at, P_LEG], parcel[at, P_START], parcel[at, P_FEN],
                    parcel[at, P_BASIS], parcel[at, P_HOP], parcel[at, P_TIER], 0, parcel[at, P_FLAGS],
                )  # fmt: skip
                parcel[at, P_CLAIM], parcel[at, P_BASIS] = CLEAN, 0
            else:
                parcel[at, P_HOP] += 1
                parcel[at, P_FLAGS] |= flagged[s]
                parcel[at, P_TIER] += 1 if holder[s] != holder[t] else 0
        if first < seed:
            size = claimed(parcel, size, seeds[first:seed], labelled)
            parcel, labelled = labelled, parcel
        linked = 1 if identified[s] else 0
        pool = grown(pool, spare[1] + size + 2)
        if not ends[t] and not tainted[t] and has_claims(parcel, size):
            tainted[t] = True
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
                out[mine, PAYER] = s
                if hop > 1:
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
            if low == end - begin or not tainted[t]:
                continue
            if claim == CLEAN:
                if method > LIFO:
                    clean[t] += end - begin - low
                else:
                    put_clean(pool, spare, head, tail, count, t, end - begin - low)
            elif method == PRO_RATA:
                row = pool_for(pool, spare, head, tail, count, t, claim)
                pool[row, FEN] += end - begin - low
                pool[row, BASIS] += basis - share(basis, end - begin, 0, low)
                pool[row, HOP], pool[row, TIER] = min(pool[row, HOP], hop), min(pool[row, TIER], tier)
                pool[row, LEG] = leg
                pool[row, FLAGS] |= flags
                out[mine, ARRIVED], out[mine, POOLED] = end - begin - low, pool[row, FEN]
            else:
                row = append(pool, spare, head, tail, count, t)
                pool[row, CLAIM], pool[row, FEN], pool[row, BASIS], pool[row, LOW] = claim, end - begin, basis, low
                pool[row, HIGH], pool[row, LEG], pool[row, START] = end - begin, leg, begin
                pool[row, HOP], pool[row, TIER], pool[row, PIECE], pool[row, FLAGS] = hop, tier, mine, flags
                out[mine, ARRIVED] = end - begin - low
        if not ends[t]:
            balance[t] += y
    for slot in range(slots):
        row = head[slot]
        while row != NONE:
            if pool[row, CLAIM] != CLEAN:
                out = grown(out, written + 1)
                low, high = pool[row, LOW], pool[row, HIGH]
                if method == PRO_RATA:
                    low, high = 0, pool[row, FEN]
                basis = share(pool[row, BASIS], pool[row, FEN], low, high)
                written = note(
                    out, written, RESTED, pool[row, CLAIM], pool[row, LEG], pool[row, START] + low, high - low, basis,
                    pool[row, HOP], pool[row, TIER], 0, pool[row, FLAGS],
                )  # fmt: skip
                out[written - 1, FROM], out[written - 1, FROM_START] = pool[row, PIECE], pool[row, START] + low
                out[written - 1, PAYER] = slot
            row = pool[row, NEXT]
    return out[:written]


@njit(cache=True)
def has_claims(parcel: Table, size: int) -> bool:
    """Whether any of the parcel is a claim's money."""
    found = False
    for at in range(size):
        found |= parcel[at, P_CLAIM] != CLEAN
    return found


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
