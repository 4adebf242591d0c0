"""The upper bound: one fen of a claim makes an account suspect, and everything that leaves it afterwards.

It serves stop requests; it is never an amount owed.
"""

import numpy as np
from numpy.typing import NDArray

from ledger.problems import LiushuiError
from tracing.follow import Followed, Pieces, empty, joined
from tracing.legs import Ints
from tracing.lots import Settled

BLOCK = 64
"""Claims in one pass over the legs: a bit each."""
MOST_ROWS = 30_000_000
"""Suspect payments one trace may list: 40 bytes each while it runs."""

Table = NDArray[np.int64]


def poison(settled: Settled, seeds: Pieces, holder: Ints, balance_fen: Ints) -> tuple[Pieces, Followed]:
    """Per claim every account reached with its whole balance, and the whole of every payment that left one afterwards.

    Raises: LiushuiError TRC-too-many-rows when that is more than a result can hold.
    """
    carried, rested = [empty()], [empty()]
    for low in range(0, int(seeds.claim.max(initial=-1)) + 1, BLOCK):
        mine = seeds.take((seeds.claim >= low) & (seeds.claim < low + BLOCK))
        if len(mine):
            suspect, reached = _spread(settled, mine, holder, low)
            carried.append(suspect)
            rested += [_ended(settled, suspect), _balances(settled, reached, balance_fen, low)]
        if sum(map(len, carried)) > MOST_ROWS:
            raise LiushuiError(
                "TRC-too-many-rows", f"poison reaches more than {MOST_ROWS:,} payments; trace fewer reports at a time"
            )
    return seeds, Followed(joined(carried), joined(rested), empty(), empty(), (), allocates=False)


Reached = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


def _spread(settled: Settled, seeds: Pieces, holder: Ints, low: int) -> tuple[Pieces, Reached]:
    """The suspect payments of a block of claims, and per claim and slot the first leg in, the hops and the tiers."""
    from tracing.kernels import poison_spread

    legs = settled.legs
    place = np.empty(len(settled.order), np.int64)
    place[settled.order] = np.arange(len(settled.order))
    table = np.column_stack([place[seeds.leg], seeds.fen, seeds.claim - low, seeds.tier])
    table = np.ascontiguousarray(table[np.argsort(table[:, 0], kind="stable")], np.int64)
    rows = np.zeros((0, 5), np.int64)
    while True:
        shape = (int(seeds.claim.max()) - low + 1, len(legs.slots))
        first, tier, hop = (np.full(shape, -1, np.int32) for _ in range(3))
        moved = (settled.order, legs.source, legs.target, legs.given_fen, legs.slots.ends, holder)
        count = int(poison_spread(*moved, table, first, tier, hop, rows))
        if count <= len(rows):
            break
        if count > MOST_ROWS:
            raise LiushuiError("TRC-too-many-rows", f"poison reaches {count:,} payments; trace fewer reports at a time")
        rows = np.zeros((count, 5), np.int64)
    claim, leg, fen, hops, tiers = rows.T.copy()
    linked = legs.slots.identified[legs.source[leg]].astype(np.int64)
    return Pieces(claim + low, leg, np.zeros_like(leg), fen, fen, hops, tiers, linked, np.zeros_like(leg)), (first, tier, hop)


def _ended(settled: Settled, suspect: Pieces) -> Pieces:
    """Suspect payments to where tracing ends, in what arrived there."""
    legs = settled.legs
    ended = suspect.take(legs.slots.ends[legs.target[suspect.leg]])
    fen = legs.received_fen[ended.leg]
    return Pieces(ended.claim, ended.leg, ended.start_fen, fen, fen, ended.hop, ended.tier, ended.linked, ended.flags)


def _balances(settled: Settled, reached: Reached, balance_fen: Ints, low: int) -> Pieces:
    """The balances of the slots reached, as pieces of the leg that came in first."""
    first, tier, hop = reached
    claim, slot = np.nonzero((first >= 0) & (balance_fen > 0))
    leg = first[claim, slot].astype(np.int64)
    fen, none = balance_fen[slot], np.zeros_like(leg)
    at = (claim, slot)
    return Pieces(claim + low, leg, none, fen, fen, hop[at].astype(np.int64), tier[at].astype(np.int64), none, none)
