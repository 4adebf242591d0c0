"""The upper bound: one fen of a claim makes an account suspect, and everything that leaves it afterwards.

It serves stop requests; it is never an amount owed.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ledger.problems import LiushuiError
from tracing.follow import Followed, Pieces, empty, joined
from tracing.legs import INFERRED, Ints
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
            suspect, reached = spread(settled, mine, holder, low)
            suspect, behind = with_flags(settled, suspect, holder, low, reached[0].shape)
            carried.append(suspect)
            rested += [_ended(settled, suspect), _balances(settled, reached, balance_fen, low, behind)]
        check_rows(sum(map(len, carried)))
    return seeds, Followed(joined(carried), joined(rested), empty(), empty(), (), allocates=False)


def check_rows(count: int) -> None:
    """Refuse more payments than a result can hold. Raises: LiushuiError TRC-too-many-rows."""
    if count > MOST_ROWS:
        told = f"poison reaches more than {MOST_ROWS:,} payments; trace fewer reports or starts at a time"
        raise LiushuiError("TRC-too-many-rows", told)


Reached = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


def spread(settled: Settled, seeds: Pieces, holder: Ints, low: int) -> tuple[Pieces, Reached]:
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
        check_rows(count)
        rows = np.zeros((count, 5), np.int64)
    claim, leg, fen, hops, tiers = rows.T.copy()
    linked = (legs.slots.identified[legs.source[leg]] | (hops == 1)).astype(np.int64)  # a report chose the disputed payment
    none = np.zeros_like(leg)
    return Pieces(claim + low, leg, none, fen, fen, hops, tiers, linked, none), (first, tier, hop)


def with_flags(
    settled: Settled, suspect: Pieces, holder: Ints, low: int, shape: tuple[int, ...]
) -> tuple[Pieces, NDArray[np.bool_]]:
    """The suspect payments, flagged where an inferred link is before them; per claim and slot, whether one is."""
    legs, behind = settled.legs, np.zeros(shape, np.bool_)
    if legs.slots.inferred is None:
        return suspect, behind
    out = suspect.take(legs.slots.inferred[legs.source[suspect.leg]])
    if not len(out):
        return suspect, behind
    onward, reached = spread(settled, out, holder, low)
    behind[: len(reached[0])] = reached[0] >= 0
    key, after = (one.claim << 32 | one.leg for one in (suspect, onward))
    return replace(suspect, flags=INFERRED * np.isin(key, after).astype(np.int64)), behind


def _ended(settled: Settled, suspect: Pieces) -> Pieces:
    """Suspect payments to where tracing ends, in what arrived there."""
    legs = settled.legs
    ended = suspect.take(legs.slots.ends[legs.target[suspect.leg]])
    fen = legs.received_fen[ended.leg]
    return replace(ended, fen=fen, basis_fen=fen)


def _balances(settled: Settled, reached: Reached, balance_fen: Ints, low: int, behind: NDArray[np.bool_]) -> Pieces:
    """The balances of the slots reached, as pieces of the leg that came in first."""
    first, tier, hop = reached
    claim, slot = np.nonzero((first >= 0) & (balance_fen > 0))
    leg = first[claim, slot].astype(np.int64)
    fen, none = balance_fen[slot], np.zeros_like(leg)
    at = (claim, slot)
    hops, tiers, flags = hop[at].astype(np.int64), tier[at].astype(np.int64), INFERRED * behind[at]
    return Pieces(claim + low, leg, none, fen, fen, hops, tiers, none, flags)
