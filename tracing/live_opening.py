"""A live trace's slots and legs as an opened ledger has them."""

import numpy as np

from ledger.book import Ledger
from tracing.legs import Legs
from tracing.live_arrays import Arenas, LegArrays, empty_slots, room_for, roomy, slot_arrays, with_room
from tracing.live_behind import LegsBehind
from tracing.live_rows import LiveRows
from tracing.live_slots import LiveSlots
from tracing.lots import LotAxis, Settled
from tracing.openings import SOURCES
from tracing.result import TIES, Parameters
from tracing.settle import fees


def opened_slots(ledger: Ledger, rows: LiveRows, settled: Settled, axis: LotAxis, parameters: Parameters) -> LiveSlots:
    """The slots of an opened ledger, as `laid_out` lays them.

    Args:
        settled, axis: the legs in their order, and what `laid_out` makes of them.
    """
    from tracing.live_kernels import chains, survey

    legs, slots = settled.legs, settled.legs.slots
    first, count, chain = chains(settled.order, legs.source, legs.target, len(slots))
    leg = leg_arrays(ledger, legs, axis)
    opening = axis.openings.fen
    is_stated = ~settled.openings.known & (axis.openings.source == SOURCES.index("reported"))
    place = np.concatenate([[0], np.cumsum(axis.debits + 1)])
    slot = empty_slots(slots.account, slots.currency, slots.ends, is_known=False)._replace(
        known=settled.openings.known,
        identified=slots.identified,
        origin=np.where(is_stated, SOURCES.index("implied"), axis.openings.source).astype(np.int8),
        declared_fen=np.where(settled.openings.known, opening, 0),
        opening_fen=opening.copy(),
        is_stated=is_stated,
        credited_fen=settled.credited_fen,
        debited_fen=settled.debited_fen,
        lowest_fen=np.zeros(len(slots), np.int64),
        credit_end=axis.slot_start[:-1] + np.maximum(opening, 0) + settled.credited_fen,
        debit_end=axis.slot_start[:-1] + np.maximum(-opening, 0) + np.where(slots.ends, 0, settled.debited_fen),
        chain_first=first,
        chain_count=count.copy(),
        chain_room=count.copy(),
        entry_first=place[:-1],
        entry_count=axis.debits.copy(),
        entry_room=axis.debits + 1,
        laid=count.copy(),
    )
    made = slot_arrays(slot._asdict(), len(slots), room_for(len(slots)))
    survey(leg, made, settled.order)
    many, entries = len(chain), len(axis.debit_leg)
    arena = Arenas(
        with_room(chain, many, 4 * many + 4096),
        with_room(axis.debit_start, entries, 4 * entries + 4096),
        with_room(axis.debit_leg, entries, 4 * entries + 4096),
        np.asarray([many, entries]),
    )
    return LiveSlots(
        rows=rows,
        leg=leg,
        slot=made,
        arena=arena,
        legs=len(legs.time_us),
        slots=len(slots),
        currencies=slots.currencies,
        behind=LegsBehind.of(axis.extra_legs, legs.extra_row, legs.extra_part_fen),
        fees=fees(ledger.read(("channel",))),
        stated=parameters.opening == "reported",
        ties=TIES.index(parameters.ties),
    )


def leg_arrays(ledger: Ledger, legs: Legs, axis: LotAxis) -> LegArrays:
    """The legs of an opened ledger with room behind them."""
    from tracing.kernels import NO_BALANCE

    count = len(legs.time_us)
    moment = legs.time_us
    if len(legs.extra_row) or legs.slots.identified.any():
        moment = np.asarray(ledger.read(("time",))["time"].cast("int64").to_numpy())[legs.row(np.arange(count))]
    balances = [np.zeros(0, np.int64)] * 2
    table = ledger.read(("source_balance_fen", "target_balance_fen"))
    if any(column.null_count < table.num_rows for column in table.columns):
        more = np.full(len(legs.extra_row), NO_BALANCE)
        balances = [np.concatenate([column.fill_null(NO_BALANCE).to_numpy(), more]) for column in table.columns]
    own = (legs.time_us, moment, legs.source, legs.target, legs.given_fen, legs.received_fen, axis.credit_start)
    return roomy(LegArrays(*own, *balances), count, room_for(count))
