"""Records that hang together, linked again: their legs as a trace of the whole ledger would have them, and what has to move.

The records of a group become a small ledger of their own. What its legs come to is carried over to those of the live trace; a
private balance that is there already is used again, so that only what really changes is touched.
"""

from dataclasses import replace

import numpy as np

from ledger.book import Ledger
from ledger.records import TRANSFERS
from tracing.legs import Codes, Flags, Ints, Legs
from tracing.live_accounts import LiveAccounts
from tracing.live_moves import NONE, Moves
from tracing.live_rows import LiveRows
from tracing.live_slots import LiveSlots
from tracing.settle import traceable_legs


def small_ledger(rows: LiveRows, numbers: Ints) -> tuple[Ledger, Ints]:
    """The rows as a ledger of their own, and the account codes that its codes stand for."""
    table = rows.fetch(numbers, TRANSFERS.names).unify_dictionaries().combine_chunks()
    ends = [np.asarray(table[name].to_numpy(), np.int64) for name in ("source", "target")]
    used = np.unique(np.concatenate(ends))
    for name, codes in zip(("source", "target"), ends, strict=True):
        at = table.column_names.index(name)
        column = np.searchsorted(used, codes).astype(np.int32)
        table = table.set_column(at, TRANSFERS.field(name), [column])
    made = replace(
        rows.base,
        accounts=rows.accounts.iloc[used].reset_index(drop=True),
        reports=rows.reports.iloc[:0],
        transfer_count=len(numbers),
        read=lambda names: table.select(list(names)),
        fetch=None,
        index_folder=None,
    )
    return made, used


def linked_again(rows: LiveRows, slots: LiveSlots, people: LiveAccounts, numbers: Ints) -> tuple[Moves, Legs]:
    """What has to move so that the rows, in ledger order, stand as in the whole ledger; and their legs by themselves."""
    ledger, used = small_ledger(rows, numbers)
    legs = traceable_legs(ledger)
    own = slots_of(legs, used, slots, people)
    leg, row, part, over = numbers_of_legs(legs, numbers, slots)
    own = with_private(own, legs, leg, used, slots, people)
    source, target = own[legs.source], own[legs.target]
    wanted: tuple[Ints | Codes, ...] = (source, target, legs.given_fen, legs.received_fen, legs.time_us)
    live = slots.leg
    there: tuple[Ints | Codes, ...] = (live.source, live.target, live.given_fen, live.received_fen, live.time_us)
    new = leg == NONE
    at, moves = np.maximum(leg, 0), new.copy()
    for values, now in zip(wanted, there, strict=True):
        moves |= now[at] != values
    return (
        Moves(
            leg[moves], source[moves], target[moves], legs.given_fen[moves], legs.received_fen[moves], legs.time_us[moves],
            row[moves], part[moves], over,
        ),
        legs,
    )  # fmt: skip


def slots_of(legs: Legs, used: Ints, slots: LiveSlots, people: LiveAccounts) -> Codes:
    """The live slot of every slot of the legs that is no private balance of a link; -1 for those."""
    own, mine = np.full(len(legs.slots), NONE, np.int32), legs.slots
    account = used[mine.account].astype(np.int32)
    currency = np.asarray([slots.currencies.index(name) for name in mine.currencies], np.int32)[mine.currency]
    plain, fee = ~mine.identified, mine.identified & mine.ends
    own[plain] = people.slots_of(account[plain], currency[plain])
    own[fee] = people.fee_slots_of(account[fee], currency[fee])
    return own


def numbers_of_legs(legs: Legs, numbers: Ints, slots: LiveSlots) -> tuple[Ints, Ints, Ints, Ints]:
    """Live leg of each leg (-1: not there yet), its row, where in its amount it begins; and live legs that are no more."""
    row = numbers[legs.row(np.arange(len(legs.time_us)))]
    part = np.concatenate([np.zeros(legs.rows, np.int64), legs.extra_part_fen])
    behind = slots.behind.of_rows(numbers)
    leg = np.concatenate([numbers, [behind.get(one, NONE) for one in row[legs.rows :].tolist()]]).astype(np.int64)
    over = sorted(set(behind.values()) - set(leg[legs.rows :].tolist()))
    return leg, row, part, np.asarray(over, np.int64)


def with_private(own: Codes, legs: Legs, leg: Ints, used: Ints, slots: LiveSlots, people: LiveAccounts) -> Codes:
    """The live slots with those of the links: the private balance that a leg of the link is in already, else a new one."""
    found, taken = own.copy(), set[int]()
    private: Flags = legs.slots.identified & ~legs.slots.ends
    known = leg >= 0
    for slot in np.flatnonzero(private).tolist():
        account = int(used[legs.slots.account[slot]])
        currency = slots.currencies.index(legs.slots.currencies[legs.slots.currency[slot]])
        into, out = leg[(legs.target == slot) & known], leg[(legs.source == slot) & known]
        there = [*slots.leg.target[into].tolist(), *slots.leg.source[out].tolist()]
        kept = (one for one in there if one not in taken and slots.is_private(one, account, currency))
        live = next(kept, None)
        found[slot] = people.private_slot(account, currency) if live is None else live
        taken.add(int(found[slot]))
    return found
