"""How long victims' money rested on an account, and in which circumstances."""

import numpy as np
import pandas as pd

from rules.scope import Ints, Scope, columns
from rules.wording import DAY_US, HOUR_US, MINUTE_US

LATENCY_US = 30 * MINUTE_US
"""From request to block. Grade P, after the police's 30 minutes to enter a first-level account (A)."""
ZONE_US = 8 * HOUR_US
"""Asia/Shanghai, which has had no summer time since 1991."""


def dwell_times(scope: Scope) -> pd.DataFrame:
    """Every rest of traced money, first in first out per claim and account, right-censored at `as_of`.

    Columns: account_code, in_row (transfer row of the arrival), arrived_us, dwell_us, left (False: still there), basis_fen.
    One row per pair of arriving and leaving transfer; hubs and the victims' first accounts are not in it.
    """
    names = ["account_code", "in_row", "arrived_us", "dwell_us", "left", "basis_fen"]
    if scope.trace is None or not len(scope.trace.traced):
        return pd.DataFrame({name: np.zeros(0, dtype=np.int64) for name in names}).astype({"left": bool})
    traced = scope.trace.traced
    into = traced[~scope.hub[columns(traced, "target_code")[0]]]
    out = traced[(traced["hop"] > 1).to_numpy(dtype=bool) & ~scope.hub[columns(traced, "source_code")[0]]]
    keys = ["account_code", "arrived_us", "left_us", "in_row", "out_row"]
    segments = matched(into, out).groupby(keys).agg(basis_fen=("basis_fen", "sum")).reset_index()
    left = segments["out_row"] >= 0
    until = segments["left_us"].where(left, scope.as_of_us)
    segments = segments.assign(left=left, dwell_us=np.maximum(until - segments["arrived_us"], 0))
    return segments[names]


def with_circumstances(scope: Scope, rests: pd.DataFrame, roles: pd.DataFrame) -> pd.DataFrame:
    """Add to each rest role, kind, channel of the arrival, tier, hour (Asia/Shanghai) and amount_fen of the arrival.

    Args:
        roles: account_code and role, as `name_roles` gives them; an account without one is `unknown`.
    """
    code, row = columns(rests, "account_code", "in_row")
    by_code = dict(zip(roles["account_code"].tolist(), roles["role"].tolist(), strict=True))
    kinds = scope.ledger.accounts["kind"].astype("string[pyarrow]").fillna("").to_numpy(dtype=object)
    tiers, amounts = arrivals_by_row(scope)
    return rests.assign(
        role=np.asarray([by_code.get(int(one), "unknown") for one in code], dtype=object),
        kind=kinds[code] if len(code) else np.zeros(0, dtype=object),
        channel=np.asarray([word or "" for word in scope.words("channel", row)], dtype=object),
        tier=tiers.reindex(row).to_numpy(dtype=np.int64),
        hour=(rests["arrived_us"].to_numpy(dtype=np.int64) + ZONE_US) % DAY_US // HOUR_US,
        amount_fen=amounts.reindex(row).to_numpy(dtype=np.int64),
    )


def arrivals_by_row(scope: Scope) -> tuple[pd.Series, pd.Series]:
    """Tier and whole amount in fen of every traced transfer, by its row."""
    assert scope.trace is not None, "rests come from a trace"
    by_row = scope.trace.traced.groupby("transfer_row").agg(tier=("tier", "min"), amount_fen=("amount_fen", "first"))
    return by_row["tier"], by_row["amount_fen"]


def matched(into: pd.DataFrame, out: pd.DataFrame) -> pd.DataFrame:
    """Lay arrivals and departures of each (claim, account) on one axis of victims' money and cut both at every boundary."""
    left = into.assign(account_code=into["target_code"]).sort_values(["claim", "account_code", "transfer_row"])
    right = out.assign(account_code=out["source_code"]).sort_values(["claim", "account_code", "transfer_row"])
    keys = pd.concat([left, right])[["claim", "account_code"]].drop_duplicates().sort_values(["claim", "account_code"])
    number = pd.Series(np.arange(len(keys)), index=pd.MultiIndex.from_frame(keys))
    reach = max(int(left["basis_fen"].sum()), int(right["basis_fen"].sum())) + 1
    starts = []
    for part in (left, right):
        group = number.reindex(pd.MultiIndex.from_frame(part[["claim", "account_code"]])).to_numpy(dtype=np.int64)
        basis = part["basis_fen"].to_numpy(dtype=np.int64)
        within = part.groupby(["claim", "account_code"])["basis_fen"].cumsum().to_numpy(dtype=np.int64) - basis
        starts.append((group * reach + within, group * reach + within + basis))
    cuts = np.unique(np.concatenate([edge for pair in starts for edge in pair]))
    begin = cuts[:-1]
    arrival, departure = covering(begin, *starts[0]), covering(begin, *starts[1])
    inside = arrival >= 0
    arrival, departure, length = arrival[inside], departure[inside], np.diff(cuts)[inside]
    time_in, row_in, account = columns(left, "time_us", "transfer_row", "account_code")
    time_out, row_out = columns(right, "time_us", "transfer_row")
    gone = departure >= 0
    return pd.DataFrame(
        {
            "account_code": account[arrival],
            "arrived_us": time_in[arrival],
            "left_us": np.where(gone, np.append(time_out, 0)[departure], 0),
            "in_row": row_in[arrival],
            "out_row": np.where(gone, np.append(row_out, -1)[departure], -1),
            "basis_fen": length,
        }
    )


def covering(point: Ints, start: Ints, end: Ints) -> Ints:
    """Number of the interval that covers each point, -1 where none does; the intervals are disjoint and ascending."""
    found = np.searchsorted(start, point, side="right") - 1
    covered = (found >= 0) & (np.append(end, 0)[found] > point)
    return np.where(covered, found, -1).astype(np.int64)
