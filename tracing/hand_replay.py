"""The accounts on a claim's way replayed by hand: one entry after the other in plain Python, compared with the trace."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ledger.book import Ledger
from tracing.follow import Pieces
from tracing.hand_records import Record, records_of
from tracing.legs import Ints
from tracing.lots import Settled
from tracing.purse import CLEAN, NO_PIECE, Part, Purse, purse_for


@dataclass(frozen=True)
class Entry:
    """One line of an account's page.

    parts: what came in or left, in order. balance_fen, own_fen: balance, and the claim's money in it, afterwards. leads: on the
    way to the account asked for. A run of lines without the claim's money is one entry: record is None, `lines` of them, with
    their sums in_fen and out_fen.
    """

    record: Record | None
    incoming: bool
    parts: tuple[Part, ...]
    balance_fen: int
    own_fen: int
    leads: bool = False
    lines: int = 1
    in_fen: int = 0
    out_fen: int = 0
    before: tuple[Part, ...] = ()


@dataclass
class Draft:
    """A page while it is written."""

    purse: Purse
    entries: list[Entry] = field(default_factory=list)
    own_fen: int = 0

    def passed(self, incoming: bool, fen: int) -> None:
        """Count a line that moves none of the claim's money."""
        last = self.entries[-1] if self.entries else None
        if last is None or last.record is not None:
            last = Entry(None, False, (), 0, 0, lines=0)
            self.entries.append(last)
        into, out = (fen, 0) if incoming else (0, fen)
        balance = self.purse.fen - self.purse.owed
        self.entries[-1] = replace(
            last, lines=last.lines + 1, in_fen=last.in_fen + into, out_fen=last.out_fen + out, balance_fen=balance,
            own_fen=self.own_fen,
        )  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What to replay: the way of a claim's money to the slots of an account; every: no line is left out."""

    claim: int
    ends_at: Ints
    method: str
    every: bool


@dataclass(frozen=True)
class Way:
    """What the replay works on.

    legs: all legs of the accounts on the way, in trace order; kept: those the claim's money can have come by. slots: the
    accounts. labels: per leg what the trace says it carries: start, fen, claim, basis, hop. offset: where in its transfer a
    leg begins.
    """

    wanted: Wanted
    settled: Settled
    legs: Ints
    kept: frozenset[int]
    slots: frozenset[int]
    labels: Mapping[int, list[tuple[int, int, int, int, int]]]
    records: Mapping[int, Record]
    offset: Mapping[int, int]


@dataclass
class Followings:
    """The claim's pieces: parent of each, the leg that carried it, and the part it was when it left."""

    parent: list[int] = field(default_factory=list)
    leg: list[int] = field(default_factory=list)
    part: list[Part] = field(default_factory=list)

    def new(self, part: Part, leg: int) -> Part:
        """The part as a new piece, whose parent is the piece it was of."""
        piece = len(self.parent)
        self.parent.append(part.piece)
        self.leg.append(leg)
        self.part.append(replace(part, piece=piece))
        return self.part[-1]

    def ranges(self, rests: list[Part]) -> dict[int, list[tuple[int, int]]]:
        """Per piece which fen of the disputed payment came to rest by way of it."""
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for part in rests:
            at = part.piece
            while at != NO_PIECE:
                found[at].append((part.basis_from, part.basis_from + part.basis))
                at = self.parent[at]
        return found

    def with_ancestors(self, pieces: set[int]) -> set[int]:
        found: set[int] = set()
        for piece in pieces:
            at = piece
            while at != NO_PIECE and at not in found:
                found.add(at)
                at = self.parent[at]
        return found


def way_to(ledger: Ledger, settled: Settled, carried: Pieces, wanted: Wanted) -> Way:
    """The legs by which the claim's money can have come there, and the accounts they left."""
    legs, claim, ends_at = settled.legs, wanted.claim, wanted.ends_at
    place = np.empty(len(settled.order), np.int64)
    place[settled.order] = np.arange(len(settled.order))
    own = carried.take(carried.claim == claim)
    mine, first = np.unique(own.leg, return_inverse=True)
    passing = np.zeros(len(mine), np.bool_)
    np.logical_or.at(passing, first, own.hop > 1)
    reaching, kept = set(ends_at.tolist()), []
    slots = {slot for slot in ends_at.tolist() if not legs.slots.ends[slot]}
    for at in np.argsort(place[mine])[::-1]:
        leg = int(mine[at])
        if int(legs.target[leg]) in reaching:
            kept.append(leg)
            if passing[at] and not legs.slots.ends[legs.source[leg]]:
                reaching.add(int(legs.source[leg]))
                slots.add(int(legs.source[leg]))
    inside = np.zeros(len(legs.slots), np.bool_)
    inside[list(slots)] = True
    touched = (inside[legs.source] | inside[legs.target]) & (legs.given_fen > 0)
    touched[kept] = True
    events = np.flatnonzero(touched)
    events = events[np.argsort(place[events])]
    labels: dict[int, list[tuple[int, int, int, int, int]]] = defaultdict(list)
    label = carried.take(np.isin(carried.leg, events))
    rows = (label.leg, label.start_fen, label.fen, label.claim, label.basis_fen, label.hop)
    for leg, *told in zip(*(column.tolist() for column in rows), strict=True):
        labels[leg].append(tuple(told))
    offset = dict(zip(range(legs.rows, legs.rows + len(legs.extra_row)), legs.extra_part_fen.tolist(), strict=True))
    shown = events if wanted.every else events[np.isin(events, mine)]
    records = records_of(ledger, settled, shown)
    return Way(wanted, settled, events, frozenset(kept), frozenset(slots), labels, records, offset)


