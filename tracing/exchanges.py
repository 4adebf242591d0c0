"""How the steps of an inferred link are told: the payout, and what the recycler exchanged for the vouchers."""

import numpy as np

from tracing.follow import Pieces
from tracing.legs import Ints
from tracing.lots import LotAxis

AS_RECORDED, BY_LINK, HIDDEN = -1, -2, -3


def paid_from(axis: LotAxis, pieces: Pieces) -> Ints:
    """What each piece is told as.

    `AS_RECORDED`: on no leg of an inferred link. `BY_LINK`: on the payout. An account code: exchanged for vouchers, from that
    account of the recycler's. `HIDDEN`: the step within that account before the exchange.
    """
    found = np.full(len(pieces), AS_RECORDED, dtype=np.int64)
    if axis.slots.inferred is None or not len(pieces):
        return found
    leg, slot = leaving(axis)
    place = np.minimum(np.searchsorted(leg, pieces.leg), max(len(leg) - 1, 0))
    out = leg[place] == pieces.leg if len(leg) else np.zeros(len(pieces), dtype=np.bool_)
    extra = pieces.leg >= axis.rows
    found[out & ~extra] = BY_LINK
    found[out & extra] = axis.slots.account[slot[place]][out & extra]
    found[extra & axis.slots.inferred[axis.target(pieces.leg)]] = HIDDEN
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
