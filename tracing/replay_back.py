"""Backward under the methods that depend on labels: the claims' part as the replay finds it, the rest other money.

Under clean_first and taint_first every piece comes from one lot, and that lot from one piece: a chain to its claim. Under
pro_rata a claim's money at an account is one pool, which has many sources: see `tracing.pool_kernels.shared_back`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tracing.legs import Ints
from tracing.lots import Settled
from tracing.origins import CLAIMED, OTHER, Behind
from tracing.replay import replayed_rows
from tracing.starts import Asked

Table = NDArray[np.int64]
CARRIED_COLUMNS = ["start", "leg", "low", "fen", "basis", "hop", "tier", "linked"]
ENDED_COLUMNS = ["what", "start", "claim", "slot", "leg", "low", "fen", "basis", "hop", "tier"]


@dataclass(frozen=True)
class Found:
    """Claims' money in the starts: start, row (of the replay: a piece at rest, or carried), low and fen there."""

    start: Ints
    row: Ints
    low: Ints
    fen: Ints


def replayed_back(asked: Asked, settled: Settled) -> Behind:
    """The claims' money in the starts followed back, and the remainder as other money."""
    slot_holder = asked.holder[asked.axis.slots.account]
    rows = replayed_rows(settled, asked.seeds, slot_holder, asked.parameters)
    found = found_in(asked, rows)
    back = pools if asked.parameters.method == "pro_rata" else chains
    carried, claimed = back(asked, rows, found, slot_holder)
    first = starting(asked)
    return Behind(pd.concat([first, carried], ignore_index=True), pd.concat([claimed, others(asked, found)], ignore_index=True))


def found_in(asked: Asked, rows: Table) -> Found:
    """Every claim's pieces in the balances and on the legs of the starts; what a disputed payment itself claims is not one."""
    from tracing import replay_kernels as kernels

    starts = asked.starts
    parts = [np.zeros((0, 4), dtype=np.int64)]
    rested, carried = np.flatnonzero(rows[:, 0] == kernels.RESTED), np.flatnonzero(rows[:, 0] == kernels.CARRIED)
    slots = asked.axis.slots
    currency = slots.currencies.index(str(starts.table["currency"].iloc[0])) if len(starts.table) else 0
    for start in np.unique(starts.piece_start[starts.leg < 0]):
        own = rows[rested, kernels.PAYER]
        mine = (own >= 0) & (slots.account[own] == starts.table["account_code"].iloc[start]) & (slots.currency[own] == currency)
        row = rested[mine]
        parts.append(np.column_stack([np.full(len(row), start), row, rows[row, kernels.FROM_START], rows[row, 4]]))
    carried = carried[np.argsort(rows[carried, 2], kind="stable")]
    low, high = (np.searchsorted(rows[carried, 2], starts.leg, side=side) for side in ("left", "right"))
    for piece in np.flatnonzero((starts.leg >= 0) & (high > low)):
        row = carried[low[piece] : high[piece]]
        row = row[rows[row, 6] > 1] if starts.own else row
        begin = np.maximum(rows[row, 3], starts.low[piece])
        fen = np.minimum(rows[row, 3] + rows[row, 4], starts.low[piece] + starts.fen[piece]) - begin
        parts.append(np.column_stack([np.full(len(row), starts.piece_start[piece]), row, begin, fen])[fen > 0])
    return Found(*np.concatenate(parts).astype(np.int64).T.copy())


def starting(asked: Asked) -> pd.DataFrame:
    """The starts' own legs, whole, as hop 1."""
    from tracing.backward import start_tiers

    starts, paid = asked.starts, asked.starts.leg >= 0
    one = np.ones(int(paid.sum()), dtype=np.int64)
    columns = (starts.piece_start, starts.leg, starts.low, starts.fen, starts.fen)
    values = [*(column[paid] for column in columns), one, start_tiers(asked)[paid], one * 0]
    return pd.DataFrame(dict(zip(CARRIED_COLUMNS, values, strict=True)))


def others(asked: Asked, found: Found) -> pd.DataFrame:
    """What of each start is no claim's money."""
    starts = asked.starts
    left = starts.table["fen"].to_numpy(dtype=np.int64).copy()
    np.subtract.at(left, found.start, found.fen)
    some = np.flatnonzero(left)
    account, leg = starts.table["account_code"].to_numpy(dtype=np.int64), np.full(len(left), -1)
    leg[starts.piece_start[::-1]] = starts.leg[::-1]
    slot_of = {int(code): slot for slot, code in reversed(list(enumerate(asked.axis.slots.account)))}
    slot = np.asarray([slot_of[int(code)] for code in account[some]], dtype=np.int64)
    zero = np.zeros(len(some), dtype=np.int64)
    values = [zero + OTHER, some, zero - 1, slot, leg[some], zero, left[some], left[some], zero, zero]
    return pd.DataFrame(dict(zip(ENDED_COLUMNS, values, strict=True)))


def rate_of(asked: Asked, leg: Ints) -> tuple[Ints, Ints]:
    """Given and received of each leg's conversion, 1 and 1 where it converts nothing."""
    table = asked.axis.conversions
    given, received = np.ones(len(leg), dtype=np.int64), np.ones(len(leg), dtype=np.int64)
    at = np.flatnonzero(np.isin(leg, table.leg))
    place = np.searchsorted(table.leg, leg[at])
    given[at], received[at] = table.given_fen[place], table.received_fen[place]
    return given, received


