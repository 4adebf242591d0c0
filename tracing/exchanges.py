"""How the steps of an inferred link are told: the payout, and what the recycler exchanged for the vouchers."""

import numpy as np

from ledger.book import Ledger
from tracing.legs import Flags, Ints, Legs
from tracing.lots import LotAxis

AS_RECORDED, BY_LINK, HIDDEN = -1, -2, -3


def paid_from(axis: LotAxis, legs: Ints) -> Ints:
    """What a piece on each of the legs is told as.

    `AS_RECORDED`: on no leg of an inferred link. `BY_LINK`: on the payout. An account code: exchanged for vouchers, from that
    account of the recycler's. `HIDDEN`: the step within that account before the exchange.
    """
    found = np.full(len(legs), AS_RECORDED, dtype=np.int64)
    if axis.slots.inferred is None or not len(legs):
        return found
    leg, slot = leaving(axis)
    place = np.minimum(np.searchsorted(leg, legs), max(len(leg) - 1, 0))
    out = leg[place] == legs if len(leg) else np.zeros(len(legs), dtype=np.bool_)
    extra = legs >= axis.rows
    found[out & ~extra] = BY_LINK
    found[out & extra] = axis.slots.account[slot[place]][out & extra]
    found[extra & axis.slots.inferred[axis.target(legs)]] = HIDDEN
    return found


def made_by_link(ledger: Ledger, axis: LotAxis | Legs, legs: Ints) -> Flags:
    """Which legs no record has: an inferred link made them, at the moment of a redemption and behind all of its amount."""
    found = np.zeros(len(legs), dtype=np.bool_)
    if axis.slots.inferred is None:
        return found
    extra = np.flatnonzero(legs >= axis.rows)
    amount = ledger.rows(axis.row(legs[extra]), "amount_fen")["amount_fen"].to_numpy(dtype=np.int64)
    found[extra] = axis.extra_part_fen[legs[extra] - axis.rows] >= amount
    return found


def leaving(axis: LotAxis) -> tuple[Ints, Ints]:
    """The legs that leave private slots of inferred links, sorted, and the slot of each."""
    assert axis.slots.inferred is not None
    slots = np.flatnonzero(axis.slots.inferred)
    first = np.concatenate([[0], np.cumsum(axis.debits + 1)])[slots]
    count = axis.debits[slots]
    entry = np.repeat(first - np.cumsum(count) + count, count) + np.arange(int(count.sum()))
    leg = axis.debit_leg[entry].astype(np.int64)
    order = np.argsort(leg, kind="stable")
    return leg[order], np.repeat(slots, count)[order]
