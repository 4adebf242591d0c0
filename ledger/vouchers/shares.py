"""What each card of an order cost: the order's amount shared by face, to the fen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.text.cells import MAX_FEN

UNKNOWN = -1
Whole = NDArray[np.object_]
"""Whole numbers of any size; products of money leave 64 bits. `UNKNOWN` where there is none."""


@dataclass(frozen=True)
class Shares:
    """What cards cost, in the order given, and what is left per order.

    paid: per card. rest_paid, rest_face: per order, beyond its cards. has_rest: orders that buy more than their cards.
    total_face: per order. listed_face: per order, the sum over its cards where all of them have one.
    split: orders that are shared at all; one whose amount is too small to give every card a fen is not.
    """

    paid: Whole
    rest_paid: Whole
    rest_face: Whole
    has_rest: NDArray[np.bool_]
    total_face: Whole
    listed_face: Whole
    split: NDArray[np.bool_]


def shares(amount: Whole, face: Whole, quantity: Whole, row: NDArray[np.int64], card_face: Whole) -> Shares:
    """Share amounts by cumulative floor, so that the shares of an order add up to its amount exactly.

    Args:
        amount, face, quantity: per order, quantity in hundredths. row: ascending, the order of each card.
        card_face: per card. Where one of an order's cards has no face, all of them count alike.
    """
    orders = len(amount)
    count = np.bincount(row, minlength=orders).astype(object)
    faced = np.ones(orders, bool)
    faced[row[card_face == UNKNOWN]] = False
    weight = np.where(faced[row], card_face, 1)
    ends = np.cumsum(count).astype(np.int64)
    running = np.concatenate([np.zeros(1, object), np.cumsum(weight)])
    before = running[ends - count.astype(np.int64)]
    listed = running[ends] - before
    stated = np.where((face != UNKNOWN) & (quantity != UNKNOWN), face * quantity // 100, UNKNOWN)
    stated[stated > MAX_FEN] = UNKNOWN
    alone = (stated == UNKNOWN) & (count == 0) & (quantity == UNKNOWN)
    total = np.where(stated != UNKNOWN, stated, np.where(alone, face, np.where(faced & (count > 0), listed, UNKNOWN)))
    least = np.where(faced, total, quantity // 100)
    whole = np.maximum(np.maximum(listed, least), 1)
    known = (amount != UNKNOWN)[row]
    upper = amount[row] * (running[1:] - before[row]) // whole[row]
    lower = amount[row] * (running[:-1] - before[row]) // whole[row]
    paid = np.where(known, upper - lower, UNKNOWN)
    rest_paid = np.where(amount != UNKNOWN, amount - amount * listed // whole, UNKNOWN)
    has_rest = np.asarray((count == 0) | (whole > listed), bool)
    split = np.asarray(count > 0, bool) & ~(has_rest & np.asarray(rest_paid == 0, bool))
    split[row[np.asarray(paid == 0, bool)]] = False
    rest_face = np.where(total == UNKNOWN, UNKNOWN, np.where(split & faced, total - listed, total))
    rest_face[np.asarray(split & ~faced, bool)] = UNKNOWN
    return Shares(
        paid=paid,
        rest_paid=np.where(split, rest_paid, amount),
        rest_face=rest_face,
        has_rest=has_rest | ~split,
        total_face=total,
        listed_face=np.where(faced & (count > 0), listed, UNKNOWN),
        split=split,
    )