def leaves_holder(asked: Asked, rows: Table, row: Ints, holder: Ints) -> Ints:
    """1 for each carried row whose leg goes to another holder."""
    from tracing.replay_kernels import PAYER

    return np.asarray(holder[rows[row, PAYER]] != holder[asked.axis.target(rows[row, 2])], dtype=np.int64)


def chains(asked: Asked, rows: Table, found: Found, holder: Ints) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every piece back to the piece that brought its lot, and that to the one before, up to the disputed payment."""
    from tracing import replay_kernels as kernels

    start, row, low, fen, basis = found.start, found.row, found.low, found.fen, found.fen
    paid = rows[row, 0] == kernels.CARRIED
    hop, tier = paid.astype(np.int64), np.where(paid, leaves_holder(asked, rows, row, holder), 0)
    carried, ended = [np.zeros((0, 8), np.int64)], [np.zeros((0, 10), np.int64)]
    while len(start):
        seed = paid & (rows[row, 6] == 1)
        minus = np.full(len(row), -1)
        end = np.column_stack([minus * 0 + CLAIMED, start, rows[row, 1], minus, rows[row, 2], low, fen, basis, hop, tier])
        ended.append(end[seed])
        start, row, low, fen, basis, hop, tier, paid = (v[~seed] for v in (start, row, low, fen, basis, hop, tier, paid))
        into = np.where(paid, rows[row, kernels.FROM_START] + low - rows[row, 3], low)
        row = rows[row, kernels.FROM]
        low, fen = given_of(asked, rows, row, into, fen)
        hop, tier, paid = hop + 1, tier + leaves_holder(asked, rows, row, holder), np.ones(len(row), dtype=bool)
        linked = asked.axis.slots.identified[rows[row, kernels.PAYER]].astype(np.int64)
        carried.append(np.column_stack([start, rows[row, 2], low, fen, basis, hop, tier, linked]))
    return (
        pd.DataFrame(np.concatenate(carried), columns=CARRIED_COLUMNS),
        pd.DataFrame(np.concatenate(ended), columns=ENDED_COLUMNS),
    )


def given_of(asked: Asked, rows: Table, row: Ints, into: Ints, fen: Ints) -> tuple[Ints, Ints]:
    """The stretch of the rows' given fen that brought each received stretch, within the row's own piece."""
    from tracing.back_kernels import given_stretch

    given, received = rate_of(asked, rows[row, 2])
    low, high = into.copy(), into + fen
    for at in np.flatnonzero(given != received):
        low[at], high[at] = given_stretch(int(low[at]), int(high[at]), int(given[at]), int(received[at]))
    low = np.maximum(low, rows[row, 3])
    return low, np.minimum(high, rows[row, 3] + rows[row, 4]) - low


def pools(asked: Asked, rows: Table, found: Found, holder: Ints) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every claim's pool shared between its arrivals, back to the disputed payments."""
    from tracing import replay_kernels as kernels
    from tracing.pool_kernels import shared_back

    carried = np.flatnonzero(rows[:, 0] == kernels.CARRIED)
    mine = rows[carried]
    claims = int(mine[:, 1].max(initial=0)) + 1
    target = asked.axis.target(mine[:, 2])
    places = np.concatenate([target * claims + mine[:, 1], mine[:, kernels.PAYER] * claims + mine[:, 1]])
    known, pool = np.unique(places, return_inverse=True)
    at_rest = rows[found.row, 0] == kernels.RESTED
    own = rows[found.row, kernels.PAYER] * claims + rows[found.row, 1]
    demands = np.column_stack([np.searchsorted(known, own[at_rest]), found.fen[at_rest]])
    entries = np.column_stack([np.searchsorted(carried, found.row), found.fen])[~at_rest]
    entry_start = found.start[~at_rest]
    order = np.lexsort([-entries[:, 0], entry_start])
    every = np.arange(len(asked.starts.table) + 1)
    begin = np.column_stack([np.searchsorted(found.start[at_rest], every), np.searchsorted(entry_start[order], every)])
    out = shared_back(
        begin,
        demands,
        np.ascontiguousarray(entries[order]),
        mine[:, 1].copy(),
        mine[:, 4].copy(),
        mine[:, kernels.ARRIVED].copy(),
        mine[:, kernels.POOLED].copy(),
        pool[len(mine) :],
        pool[: len(mine)],
        *rate_of(asked, mine[:, 2]),
        mine[:, 6] == 1,
        leaves_holder(asked, rows, carried, holder),
        len(known),
    )
    start, row, part, take, hop, tier, seed = out.T
    leg, linked = mine[row, 2], asked.axis.slots.identified[mine[row, kernels.PAYER]].astype(np.int64)
    way = np.column_stack([start, leg, mine[row, 3], part, take, hop, tier, linked])
    minus = np.full(len(out), -1)
    ends = np.column_stack([minus * 0 + CLAIMED, start, mine[row, 1], minus, leg, mine[row, 3], part, take, hop, tier])
    entered = np.zeros(len(out), dtype=bool)  # the starts' own legs are told whole
    if (~at_rest).any():
        pairs = set(zip(entry_start.tolist(), entries[:, 0].tolist(), strict=True))
        entered = np.asarray([pair in pairs for pair in zip(start.tolist(), row.tolist(), strict=True)], dtype=bool)
    return pd.DataFrame(way[~entered], columns=CARRIED_COLUMNS), pd.DataFrame(ends[seed == 1], columns=ENDED_COLUMNS)
