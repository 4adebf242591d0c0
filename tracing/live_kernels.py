"""Compiled passes of the live trace: legs into the chains of their slots, in order."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tracing.kernels import NO_BALANCE
from tracing.legs import Codes, Flags, Ints
from tracing.live_arrays import Arenas, LegArrays, SlotArrays

PAYS, PAID, KNOTTED = 1, 2, 4
"""Bits of a slot's last instant: it pays, it is paid, ties of the instant were settled by more than ledger order."""
Table = NDArray[np.int64]


@njit(cache=True)
def chains(order: Codes, source: Codes, target: Codes, slots: int) -> tuple[Ints, Ints, Codes]:
    """The legs of every slot in trace order: first place and count per slot, and all legs; a self-transfer stands once."""
    count = np.zeros(slots, np.int64)
    for leg in order:
        count[source[leg]] += 1
        if source[leg] != target[leg]:
            count[target[leg]] += 1
    first = np.zeros(slots, np.int64)
    for slot in range(1, slots):
        first[slot] = first[slot - 1] + count[slot - 1]
    at = first.copy()
    chain = np.empty(count.sum(), np.int32)
    for leg in order:
        s, t = source[leg], target[leg]
        chain[at[s]] = leg
        at[s] += 1
        if s != t:
            chain[at[t]] = leg
            at[t] += 1
    return first, count, chain


@njit(cache=True)
def survey(legs: LegArrays, slots: SlotArrays, order: Codes) -> None:
    """Lowest running balance, first stated opening, and last instant of every slot, as the legs in their order leave them."""
    begin = 0
    net = np.zeros(len(slots.ends), np.int64)
    told = len(legs.source_balance)
    while begin < len(order):
        end, now = begin, legs.time_us[order[begin]]
        knot = False
        while end < len(order) and legs.time_us[order[end]] == now:
            leg = order[end]
            for slot, bit in ((legs.source[leg], PAYS), (legs.target[leg], PAID)):
                if slots.tail_us[slot] != now:
                    slots.tail_us[slot], slots.tail_state[slot] = now, 0
                slots.tail_state[slot] |= bit
                knot |= slots.tail_state[slot] == PAYS | PAID and not slots.ends[slot]
            end += 1
        for place in range(begin, end):
            leg = order[place]
            s, t = legs.source[leg], legs.target[leg]
            net[s] -= legs.given_fen[leg]
            if not slots.ends[s]:
                slots.lowest_fen[s] = min(slots.lowest_fen[s], net[s])
            net[t] += legs.received_fen[leg]
            if leg < told:
                if legs.source_balance[leg] != NO_BALANCE and slots.stated_fen[s] == NO_BALANCE:
                    slots.stated_fen[s] = legs.source_balance[leg] - net[s]
                if legs.target_balance[leg] != NO_BALANCE and slots.stated_fen[t] == NO_BALANCE:
                    slots.stated_fen[t] = legs.target_balance[leg] - net[t]
            if knot:
                slots.tail_state[s] |= KNOTTED
                slots.tail_state[t] |= KNOTTED
        begin = end


@njit(cache=True)
def make_chain_room(slots: SlotArrays, arenas: Arenas, touched: Ints, more: Ints) -> None:
    """Room for `more` legs in the chain of each touched slot; a chain moves once at the most."""
    for k in range(len(touched)):
        slot = touched[k]
        count = slots.chain_count[slot]
        need = count + more[k]
        if need <= slots.chain_room[slot]:
            continue
        first, new = slots.chain_first[slot], arenas.used[0]
        arenas.chain[new : new + count] = arenas.chain[first : first + count]
        slots.chain_first[slot], slots.chain_room[slot] = new, need + need // 2 + 4
        arenas.used[0] += slots.chain_room[slot]


@njit(cache=True)
def put_last(slots: SlotArrays, arenas: Arenas, slot: int, leg: int) -> None:
    """The leg behind all others of the slot; there is room."""
    assert slots.chain_count[slot] < slots.chain_room[slot], "a chain would grow into the next one"
    arenas.chain[slots.chain_first[slot] + slots.chain_count[slot]] = leg
    slots.chain_count[slot] += 1


@njit(cache=True)
def can_follow(slots: SlotArrays, slot: int, now: int, place: int, bits: int) -> bool:
    """Whether a leg surely stands behind all others of the slot, and ties no knot."""
    if now != slots.tail_us[slot]:
        return bool(now > slots.tail_us[slot])
    state = slots.tail_state[slot] | bits
    if state & KNOTTED or (state == PAYS | PAID and not slots.ends[slot]):
        return False
    return bool(place > slots.tail_place[slot])


@njit(cache=True)
def segment(legs: LegArrays, slots: SlotArrays, arenas: Arenas, slot: int, now: int) -> tuple[int, int]:
    """Places in the slot's chain of its legs of one instant: first, and behind the last."""
    first, count = slots.chain_first[slot], slots.chain_count[slot]
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if legs.time_us[arenas.chain[first + middle]] < now:
            low = middle + 1
        else:
            high = middle
    end = low
    while end < count and legs.time_us[arenas.chain[first + end]] == now:
        end += 1
    return low, end


