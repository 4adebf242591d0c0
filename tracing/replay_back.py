"""Backward under the methods that depend on labels: the claims' part as the replay finds it, the rest other money.

Under clean_first and taint_first every piece comes from one lot, and that lot from one piece: a chain to its claim. Under
pro_rata a claim's money at an account is one pool, which has many sources: see `tracing.pool_kernels.shared_back`. Limits cut
the claims' part on its way back; other money is not followed, so nothing cuts it.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tracing.flags import flags_of_slots, met
from tracing.follow import limits_of
from tracing.legs import Ints
from tracing.lots import Settled
from tracing.origins import CARRIED_COLUMNS, CLAIMED, CUT, ENDED_COLUMNS, GOES_ON, OTHER, Behind
from tracing.replay import replayed_rows
from tracing.result import LIMITS
from tracing.starts import Asked, balance_slots

Table = NDArray[np.int64]


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
    free = replace(asked.parameters, max_hops=None, hop_window_us=None, min_amount_fen=0)
    rows = replayed_rows(settled, asked.seeds, slot_holder, free)
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
    for start in np.unique(starts.piece_start[starts.leg < 0]):
        account, currency = (starts.table[name].iloc[start] for name in ("account_code", "currency"))
        row = rested[np.isin(rows[rested, kernels.PAYER], balance_slots(asked.ledger, asked.axis, account, currency))]
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
    values = [*(column[paid] for column in columns), one, start_tiers(asked)[paid], one * 0, one * 0]
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
    values = [zero + OTHER, some, zero - 1, slot, leg[some], zero, left[some], left[some], zero, zero, zero]
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
    hop, tier, flags = paid.astype(np.int64), np.where(paid, leaves_holder(asked, rows, row, holder), 0), found.fen * 0
    carried, ended = [np.zeros((0, 9), np.int64)], [np.zeros((0, 11), np.int64)]
    through = flags_of_slots(asked.axis.slots)
    while len(start):
        seed = paid & (rows[row, 6] == 1)
        what = np.where(seed, CLAIMED, stopped(asked, rows, row, fen, hop))
        over, minus = what != GOES_ON, np.full(len(row), -1)
        slot, leg = np.where(seed, -1, rows[row, kernels.PAYER]), np.where(paid, rows[row, 2], -1)
        claim = np.where(seed, rows[row, 1], minus)
        ended.append(np.column_stack([what, start, claim, slot, leg, low, fen, basis, hop, tier, flags])[over])
        start, row, low, fen, basis, hop, tier, flags, paid = (
            values[~over] for values in (start, row, low, fen, basis, hop, tier, flags, paid)
        )
        into = np.where(paid, rows[row, kernels.FROM_START] + low - rows[row, 3], low)
        flags = met(flags, through[rows[row, kernels.PAYER]])
        row = rows[row, kernels.FROM]
        low, fen = given_of(asked, rows, row, into, fen)
        hop, tier, paid = hop + 1, tier + leaves_holder(asked, rows, row, holder), np.ones(len(row), dtype=bool)
        linked = asked.axis.slots.identified[rows[row, kernels.PAYER]].astype(np.int64)
        carried.append(np.column_stack([start, rows[row, 2], low, fen, basis, hop, tier, linked, flags]))
    return (
        pd.DataFrame(np.concatenate(carried), columns=CARRIED_COLUMNS),
        pd.DataFrame(np.concatenate(ended), columns=ENDED_COLUMNS),
    )


def stopped(asked: Asked, rows: Table, row: Ints, fen: Ints, hop: Ints) -> Ints:
    """What stops each piece from going back to the one that brought it: `CUT` and the limit, else `GOES_ON`."""
    from tracing import replay_kernels as kernels

    parameters, what = asked.parameters, np.full(len(row), GOES_ON)
    before = np.maximum(rows[row, kernels.FROM], 0)
    what[fen < parameters.min_amount_fen] = CUT + LIMITS.index("min_amount")
    if parameters.hop_window_us is not None:
        moment = row_times(asked)
        leg, brought = (asked.axis.row(rows[one, 2]) for one in (row, before))
        rested = moment[leg] - moment[brought]
        late = (rows[row, 0] == kernels.CARRIED) & (rested > parameters.hop_window_us)
        what[late] = CUT + LIMITS.index("hop_window")
    if parameters.max_hops:
        what[hop >= parameters.max_hops] = CUT + LIMITS.index("max_hops")
    return what


def row_times(asked: Asked) -> Ints:
    """Time of every transfer row, for the window."""
    return np.asarray(asked.ledger.read(("time",))["time"].cast(pa.int64()).to_numpy(), dtype=np.int64)


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
        mine[:, 4].copy(),
        mine[:, kernels.ARRIVED].copy(),
        mine[:, kernels.POOLED].copy(),
        pool[len(mine) :],
        pool[: len(mine)],
        *rate_of(asked, mine[:, 2]),
        mine[:, 6] == 1,
        leaves_holder(asked, rows, carried, holder),
        flags_of_slots(asked.axis.slots)[known // claims],
        *limits_and_times(asked, mine[:, 2]),
    )
    return pool_pieces(asked, mine, out, target)


def limits_and_times(asked: Asked, leg: Ints) -> tuple[Ints, Ints]:
    """Most hops, longest rest, least fen (0 = none), and when each carried row's transfer took place."""
    limits = limits_of(asked.parameters, leg)
    if asked.parameters.hop_window_us is None:
        return limits, np.zeros(len(leg), dtype=np.int64)
    return limits, row_times(asked)[asked.axis.row(leg)]


def pool_pieces(asked: Asked, mine: Table, out: Table, target: Ints) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What `shared_back` found, as carried pieces and ends.

    Args:
        mine: the carried rows of the replay; target: the slot each pays into.
    """
    from tracing import replay_kernels as kernels

    start, row, part, take, hop, tier, flags, what, entered = out.T
    leg, linked = mine[row, 2], asked.axis.slots.identified[mine[row, kernels.PAYER]].astype(np.int64)
    way = np.column_stack([start, leg, mine[row, 3], part, take, hop, tier, linked, flags])
    minus, claimed = np.full(len(out), -1), what == CLAIMED
    slot, by = np.where(claimed, -1, target[row]), np.where(claimed, leg, -1)
    claim = np.where(claimed, mine[row, 1], minus)
    ends = np.column_stack([what, start, claim, slot, by, mine[row, 3], part, take, hop, tier, flags])
    on_the_way = (what < CUT) & (entered == 0)  # the starts' own legs are told whole
    return (
        pd.DataFrame(way[on_the_way], columns=CARRIED_COLUMNS),
        pd.DataFrame(ends[what != GOES_ON], columns=ENDED_COLUMNS),
    )
