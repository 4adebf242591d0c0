"""Cox's model of how long money rests: a curve per kind of place, and what role, channel, tier, hour and amount do to it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rules.scope import Flags, Ints, columns

MOST_RESTS = 3_000
"""Most rests the model is fitted on: its time grows with rests × departures."""
LEAST_DEPARTURES = 10
"""Fewer departures carry no model. Grade P."""
RIDGE = 1.0
"""Penalty on the square of a coefficient: a level few rests have stays near zero. Grade P."""
STEPS = 12
PLACES = {"card": "voucher", "q_coin": "voucher", "wallet": "wallet"}
"""Places that have a curve of their own; everything else is an account."""
BANDS = ("night", "morning", "afternoon", "evening")
MOST_TIER = 4
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """A fitted model.

    coefficients: log hazard ratio by level (`role:mule`, `channel:mobile`, `tier:1`, `hour:night`, `amount`: per power of ten
    of yuan). hazard: per place the ages in microseconds at which money left, and the cumulative hazard up to each;
        straight lines between them, and none is known to leave after the last.
    departures: how many the model has seen.
    """

    coefficients: Mapping[str, float]
    hazard: Mapping[str, tuple[Ints, Floats]]
    departures: int

    def stays(self, rests: pd.DataFrame, age_us: Ints, latency_us: int) -> Floats:
        """The chance that each rest of this age lasts `latency_us` longer."""
        linear = levels(rests, list(self.coefficients)) @ np.asarray(list(self.coefficients.values()))
        place = places(rests)
        more = np.zeros(len(rests))
        for name, (times, hazard) in self.hazard.items():
            here = place == name
            ages, steps = np.append(0, times), np.append(0.0, hazard)
            late, now = (np.interp(when, ages, steps) for when in (age_us[here] + latency_us, age_us[here]))
            more[here] = late - now
        return np.asarray(np.exp(-more * np.exp(np.clip(linear, -20, 20))), dtype=np.float64)


def fit_curves(rests: pd.DataFrame, entry_us: Ints | None = None, *, most: int = MOST_RESTS, seed: int = 0) -> Curves | None:
    """The model of these rests, Efron's ties, ridge; None where too few ended or they do not tell a model apart.

    Args:
        rests: dwell_us, left and the circumstances of `with_circumstances`; over `most` a sample drawn by `seed`.
        entry_us: the age from which each rest was watched (left truncation); None: from its beginning.
    """
    if len(rests) > most:
        chosen = np.sort(np.random.default_rng(seed).choice(len(rests), most, replace=False))
        rests, entry_us = rests.iloc[chosen], None if entry_us is None else entry_us[chosen]
    left = rests["left"].to_numpy(dtype=bool)
    if left.sum() < LEAST_DEPARTURES:
        return None
    (dwell,) = columns(rests, "dwell_us")
    entry = np.zeros(len(rests), dtype=np.int64) if entry_us is None else entry_us
    names = level_names(rests)
    design, place = levels(rests, names), places(rests)
    solved = newton(dwell, entry, left, design, place)
    if solved is None:
        return None
    weight = np.exp(np.clip(design @ solved, -20, 20))
    hazard = {
        str(name): cumulative(dwell[place == name], entry[place == name], left[place == name], weight[place == name])
        for name in sorted(set(place))
    }
    return Curves(dict(zip(names, solved.tolist(), strict=True)), hazard, int(left.sum()))


def level_names(rests: pd.DataFrame) -> list[str]:
    """Every level these rests have, sorted; a channel the records do not say is none; `amount` is no level but a number."""
    words = {f"role:{one}" for one in set(rests["role"])} | {f"channel:{one}" for one in set(rests["channel"]) if one}
    numbered = [f"tier:{tier}" for tier in range(1, MOST_TIER + 1)] + [f"hour:{band}" for band in BANDS]
    return [*sorted(words), *numbered, "amount"]


def levels(rests: pd.DataFrame, names: list[str]) -> Floats:
    """One 0/1 column per level, and the amount as the logarithm of its size against 10,000.00."""
    tier, hour, fen = columns(rests, "tier", "hour", "amount_fen")
    values = {
        "role": rests["role"].to_numpy(dtype=object),
        "channel": rests["channel"].to_numpy(dtype=object),
        "tier": np.clip(tier, 1, MOST_TIER).astype(str).astype(object),
        "hour": np.asarray(BANDS, dtype=object)[hour // 6],
    }
    made = np.zeros((len(rests), len(names)))
    for at, name in enumerate(names):
        kind, _, word = name.partition(":")
        made[:, at] = np.log10(np.maximum(fen, 1) / 1e6) if name == "amount" else values[kind] == word
    return made


def places(rests: pd.DataFrame) -> NDArray[np.object_]:
    """The place whose curve each rest follows."""
    return np.asarray([PLACES.get(kind, "account") for kind in rests["kind"]], dtype=object)


def newton(dwell: Ints, entry: Ints, left: Flags, design: Floats, place: NDArray[np.object_]) -> Floats | None:
    """Coefficients at the maximum of Efron's partial likelihood less the ridge; None where it does not converge."""
    from statsmodels.duration.hazard_regression import PHReg

    minutes = 60_000_000.0
    strata = pd.factorize(place, sort=True)[0]
    exits, entries = np.maximum(dwell, entry + 1) / minutes, entry / minutes
    model = PHReg(exits, design, status=left.astype(np.int64), entry=entries, strata=strata, ties="efron")
    found = np.zeros(design.shape[1])
    for _ in range(STEPS):
        slope = model.score(found) - RIDGE * found
        bend = RIDGE * np.eye(len(found)) - model.hessian(found)
        step = np.clip(np.linalg.solve(bend, slope), -2.0, 2.0)
        found = found + step
        if not np.isfinite(found).all():
            return None
        if np.abs(step).max() < 1e-6:
            break
    return np.round(found, 6)


def cumulative(dwell: Ints, entry: Ints, left: Flags, weight: Floats) -> tuple[Ints, Floats]:
    """Breslow's cumulative hazard: at each age at which money left, departures over the weight of what was at risk."""
    times, count = np.unique(dwell[left], return_counts=True)
    by_exit, by_entry = np.argsort(dwell, kind="stable"), np.argsort(entry, kind="stable")
    gone, come = (np.concatenate([[0.0], np.cumsum(weight[order])]) for order in (by_exit, by_entry))
    before = np.searchsorted(dwell[by_exit], times, side="left")
    started = np.searchsorted(entry[by_entry], times, side="left")
    risk = come[started] - gone[before]
    # A rest that began at its own end has no risk before it; the departures themselves bound the sum from below.
    return times.astype(np.int64), np.cumsum(count / np.maximum(risk, 1e-9))