@njit(cache=True)
def put_at(slots: SlotArrays, arenas: Arenas, slot: int, at: int, leg: int) -> None:
    """The leg at a place of the slot's chain; those from there on move up; there is room."""
    assert slots.chain_count[slot] < slots.chain_room[slot], "a chain would grow into the next one"
    first = slots.chain_first[slot]
    for k in range(slots.chain_count[slot], at, -1):
        arenas.chain[first + k] = arenas.chain[first + k - 1]
    arenas.chain[first + at] = leg
    slots.chain_count[slot] += 1
    slots.changed_at[slot] = min(slots.changed_at[slot], at)


@njit(cache=True)
def take_out(legs: LegArrays, slots: SlotArrays, arenas: Arenas, slot: int, leg: int) -> None:
    """The slot's chain without the leg."""
    low, high = segment(legs, slots, arenas, slot, legs.time_us[leg])
    first = slots.chain_first[slot]
    at = low
    while at < high and arenas.chain[first + at] != leg:
        at += 1
    if at == high:
        return
    for k in range(at, slots.chain_count[slot] - 1):
        arenas.chain[first + k] = arenas.chain[first + k + 1]
    slots.chain_count[slot] -= 1
    slots.changed_at[slot] = min(slots.changed_at[slot], at)


@njit(cache=True)
def balance_before(legs: LegArrays, slots: SlotArrays, arenas: Arenas, slot: int, at: int) -> int:
    """The balance by which ties are settled, before the leg at a place; below 0 only where the opening is known."""
    first = slots.chain_first[slot]
    balance = slots.declared_fen[slot] if slots.known[slot] else 0
    for k in range(at):
        leg = arenas.chain[first + k]
        if legs.source[leg] == slot and not slots.ends[slot]:
            balance -= legs.given_fen[leg]
            if balance < 0 and not slots.known[slot]:
                balance = 0
        if legs.target[leg] == slot:
            balance += legs.received_fen[leg]
    return int(balance)


@njit(cache=True)
def next_knot(legs: LegArrays, slots: SlotArrays, arenas: Arenas, slot: int, at: int) -> int:
    """The next instant, from a place on, in which the slot both pays and is paid; -1 when there is none."""
    if slots.ends[slot]:
        return -1
    first, count = slots.chain_first[slot], slots.chain_count[slot]
    while at < count:
        now, state = legs.time_us[arenas.chain[first + at]], 0
        while at < count and legs.time_us[arenas.chain[first + at]] == now:
            leg = arenas.chain[first + at]
            state |= (PAYS if legs.source[leg] == slot else 0) | (PAID if legs.target[leg] == slot else 0)
            at += 1
        if state == PAYS | PAID:
            return int(now)
    return -1


@njit(cache=True)
def put_in_order(legs: LegArrays, slots: SlotArrays, arenas: Arenas, begin: int, end: int, place: Ints) -> tuple[Flags, Table]:
    """Put legs begin … end, in ledger order, into the chains of their slots, wherever no tie has to be settled.

    Args:
        place: of each of these legs in its own file.
    Returns:
        which of them are tied with others and still to be put; and slots that have more or less money than before in a later
        instant whose ties depend on it, with that instant.
    """
    tied = np.zeros(end - begin, np.bool_)
    knots, found = np.empty((2 * (end - begin), 2), np.int64), 0
    for leg in range(begin, end):
        s, t, now, at = legs.source[leg], legs.target[leg], legs.time_us[leg], place[leg - begin]
        if s != t and can_follow(slots, s, now, at, PAYS) and can_follow(slots, t, now, at, PAID):
            for slot, bit in ((s, PAYS), (t, PAID)):
                put_last(slots, arenas, slot, leg)
                now_last(slots, slot, now, at, bit)
            continue
        (low, high), (other, behind) = segment(legs, slots, arenas, s, now), segment(legs, slots, arenas, t, now)
        if low < high or other < behind:
            tied[leg - begin] = True
            continue
        for slot, here, bit in ((s, low, PAYS), (t, other, PAID)):
            if bit == PAID and s == t:
                now_last(slots, slot, now, at, PAID)
                continue
            if here == slots.chain_count[slot]:
                now_last(slots, slot, now, at, bit)
            put_at(slots, arenas, slot, here, leg)
            knot = next_knot(legs, slots, arenas, slot, here + 1)
            if knot >= 0:
                knots[found, 0], knots[found, 1] = slot, knot
                found += 1
    return tied, knots[:found]


@njit(cache=True)
def now_last(slots: SlotArrays, slot: int, now: int, place: int, bit: int) -> None:
    """Note a leg as one of the slot's last instant, where it is."""
    if now < slots.tail_us[slot]:
        return
    if slots.tail_us[slot] != now:
        slots.tail_us[slot], slots.tail_state[slot] = now, 0
    slots.tail_state[slot] |= bit
    slots.tail_place[slot] = place
