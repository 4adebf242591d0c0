"""The slow, obviously right replay: lots move one transfer at a time, all six methods, in plain Python.

It shares nothing with the tracer, so that each can convict the other. What it says is the definition:

- An account is a list of lots in the order of arrival. A lot has a label (a claim, or "" for clean), a quantity in fen and a
  basis: how much of the victim's money it stands for. Clean lots have no basis.
- A method says which lots leave. `fifo` takes the oldest, `lifo` the newest as one block with its order kept, `clean_first` and
  `taint_first` the oldest of the wanted kind and then the rest, `pro_rata` every label by its share (largest remainder).
- The disputed payment becomes its claim's lot on arrival: its first fen, as far as reported and not yet another claim's.
- A conversion scales quantities (cumulative floor of received over given) and leaves the basis alone.
- Money that arrives at an overdrawn account repays the bank first, with the lots in front.
- A reversal gives back the lots of its own payment. An order ties the payment into a hub to what was bought or paid with it.
  Both are slots of their own: balances that no method mixes with others.
- `poison` is a set: every account reached, and the whole of every transfer that leaves one afterwards.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ledger.generate.identified import Leg, Movement, Slot, identified_legs
from ledger.generate.lots import CLEAN, Lot, Resting, convert, split, take_in_order, take_shares
from ledger.generate.places import Claim, Place, Replayed, openings
from ledger.generate.poison import poisoned

METHODS = ("fifo", "lifo", "pro_rata", "clean_first", "taint_first", "poison")


def replay(movements: Sequence[Movement], places: Mapping[str, Place], claims: Sequence[Claim], method: str) -> Replayed:
    """Trace claims through movements in ledger order.

    Args:
        places: accounts by name; one that is not named is an ordinary account without a reported opening.
    Raises:
        AssertionError when held + sinks is not the claim.
    """
    legs = identified_legs(movements, {name for name, place in places.items() if place.ends})
    if method == "poison":
        return poisoned(legs, places, claims)
    balances = Balances(method)
    for name, opening in openings(legs, places).items():
        balances.lots[name] = [Resting(Lot(CLEAN, opening, 0), 0, opening)] if opening > 0 else []
        balances.debt[name] = max(0, -opening)
    result = Replayed(claim_fen=dict.fromkeys((claim.report for claim in claims), 0))
    disputed = defaultdict(list)
    for claim in sorted(claims, key=lambda claim: claim.report):
        disputed[claim.transfer].append(claim)
    for leg in legs:
        step(balances, leg, places, disputed[leg.transfer], result)
    hold(balances, places, result)
    check(result)
    return result


@dataclass
class Balances:
    """The state of a replay: lots per slot and what overdrawn slots owe their bank."""

    method: str
    lots: dict[Slot, list[Resting]] = field(default_factory=lambda: defaultdict(list))
    debt: dict[Slot, int] = field(default_factory=lambda: defaultdict(int))

    def take(self, slot: Slot, amount: int) -> list[Lot]:
        """The lots that leave, in the order in which they leave; what is missing is the bank's, clean, and behind."""
        lots = self.lots[slot]
        available = sum(lot.left for lot in lots)
        wanted = min(amount, available)
        taken = take_shares(lots, wanted) if self.method == "pro_rata" else take_in_order(lots, wanted, self.method)
        self.lots[slot] = [lot for lot in lots if lot.left]
        if amount > available:
            self.debt[slot] += 0 if isinstance(slot, tuple) else amount - available
            taken.append(Lot(CLEAN, amount - available, 0))
        return taken

    def put(self, slot: Slot, arriving: Sequence[Lot]) -> list[Lot]:
        """Let lots arrive; returns the part that repaid an overdraft."""
        repaid, rest = split(arriving, self.debt[slot])
        self.debt[slot] -= sum(lot.quantity for lot in repaid)
        self.lots[slot] += [Resting(lot, 0, lot.quantity) for lot in rest if lot.quantity]
        return repaid


def step(balances: Balances, leg: Leg, places: Mapping[str, Place], claims: Sequence[Claim], result: Replayed) -> None:
    """One leg: lots leave, are claimed, noted, converted, and arrive or end."""
    place = places.get(str(leg.source), Place())
    lots = [Lot(CLEAN, leg.given, 0)] if place.ends else balances.take(leg.source, leg.given)
    for claim in claims:
        lots = claimed(lots, claim, leg, result)
    for lot in lots:
        if lot.label != CLEAN:
            before = result.traced.get((lot.label, leg.transfer), Lot(lot.label, 0, 0))
            result.traced[lot.label, leg.transfer] = Lot(lot.label, before.quantity + lot.quantity, before.basis + lot.basis)
    lots = convert(lots, leg.given, leg.received)
    target = places.get(str(leg.target), Place())
    if target.ends:
        sink(result, target.sink, str(leg.target), lots)
        return
    sink(result, "dust", str(leg.target), [lot for lot in lots if not lot.quantity])
    sink(result, "overdraft", str(leg.target), balances.put(leg.target, [lot for lot in lots if lot.quantity]))


def claimed(lots: list[Lot], claim: Claim, leg: Leg, result: Replayed) -> list[Lot]:
    """The parcel with its reported part as the claim's: clean pieces in a row become one lot, earlier claims keep theirs."""
    reported = leg.given + leg.part if claim.amount is None else claim.amount
    front, back = split(lots, max(0, reported - leg.part))
    ours: list[Lot] = []
    for lot in front:
        if lot.label != CLEAN:
            ours.append(lot)
        elif ours and ours[-1].label == claim.report:
            ours[-1] = Lot(claim.report, ours[-1].quantity + lot.quantity, ours[-1].basis + lot.quantity)
        else:
            ours.append(Lot(claim.report, lot.quantity, lot.quantity))
    result.claim_fen[claim.report] += sum(lot.quantity for lot in ours if lot.label == claim.report)
    return ours + back


def sink(result: Replayed, name: str, account: str, lots: Sequence[Lot]) -> None:
    """Book lots that are followed no further."""
    for lot in lots:
        if lot.label != CLEAN and lot.basis:
            key = (lot.label, name, account)
            result.sinks[key] = result.sinks.get(key, 0) + lot.basis


def hold(balances: Balances, places: Mapping[str, Place], result: Replayed) -> None:
    """What is left at the end: in an account it is held, in the order of a hub it ended there."""
    for slot, lots in balances.lots.items():
        account = slot[1] if isinstance(slot, tuple) else slot
        place = places.get(account, Place())
        for lot in lots:
            part = lot.cut(lot.low, lot.high)
            if part.label == CLEAN:
                continue
            if place.ends:
                sink(result, place.sink, account, [part])
                continue
            before = result.held.get((part.label, account), Lot(part.label, 0, 0))
            result.held[part.label, account] = Lot(part.label, before.quantity + part.quantity, before.basis + part.basis)


def check(result: Replayed) -> None:
    """For every claim: held + sinks = the claim, to the fen."""
    found = dict.fromkeys(result.claim_fen, 0)
    for (claim, _), lot in result.held.items():
        found[claim] += lot.basis
    for (claim, _, _), fen in result.sinks.items():
        found[claim] += fen
    assert found == result.claim_fen, f"held + sinks is not the claim: {found} against {result.claim_fen}"
