"""The compiled walk of claims through the lot links: one queue of pieces, each cut at the debits that spend it.

`tracing.follow` says what the pieces are; the links (FIFO or LIFO) are arrays here.
"""

import numpy as np
from numba import njit

from tracing.exact_kernels import Table, Whole, grown, product_over, share
from tracing.legs import OVERDRAFT, Codes, Flags, Ints
from tracing.lots import OVERDRAWN, UNSPENT
from tracing.overdrafts import ANY_TIME

CLAIM, LEG, START, FEN, BASIS, HOP, TIER, LINKED, FLAGS, EXTRA = range(10)
"""Columns of a table of pieces: the fields of `tracing.follow.Pieces` in their order, then the target's slot of a carried
piece (until it is looked up, the slot that sent it), or what became of one that ended. While it is walked a piece's flags
carry, above `TRAIL`, the number of its trail."""
TRAIL = 8
ABREAST = 32
"""Pieces looked up at a time: more than memory fetches at once."""
NOBODY = -1
OVERDRAWN_PIECE, LOST, CUT = 0, 1, 2
"""What became of a piece that neither goes on nor rests; `CUT + k` is the k-th limit: hops, window, amount."""


@njit(cache=True)
def write(table: Table, at: int, claim: int, leg: int, start: int, fen: int, basis: int) -> None:
    """The first columns of a piece."""
    table[at, CLAIM], table[at, LEG], table[at, START], table[at, FEN], table[at, BASIS] = claim, leg, start, fen, basis


@njit(cache=True)
def place_in(sorted_values: Ints, value: int) -> int:
    """The last place whose value is not above the given one."""
    low, high = 0, len(sorted_values)
    while high - low > 1:
        middle = (low + high) >> 1
        if sorted_values[middle] <= value:
            low = middle
        else:
            high = middle
    return low


@njit(cache=True)
def places_in(sorted_values: Ints, values: Ints, found: Ints) -> None:
    """`place_in` of several values in one go: they wait for memory together, not one after the other."""
    found[:] = 0
    length = len(sorted_values)
    while length > 1:
        half = length >> 1
        for one in range(len(values)):
            found[one] += half * (sorted_values[found[one] + half] <= values[one])
        length -= half


@njit(cache=True)
def conversion_of(converting: Ints, leg: int) -> int:
    """The leg's place among the conversions, -1 when it converts nothing."""
    if len(converting) == 0:
        return -1
    at = place_in(converting, leg)
    return at if converting[at] == leg else -1


@njit(cache=True)
def rested_us(time: Ints, rows: int, extra_row: Ints, leg: int, onward: int) -> Whole:
    """How long money rested between two legs."""
    here = leg if leg < rows else extra_row[leg - rows]
    there = onward if onward < rows else extra_row[onward - rows]
    return time[there] - time[here]


@njit(cache=True)
def on_trail(trails: Table, trail: int, leg: int) -> bool:
    """Whether a piece went back through this debit before."""
    while trail > 0:
        if trails[trail, 1] == leg:
            return True
        trail = trails[trail, 0]
    return False


@njit(cache=True)
def disputed_until(seeds: Table, by_leg: Ints, leg: int, offset: int) -> tuple[bool, int]:
    """Whether a claim disputes this fen of the leg, and up to which fen that is so."""
    low, high = 0, len(by_leg)
    while low < high:  # the first seed that lies behind the fen
        middle = (low + high) >> 1
        one = by_leg[middle]
        if seeds[one, LEG] < leg or (seeds[one, LEG] == leg and seeds[one, START] <= offset):
            low = middle + 1
        else:
            high = middle
    if low > 0:
        one = by_leg[low - 1]
        if seeds[one, LEG] == leg and offset < seeds[one, START] + seeds[one, FEN]:
            return True, seeds[one, START] + seeds[one, FEN]
    if low < len(by_leg) and seeds[by_leg[low], LEG] == leg:
        return False, seeds[by_leg[low], START]
    return False, 2**62


