"""Poison backward: which reports' money may be in a balance or a payment at all, and by which payments it may have come.

Read from its end and with every payment turned round, the ledger spreads from a start what a trace by poison spreads from a
claim: every payment that may have led there. A claim may be there exactly when its disputed payment is one of them, and what
both ways reach is on the way. Nothing is shared out: a claim's amount is the most that may be its, what poison finds held.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tracing.certainty import marked_slots
from tracing.flags import DOUBT
from tracing.follow import Pieces, empty, joined
from tracing.legs import INFERRED, Ints
from tracing.lots import Settled
from tracing.origins import CARRIED_COLUMNS, CLAIMED, ENDED_COLUMNS, Behind
from tracing.poison import BLOCK, check_rows, spread, with_flags
from tracing.starts import Asked, balance_slots


@dataclass(frozen=True)
class Roots:
    """What the starts are made of: slots of balances, legs of payments. Of each its start and fen; leg: -1 for a balance.

    seeds: the payments it spreads from, `claim` the number of the root.
    """

    start: Ints
    fen: Ints
    leg: Ints
    seeds: Pieces


def suspects_behind(asked: Asked, settled: Settled) -> Behind:
    """The claims whose money may be in the starts, and the payments on their ways. Raises: LiushuiError TRC-too-many-rows."""
    holder = asked.holder[asked.axis.slots.account]
    legs = settled.legs
    turned = replace(
        settled, legs=replace(legs, source=legs.target, target=legs.source), order=np.ascontiguousarray(settled.order[::-1])
    )
    roots = roots_of(asked, settled, holder)
    back = with_doubts_of(turned, spread_in_blocks(turned, roots.seeds, holder), roots.seeds, holder)
    claims = claims_behind(asked, roots, back)
    reached = np.isin(asked.seeds.claim, claims["claim"].to_numpy(dtype=np.int64))
    onward = spread_in_blocks(settled, asked.seeds.take(reached), holder)
    return Behind(ways(asked, roots, back, onward, settled), claims)


def roots_of(asked: Asked, settled: Settled, holder: Ints) -> Roots:
    """The roots of all starts; a balance of nothing has the account's own slot."""
    starts, legs = asked.starts, settled.legs
    found: list[tuple[int, int, int]] = []
    parts: list[Ints] = []
    balances = starts.table["transfer_row"].to_numpy(dtype=np.int64) < 0
    for start in np.flatnonzero(balances).tolist():
        account, currency = (starts.table[name].iloc[start] for name in ("account_code", "currency"))
        slots = balance_slots(asked.ledger, asked.axis, account, currency)
        slots = slots[~legs.slots.identified[slots] | (asked.axis.balance_fen[slots] > 0)]
        for slot in slots.tolist():
            found.append((start, max(0, int(asked.axis.balance_fen[slot])), -1))
            parts.append(np.flatnonzero((legs.target == slot) & (legs.given_fen > 0)))
    paid = starts.leg >= 0
    for start, leg, fen in zip(*(one[paid].tolist() for one in (starts.piece_start, starts.leg, starts.fen)), strict=True):
        found.append((start, fen, leg))
        parts.append(np.asarray([leg], dtype=np.int64))
    root = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    leg = np.concatenate([np.zeros(0, np.int64), *parts]).astype(np.int64)
    one, fen = np.ones_like(leg), legs.given_fen[leg]
    tier = (holder[legs.source[leg]] != holder[legs.target[leg]]).astype(np.int64)
    table = np.asarray(found, dtype=np.int64).reshape(-1, 3)
    first, amount, own = (table[:, column].copy() for column in range(3))
    return Roots(first, amount, own, Pieces(root.astype(np.int64), leg, one * 0, fen, fen, one, tier, one * 0, one * 0))


def spread_in_blocks(settled: Settled, seeds: Pieces, holder: Ints) -> Pieces:
    """Every payment the seeds lead to, flagged where an inferred link lies between."""
    found = [empty()]
    for low in range(0, int(seeds.claim.max(initial=-1)) + 1, BLOCK):
        mine = seeds.take((seeds.claim >= low) & (seeds.claim < low + BLOCK))
        if not len(mine):
            continue
        pieces, reached = spread(settled, mine, holder, low)
        found.append(with_flags(settled, pieces, holder, low, reached[0].shape)[0])
        check_rows(sum(map(len, found)))
    return joined(found)


