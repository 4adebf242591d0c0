"""Lots of money, and which of them leave under each method."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

CLEAN = ""
"""The label of money that is nobody's claim."""


class Lot(NamedTuple):
    """Money on the move."""

    label: str
    quantity: int
    basis: int


@dataclass
class Resting:
    """A lot at rest: the part from `low` to `high` of what arrived is still there.

    The basis of a part is the difference of floor(k × basis / quantity) at its ends, k counted from the front of the lot.
    """

    lot: Lot
    low: int
    high: int

    def cut(self, low: int, high: int) -> Lot:
        """The part between two places of the lot as it arrived."""
        label, quantity, basis = self.lot
        return Lot(label, high - low, high * basis // quantity - low * basis // quantity)

    @property
    def left(self) -> int:
        """Quantity still there."""
        return self.high - self.low


def take_in_order(lots: list[Resting], amount: int, method: str) -> list[Lot]:
    """Lots from the front, from the back, or the wanted kind first."""
    if method == "lifo":
        return take_newest(lots, amount)
    order = list(lots)
    if method in {"clean_first", "taint_first"}:
        order.sort(key=lambda lot: (lot.lot.label != CLEAN) == (method == "clean_first"))
    taken = []
    for lot in order:
        part = min(amount, lot.left)
        if part:
            taken.append(lot.cut(lot.low, lot.low + part))
            lot.low += part
            amount -= part
    return taken


def take_newest(lots: list[Resting], amount: int) -> list[Lot]:
    """The top of the stack as one block: what was newest stays newest at the target."""
    taken = []
    for lot in reversed(lots):
        part = min(amount, lot.left)
        if part:
            taken.append(lot.cut(lot.high - part, lot.high))
            lot.high -= part
            amount -= part
    return taken[::-1]


def take_shares(lots: list[Resting], amount: int) -> list[Lot]:
    """Every label by its share of the balance, to the fen: largest remainder, then the smaller report id, clean last.

    A label is one pool: its lots are melted into one, and its share is the front of that.
    """
    pools: dict[str, Lot] = {}
    for lot in lots:
        part = lot.cut(lot.low, lot.high)
        before = pools.get(part.label, Lot(part.label, 0, 0))
        pools[part.label] = Lot(part.label, before.quantity + part.quantity, before.basis + part.basis)
    labels = sorted(pools, key=claims_first)
    total = sum(pool.quantity for pool in pools.values())
    if not total:
        return []
    shares = {label: pools[label].quantity * amount // total for label in labels}
    remainder = sorted(labels, key=lambda label: (-(pools[label].quantity * amount % total), *claims_first(label)))
    for label in remainder[: amount - sum(shares.values())]:
        shares[label] += 1
    melted = [Resting(pools[label], 0, pools[label].quantity) for label in labels]
    taken = [lot.cut(0, shares[lot.lot.label]) for lot in melted]
    lots[:] = [Resting(lot.cut(shares[lot.lot.label], lot.high), 0, lot.high - shares[lot.lot.label]) for lot in melted]
    return [lot for lot in taken if lot.quantity]


def claims_first(label: str) -> tuple[bool, str]:
    """Sort key: claims by their report id, clean behind them."""
    return label == CLEAN, label


def split(lots: Sequence[Lot], amount: int) -> tuple[list[Lot], list[Lot]]:
    """The first `amount` of a parcel and the rest of it."""
    front, back = [], []
    for lot in lots:
        part = min(amount, lot.quantity)
        amount -= part
        whole = Resting(lot, 0, lot.quantity)
        if part:
            front.append(whole.cut(0, part))
        if part < lot.quantity or not lot.quantity:
            back.append(whole.cut(part, lot.quantity) if lot.quantity else lot)
    return front, back


def convert(lots: Sequence[Lot], given: int, received: int) -> list[Lot]:
    """Scale a parcel from what was given to what was received, to the fen at every boundary; the basis stays."""
    converted, offset = [], 0
    for lot in lots:
        end = offset + lot.quantity
        converted.append(Lot(lot.label, end * received // given - offset * received // given, lot.basis))
        offset = end
    return converted