@njit(cache=True)
def walked(
    seeds: Table,
    row_start: Ints,
    row_leg: Codes,
    row_offset: Ints,
    credit_start: Ints,
    slot_start: Ints,
    identified: Flags,
    flagged: Ints,
    holder: Ints,
    converting: Ints,
    converted_given: Ints,
    converted_received: Ints,
    limits: Ints,
    time: Ints,
    rows: int,
    extra_row: Ints,
    reach: int,
    reopened: Ints,
    own_fen: Ints,
    by_leg: Ints,
) -> tuple[Table, Table, Table]:
    """Every piece of the seeds' money until it rests.

    Args:
        seeds: pieces of the disputed payments, `EXTRA` free. row_start, row_leg, row_offset: the links.
        flagged: bits that money leaving a slot gets; empty = none gets any.
        limits: most hops, longest rest in microseconds, least fen; 0 = none. time: of each transfer row, for the windows.
        reach, reopened, own_fen: as in `tracing.overdrafts.Overdrafts`. by_leg: the seeds by leg and start,
            where overdrafts are opened again.
    Returns:
        carried pieces (the seeds first, then hop by hop), pieces at rest, and all others, in the order they were met.
    """
    carried = np.empty((max(128, 2 * len(seeds)), EXTRA + 1), np.int64)
    rested, other = np.empty((max(128, len(seeds)), EXTRA + 1), np.int64), np.empty((16, EXTRA + 1), np.int64)
    trails, trail = np.zeros((16, 2), np.int64), 0  # of each trail the one before it, and the debit it went back through
    carried[: len(seeds)] = seeds
    sent, at_rest, others = len(seeds), 0, 0
    carried[:sent, EXTRA] = NOBODY
    position_of, slot_of, row_of = np.empty(ABREAST, np.int64), np.empty(ABREAST, np.int64), np.empty(ABREAST, np.int64)
    now, looked_up, first = 0, 0, 0
    while now < sent:
        if now == looked_up:  # the next pieces of the queue are looked up side by side
            first, looked_up = now, min(sent, now + ABREAST)
            count = looked_up - first
            for one in range(count):
                position_of[one] = credit_start[carried[first + one, LEG]]
            places_in(slot_start, position_of[:count], slot_of[:count])
            for one in range(count):
                at, payer = first + one, carried[first + one, EXTRA]
                if payer != NOBODY and holder[payer] != holder[slot_of[one]]:
                    carried[at, TIER] += 1
                carried[at, EXTRA] = slot_of[one]
                conversion, begin = conversion_of(converting, carried[at, LEG]), carried[at, START]
                if conversion >= 0:
                    begin = product_over(begin, converted_received[conversion], converted_given[conversion])[0]
                position_of[one] += begin
            places_in(row_start, position_of[:count], row_of[:count])
        claim, leg, start, fen = carried[now, CLAIM], carried[now, LEG], carried[now, START], carried[now, FEN]
        basis, hop, tier, linked = carried[now, BASIS], carried[now, HOP], carried[now, TIER], carried[now, LINKED]
        slot, flags = carried[now, EXTRA], carried[now, FLAGS]
        later: Whole = flags | flagged[slot] if len(flagged) > 0 else flags
        now += 1
        begin, end = start, start + fen
        conversion = conversion_of(converting, leg)
        if conversion >= 0:
            got, gave = converted_received[conversion], converted_given[conversion]
            begin, end = product_over(begin, got, gave)[0], product_over(end, got, gave)[0]
            if begin == end:
                other = grown(other, others + 1)
                write(other, others, claim, leg, start, fen, basis)
                other[others, HOP], other[others, TIER], other[others, LINKED], other[others, EXTRA] = hop, tier, linked, LOST
                other[others, FLAGS] = flags
                others += 1
                continue
        position, whole = credit_start[leg] + begin, end - begin
        row = row_of[now - 1 - first]
        low = 0
        while low < whole:
            high = min(whole, row_start[row + 1] - position)
            if high == low:
                row += 1
                continue
            onward: Whole = np.int64(row_leg[row])
            back = False
            offset: Whole = position + low - row_start[row] + (row_offset[row] if len(row_offset) > 0 else 0)
            if onward < OVERDRAWN and reach >= ANY_TIME:
                debit = OVERDRAWN - 1 - onward
                recent = reach == ANY_TIME or rested_us(time, rows, extra_row, debit, leg) <= reach
                if recent and not on_trail(trails, flags >> TRAIL, debit):
                    onward, back = debit, True
                    offset += own_fen[place_in(reopened, debit)]
            if onward >= 0 and (back or flags & OVERDRAFT > 0):
                # behind an overdraft money may meet its own way again: it takes no fen that a claim disputes
                disputed, until = disputed_until(seeds, by_leg, onward, offset)
                high = min(high, low + until - offset)
                if disputed:
                    onward = np.int64(OVERDRAWN)
            part = share(basis, whole, low, high)
            stop = -1
            if onward >= 0:
                if 0 < limits[0] <= hop:
                    stop = 0
                elif limits[1] > 0 and not back and rested_us(time, rows, extra_row, leg, onward) > limits[1]:
                    stop = 1
                elif high - low < limits[2]:
                    stop = 2
            if onward == UNSPENT:
                if at_rest == len(rested):
                    rested = grown(rested, at_rest + 1)
                write(rested, at_rest, claim, leg, begin + low, high - low, part)
                rested[at_rest, HOP], rested[at_rest, TIER], rested[at_rest, LINKED] = hop, tier, linked
                rested[at_rest, FLAGS] = flags
                at_rest += 1
            elif onward < 0 or stop >= 0:
                other = grown(other, others + 1)
                write(other, others, claim, leg, begin + low, high - low, part)
                other[others, HOP], other[others, TIER], other[others, LINKED] = hop, tier, linked
                other[others, FLAGS], other[others, EXTRA] = flags, OVERDRAWN_PIECE if onward < 0 else CUT + stop
                others += 1
            else:
                if sent == len(carried):
                    carried = grown(carried, sent + 1)
                write(carried, sent, claim, onward, offset, high - low, part)
                carried[sent, HOP], carried[sent, LINKED], carried[sent, EXTRA] = hop + 1, 1 if identified[slot] else 0, slot
                carried[sent, TIER], carried[sent, FLAGS] = tier, later
                if back:
                    trail += 1
                    trails = grown(trails, trail + 1)
                    trails[trail, 0], trails[trail, 1] = flags >> TRAIL, onward
                    carried[sent, FLAGS] = later & ((1 << TRAIL) - 1) | OVERDRAFT | trail << TRAIL
                sent += 1
            low = high
            if position + low == row_start[row + 1]:
                row += 1
    return carried[:sent], rested[:at_rest], other[:others]
