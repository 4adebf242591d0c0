"""What a replay is asked and what it answers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.generate.identified import Leg, Slot
from ledger.generate.lots import Lot

HUB_KINDS = ("merchant", "issuer", "courier", "clearing", "cash")


class Place(NamedTuple):
    """An account: its kind, whether it is a hub or out of view, and its reported opening balance in fen if there is one."""

    kind: str = "bank"
    hub: bool = False
    opening: int | None = None
    out_of_view: bool = False

    @property
    def ends(self) -> bool:
        """Is money not followed beyond this account?"""
        return self.hub or self.out_of_view or self.kind in HUB_KINDS

    @property
    def sink(self) -> str:
        """What money that ends here is called."""
        if self.out_of_view:
            return "out_of_view"
        return self.kind if self.kind in {"cash", "merchant"} else "hub"


class Claim(NamedTuple):
    """A report: the disputed transfer and how much of it, None for all."""

    report: str
    transfer: str
    amount: int | None = None


@dataclass
class Replayed:
    """Answers of one method, all in fen: by (claim, transfer), (claim, account), (claim, sink, account).

    claim_fen: the part of each report that no earlier report covers.
    """

    traced: dict[tuple[str, str], Lot] = field(default_factory=dict)
    held: dict[tuple[str, str], Lot] = field(default_factory=dict)
    sinks: dict[tuple[str, str, str], int] = field(default_factory=dict)
    claim_fen: dict[str, int] = field(default_factory=dict)


def openings(legs: Sequence[Leg], places: Mapping[str, Place]) -> dict[Slot, int]:
    """Reported opening balances, and for the other accounts the least that makes their payments possible."""
    running: dict[Slot, int] = defaultdict(int)
    lowest: dict[Slot, int] = defaultdict(int)
    for leg in legs:
        running[leg.source] -= leg.given
        lowest[leg.source] = min(lowest[leg.source], running[leg.source])
        running[leg.target] += leg.received
    reported = {name: place.opening for name, place in places.items() if place.opening is not None}
    return {slot: reported.get(str(slot), -lowest[slot]) for slot in running if not isinstance(slot, tuple)}
