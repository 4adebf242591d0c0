"""The compiled walk back through the lot links: whose money a balance or a payment is, one queue of pieces.

Forward a conversion takes the boundary p of given fen to f(p) = floor(p · received / given). Its Galois inverse is
G(x) = ceil(x · given / received): the received fen x belongs to the given fen G(x + 1) - 1. A piece is therefore a stretch of
a leg's given fen; how many fen of the start lie below a point of it is the floors of all conversions since, one after the
other, which the chain of crossings keeps.
"""

import numpy as np
from numba import njit

from tracing.exact_kernels import Table, Whole, grown, product_over
from tracing.flags import BITS, DOUBT
from tracing.follow_kernels import conversion_of, on_trail, place_in, rested_us
from tracing.legs import OVERDRAFT, Codes, Flags, Ints
from tracing.overdrafts import ANY_TIME

START, LEG, LOW, FEN, BASIS, HOP, TIER, LINKED, FLAGS, CROSSING, SHIFT, COUNTED, OWN, TRAIL = range(14)
"""Columns of a piece: which start, the leg (-1: a balance, LOW is then a position of the axis), where in its given fen and how
much, fen of the start in it, hop, tier, linked, flags; the crossing above it, what to add to its points there, fen of the start
below LOW, whether it is itself the disputed payment asked about, and the trail of the overdrafts it went through."""
X_GIVEN, X_RECEIVED, X_LOW, X_HIGH, X_SHIFT, X_PARENT = range(6)
"""Columns of a crossing, one conversion on the way back: its rate, the received stretch that was wanted, then as in a piece."""
E_WHAT, E_START, E_CLAIM, E_SLOT, E_LEG, E_LOW, E_FEN, E_BASIS, E_HOP, E_TIER, E_FLAGS = range(11)
"""Columns of an end: what was found, for which start; the claim; the slot it rests in (-1: that of the leg's payer); the leg it
came by; the stretch of the leg or of the axis; fen of the start in it, hop, tier and flags."""
B_LEG, B_OWN, B_AT, B_FEN = range(4)
"""Columns of what banks paid of debits, by leg: what the account paid itself, then position and length of the bank's part on
the axis, where whoever repays it stands."""
GOES_ON, CLAIMED, OPENING, SOURCE, CUT = -2, 0, 1, 2, 3
"""What was found: nothing yet, a claim's disputed fen, money from before the records, a payer whose money nothing explains (a
hub, a bank's overdraft); `CUT + k`: the k-th limit."""
NOTHING = 2**62


@njit(cache=True)
def below(x: int, shift: int, crossing: int, crossings: Table) -> Whole:
    """Fen of the start below a point of a piece."""
    x += shift
    while crossing >= 0:
        y = product_over(x, crossings[crossing, X_RECEIVED], crossings[crossing, X_GIVEN])[0]
        x = min(max(y, crossings[crossing, X_LOW]), crossings[crossing, X_HIGH]) + crossings[crossing, X_SHIFT]
        crossing = crossings[crossing, X_PARENT]
    return x


@njit(cache=True)
def both_flags(flags: int, more: int) -> Whole:
    """As `tracing.flags.met`."""
    return (flags | more) & BITS | max(flags >> DOUBT, more >> DOUBT) << DOUBT


@njit(cache=True)
def inverse(x: int, given: int, received: int) -> Whole:
    """G(x): the least given boundary at or beyond the received boundary x."""
    whole, rest = product_over(x, given, received)
    return whole + (1 if rest > 0 else 0)


@njit(cache=True)
def given_stretch(low: int, high: int, given: int, received: int) -> tuple[Whole, Whole]:
    """The given fen the received stretch belongs to, with those before it that bring nothing, so that stretches tile."""
    return min(inverse(low, given, received), inverse(low + 1, given, received) - 1), inverse(high, given, received)


@njit(cache=True)
def credit_at(credit_leg: Codes, credit_start: Ints, position: int) -> Whole:
    """Place of the credit that holds a position of the axis."""
    low, high = 0, len(credit_leg)
    while high - low > 1:
        middle = (low + high) >> 1
        if credit_start[credit_leg[middle]] <= position:
            low = middle
        else:
            high = middle
    return low


@njit(cache=True)
def row_of(rows: Codes, begin: int, end: int, row_offset: Ints, x: int) -> Whole:
    """The last of a debit's rows that begins at or before its fen x; `begin` when none does."""
    if len(row_offset) == 0:
        return begin
    low, high = begin, end
    while high - low > 1:
        middle = (low + high) >> 1
        if row_offset[rows[middle]] <= x:
            low = middle
        else:
            high = middle
    return low


