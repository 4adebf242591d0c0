"""The chance that held money is still there when a request lands: the case's own departures beside shipped curves."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from rules.dwell import ZONE_US, dwell_times, with_circumstances
from rules.hazard import MOST_RESTS, Curves, Floats, fit_curves
from rules.scope import Ints, Scope, columns
from rules.wording import DAY_US, HOUR_US, MINUTE_US

PRIOR_RESTS = 50
"""The shipped curves count as much as so many rests of the case. Grade P: chosen on generated rings, see docs/scoring.md."""


@dataclass(frozen=True)
class Chances:
    """Two models and how much the case knows: own is None where too little left; dwell_us: all rests of the case, ascending."""

    own: Curves | None
    prior: Curves
    dwell_us: Ints

    def stays(self, rests: pd.DataFrame, age_us: Ints, latency_us: int) -> Floats:
        """The chance to last `latency_us` longer, by n rests of the case that were seen this old and 50 shipped ones.

        (n × own + 50 × shipped + 1) / (n + 52): by Laplace's rule of succession no finite number of rests promises anything.
        """
        stays = PRIOR_RESTS * self.prior.stays(rests, age_us, latency_us)
        older = np.zeros(len(rests))
        if self.own is not None:
            older += len(self.dwell_us) - np.searchsorted(self.dwell_us, age_us, side="right")
            stays += older * self.own.stays(rests, age_us, latency_us)
        return np.asarray((stays + 1) / (older + PRIOR_RESTS + 2), dtype=np.float64)

    def told(self) -> dict[str, Any]:
        """What the chances were made from."""
        return {
            "rests": len(self.dwell_us),
            "fitted_on": 0 if self.own is None else min(len(self.dwell_us), MOST_RESTS),
            "departures": 0 if self.own is None else self.own.departures,
            "shipped_counts_as": PRIOR_RESTS,
        }


def chances_of(rests: pd.DataFrame) -> Chances:
    """The models of a case, from its rests with their circumstances."""
    return Chances(fit_curves(rests), prior_curves(), np.sort(columns(rests, "dwell_us")[0]))


@cache
def prior_curves() -> Curves:
    """The shipped curves, fitted on generated rings: `python -m benchmarks.dwell --fit` writes them."""
    told = json.loads((files("rules") / "dwell_prior.json").read_text(encoding="utf-8"))
    hazard = {
        place: (np.asarray(one["seconds"], dtype=np.int64) * 1_000_000, np.asarray(one["hazard"], dtype=np.float64))
        for place, one in told["hazard"].items()
    }
    return Curves(told["coefficients"], hazard, int(told["departures"]))


def account_chances(scope: Scope, frame: pd.DataFrame, latency_us: int) -> tuple[pd.Series, Chances]:
    """The chance per account code that the money held there is still there, over its lots by their fen.

    Args:
        frame: account_code, role, kind, tier, held_fen and since_us of the ranked accounts.
    """
    rests = with_circumstances(scope, dwell_times(scope), frame)
    found = chances_of(rests)
    alive = rests[~rests["left"].to_numpy(dtype=bool)]
    lots = pd.concat([alive, unmatched(frame, alive)], ignore_index=True)
    arrived, fen = columns(lots, "arrived_us", "basis_fen")
    stays = found.stays(lots, np.maximum(scope.as_of_us - arrived, 0), latency_us)
    sums = pd.DataFrame({"code": lots["account_code"], "fen": fen, "stays": stays * fen}).groupby("code").sum()
    return sums["stays"] / sums["fen"], found


def unmatched(frame: pd.DataFrame, alive: pd.DataFrame) -> pd.DataFrame:
    """A rest for every account that holds money of which no arrival is known to be there: as old as its newest arrival."""
    rest = frame[(frame["held_fen"] > 0) & ~frame["account_code"].isin(alive["account_code"])]
    arrived = rest["since_us"].astype("int64")
    return rest[["account_code", "role", "kind", "tier"]].assign(
        arrived_us=arrived,
        basis_fen=rest["held_fen"],
        amount_fen=rest["held_fen"],
        channel="",
        hour=(arrived + ZONE_US) % DAY_US // HOUR_US,
    )


def thinned(curves: Curves, points: int = 40) -> dict[str, Any]:
    """The curves as plain values, each at no more than so many ages, spread by the logarithm of the age."""
    told: dict[str, Any] = {"departures": curves.departures, "coefficients": dict(curves.coefficients), "hazard": {}}
    for place, (times, hazard) in curves.hazard.items():
        minutes = times / MINUTE_US
        grid = np.geomspace(max(minutes[0], 1 / 60), minutes[-1], points)
        kept = np.unique(np.clip(np.searchsorted(minutes, grid), 0, len(minutes) - 1))
        seconds = -(-times[kept] // 1_000_000)
        told["hazard"][place] = {"seconds": seconds.tolist(), "hazard": [round(float(one), 5) for one in hazard[kept]]}
    return told
