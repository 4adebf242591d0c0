"""Links of last in, first out against a stack of single fen, on random ledgers with overdrafts, conversions and hubs."""

from random import Random

import pytest

from ledger.book import Ledger
from tests.story import story
from tests.tracing.test_twin import OPENINGS, as_ledger, random_world
from tracing.links import Links, fifo_links, lifo_links
from tracing.lots import OVERDRAWN, UNSPENT, LotAxis, Settled, axis_of, settled_legs
from tracing.result import TIES

Spent = dict[int, tuple[int, int]]
"""For each position of the axis the debit that spends its fen, and which fen of the debit that is."""


def fen_by_fen(axis: LotAxis, links: Links) -> Spent:
    spent = {}
    bounds = zip(links.start[:-1].tolist(), links.start[1:].tolist(), links.leg.tolist(), strict=True)
    for row, (begin, end, leg) in enumerate(bounds):
        offset = int(links.offset_fen[row]) if len(links.offset_fen) else 0
        for position in range(begin, end):
            spent[position] = (leg, 0 if leg in (UNSPENT, OVERDRAWN) else offset + position - begin)
    return spent


def stacked(axis: LotAxis, settled: Settled) -> Spent:
    """What a stack of single fen per slot says; what repays a bank is what it is under first in, first out."""
    legs, begin, end = settled.legs, axis.slot_start[:-1].tolist(), axis.slot_start[1:].tolist()
    bank = fen_by_fen(axis, fifo_links(axis))
    opening = settled.openings.fen.tolist()
    reached = [start + max(0, fen) for start, fen in zip(begin, opening, strict=True)]
    owed = [max(0, -fen) for fen in opening]
    stack = [list(range(start, until)) for start, until in zip(begin, reached, strict=True)]
    spent: Spent = {}
    for leg in settled.order.tolist():
        source, target = int(legs.source[leg]), int(legs.target[leg])
        if not legs.slots.ends[source]:
            given = int(legs.given_fen[leg])
            kept = max(0, len(stack[source]) - given)
            owed[source] += given - (len(stack[source]) - kept)
            for offset, position in enumerate(stack[source][kept:]):
                spent[position] = (leg, offset)
            del stack[source][kept:]
        for position in range(reached[target], reached[target] + int(legs.received_fen[leg])):
            if owed[target] and not legs.slots.ends[target]:
                spent[position] = bank[position]
                owed[target] -= 1
            else:
                stack[target].append(position)
        reached[target] += int(legs.received_fen[leg])
    for slot in range(len(begin)):
        for position in range(begin[slot], end[slot]):
            ends = position < reached[slot] or legs.slots.ends[slot]
            spent.setdefault(position, (UNSPENT if ends else OVERDRAWN, 0))
    return spent


def laid(ledger: Ledger, random: Random) -> tuple[LotAxis, Settled]:
    settled = settled_legs(ledger, opening=random.choice(OPENINGS), ties=random.choice(TIES))
    return axis_of(ledger, settled), settled


@pytest.mark.parametrize("shard", range(4))
def test_the_newest_fen_leave_first_on_random_ledgers(shard: int) -> None:
    for seed in range(shard * 100, shard * 100 + 100):
        random = Random(seed)
        axis, settled = laid(as_ledger(*random_world(random)), random)
        assert fen_by_fen(axis, lifo_links(axis, settled)) == stacked(axis, settled), f"seed {seed}"


def test_the_stretches_lie_end_to_end_and_none_could_be_joined_to_the_next() -> None:
    for seed in range(200):
        random = Random(seed)
        axis, settled = laid(as_ledger(*random_world(random)), random)
        links = lifo_links(axis, settled)
        slots = axis.slot_at(links.start[:-1])
        length = links.start[1:] - links.start[:-1]
        follows = (links.leg[1:] == links.leg[:-1]) & (links.offset_fen[1:] == links.offset_fen[:-1] + length[:-1])
        joinable = follows & (slots[1:] == slots[:-1]) & (links.leg[1:] >= 0) & (length[1:] > 0) & (length[:-1] > 0)
        assert (length >= 0).all(), f"seed {seed}"
        assert not joinable.any(), f"seed {seed}"


def test_a_debit_that_reaches_below_an_earlier_one_takes_two_stretches() -> None:
    ledger = story("""
        09:00 payer -> mule 10
        09:01 payer -> mule 5
        09:02 mule -> a 3
        09:03 payer -> mule 2
        09:04 mule -> b 6
    """)
    settled = settled_legs(ledger)
    axis = axis_of(ledger, settled)
    links = lifo_links(axis, settled)
    mule = axis.slot_at(links.start[:-1]) == 1
    rows = zip(links.leg[mule].tolist(), links.offset_fen[mule].tolist(), strict=True)
    assert list(rows) == [(UNSPENT, 0), (4, 0), (2, 0), (4, 4_00)]