@njit(cache=True)
def traced_back(
    starts: Table,
    row_start: Ints,
    row_leg: Codes,
    row_offset: Ints,
    first: Codes,
    rows: Codes,
    credit_leg: Codes,
    credit_start: Ints,
    slot_start: Ints,
    opening: Ints,
    identified: Flags,
    holder: Ints,
    converting: Ints,
    converted_given: Ints,
    converted_received: Ints,
    claims: Table,
    own_claim: Ints,
    limits: Ints,
    time: Ints,
    transfers: int,
    extra_row: Ints,
    flagged: Ints,
    bounds: Ints,
    reach: int,
    banked: Table,
    credit_end: Ints,
) -> tuple[Table, Table]:
    """Every piece of the starts' money back to where it came from.

    Args:
        starts: pieces, with CROSSING -1. row_start … credit_leg: the links and their inverse.
        opening: fen each slot held before. claims: leg, low, high, claim of every disputed stretch, sorted, disjoint.
        own_claim: number of the claim each start is, -1 where it is none.
        limits: most hops, longest rest in microseconds, least fen; 0 = none. time: of each transfer row, for the windows.
        flagged: bits that money behind each slot gets. bounds: positions at which openings are cut, sorted.
        reach: how long before its repayment an overdraft may have been spent, as in `tracing.overdrafts`. banked: what banks
            paid, by leg; none where nobody goes back through it. credit_end: where each slot's credits end on the axis.
    Returns:
        the pieces, the starts first, then hop by hop; and where they ended. Fen of the starts add up to them, exactly.
    """
    pieces = np.empty((max(128, 2 * len(starts)), 14), np.int64)
    ended, crossings = np.empty((128, 11), np.int64), np.empty((16, 6), np.int64)
    trails, trail = np.zeros((16, 2), np.int64), 0
    pieces[: len(starts)] = starts
    sent, ends, crossed, now = len(starts), 0, 0, 0
    while now < sent:
        leg, hop, tier = pieces[now, LEG], pieces[now, HOP], pieces[now, TIER]
        crossing, shift, counted = pieces[now, CROSSING], pieces[now, SHIFT], pieces[now, COUNTED]
        x, end = pieces[now, LOW], pieces[now, LOW] + pieces[now, FEN]
        total, start, flags = counted + pieces[now, BASIS], pieces[now, START], pieces[now, FLAGS]
        claim, row, last_row, slot, credit, seen = len(claims), 0, 0, -1, -1, -1
        bank = -1
        if leg >= 0:
            if pieces[now, OWN] == 0:
                low, high = 0, len(claims)
                while low < high:  # the first disputed stretch of the leg that ends beyond x
                    middle = (low + high) >> 1
                    if claims[middle, 0] < leg or (claims[middle, 0] == leg and claims[middle, 2] <= x):
                        low = middle + 1
                    else:
                        high = middle
                claim = low
            row, last_row = first[leg], first[leg + 1]
            if last_row > row:
                slot = place_in(slot_start, row_start[rows[row]])
                pieces[now, LINKED] = 1 if identified[slot] else 0
                row = row_of(rows, row, last_row, row_offset, x)
            if not on_trail(trails, pieces[now, TRAIL], leg):
                bank = place_of(banked, leg)
        else:
            slot = place_in(slot_start, x)
        while x < end:
            until, what, who, position, back = end, SOURCE, -1, NOTHING, False
            while claim < len(claims) and claims[claim, 0] == leg and claims[claim, 2] <= x:
                claim += 1
            if claim < len(claims) and claims[claim, 0] == leg:
                if claims[claim, 1] <= x:
                    what, who, until = CLAIMED, claims[claim, 3], min(end, claims[claim, 2])
                else:
                    until = min(end, claims[claim, 1])
            circle = who >= 0 and own_claim[start] == who  # through an overdraft a claim may lead back to itself
            if circle:
                what, who = SOURCE, -1
            elif what == SOURCE and leg < 0:
                position = x
            elif what == SOURCE:
                while row < last_row:
                    offset = row_offset[rows[row]] if len(row_offset) > 0 else 0
                    size = row_start[rows[row] + 1] - row_start[rows[row]]
                    if x < offset + size:
                        if x >= offset:
                            position = row_start[rows[row]] + x - offset
                            until = min(until, offset + size)
                        else:
                            until = min(until, offset)
                        break
                    row += 1
                if position == NOTHING and bank >= 0 and x < banked[bank, B_OWN] + banked[bank, B_FEN]:
                    if x < banked[bank, B_OWN]:
                        until = min(until, banked[bank, B_OWN])
                    else:
                        until = min(until, banked[bank, B_OWN] + banked[bank, B_FEN])
                        at = banked[bank, B_AT] + x - banked[bank, B_OWN]
                        lender = place_in(slot_start, at)
                        if at < credit_end[lender]:  # somebody has repaid it
                            slot, position, back = lender, at, True
                            until = min(until, x + credit_end[lender] - at)
            onward, into = -1, 0
            if position < NOTHING:
                own = slot_start[slot] + max(0, opening[slot])
                if position < own:
                    what, until = OPENING, min(until, x + own - position)
                    bound = np.searchsorted(bounds, position, side="right")
                    if bound < len(bounds):
                        until = min(until, x + bounds[bound] - position)
                else:
                    if credit < 0 or row != seen or back:
                        credit, seen = credit_at(credit_leg, credit_start, position), row
                    while credit + 1 < len(credit_leg) and credit_start[credit_leg[credit + 1]] <= position:
                        credit += 1
                    onward = credit_leg[credit]
                    into = position - credit_start[onward]
                    if credit + 1 < len(credit_leg):
                        until = min(until, x + credit_start[credit_leg[credit + 1]] - position)
                    if back and reach > ANY_TIME and rested_us(time, transfers, extra_row, leg, onward) > reach:
                        onward, back = -1, False
            upto = total if until == end else below(until, shift, crossing, crossings)
            basis = upto - counted
            if basis > 0 and onward >= 0:
                if 0 < limits[0] <= hop:
                    what, onward = CUT, -1
                elif limits[1] > 0 and leg >= 0 and not back and rested_us(time, transfers, extra_row, onward, leg) > limits[1]:
                    what, onward = CUT + 1, -1
                elif until - x < limits[2]:
                    what, onward = CUT + 2, -1
            if basis > 0 and onward >= 0:
                pieces = grown(pieces, sent + 1)
                conversion = conversion_of(converting, onward)
                low, high, above = into, into + until - x, crossing
                moved = shift + x - into
                if conversion >= 0:
                    gave, got = converted_given[conversion], converted_received[conversion]
                    crossings = grown(crossings, crossed + 1)
                    crossings[crossed, X_GIVEN], crossings[crossed, X_RECEIVED] = gave, got
                    crossings[crossed, X_LOW], crossings[crossed, X_HIGH] = low, high
                    crossings[crossed, X_SHIFT], crossings[crossed, X_PARENT] = moved, crossing
                    above, moved = crossed, 0
                    crossed += 1
                    low, high = given_stretch(low, high, gave, got)
                pieces[sent, START], pieces[sent, LEG], pieces[sent, LOW], pieces[sent, FEN] = start, onward, low, high - low
                pieces[sent, BASIS], pieces[sent, HOP], pieces[sent, LINKED] = basis, hop + 1, 0
                pieces[sent, CROSSING], pieces[sent, SHIFT], pieces[sent, COUNTED] = above, moved, counted
                payer = payer_slot(first, rows, row_start, slot_start, onward)
                if payer < 0 and place_of(banked, onward) >= 0:
                    payer = place_in(slot_start, banked[place_of(banked, onward), B_AT])
                pieces[sent, TIER] = tier + (1 if payer < 0 or holder[payer] != holder[slot] else 0)
                pieces[sent, OWN], pieces[sent, TRAIL] = 0, pieces[now, TRAIL]
                pieces[sent, FLAGS] = both_flags(flags, flagged[slot])
                if back:
                    trail += 1
                    trails = grown(trails, trail + 1)
                    trails[trail, 0], trails[trail, 1] = pieces[now, TRAIL], leg
                    pieces[sent, TRAIL], pieces[sent, FLAGS] = trail, pieces[sent, FLAGS] | OVERDRAFT
                sent += 1
            elif basis > 0:
                ended = grown(ended, ends + 1)
                ended[ends, E_WHAT], ended[ends, E_START], ended[ends, E_CLAIM] = what, start, who
                ended[ends, E_SLOT] = slot if what == OPENING or what >= CUT else -1
                ended[ends, E_LEG], ended[ends, E_LOW], ended[ends, E_FEN] = leg, x, until - x
                ended[ends, E_BASIS], ended[ends, E_HOP], ended[ends, E_TIER] = basis, hop, tier
                ended[ends, E_FLAGS] = flags
                if what == OPENING:
                    ended[ends, E_LOW] = position
                ends += 1
            counted, x = upto, until
        now += 1
    return pieces[:sent], ended[:ends]


@njit(cache=True)
def place_of(banked: Table, leg: int) -> int:
    """The row of what a bank paid of a leg; -1 where it paid nothing."""
    low, high = 0, len(banked)
    while low < high:
        middle = (low + high) >> 1
        if banked[middle, B_LEG] < leg:
            low = middle + 1
        else:
            high = middle
    return low if low < len(banked) and banked[low, B_LEG] == leg else -1


@njit(cache=True)
def payer_slot(first: Codes, rows: Codes, row_start: Ints, slot_start: Ints, leg: int) -> Whole:
    """The slot a leg was paid from; -1 where no money of the records paid it."""
    if first[leg + 1] == first[leg]:
        return -1
    return place_in(slot_start, row_start[rows[first[leg]]])
