"""Lot links of either method: which debit spends each stretch of the axis. FIFO and LIFO differ in these rows alone.

FIFO lays the debits on the axis in their order, so every row begins its debit. LIFO takes the newest money as one block that
keeps its order: a debit is then several stretches of the axis, oldest first, and each row says where in its debit it begins.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracing.legs import Codes, Ints
from tracing.lots import OVERDRAWN, LotAxis, Settled


@dataclass(frozen=True)
class Links:
    """r stretches of the axis, end to end.

    start: where each begins (r + 1, the end of the axis last). leg: the debit that spends it, `UNSPENT`, or `OVERDRAWN` and
    below where it repays a bank. offset_fen: where in its debit each begins; empty = at 0, every one of them.
    """

    start: Ints
    leg: Codes
    offset_fen: Ints

    def row_at(self, position: Ints) -> Ints:
        """The stretch each position of the axis is in."""
        return np.searchsorted(self.start, position, side="right") - 1


@dataclass(frozen=True)
class Inverse:
    """The links read backward.

    rows: the stretches by debit, then by where in it they begin; first: where each leg's rows begin (n + 1). credit_leg:
    the legs that brought something, by position on the axis.
    """

    first: Codes
    rows: Codes
    credit_leg: Codes


def fifo_links(axis: LotAxis) -> Links:
    """First in, first out: the axis as it is. Source: Clayton's case (1816)."""
    return Links(axis.debit_start, axis.debit_leg, np.zeros(0, dtype=np.int64))


def lifo_links(axis: LotAxis, settled: Settled) -> Links:
    """Last in, first out: each debit takes the newest stretches left, slot by slot, linear in legs and stretches."""
    from tracing.link_kernels import credited_before, newest_first

    legs, opening, entry = settled.legs, settled.openings.fen, first_entries(axis)
    moved = (settled.order, legs.source, legs.target, legs.given_fen, legs.received_fen)
    kind, held = kinds_of_slots(axis, entry), np.maximum(opening, 0)
    seen, credit_end, ends = credited_before(*moved, kind, axis.debit_leg, axis.slot_start[:-1] + held, entry + (opening < 0))
    cuts, entries = np.sort(ends), len(axis.debit_leg)
    room = 2 * entries + len(kind) + len(cuts)  # memory nobody touches costs nothing
    start, leg, offset = np.empty(room + 1, np.int64), np.empty(room, np.int32), np.empty(room, np.int64)
    most = 2 * int(axis.debits.max(initial=0)) + 4 + len(cuts)
    rows = newest_first(
        axis.slot_start, held, kind, axis.debit_start, axis.debit_leg, seen, credit_end, cuts, most, start, leg, offset
    )
    return Links(start[: rows + 1], leg[:rows], offset[:rows])


def kinds_of_slots(axis: LotAxis, entry: Ints) -> NDArray[np.int8]:
    """What the matching has to know of each slot: whether tracing ends there, and whether a bank paid some of its debits."""
    from tracing.link_kernels import ENDS, OWING

    kind = np.where(axis.slots.ends, ENDS, 0).astype(np.int8)
    kind[np.searchsorted(entry, np.flatnonzero(axis.debit_leg <= OVERDRAWN), side="right") - 1] = OWING
    return kind


def first_entries(axis: LotAxis) -> Ints:
    """The first of each slot's entries on the debit axis."""
    return np.cumsum(axis.debits + 1) - (axis.debits + 1)


def inverse_of(axis: LotAxis, links: Links) -> Inverse:
    """The way back: two counting passes."""
    from tracing.link_kernels import by_debit, by_position

    first, rows = by_debit(links.leg, links.start, len(axis.credit_start))
    empty = np.zeros(len(axis.credit_start), dtype=np.bool_)
    empty[axis.idle_row] = True
    empty[axis.conversions.leg[axis.conversions.received_fen == 0]] = True
    return Inverse(first, rows, by_position(axis.credit_start, axis.slot_start, empty))


@dataclass(frozen=True)
class LotLinks:
    """The lot links as a table: `length_fen` fen of in_leg, from in_offset on, are spent by out_leg at out_offset.

    Sorted by in_leg, then in_offset; lengths per in_leg sum to what it received. out_leg is `UNSPENT`, or `OVERDRAWN` and
    below, where no leg spends them.
    """

    in_leg: Ints
    out_leg: Codes
    in_offset_fen: Ints
    out_offset_fen: Ints
    length_fen: Ints


def lot_links(axis: LotAxis, links: Links, received_fen: Ints) -> LotLinks:
    """Cut what every leg brought at the debits that spend it: at most 2n + m rows.

    Args:
        received_fen: what each leg's target received.
    """
    live = np.flatnonzero(received_fen > 0)
    begin, end = axis.credit_start[live], axis.credit_start[live] + received_fen[live]
    first = links.row_at(begin)
    count = np.searchsorted(links.start, end, side="left") - first
    leg = np.repeat(live, count)
    row = np.repeat(first - (np.cumsum(count) - count), count) + np.arange(len(leg))
    cut_start = np.maximum(np.repeat(begin, count), links.start[row])
    cut_end = np.minimum(np.repeat(end, count), links.start[row + 1])
    some = cut_end > cut_start
    leg, row, cut_start, cut_end = leg[some], row[some], cut_start[some], cut_end[some]
    offset = links.offset_fen[row] if len(links.offset_fen) else np.zeros_like(cut_start)
    return LotLinks(
        in_leg=leg,
        out_leg=links.leg[row],
        in_offset_fen=cut_start - axis.credit_start[leg],
        out_offset_fen=cut_start - links.start[row] + offset,
        length_fen=cut_end - cut_start,
    )
