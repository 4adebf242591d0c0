"""What records tie together by themselves: reversals, and orders paid at a hub. The slow twin of the tracer's links."""

from collections.abc import Sequence
from typing import NamedTuple

Slot = str | tuple[str, str, str]
"""An account, or (what, account, key): the private balance of one reversal or of one order at a hub."""

VOUCHERS = ("gift_card", "q_coin")


class Movement(NamedTuple):
    """A row of the ledger. given leaves the source, received arrives; both in fen."""

    transfer: str
    source: str
    target: str
    given: int
    received: int
    kind: str = "bank"
    operation: str = ""
    status: str = "done"
    reverses: str = ""
    reference: str = ""
    order: str = ""

    @property
    def key(self) -> str:
        """The order it names, else its reference."""
        return self.order or self.reference


class Leg(NamedTuple):
    """A movement, or the part of it behind `part` fen, between two slots."""

    transfer: str
    source: Slot
    target: Slot
    given: int
    received: int
    part: int = 0


def identified_legs(movements: Sequence[Movement], ends: set[str]) -> list[Leg]:
    """The movements that took place, in their order, each identified link on a slot of its own.

    Args:
        ends: accounts at which money is not followed: hubs, and accounts out of view.
    """
    moved = took_place(movements)
    returned = returned_payments(moved)
    backs = {movement.transfer for movement in moved if movement.reverses in returned}
    orders = tied_orders(moved, ends)
    payers = paying_hubs(moved, ends)
    legs: list[Leg] = []
    for movement in payments_first(moved, orders, payers):
        source: Slot = movement.source
        target: Slot = movement.target
        hub = payers.get((movement.source, movement.key))
        if movement.transfer in backs:
            source = ("reversal", movement.source, movement.reverses)
        elif hub and movement.kind in VOUCHERS and movement.operation == "purchase":
            source = ("order", hub, movement.key)
        elif (movement.source, movement.key) in orders:
            source = ("order", movement.source, movement.key)
        if (movement.target, movement.key) in orders:
            target = ("order", movement.target, movement.key)
        legs += split_payment(movement, source, target, returned.get(movement.transfer, 0))
    return legs


def payments_first(
    moved: Sequence[Movement], orders: set[tuple[str, str]], payers: dict[tuple[str, str], str]
) -> list[Movement]:
    """A voucher bought under an order counts when the order is first paid, even if its own record says a little earlier."""
    paid: dict[tuple[str, str], int] = {}
    for at, movement in enumerate(moved):
        if (movement.target, movement.key) in orders:
            paid.setdefault((movement.target, movement.key), at)
    place = {}
    for at, movement in enumerate(moved):
        hub = payers.get((movement.source, movement.key))
        is_bought = hub and movement.kind in VOUCHERS and movement.operation == "purchase"
        place[movement.transfer] = max(at, paid[hub, movement.key]) if is_bought and hub else at
    return sorted(moved, key=lambda movement: (place[movement.transfer], movement.kind in VOUCHERS))


def split_payment(movement: Movement, source: Slot, target: Slot, returned: int) -> list[Leg]:
    """One leg, or two where only the first fen of a payment came back."""
    if not returned:
        return [Leg(movement.transfer, source, target, movement.given, movement.received)]
    back: Slot = ("reversal", movement.target, movement.transfer)
    legs = [Leg(movement.transfer, source, back, returned, returned)]
    if returned < movement.given:
        legs.append(Leg(movement.transfer, source, target, movement.given - returned, movement.received - returned, returned))
    return legs


def took_place(movements: Sequence[Movement]) -> list[Movement]:
    """Without failed transfers, and without those called reversed for which no record says when the money came back."""
    reversed_ids = {movement.reverses for movement in movements if movement.reverses and movement.status != "failed"}
    return [
        movement
        for movement in movements
        if movement.status == "done"
        or (movement.status == "reversed" and (movement.transfer in reversed_ids or movement.reverses))
    ]


def returned_payments(moved: Sequence[Movement]) -> dict[str, int]:
    """How much of each payment came back: by later rows between the same accounts, never more than was paid."""
    paid: dict[str, Movement] = {}
    returned: dict[str, int] = {}
    for movement in moved:
        payment = paid.get(movement.reverses)
        is_back = payment and (payment.source, payment.target) == (movement.target, movement.source)
        if payment and is_back and payment.given == payment.received:
            total = returned.get(payment.transfer, 0) + movement.given
            if total <= payment.given:
                returned[payment.transfer] = total
        paid[movement.transfer] = movement
    return returned


def tied_orders(moved: Sequence[Movement], ends: set[str]) -> set[tuple[str, str]]:
    """(hub, key) pairs with payments of one account into the hub and something onward: a payment out, or a voucher."""
    paid = paid_alone(moved, ends)
    onward = {(m.source, m.key) for m in moved if m.source in ends and m.key}
    onward |= {(hub, key) for (_, key), hub in paying_hubs(moved, ends).items()}
    return paid & onward


def paid_alone(moved: Sequence[Movement], ends: set[str]) -> set[tuple[str, str]]:
    """(hub, key) pairs under which one account alone paid: a number many pay under identifies nobody."""
    payers: dict[tuple[str, str], set[str]] = {}
    for m in moved:
        if m.target in ends and m.key:
            payers.setdefault((m.target, m.key), set()).add(m.source)
    return {pair for pair, sources in payers.items() if len(sources) == 1}


def paying_hubs(moved: Sequence[Movement], ends: set[str]) -> dict[tuple[str, str], str]:
    """The hub whose order paid for the vouchers of (buyer, key): the buyer paid it, or the order was paid there alone."""
    alone = paid_alone(moved, ends)
    payments = [m for m in moved if (m.target, m.key) in alone]
    bought = [m for m in moved if m.kind in VOUCHERS and m.operation == "purchase" and m.key and m.source not in ends]
    own = {(m.source, m.key): m.target for m in payments}
    found = {}
    for m in bought:
        hubs = {payment.target for payment in payments if payment.key == m.key}
        paid = sum(payment.received for payment in payments if payment.key == m.key)
        cost = sum(other.given for other in bought if other.key == m.key)
        if (m.source, m.key) in own:
            found[m.source, m.key] = own[m.source, m.key]
        elif m.order and len(hubs) == 1 and cost <= paid:
            found[m.source, m.key] = hubs.pop()
    return found
