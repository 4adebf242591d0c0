"""Kaplan–Meier curves by role and kind, what the product's chances were before Cox: a baseline of `benchmarks.dwell`."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rules.dwell import LATENCY_US
from rules.rule import FULL
from rules.scope import Ints

LEAST_EVENTS = 5
"""A group with fewer departures says nothing of its own."""
LEAST_AT_RISK = 3
"""Fewer lots as old as this one say nothing about the next half hour."""
FALLBACK_BP = 5_000
"""Where no group says anything."""


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


def by_group(seen: pd.DataFrame) -> Survival:
    """A curve per role, per kind and over all; groups with fewer than `LEAST_EVENTS` departures have none."""
    groups = {"all": np.ones(len(seen), dtype=np.bool_)}
    groups |= {f"{name}:{one}": (seen[name] == one).to_numpy() for name in ("role", "kind") for one in sorted(set(seen[name]))}
    return Survival({name: curve_of(seen[at]) for name, at in groups.items() if seen["left"][at].sum() >= LEAST_EVENTS})


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