def replayed_by_hand(way: Way) -> tuple[Followings, dict[int, Draft], list[Part]]:
    """Replay the accounts on the way; the claim's pieces, a page per account, and what came to rest where tracing ends."""
    legs, openings = way.settled.legs, way.settled.openings
    drafts = {slot: Draft(purse_for(way.wanted.method, int(openings.fen[slot]))) for slot in sorted(way.slots)}
    pieces, ended, final = Followings(), [], set(way.wanted.ends_at.tolist())
    columns = (way.legs, legs.source[way.legs], legs.target[way.legs], legs.given_fen[way.legs], legs.received_fen[way.legs])
    for leg, source, target, given, received in zip(*(column.tolist() for column in columns), strict=True):
        before = (
            tuple(drafts[source].purse.lots())
            if way.wanted.method == "pro_rata" and leg in way.kept and source in drafts
            else ()
        )
        left = drafts[source].purse.take(given) if source in drafts else None
        parts = labelled(way, leg, given, left, pieces)
        if left is not None:
            drafts[source].own_fen -= sum(part.fen for part in left if part.claim == way.wanted.claim)
            noted(way, drafts[source], leg, incoming=False, parts=parts, before=before)
        came = arrived(parts, leg, given, received)
        if target in drafts:
            drafts[target].own_fen += put_in(drafts[target].purse, came, received, way.wanted.claim)
            noted(way, drafts[target], leg, incoming=True, parts=came)
        elif target in final and legs.slots.ends[target]:
            ended += [part for part in came if part.claim == way.wanted.claim]
    return pieces, drafts, ended


def put_in(purse: Purse, parts: list[Part], received: int, claim: int) -> int:
    """Put what arrives into a purse, the first of it repays the bank; how much of the claim is in it then."""
    repaid, at, own = min(received, purse.owed), 0, 0
    purse.owed -= repaid
    for part in parts:
        low = min(max(repaid - at, 0), part.fen)
        purse.put(part, low)
        own += part.fen - low if part.claim == claim else 0
        at += part.fen
    return own


def labelled(way: Way, leg: int, given: int, left: list[Part] | None, pieces: Followings) -> list[Part]:
    """What a leg carries, in order: the parts that left an account on the way, else what the trace says of it.

    Where the leg is a disputed payment, clean fen become the claim's that disputes them.
    """
    told = sorted(way.labels.get(leg, []))
    if left is None:
        return laid([(one[0], part_of(way, leg, one, pieces)) for one in told], [(0, Part(CLEAN, given))])
    at, base = 0, []
    for part in left:
        base.append((at, pieces.new(part, leg) if part.claim == way.wanted.claim else part))
        at += part.fen
    fresh = [(one[0], part_of(way, leg, one, pieces)) for one in told if one[4] == 1]
    found = laid(fresh, base)
    for claim in {one[2] for one in told} | {part.claim for part in found if part.claim != CLEAN}:
        traced, by_hand = sum(one[1] for one in told if one[2] == claim), sum(p.fen for p in found if p.claim == claim)
        assert traced == by_hand, f"leg {leg} carries {traced} fen of claim {claim}, by hand {by_hand}"
    return found


def part_of(way: Way, leg: int, told: tuple[int, int, int, int, int], pieces: Followings) -> Part:
    """A label of the trace as a part; the explained claim's begins at its place in the disputed payment."""
    start, fen, claim, basis, hop = told
    if claim != way.wanted.claim:
        return Part(claim, fen, basis)
    return pieces.new(Part(claim, fen, basis, way.offset.get(leg, 0) + start if hop == 1 else -1), leg)


def laid(over: list[tuple[int, Part]], base: list[tuple[int, Part]]) -> list[Part]:
    """The parts of `over` at their places, and what of `base` lies between them."""
    found: list[tuple[int, Part]] = list(over)
    for start, part in base:
        at, end = start, start + part.fen
        for begin, other in over:
            if at < begin < end:
                found.append((at, part.cut(at - start, begin - start)))
            at = max(at, min(begin + other.fen, end)) if begin < end and begin + other.fen > start else at
        if at < end:
            found.append((at, part.cut(at - start, end - start)))
    return [part for _, part in sorted(found, key=lambda one: one[0])]


def arrived(parts: list[Part], leg: int, given: int, received: int) -> list[Part]:
    """The parts as the target gets them: a conversion scales places by received/given, rounded down."""
    at, found = 0, []
    for part in parts:
        begin, end = at * received // given, (at + part.fen) * received // given
        at += part.fen
        if end > begin:
            found.append(replace(part, fen=end - begin, leg=leg))
    return found


def noted(way: Way, draft: Draft, leg: int, incoming: bool, parts: list[Part], before: tuple[Part, ...] = ()) -> None:
    """Write a line on the page; lines that move none of the claim's money are counted together."""
    own = sum(part.fen for part in parts if part.claim == way.wanted.claim)
    if not own and not way.wanted.every:
        draft.passed(incoming, sum(part.fen for part in parts))
        return
    balance = draft.purse.fen - draft.purse.owed
    draft.entries.append(
        Entry(way.records[leg], incoming, tuple(parts), balance, draft.own_fen, leg in way.kept, before=before)
    )
