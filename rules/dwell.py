"""How long victims' money rests on an account, and the chance that it is still there when a request lands."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rules.rule import FULL
from rules.scope import Ints, Scope, columns
from rules.wording import DAY_US, HOUR_US, MINUTE_US

LATENCY_US = 30 * MINUTE_US
"""From request to block. Grade P, after the police's 30 minutes to enter a first-level account (A)."""
LEAST_EVENTS = 5
"""A group with fewer departures says nothing of its own. Grade P."""
LEAST_AT_RISK = 3
"""Fewer lots as old as this one say nothing about the next half hour. Grade P."""
ZONE_US = 8 * HOUR_US
"""Asia/Shanghai, which has had no summer time since 1991."""
FALLBACK_BP = 5_000
"""Where no group says anything. Grade P."""


@dataclass(frozen=True)
class Curve:
    """A Kaplan–Meier curve: at times_us the survival falls to probability; lots_us are all rests it was made of, ascending."""

    times_us: Ints
    probability: NDArray[np.float64]
    lots_us: Ints

    def survival(self, age_us: int) -> float:
        """S(age): the share of lots that rest longer."""
        step = int(np.searchsorted(self.times_us, age_us, side="right"))
        return float(self.probability[step - 1]) if step else 1.0

    def older(self, age_us: int) -> int:
        """How many lots were seen to rest longer than this."""
        return len(self.lots_us) - int(np.searchsorted(self.lots_us, age_us, side="right"))


@dataclass(frozen=True)
class Survival:
    """Curves by group: `role:<role>`, `kind:<kind>` and `all`."""

    curves: dict[str, Curve] = field(default_factory=dict)


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


def survival_of(scope: Scope, roles: pd.DataFrame, dwell: pd.DataFrame | None = None) -> Survival:
    """A curve per role, per account kind and over all; groups with fewer than `LEAST_EVENTS` departures have none.

    Args:
        roles: account_code and role, as `name_roles` gives them.
    """
    dwell = dwell_times(scope) if dwell is None else dwell
    kinds = scope.ledger.accounts["kind"].astype("string[pyarrow]")
    by_code = dict(zip(roles["account_code"].tolist(), roles["role"].tolist(), strict=True))
    code = dwell["account_code"].to_numpy(dtype=np.int64)
    groups = {"all": np.ones(len(dwell), dtype=np.bool_)}
    role = np.asarray([by_code.get(int(c), "unknown") for c in code], dtype=object)
    kind = kinds.iloc[code].to_numpy(dtype=object)
    groups |= {f"role:{name}": role == name for name in sorted(set(role))}
    groups |= {f"kind:{name}": kind == name for name in sorted(set(kind))}
    curves = {name: curve_of(dwell[where]) for name, where in groups.items() if dwell["left"][where].sum() >= LEAST_EVENTS}
    return Survival(curves)


def curve_of(dwell: pd.DataFrame) -> Curve:
    """Kaplan–Meier over lots, times in microseconds."""
    from statsmodels.duration.survfunc import SurvfuncRight

    fitted = SurvfuncRight(dwell["dwell_us"].to_numpy(dtype=np.float64), dwell["left"].to_numpy(dtype=np.int64))
    return Curve(
        times_us=fitted.surv_times.astype(np.int64),
        probability=np.asarray(fitted.surv_prob, dtype=np.float64),
        lots_us=np.sort(dwell["dwell_us"].to_numpy(dtype=np.int64)),
    )


def chance_still_there(survival: Survival, role: str, kind: str, age_us: int, latency_us: int = LATENCY_US) -> int:
    """Chance in basis points that money that has rested `age_us` rests `latency_us` longer.

    Kaplan–Meier's S(age + latency) / S(age) over the n lots seen to rest longer than `age_us`, drawn towards one half by
    Laplace's rule of succession, (n × ratio + 1) / (n + 2): that none of a few old lots left yet is no promise. The first of
    role, kind and all with at least `LEAST_AT_RISK` such lots answers, else the last that has a curve.
    """
    chance = FALLBACK_BP
    for group in (f"role:{role}", f"kind:{kind}", "all"):
        curve = survival.curves.get(group)
        if curve is None:
            continue
        lots, now = curve.older(age_us), curve.survival(age_us)
        ratio = curve.survival(age_us + latency_us) / now if now > 0.0 else 0.0
        chance = round(FULL * (lots * ratio + 1) / (lots + 2))
        if lots >= LEAST_AT_RISK:
            break
    return chance
