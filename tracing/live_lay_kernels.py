"""Compiled passes of the live trace that lay slots out again: debit entries beside the credits they spend."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tracing.kernels import NO_BALANCE
from tracing.legs import Ints
from tracing.live_arrays import Arenas, LegArrays, SlotArrays
from tracing.lots import OVERDRAWN

NOTHING, TAIL, ALL = 0, 1, 2
"""What of a slot's money may lie elsewhere than before: nothing, what rested there, everything that came in."""
UNTOUCHED = np.iinfo(np.int64).max


@njit(cache=True)
def with_entry_room(slots: SlotArrays, arenas: Arenas, slot: int, need: int) -> None:
    """Room for `need` debit entries of the slot."""
    if need <= slots.entry_room[slot]:
        return
    first, count, new = slots.entry_first[slot], slots.entry_count[slot], arenas.used[1]
    arenas.debit_start[new : new + count] = arenas.debit_start[first : first + count]
    arenas.debit_leg[new : new + count] = arenas.debit_leg[first : first + count]
    slots.entry_first[slot], slots.entry_room[slot] = new, need + need // 2
    arenas.used[1] += slots.entry_room[slot]


@njit(cache=True)
def put_entry(slots: SlotArrays, arenas: Arenas, slot: int, start: int, leg: int) -> None:
    """One more debit entry of the slot."""
    at = slots.entry_first[slot] + slots.entry_count[slot]
    arenas.debit_start[at], arenas.debit_leg[at] = start, leg
    slots.entry_count[slot] += 1


@njit(cache=True)
def begun_again(slots: SlotArrays, arenas: Arenas, slot: int) -> None:
    """The slot as before its first leg."""
    opening = slots.declared_fen[slot] if slots.known[slot] else 0
    slots.opening_fen[slot], slots.stated_fen[slot] = opening, NO_BALANCE
    slots.credited_fen[slot] = slots.debited_fen[slot] = slots.lowest_fen[slot] = 0
    slots.credit_end[slot], slots.debit_end[slot] = max(opening, 0), max(-opening, 0)
    slots.entry_count[slot] = slots.laid[slot] = 0
    if opening < 0:
        with_entry_room(slots, arenas, slot, 1)
        put_entry(slots, arenas, slot, 0, OVERDRAWN)


@njit(cache=True)
def lay(legs: LegArrays, slots: SlotArrays, arenas: Arenas, touched: Ints, stated: bool) -> NDArray[np.int8]:
    """Lay out what is new in the touched slots; a slot whose order changed is laid out again from its first leg.

    Args:
        stated: whether balances that records report say what an undeclared slot held before.
    Returns:
        per touched slot `NOTHING`, `TAIL` or `ALL`.
    """
    changes = np.zeros(len(touched), np.int8)
    told = len(legs.source_balance)
    for k in range(len(touched)):
        slot = touched[k]
        if slots.changed_at[slot] < slots.laid[slot]:
            begun_again(slots, arenas, slot)
            changes[k] = ALL
        slots.changed_at[slot] = UNTOUCHED
        ends, known, first, begin = slots.ends[slot], slots.known[slot], slots.chain_first[slot], slots.laid[slot]
        new = slots.chain_count[slot] - begin
        if not ends:
            with_entry_room(slots, arenas, slot, slots.entry_count[slot] + (2 * new if known else new))
        for place in range(begin, slots.chain_count[slot]):
            leg = arenas.chain[first + place]
            given, pays, is_paid = legs.given_fen[leg], legs.source[leg] == slot, legs.target[leg] == slot
            if pays:
                slots.debited_fen[slot] += given
                if not ends and given > 0:
                    changes[k] = max(changes[k], TAIL)
                    slots.lowest_fen[slot] = min(slots.lowest_fen[slot], slots.credited_fen[slot] - slots.debited_fen[slot])
                    start, end = slots.debit_end[slot], slots.debit_end[slot] + given
                    paid = min(max(slots.credit_end[slot], start), end) if known else end  # from here on the bank pays
                    if paid > start:
                        put_entry(slots, arenas, slot, start, leg)
                    if paid < end:
                        put_entry(slots, arenas, slot, paid, OVERDRAWN)
                    slots.debit_end[slot] = end
            if is_paid:
                legs.credit_start[leg] = slots.credit_end[slot]
                slots.credit_end[slot] += legs.received_fen[leg]
                slots.credited_fen[slot] += legs.received_fen[leg]
            if leg < told and slots.stated_fen[slot] == NO_BALANCE:
                balance = slots.credited_fen[slot] - slots.debited_fen[slot]
                if pays and legs.source_balance[leg] != NO_BALANCE:
                    slots.stated_fen[slot] = legs.source_balance[leg] - balance
                elif is_paid and legs.target_balance[leg] != NO_BALANCE:
                    slots.stated_fen[slot] = legs.target_balance[leg] - balance
        slots.laid[slot] = slots.chain_count[slot]
        if known or ends:
            continue
        opening, said = -slots.lowest_fen[slot], slots.stated_fen[slot]
        slots.is_stated[slot] = stated and said != NO_BALANCE and said >= opening
        if slots.is_stated[slot]:
            opening = said
        rise = opening - slots.opening_fen[slot]
        if rise != 0:  # debits reach further back by as much as there was more before
            changes[k] = ALL
            slots.opening_fen[slot] = opening
            slots.debit_end[slot] -= rise
            at = slots.entry_first[slot]
            arenas.debit_start[at : at + slots.entry_count[slot]] -= rise
    return changes
