"""The upper bound: one drop of a victim's money makes the whole account suspect, and everything that leaves it afterwards."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ledger.generate.identified import Leg, Slot
from ledger.generate.lots import Lot
from ledger.generate.places import Claim, Place, Replayed, openings


def poisoned(legs: Sequence[Leg], places: Mapping[str, Place], claims: Sequence[Claim]) -> Replayed:
    """Per claim the accounts reached with their whole balance, and the whole of every transfer that left one.

    No identity holds: the same money is suspect for several claims, and clean money is suspect as well.
    """
    balance: dict[Slot, int] = defaultdict(int, openings(legs, places))
    reached: dict[str, set[Slot]] = {claim.report: set() for claim in claims}
    result = Replayed(claim_fen=dict.fromkeys(reached, 0))
    disputed = defaultdict(list)
    for claim in claims:
        disputed[claim.transfer].append(claim)
    for leg in legs:
        suspects = [(report, leg.given) for report, slots in reached.items() if leg.source in slots]
        known = {report for report, _ in suspects}
        for claim in disputed[leg.transfer]:
            part = leg.given if claim.amount is None else max(0, min(leg.given, claim.amount - leg.part))
            result.claim_fen[claim.report] += part
            if part and claim.report not in known:
                suspects.append((claim.report, part))
        balance[leg.source] -= leg.given
        balance[leg.target] += leg.received
        spread(leg, suspects, places, reached, result)
    for report, slots in reached.items():
        for slot in slots:
            account = slot[1] if isinstance(slot, tuple) else slot
            fen = max(0, balance[slot])
            place = places.get(account, Place())
            if place.ends:  # what is left of an order at a hub ended there
                key = (report, place.sink, account)
                result.sinks[key] = result.sinks.get(key, 0) + fen
                continue
            before = result.held.get((report, account), Lot(report, 0, 0))
            result.held[report, account] = Lot(report, before.quantity + fen, before.basis + fen)
    return result


def spread(
    leg: Leg, suspects: Sequence[tuple[str, int]], places: Mapping[str, Place], reached: dict[str, set[Slot]], result: Replayed
) -> None:
    """Note the transfer as suspect and mark its target, or the sink it ends in."""
    target = places.get(str(leg.target), Place())
    for report, fen in suspects:
        before = result.traced.get((report, leg.transfer), Lot(report, 0, 0))
        result.traced[report, leg.transfer] = Lot(report, before.quantity + fen, before.basis + fen)
        if target.ends:
            key = (report, target.sink, str(leg.target))
            result.sinks[key] = result.sinks.get(key, 0) + leg.received
        else:
            reached[report].add(leg.target)