def with_doubts_of(settled: Settled, found: Pieces, seeds: Pieces, holder: Ints) -> Pieces:
    """The payments with the doubt of their way behind the flags: spread again with only the less certain links marked."""
    slots = settled.legs.slots
    if slots.inferred is None or slots.doubt_bp is None:
        return found
    left = settled.legs.source[found.leg]
    doubts = np.unique(slots.doubt_bp[left[slots.inferred[left]]])
    doubt = np.zeros(len(found), dtype=np.int64)
    for at in range(len(doubts)):
        marked = replace(settled, legs=replace(settled.legs, slots=marked_slots(slots, doubts[at:], many=False)))
        flags = spread_in_blocks(marked, seeds, holder).flags if at else found.flags
        doubt = np.where(flags & INFERRED > 0, doubts[at], doubt)
    return replace(found, flags=found.flags | doubt << DOUBT)


def claims_behind(asked: Asked, roots: Roots, back: Pieces) -> pd.DataFrame:
    """The claims whose disputed payment leads to a root, once per root."""
    seeds, order = asked.seeds, np.argsort(asked.seeds.leg, kind="stable")
    low, high = (np.searchsorted(seeds.leg[order], back.leg, side=side) for side in ("left", "right"))
    count = high - low
    at = np.repeat(np.arange(len(back)), count)
    seed = order[np.repeat(low - np.cumsum(count) + count, count) + np.arange(int(count.sum()))]
    root, itself = back.claim[at], seeds.leg[seed] == roots.leg[back.claim[at]]
    fen = np.where(itself, np.minimum(seeds.fen[seed], roots.fen[root]), roots.fen[root])
    minus = np.full(len(at), -1)
    columns = (
        minus * 0 + CLAIMED, roots.start[root], seeds.claim[seed], minus, seeds.leg[seed], seeds.start_fen[seed], fen, fen,
        back.hop[at], back.tier[at], back.flags[at],
    )  # fmt: skip
    table = pd.DataFrame(dict(zip(ENDED_COLUMNS, columns, strict=True))).assign(root=root)
    if asked.starts.own:  # behind a disputed payment, not the dispute itself
        table = table[~itself]
    return table.sort_values(["root", "claim", "hop"]).drop_duplicates(["root", "claim"])[ENDED_COLUMNS]


def ways(asked: Asked, roots: Roots, back: Pieces, onward: Pieces, settled: Settled) -> pd.DataFrame:
    """The payments that both a claim leads to and that lead to the start; a payment that is the start in any case."""
    most = pd.Series(onward.fen).groupby(onward.leg).max()
    kept = (back.leg == roots.leg[back.claim]) | np.isin(back.leg, most.index.to_numpy(dtype=np.int64))
    way = back.take(kept)
    whole = most.reindex(way.leg, fill_value=0).to_numpy(dtype=np.int64)
    fen = np.where(way.leg == roots.leg[way.claim], roots.fen[way.claim], whole)
    linked = settled.legs.slots.identified[settled.legs.source[way.leg]].astype(np.int64)
    columns = (roots.start[way.claim], way.leg, fen * 0, fen, fen, way.hop, way.tier, linked, way.flags)
    table = pd.DataFrame(dict(zip(CARRIED_COLUMNS, columns, strict=True)))
    first = {"low": "min", "fen": "max", "basis": "max", "hop": "min", "tier": "min", "linked": "min", "flags": "max"}
    table = table.groupby(["start", "leg"], sort=True).agg(first).reset_index()
    whole = asked.starts.table["fen"].to_numpy(dtype=np.int64)[table["start"].to_numpy(dtype=np.int64)]
    return table.assign(basis=np.minimum(table["basis"].to_numpy(dtype=np.int64), whole))[CARRIED_COLUMNS]
