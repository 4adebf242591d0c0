"""The compiled replay of pro rata: one pass over the legs in trace order, every claim's pool at a slot cut by its share.

`tracing.share_kernels` says how pools stand side by side and what each gives.
"""

import numpy as np
from numba import njit

from tracing.legs import Codes, Flags, Ints
from tracing.lot_kernels import (
    CLEAN,
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
    Whole,
    clean_out,
    grown,
    product_over,
    share,
)  # fmt: skip
from tracing.parcel_kernels import claimed, has_claims
from tracing.replay_kernels import (
    ENDS,
    LOST,
    OUT_COLUMNS,
    OVERDRAWN,
    PAYER,
    PLAIN_COLUMNS,
    RESTED,
    SEED,
    TAINTED,
    limited,
    note,
)
from tracing.share_kernels import (
    BASIS,
    BUCKETS,
    C_ARRIVED,
    C_PAYER,
    C_POOLED,
    FLAGS,
    HOP,
    LEG,
    NO_HOP,
    TIER,
    block_for,
    class_of,
    joined_in_order,
    longer,
    shares,
    wider,
    without_empty,
)  # fmt: skip


@njit(cache=True)
def replayed_shares(
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
    carried: Table,
    most: int,
) -> tuple[Table, Whole, Table, Whole]:
    """Move every pool leg by leg; arguments as for `replay_kernels.replayed`.

    Args:
        carried: room for carried pieces, a row per column: those of `Pieces`, or with what a trace backward needs.
    Returns:
        the carried pieces, a row per column; how many they are; what else became of pieces, as `replay_kernels` writes it down;
        how many those are. More than `most` together: the pass stopped there.
    """
    slots = len(ends)
    balance, state = opening.copy(), np.zeros(slots, np.int8)
    for slot in range(slots):
        state[slot] = ENDS if ends[slot] else 0
    clean, pooled = np.zeros(slots, np.int64), np.zeros(slots, np.int64)
    at, count, room = np.zeros(slots, np.int64), np.zeros(slots, np.int64), np.zeros(slots, np.int64)
    fens, names, facts = np.empty(1024, np.int64), np.empty(1024, np.int64), np.empty((1024, 5), np.int64)
    used, empty = np.int64(0), np.zeros(slots, np.int64)
    free = np.full(64, -1, np.int64)  # per size the first block to use again; its first fen is where the next one is
    parcel, labelled = np.zeros((128, 10), np.int64), np.zeros((128, 10), np.int64)
    part, rest, near, buckets = (
        np.empty(64, np.int64),
        np.empty(64, np.int64),
        np.empty(64, np.int64),
        np.zeros(BUCKETS, np.int64),
    )
    wide, moved = carried.shape[0] > C_ARRIVED, 0
    other, written = np.zeros((1024, OUT_COLUMNS if wide else PLAIN_COLUMNS), np.int64), 0
    seed, next_seed = 0, seeds[0, 0] if len(seeds) else -1
    for place in range(len(order)):
        leg = order[place]
        x, s, t = given[leg], source[leg], target[leg]
        if place != next_seed and (state[s] | state[t]) == 0:
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
        hot, onward, ending = state[s] == TAINTED, state[t] == TAINTED, (state[t] & ENDS) != 0
        if not hot and first == seed:
            if state[s] == 0:
                balance[s] -= x
            if ending:
                continue
            if onward:
                clean[t] += y - min(y, max(0, -balance[t]))
            balance[t] += y
            continue
        if moved + written > most:
            return carried, moved, other, written
        size = count[s] + 3 * (seed - first) + 4
        if len(part) < size:
            parcel, labelled = grown(parcel, 2 * size), grown(labelled, 2 * size)
            part, rest, near = np.empty(2 * size, np.int64), np.empty(2 * size, np.int64), np.empty(2 * size, np.int64)
        size = 0
        if hot:
            want = min(x, max(0, balance[s]))
            if want > 0:
                n, base = count[s], at[s]
                bound, equal = shares(fens[base : base + n], clean[s], clean[s] + pooled[s], want, part, rest, buckets, near)
                for one in range(n):
                    mine = part[one]
                    if rest[one] >= bound:
                        if rest[one] > bound:
                            mine += 1
                        elif equal > 0:
                            mine += 1
                            equal -= 1
                    if mine == 0:
                        continue
                    row = base + one
                    had, basis = fens[row], facts[row, BASIS]
                    own = mine if basis == had else product_over(mine, basis, had)[0]
                    parcel[size, P_CLAIM], parcel[size, P_FEN], parcel[size, P_BASIS] = names[row], mine, own
                    parcel[size, P_HOP], parcel[size, P_TIER] = facts[row, HOP], facts[row, TIER]
                    parcel[size, P_LEG], parcel[size, P_START] = facts[row, LEG], 0
                    parcel[size, P_PIECE], parcel[size, P_FLAGS] = -1, facts[row, FLAGS]
                    size += 1
                    pooled[s] -= mine
                    fens[row], facts[row, BASIS] = had - mine, basis - own
                    if mine == had:
                        facts[row, HOP], facts[row, TIER], facts[row, FLAGS] = NO_HOP, NO_HOP, 0
                        empty[s] += 1
                mine = part[n] + (1 if rest[n] > bound or (rest[n] == bound and equal > 0) else 0)
                clean[s] -= mine
                if 2 * empty[s] > n:
                    count[s], empty[s] = without_empty(fens, names, facts, base, n), 0
                size = clean_out(parcel, size, mine)
            size = clean_out(parcel, size, x - want)
        else:
            size = clean_out(parcel, size, x)
        if (state[s] & ENDS) == 0:
            balance[s] -= x
        # what a limit stops goes no further: here it becomes clean
        if written + 4 * (size + 3 * (seed - first)) + 8 > len(other):
            other = grown(other, written + 4 * (size + 3 * (seed - first)) + 8)
        written = limited(parcel, size, limits, time, leg, other, written, flagged[s], holder[s] != holder[t])
        ordered = first == seed
        if not ordered:
            size = claimed(parcel, size, seeds[first:seed], labelled)
            parcel, labelled = labelled, parcel
        linked = 1 if identified[s] else 0
        if not ending and not onward and has_claims(parcel, size):
            onward, state[t] = True, TAINTED
            clean[t] = max(0, balance[t])
        repaid = 0 if ending else max(0, -balance[t])
        if moved + size > carried.shape[1]:
            carried = longer(carried, moved + size)
        offset, arrived = 0, 0
        for one in range(size):
            claim, fen_out, basis, hop, tier, flags = (
                parcel[one, P_CLAIM], parcel[one, P_FEN], parcel[one, P_BASIS], parcel[one, P_HOP], parcel[one, P_TIER],
                parcel[one, P_FLAGS],
            )  # fmt: skip
            start = offset
            offset += fen_out
            begin, end = start, offset
            if x != y:
                begin, end = product_over(start, y, x)[0], product_over(offset, y, x)[0]
            if claim != CLEAN:
                if hop == 1:
                    written = note(other, written, SEED, claim, leg, start, fen_out, basis, hop, tier, 1, flags)
                carried[0, moved], carried[1, moved], carried[2, moved] = claim, leg, start
                carried[3, moved], carried[4, moved], carried[5, moved] = fen_out, basis, hop
                carried[6, moved], carried[7, moved], carried[8, moved] = tier, (1 if hop == 1 else linked), flags
                if wide:
                    carried[C_ARRIVED, moved], carried[C_POOLED, moved], carried[C_PAYER, moved] = 0, 0, s
                moved += 1
                if end == begin:
                    written = note(other, written, LOST, claim, leg, start, fen_out, basis, hop, tier, linked, flags)
                    continue
                if ending:
                    written = note(other, written, RESTED, claim, leg, begin, end - begin, basis, hop, tier, linked, flags)
                    continue
            if ending or end == begin:
                continue
            low, owed = min(max(repaid - begin, 0), end - begin), 0
            if low > 0 and claim != CLEAN:
                owed = share(basis, end - begin, 0, low)
                written = note(other, written, OVERDRAWN, claim, leg, begin, low, owed, hop, tier, linked, flags)
            if low == end - begin or not onward:
                continue
            if claim == CLEAN:
                clean[t] += end - begin - low
                continue
            # what joins the target's pools waits at the front of the parcel, which is read no more up to here
            parcel[arrived, P_CLAIM], parcel[arrived, P_FEN], parcel[arrived, P_BASIS] = claim, end - begin - low, basis - owed
            parcel[arrived, P_HOP], parcel[arrived, P_TIER], parcel[arrived, P_FLAGS] = hop, tier, flags
            parcel[arrived, P_PIECE] = moved - 1
            arrived += 1
        if arrived > 0:
            need = count[t] + arrived
            if need > room[t]:  # the block may hold all that arrives as pools of their own
                base, places, used = block_for(need, free, fens, used)
                if used > len(fens):
                    fens, names, facts = wider(fens, used), wider(names, used), grown(facts, 2 * used)
                for one in range(count[t]):
                    row, into = at[t] + one, base + one
                    fens[into], names[into] = fens[row], names[row]
                    for column in range(5):
                        facts[into, column] = facts[row, column]
                if room[t] > 0:
                    size_class = class_of(room[t])
                    fens[at[t]], free[size_class] = free[size_class], at[t]
                at[t], room[t] = base, places
            step = arrived if ordered else 1
            for one in range(0, arrived, step):
                some = parcel if ordered else parcel[one:]
                count[t], filled = joined_in_order(fens, names, facts, at[t], count[t], some, step, leg, carried, wide)
                empty[t] -= filled
            for one in range(arrived):
                pooled[t] += parcel[one, P_FEN]
        if not ending:
            balance[t] += y
    for slot in range(slots):
        if moved + written > most:
            break
        other = grown(other, written + count[slot])
        for row in range(at[slot], at[slot] + count[slot]):
            if fens[row] == 0:
                continue
            written = note(
                other, written, RESTED, names[row], facts[row, LEG], 0, fens[row], facts[row, BASIS], facts[row, HOP],
                facts[row, TIER], 0, facts[row, FLAGS],
            )  # fmt: skip
            if wide:
                other[written - 1, PAYER] = slot
    return carried, moved, other, written
