"""The bound: a desk that knows the future and asks for exactly the victims' fen, where most of them pass."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from benchmarks.recovery.desk import Desk, Request
from benchmarks.recovery.parcels import CLEAN, Lot
from benchmarks.recovery.play import Play

END_US = 2**62
Chance = tuple[int, int]
"""A moment's number and a slot: one request that could be filed."""


def oracle(desk: Desk) -> list[Request]:
    """Plays the world on to its end, then chooses among all requests of this and all later moments, at most so many per moment.

    Greedy over the fen not yet covered, again at every moment: near the best, not proven to be it.
    """
    from benchmarks.recovery.game import moments_of

    lands = np.asarray([now + desk.bank.latency_us for now in moments_of(desk.case) if now >= desk.now_us], np.int64)
    future = desk.bank.fork()
    future.land_until(END_US)
    chosen = chosen_now(covered_by(future.play, lands), desk.most)
    there = victims_there(desk, int(lands[0]))
    asked = {slot: desk.bank.blocked(slot) + sum(one[2] for one in desk.bank.pending if one[1] == slot) for slot in chosen}
    return [(slot, asked[slot] + there[slot]) for slot in chosen if there.get(slot)]


def victims_there(desk: Desk, lands_us: int) -> dict[int, int]:
    """Victims' fen per slot when a request filed now lands."""
    later = desk.bank.fork()
    later.land_until(lands_us)
    found: dict[int, int] = defaultdict(int)
    for slot, lots in enumerate(later.play.lots):
        for lot in lots:
            if lot.label != CLEAN:
                found[slot] += lot.fen
    return found


def covered_by(play: Play, lands: NDArray[np.int64]) -> dict[Chance, dict[int, int]]:
    """Which request would meet which piece of victims' money on its way, pieces by number with their fen."""
    ends = play.legs.slots.ends
    found: dict[Chance, dict[int, int]] = defaultdict(dict)
    pieces: list[tuple[Lot, int]] = [(lot, END_US) for lots in play.lots for lot in lots if lot.label != CLEAN]
    pieces += [(lot, when) for lot, when in play.gone if lot.label != CLEAN]
    for number, (piece, left_us) in enumerate(pieces):
        node, until = piece.node, left_us
        while node >= 0:
            way = play.ways[node]
            first, last = np.searchsorted(lands, (way.time_us, until))
            if not ends[way.slot]:
                for moment in range(int(first), int(last)):
                    found[moment, way.slot][number] = piece.fen
            node, until = way.before, way.time_us
    return found


def chosen_now(chances: dict[Chance, dict[int, int]], most: int) -> list[int]:
    """Slots of the first moment in a greedy choice over all moments."""
    rest = {chance: dict(pieces) for chance, pieces in chances.items()}
    worth = {chance: sum(pieces.values()) for chance, pieces in rest.items()}
    at: dict[int, list[Chance]] = defaultdict(list)
    for chance, pieces in rest.items():
        for number in pieces:
            at[number].append(chance)
    filed: dict[int, int] = defaultdict(int)
    chosen: list[int] = []
    while worth:
        # Of two requests over the same money the earlier one: a later one has no advantage.
        best = min(worth, key=lambda chance: (-worth[chance], chance))
        if not worth.pop(best):
            break
        moment, slot = best
        filed[moment] += 1
        if moment == 0:
            chosen.append(slot)
        if filed[moment] == most:
            worth = {chance: value for chance, value in worth.items() if chance[0] != moment}
            if moment == 0:
                break
        for number, fen in rest[best].items():
            for other in at[number]:
                if other in worth:
                    worth[other] -= fen
            at[number] = []
    return chosen
