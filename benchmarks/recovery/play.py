"""The world of one case with freezes in it: what is blocked does not move on, and nothing that depended on it does."""

from collections import defaultdict, deque
from copy import copy
from dataclasses import dataclass

from benchmarks.recovery.case import Case
from benchmarks.recovery.parcels import CLEAN, Lot, overlaid, placed, scaled


@dataclass(frozen=True)
class Way:
    """One step of money: the step before, the slot, when it came in."""

    before: int
    slot: int
    time_us: int


class Play:
    """One run of the world. Money moves first in first out; a block takes victims' fen first, the oldest first.

    A transfer out of an account that lacks money because of a block moves what is there when a ring member makes it, and
    nothing when an innocent does.

    lots: what lies at each slot, the oldest first. blocked: per slot. gone: what left for cash, hubs and overdrafts, with
    the instant. lent_fen: what came from hubs, cash and beyond a balance. lost_fen: what conversions cost. ways: every step of
    victims' money.
    """

    def __init__(self, case: Case) -> None:
        legs, openings = case.settled.legs, case.settled.openings
        self.case = case
        self.legs = legs
        self.lots: list[deque[Lot]] = [deque([Lot(CLEAN, int(fen), -1)] if fen > 0 else []) for fen in openings.fen]
        self.short: dict[int, int] = defaultdict(int)
        self.debt: dict[int, int] = defaultdict(int, {slot: -int(fen) for slot, fen in enumerate(openings.fen) if fen < 0})
        self.gone: list[tuple[Lot, int]] = []
        self.lost_fen = 0
        self.lent_fen = 0
        self.blocked: dict[int, list[Lot]] = defaultdict(list)
        self.executed = legs.given_fen.copy()
        self.ways: list[Way] = []
        self.at = 0
        self.order = case.settled.order
        self.seeds: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for claim, leg, start, fen in zip(
            case.seeds.claim.tolist(),
            case.seeds.leg.tolist(),
            case.seeds.start_fen.tolist(),
            case.seeds.fen.tolist(),
            strict=True,
        ):
            self.seeds[leg].append((start, start + fen, claim))

    def fork(self) -> "Play":
        """The same world at the same instant, to be played on apart."""
        twin = copy(self)
        twin.lots = [deque(Lot(lot.label, lot.fen, lot.node) for lot in lots) for lots in self.lots]
        twin.debt = defaultdict(int, self.debt)
        twin.short = defaultdict(int, self.short)
        twin.blocked = defaultdict(list, {slot: list(lots) for slot, lots in self.blocked.items()})
        twin.executed, twin.ways, twin.gone = self.executed.copy(), list(self.ways), list(self.gone)
        return twin

    def advance(self, until_us: int) -> None:
        """Move on to an instant, that instant included."""
        while self.at < len(self.order):
            leg = int(self.order[self.at])
            time_us = int(self.legs.time_us[leg])
            if time_us > until_us:
                return
            self.at += 1
            self.move(leg, time_us)

    def move(self, leg: int, time_us: int) -> None:
        """One leg."""
        source, target, fen = int(self.legs.source[leg]), int(self.legs.target[leg]), int(self.legs.given_fen[leg])
        if fen == 0:
            return
        sent = self.affordable(source, target, fen)
        self.executed[leg] = sent
        if sent == 0:
            return
        parcel = self.labelled(leg, self.taken(source, sent))
        if self.legs.slots.ends[target]:
            self.gone += [(lot, time_us) for lot in parcel]
            return
        received = sent * int(self.legs.received_fen[leg]) // fen
        self.lost_fen += sent - received
        for lot in self.repaid(target, scaled(parcel, sent, received), time_us):
            if lot.label != CLEAN:
                self.ways.append(Way(lot.node, target, time_us))
                lot = Lot(lot.label, lot.fen, len(self.ways) - 1)
            self.lots[target].append(lot)

    def affordable(self, source: int, target: int, fen: int) -> int:
        """How much of a transfer still happens."""
        if self.legs.slots.ends[source] or self.short[source] <= 0:
            return fen
        there = sum(lot.fen for lot in self.lots[source])
        innocent = bool(self.case.innocent[self.legs.slots.account[source]])
        sent = min(fen, there) if not innocent or there >= fen else 0
        missing = fen - sent
        self.short[source] -= missing
        self.short[target] += missing
        return sent

    def taken(self, slot: int, fen: int) -> list[Lot]:
        """The oldest fen of a slot; what it lacks is the bank's and clean."""
        if self.legs.slots.ends[slot]:
            self.lent_fen += fen
            return [Lot(CLEAN, fen, -1)]
        found, lots = [], self.lots[slot]
        while fen and lots:
            lot = lots[0]
            part = min(fen, lot.fen)
            found.append(Lot(lot.label, part, lot.node))
            fen -= part
            if part == lot.fen:
                lots.popleft()
            else:
                lot.fen -= part
        self.lent_fen += fen
        self.debt[slot] += fen
        return [*found, Lot(CLEAN, fen, -1)] if fen else found

    def repaid(self, slot: int, parcel: list[Lot], time_us: int) -> list[Lot]:
        """What is left of a credit after the bank was repaid what it lent, the first fen first."""
        if self.debt[slot] <= 0:
            return parcel
        left: list[Lot] = []
        for lot in parcel:
            part = min(lot.fen, self.debt[slot])
            self.debt[slot] -= part
            if part:
                self.gone.append((Lot(lot.label, part, lot.node), time_us))
            if lot.fen > part:
                left.append(Lot(lot.label, lot.fen - part, lot.node))
        return left

    def labelled(self, leg: int, parcel: list[Lot]) -> list[Lot]:
        """The parcel with the disputed fen labelled; what is another claim's already stays so."""
        for begin, end, claim in self.seeds.get(leg, ()):
            parcel = [part for at, lot in placed(parcel) for part in overlaid(at, lot, (begin, end), claim)]
        return parcel

    def land(self, slot: int, fen: int) -> int:
        """A request reaches the bank: block so much, victims' fen first. What is not there is not blocked."""
        lots, left = self.lots[slot], fen
        for wanted in (True, False):
            for lot in list(lots):
                if left and (lot.label != CLEAN) == wanted:
                    part = min(left, lot.fen)
                    self.blocked[slot].append(Lot(lot.label, part, lot.node))
                    lot.fen -= part
                    left -= part
        self.lots[slot] = deque(lot for lot in lots if lot.fen)
        self.short[slot] += fen - left
        return fen - left

    def saved_fen(self) -> int:
        """Victims' fen that are blocked."""
        return sum(lot.fen for lots in self.blocked.values() for lot in lots if lot.label != CLEAN)

    def wronged_fen(self) -> int:
        """Innocents' fen that are blocked: money of theirs that is no victim's."""
        account = self.legs.slots.account
        return sum(
            lot.fen
            for slot, lots in self.blocked.items()
            for lot in lots
            if lot.label == CLEAN and self.case.innocent[account[slot]]
        )
