"""How unusual an account's number of counterparties is among its peers: negative-binomial regression, false discovery rate.

Peers share kind, age band and earlier activity. The model is fitted on the time before the first claim, alpha is estimated,
and everything since the first claim is scored with numpy.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ledger.problems import Problem
from rules.rule import not_evaluated
from rules.scope import Flags, Ints, Scope, columns, settled_transfers
from rules.wording import DAY_US

CODE = "RUL-ANOMALY"
SAMPLE = 100_000
"""Most accounts the model is fitted on."""
LEAST_BASELINE_US = 14 * DAY_US
"""A shorter time before the first claim says nothing. Grade P."""
LEAST_ACCOUNTS = 50
"""Fewer accounts give no peers. Grade P."""
AGE_BANDS_US = (90 * DAY_US, 365 * DAY_US)
"""New, young and settled accounts. Grade P."""
ACTIVITY_BANDS = (1, 3, 7, 20)
"""Counterparties in the half of the time before. Grade P."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Anomaly:
    """Per account code: q_value (NaN: not evaluated), counterparties seen and expected since the first claim; alpha."""

    q_value: Floats
    seen: Ints
    expected: Floats
    alpha: float


def score_anomalies(scope: Scope, seed: int = 0) -> tuple[Anomaly | None, list[Problem]]:
    """The q-value of every account's number of counterparties since the first claim, against its peers before it.

    The p-value of a count is drawn within its step (randomised quantile residual, `seed`), then Benjamini–Hochberg over all
    accounts that are no hub, voucher or stranger. None with a problem where there is too little to learn from.
    """
    if scope.first_claim_us is None:
        return None, [not_evaluated(CODE, "there is no claim that ends a baseline")]
    moves = settled_transfers(scope.ledger, scope.as_of_us)
    ordinary = ~scope.hub & ~scope.voucher & scope.known
    first_us = int(moves["time_us"].min()) if len(moves) else scope.first_claim_us
    baseline_us = scope.first_claim_us - first_us
    if baseline_us < LEAST_BASELINE_US:
        return None, [
            not_evaluated(CODE, f"the records begin {baseline_us // DAY_US} days before the first claim, 14 are needed")
        ]
    if int(ordinary.sum()) < LEAST_ACCOUNTS:
        return None, [
            not_evaluated(CODE, f"{int(ordinary.sum())} accounts are too few for peer groups, {LEAST_ACCOUNTS} are needed")
        ]
    middle_us = first_us + baseline_us // 2
    early, late, recent = (
        counterparties(moves, ordinary, begin, end)
        for begin, end in ((first_us, middle_us), (middle_us, scope.first_claim_us), (scope.first_claim_us, scope.as_of_us + 1))
    )
    age = ages(scope)
    span_us, score_us = scope.first_claim_us - middle_us, scope.as_of_us + 1 - scope.first_claim_us
    train = design(scope, age, early, middle_us)[ordinary]
    score = design(scope, age, late * (middle_us - first_us) // max(span_us, 1), scope.first_claim_us)[ordinary]
    used = independent(train)
    fitted = fit(late[ordinary], train[:, used], span_us, seed)
    if fitted is None:
        return None, [not_evaluated(CODE, "the regression on the time before the first claim did not converge")]
    coefficients, alpha = fitted
    expected = np.exp(np.clip(score[:, used] @ coefficients, -30, 30)) * score_us
    q_value = np.full(len(ordinary), np.nan)
    q_value[ordinary] = discovery_rate(upper_tail(recent[ordinary], expected, alpha, seed))
    mean = np.zeros(len(ordinary))
    mean[ordinary] = expected
    return Anomaly(q_value, recent, mean, alpha), []


def counterparties(moves: pd.DataFrame, ordinary: Flags, begin_us: int, end_us: int) -> Ints:
    """How many different accounts each account dealt with in the time, by account code."""
    part = moves[(moves["time_us"] >= begin_us) & (moves["time_us"] < end_us)]
    source, target = columns(part, "source", "target")
    size = np.int64(len(ordinary))
    pairs = np.unique(np.concatenate([source * size + target, target * size + source]))
    return np.bincount(pairs // size, minlength=len(ordinary)).astype(np.int64)


def ages(scope: Scope) -> Ints:
    """When each account was opened; long ago where the records do not say."""
    opened = scope.ledger.accounts["opened"].astype("int64[pyarrow]").fillna(0)
    return np.asarray(opened.to_numpy(dtype=np.int64))


def design(scope: Scope, opened_us: Ints, activity: Ints, now_us: int) -> Floats:
    """One 0/1 column per level of kind, age band and activity band, the first level of the latter two left out."""
    kind = scope.ledger.accounts["kind"].astype("string[pyarrow]").fillna("").to_numpy(dtype=object)
    age = np.searchsorted(AGE_BANDS_US, now_us - opened_us, side="right")
    band = np.searchsorted(ACTIVITY_BANDS, activity, side="right")
    columns_ = [kind == name for name in sorted(set(kind))]
    columns_ += [age == level for level in range(1, len(AGE_BANDS_US) + 1)]
    columns_ += [band == level for level in range(1, len(ACTIVITY_BANDS) + 1)]
    return np.column_stack(columns_).astype(np.float64)


def independent(levels: Floats) -> Ints:
    """Columns that say something the columns before them do not."""
    patterns = np.unique((levels @ 2.0 ** np.arange(levels.shape[1])).astype(np.int64))
    rows = (patterns[:, None] >> np.arange(levels.shape[1]) & 1).astype(np.float64)
    kept: list[int] = []
    for column in range(levels.shape[1]):
        if np.linalg.matrix_rank(rows[:, [*kept, column]]) > len(kept):
            kept.append(column)
    return np.asarray(kept, dtype=np.int64)


def fit(count: Ints, levels: Floats, span_us: int, seed: int) -> tuple[Floats, float] | None:
    """Coefficients of the log of counterparties per microsecond, and alpha, each estimated in turn until both stand.

    GLM does not estimate alpha (its default is 1.0, which gives wrong p-values): it is the maximum of the likelihood given
    the means. None where the regression does not converge.
    """
    from statsmodels.genmod.families import NegativeBinomial, Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    chosen = np.arange(len(count))
    if len(chosen) > SAMPLE:
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, SAMPLE, replace=False))
    sample, levels = count[chosen].astype(np.float64), levels[chosen]
    sample, levels = np.append(sample, 0.5), np.vstack([levels, np.full(levels.shape[1], 0.5)])  # no level is all zeros
    exposure = np.full(len(sample), float(np.log(span_us)))
    alpha = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they would say is asked for below
        fitted = GLM(sample, levels, family=Poisson(), offset=exposure).fit()
        for _ in range(8):
            before, alpha = alpha, likeliest_alpha(sample[:-1], fitted.mu[:-1])
            fitted = GLM(sample, levels, family=NegativeBinomial(alpha=alpha), offset=exposure).fit()
            if abs(alpha - before) <= 1e-4 * alpha:
                break
    sound = bool(fitted.converged) and bool(np.isfinite(fitted.params).all()) and np.isfinite(alpha)
    return (np.asarray(fitted.params, dtype=np.float64), alpha) if sound else None


