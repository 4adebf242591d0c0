"""The compiled replay of label-dependent methods: one pass over the legs in trace order, all claims at once.

Like `tracing.kernels` this file is loops over plain arrays; `tracing.replay` says what it computes, `tracing.lot_kernels` and
`tracing.share_kernels` which claims' money leaves. Clean money of a slot is what its balance holds beside the claims'.
"""

from numba import njit

from tracing.block_kernels import Blocks, Records, ask_for_block, ask_for_end, has_places, moved_block
from tracing.exact_kernels import Table, product_over, share
from tracing.legs import Codes, Ints
from tracing.lot_kernels import lots_in, lots_out
from tracing.parcel_kernels import (
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
    Parcels,
    claimed,
    clean_out,
    stopped_by,
)
from tracing.share_kernels import gives_nothing, pools_in, pools_out
from tracing.slot_kernels import BALANCE, BASE, COUNT, ENDS, FLAGGED, HELD, HOLDER, IDENTIFIED, STATE, ask_for, clean_of, lent

PRO_RATA, CLEAN_FIRST, TAINT_FIRST = 0, 1, 2
"""Codes of the methods."""
CARRIED, RESTED, OVERDRAWN, LOST, SEED, CUT = 0, 1, 2, 3, 4, 5
"""What became of a piece; `CUT + k` is the k-th limit: hops, window, amount."""
PLAIN_COLUMNS = 10
OUT_COLUMNS = 15  # what, claim, leg, start, fen, basis, hop, tier, linked, flags, then what a trace backward needs:
FROM, FROM_START, ARRIVED, POOLED, PAYER = 10, 11, 12, 13, 14
"""The carried piece that brought the lot (-1: none), where in what arrived by it; what of the piece joined the target's money,
the claim's money there then; the slot that paid. Carried pieces have a row per column, one less, since all are carried."""
PLACE, SEEDS, MOVED, WRITTEN, USED, ENTRIES, PLACES = range(7)
"""What the pass keeps when it stops: its next leg's place, seeds seen, carried pieces, other rows, places in use; and what it
stopped for: entries of a parcel, places of a block."""
AHEAD = 24
"""So many legs before its turn a leg's slots are asked for, and half as many before it what stands in their blocks."""
FACTS_AHEAD, SLOTS_AHEAD = 16, 4
"""Of so many pools or lots the facts are asked for as well; in the end, so many slots before their turn."""


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
    order: Codes,
    time: Ints,
    source: Codes,
    target: Codes,
    given: Ints,
    received: Ints,
    slots: Table,
    seeds: Table,
    limits: Ints,
    state: Ints,
    free: Ints,
    blocks: Blocks,
    parcels: Parcels,
    carried: Table,
    other: Table,
) -> None:
    """Move every claim's money leg by leg, until the legs or the room for what comes of them are at an end.

    It makes no table itself: one exchanged for a larger one within the loop would be counted as in use at every leg.

    Args:
        order: the legs in trace order.
        slots: as `slot_kernels.slots_table` makes it.
        seeds: place in `order`, start, fen, claim, tier of every disputed part, by place and start; disjoint per leg.
        limits: most hops, longest rest in microseconds, least fen; 0 = none.
        state: how far it came, the columns from `PLACE` on; ENTRIES and PLACES are what the next leg may need at least.
        carried: the carried pieces, zeros before, a row per column: those of `Pieces`, or with what a trace backward needs.
        other: a row of `OUT_COLUMNS`, or the first `PLAIN_COLUMNS` of them, per piece and what else became of it.
    """
    order, time, source, target = lent(order), lent(time), lent(source), lent(target)
    given, received, slots, seeds = lent(given), lent(received), lent(slots), lent(seeds)
    limits, state, free, carried, other = lent(limits), lent(state), lent(free), lent(carried), lent(other)
    fens, names, facts = lent(blocks[0]), lent(blocks[1]), lent(blocks[2])
    bases, whence = lent(blocks[3]), lent(blocks[4])
    parcel, labelled, part, rest = lent(parcels[0]), lent(parcels[1]), lent(parcels[2]), lent(parcels[3])
    near, buckets, places = lent(parcels[4]), lent(parcels[5]), lent(parcels[6])
    wide, lots, legs = len(carried) >= OUT_COLUMNS - 1, len(whence) > 0, len(order)
    pooled = carried[POOLED - 1] if wide else near[:0]
    begun, seed, moved, written, used = state[PLACE], state[SEEDS], state[MOVED], state[WRITTEN], state[USED]
    next_seed = seeds[seed, 0] if seed < len(seeds) else -1
    state[PLACE] = legs
    for place in range(begun, legs):
        if place + AHEAD < legs:
            leg = order[place + AHEAD]
            ask_for(slots, source[leg])
            ask_for(slots, target[leg])
            leg = order[place + AHEAD // 2]
            from_slot = source[leg]
            if slots[from_slot, HELD] > 0 and (lots or not gives_nothing(slots, from_slot, given[leg])):
                ask_for_block(slots, from_slot, FACTS_AHEAD, fens, names, facts, bases, whence)
                ask_for_end(slots, target[leg], fens, names, facts, bases, whence)
        leg = order[place]
        x, y, s, t = given[leg], received[leg], source[leg], target[leg]
        if place != next_seed and (slots[s, HELD] == 0 or (not lots and gives_nothing(slots, s, x))):  # two balances
            slots[s, BALANCE] -= x
            slots[t, BALANCE] += y
            continue
        first = seed
        while seed < len(seeds) and seeds[seed, 0] == place:
            seed += 1
        room = slots[s, COUNT] + 3 * (seed - first) + 4
        need = slots[t, COUNT] + room
        if (
            room > len(near)
            or moved + room > carried.shape[1]
            or written + 4 * room > len(other)
            or used + 2 * need > len(fens)
        ):
            state[PLACE], state[ENTRIES], state[PLACES], seed = place, room, need, first
            break
        next_seed = seeds[seed, 0] if seed < len(seeds) else -1
        if x == 0:
            continue
        size, clean, held = 0, clean_of(slots, s), slots[s, HELD]
        want = min(x, clean + held)
        if method == PRO_RATA:
            if held > 0:
                size = pools_out(slots, s, want, fens, names, facts, bases, parcel, part, rest, near, buckets)
            size = clean_out(parcel, size, x - (held - slots[s, HELD]))
        elif method == CLEAN_FIRST:
            size = clean_out(parcel, 0, min(want, clean))
            size = lots_out(slots, s, want - min(want, clean), fens, names, facts, bases, whence, parcel, size)
            size = clean_out(parcel, size, x - want)
        else:
            size = lots_out(slots, s, min(want, held), fens, names, facts, bases, whence, parcel, 0)
            size = clean_out(parcel, size, x - min(want, held))
        slots[s, BALANCE] -= x
        # what a limit stops goes no further: here it becomes clean
        leaves, flagged = slots[s, HOLDER] != slots[t, HOLDER], slots[s, STATE] >> FLAGGED
        written = limited(parcel, size, limits, time, leg, other, written, flagged, leaves)
        if first < seed:
            size = claimed(parcel, size, seeds, first, seed, labelled)
        linked, ending = (slots[s, STATE] & IDENTIFIED) // IDENTIFIED, (slots[t, STATE] & ENDS) != 0
        repaid = 0 if ending else max(0, -slots[t, BALANCE])
        offset, arrived = 0, 0
        for one in range(size):
            claim, fen, bears, hop, tier, flags = (
                parcel[one, P_CLAIM], parcel[one, P_FEN], parcel[one, P_BASIS], parcel[one, P_HOP], parcel[one, P_TIER],
                parcel[one, P_FLAGS],
            )  # fmt: skip
            start = offset
            offset += fen
            if claim == CLEAN:
                continue
            begin, end = start, offset
            if x != y:
                begin, end = product_over(start, y, x)[0], product_over(offset, y, x)[0]
            if hop == 1:  # a report chose the disputed payment
                written = note(other, written, SEED, claim, leg, start, fen, bears, hop, tier, 1, flags)
            carried[0, moved], carried[1, moved], carried[2, moved] = claim, leg, start
            carried[3, moved], carried[5, moved], carried[6, moved] = fen, hop, tier
            if len(bases) > 0:
                carried[4, moved] = bears
            if linked > 0 or hop == 1:
                carried[7, moved] = 1
            if flags > 0:
                carried[8, moved] = flags
            if wide:
                carried[FROM - 1, moved] = parcel[one, P_PIECE] if hop > 1 else NONE
                carried[FROM_START - 1, moved] = parcel[one, P_START] if hop > 1 else 0
                carried[ARRIVED - 1, moved], carried[POOLED - 1, moved], carried[PAYER - 1, moved] = 0, 0, s
            moved += 1
            if end == begin:
                written = note(other, written, LOST, claim, leg, start, fen, bears, hop, tier, linked, flags)
                continue
            if ending:
                written = note(other, written, RESTED, claim, leg, begin, end - begin, bears, hop, tier, linked, flags)
                continue
            low, owed = min(max(repaid - begin, 0), end - begin), 0
            if low > 0:
                owed = share(bears, end - begin, 0, low)
                written = note(other, written, OVERDRAWN, claim, leg, begin, low, owed, hop, tier, linked, flags)
                if low == end - begin:
                    continue
            # what joins the target's money waits at the front of the parcel, which is read no more up to here
            parcel[arrived, P_CLAIM], parcel[arrived, P_FEN] = claim, end - begin - low
            parcel[arrived, P_BASIS] = bears - owed if method == PRO_RATA else bears
            parcel[arrived, P_HOP], parcel[arrived, P_TIER], parcel[arrived, P_FLAGS] = hop, tier, flags
            parcel[arrived, P_LEG], parcel[arrived, P_START], parcel[arrived, P_PIECE] = low, begin, moved - 1
            if wide:
                carried[ARRIVED - 1, moved - 1] = end - begin - low
            arrived += 1
        slots[t, BALANCE] += y
        if arrived == 0:
            continue
        if not has_places(slots, t, arrived):
            used = moved_block(slots, t, slots[t, COUNT] + arrived, free, used, fens, names, facts, bases, whence)
        if lots:
            lots_in(slots, t, parcel, arrived, leg, fens, names, facts, bases, whence)
            continue
        pools_in(slots, t, parcel, arrived, leg, fens, names, facts, bases, places, pooled)
    state[SEEDS], state[MOVED], state[WRITTEN], state[USED] = seed, moved, written, used


@njit(cache=True)
def left_over(slots: Table, fens: Ints, names: Codes, facts: Records, bases: Ints, whence: Records, rested: Table) -> None:
    """Write down what the slots hold in the end, slot by slot, a row per column as of carried pieces; zeros stay unwritten."""
    at = 0
    for slot in range(len(slots)):
        if slot + SLOTS_AHEAD < len(slots):
            ask_for_block(slots, slot + SLOTS_AHEAD, len(facts), fens, names, facts, bases, whence)
        begin = slots[slot, BASE]
        for row in range(begin, begin + slots[slot, COUNT]):
            fen = fens[row]
            rested[0, at], rested[1, at] = names[row], facts[row].leg
            rested[3, at], rested[5, at], rested[6, at] = fen, facts[row].hop, facts[row].tier
            start, piece = 0, NONE
            if len(whence) > 0:
                low = whence[row].low
                start, piece = whence[row].start + low, whence[row].piece
                rested[2, at], rested[4, at] = start, share(bases[row], low + fen, low, low + fen)
            elif len(bases) > 0:
                rested[4, at] = bases[row]
            if facts[row].flags > 0:
                rested[8, at] = facts[row].flags
            if len(rested) > PLAIN_COLUMNS:
                rested[FROM - 1, at], rested[FROM_START - 1, at], rested[PAYER - 1, at] = piece, start, slot
                rested[ARRIVED - 1, at], rested[POOLED - 1, at] = 0, 0
            at += 1


@njit(cache=True, inline="always")
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
