"""One strategy through one case: reports arrive, requests are filed, land after a latency, and money is or is not there."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.recovery.case import Case
from benchmarks.recovery.desk import Desk, Kept, Request
from benchmarks.recovery.play import Play
from benchmarks.recovery.records import seen

END_US = 2**62
Strategy = Callable[[Desk], list[Request]]


@dataclass(frozen=True)
class Score:
    """Fen: asked for by victims, saved for them, of innocents blocked; requests filed, and those that found nothing."""

    requested_fen: int = 0
    saved_fen: int = 0
    wronged_fen: int = 0
    filed: int = 0
    empty: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(
            self.requested_fen + other.requested_fen,
            self.saved_fen + other.saved_fen,
            self.wronged_fen + other.wronged_fen,
            self.filed + other.filed,
            self.empty + other.empty,
        )


@dataclass
class Bank:
    """Requests on their way and in force, over one play.

    pending: when they land, slot, fen. landed: the banks' answers: when, slot, how much was there and is blocked.
    """

    play: Play
    latency_us: int
    pending: list[tuple[int, int, int]] = field(default_factory=list)
    landed: list[tuple[int, int, int]] = field(default_factory=list)
    filed: int = 0
    empty: int = 0

    def file(self, now_us: int, wanted: list[Request], most: int) -> None:
        """Take the first `most` requests that ask for more than is blocked or on its way."""
        left = most
        for slot, fen in wanted:
            more = fen - self.asked(slot)
            if more > 0 and left:
                left -= 1
                self.filed += 1
                heapq.heappush(self.pending, (now_us + self.latency_us, slot, more))

    def blocked(self, slot: int) -> int:
        """What is in force at a slot."""
        return sum(lot.fen for lot in self.play.blocked.get(slot, ()))

    def asked(self, slot: int) -> int:
        """What is in force at a slot or on its way."""
        return self.blocked(slot) + sum(one[2] for one in self.pending if one[1] == slot)

    def last_filed_us(self, slot: int) -> int:
        """When the last request for a slot was filed; the beginning of time where there was none."""
        return max((when - self.latency_us for when, at, _ in (*self.landed, *self.pending) if at == slot), default=-END_US)

    def land_until(self, instant_us: int) -> None:
        """Let the requests land that land by then, each in the world of its instant."""
        while self.pending and self.pending[0][0] <= instant_us:
            when, slot, fen = heapq.heappop(self.pending)
            self.play.advance(when)
            there = self.play.land(slot, fen)
            self.landed.append((when, slot, there))
            self.empty += there == 0
        self.play.advance(instant_us)

    def fork(self) -> "Bank":
        """The same, to be played on apart."""
        return Bank(self.play.fork(), self.latency_us, list(self.pending), list(self.landed))


def moments_of(case: Case) -> list[int]:
    """The instants at which a desk acts: whenever a report arrives."""
    return sorted(set(case.reported_us.tolist()))


def play_case(case: Case, strategy: Strategy, most: int, latency_us: int, kept: Kept | None = None) -> Score:
    """Every arrival of a report is a moment to file up to `most` requests.

    Args:
        kept: what was computed from equal records before.
    """
    bank, kept = Bank(Play(case), latency_us), kept if kept is not None else {}
    for now in moments_of(case):
        bank.land_until(now)
        desk = Desk(case, seen(bank.play, now), now, most, bank, kept)
        bank.file(now, strategy(desk), most)
    bank.land_until(END_US)
    return Score(case.requested_fen, bank.play.saved_fen(), bank.play.wronged_fen(), bank.filed, bank.empty)