def likeliest_alpha(count: Floats, mean: Floats) -> float:
    """The negative-binomial dispersion with the highest likelihood at these means, between 1e-6 and 1e3."""
    from scipy.optimize import minimize_scalar  # type: ignore[import-untyped]
    from scipy.special import gammaln  # type: ignore[import-untyped]

    def loss(log_alpha: float) -> float:
        size = np.exp(-log_alpha)
        terms = (
            gammaln(count + size) - gammaln(size) + size * np.log(size / (size + mean)) + count * np.log(mean / (size + mean))
        )
        return -float(np.mean(terms))

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(1e-6), np.log(1e3)), method="bounded").x))


def upper_tail(count: Ints, mean: Floats, alpha: float, seed: int) -> Floats:
    """Randomised upper p-values P(Y > y) + u P(Y = y): uniform under the model although counts have steps."""
    from scipy.special import betainc

    size = 1.0 / alpha
    above = betainc(count + 1.0, size, mean / (size + mean))
    at_least = np.where(count > 0, betainc(np.maximum(count, 1.0), size, mean / (size + mean)), 1.0)
    return np.asarray(above + np.random.default_rng(seed).random(len(count)) * (at_least - above), dtype=np.float64)


def discovery_rate(p_value: Floats) -> Floats:
    """Benjamini–Hochberg: the false discovery rate at which each would be taken."""
    order = np.argsort(p_value, kind="stable")
    count = len(p_value)
    scaled = p_value[order] * count / np.arange(1, count + 1)
    found = np.empty(count)
    found[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return found
