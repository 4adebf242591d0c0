"""What peers do: counts by negative-binomial regression, amounts and times by robust and quantile regression, and p-values.

Everything is fitted on the time before the first claim, on a sample of at most `SAMPLE` accounts; the rest is numpy.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE, QUANTILE_SAMPLE = 100_000, 20_000
"""Most accounts the regressions are fitted on; quantile regression costs most per account."""
SPREAD_QUANTILE = 0.75
"""Of the absolute residuals: how wide a peer group is. Grade P."""
LEAST_SPREAD = 0.05
"""Narrower is taken for this (5 % of an amount): peers that all do the same thing are no scale. Grade P."""
LEAST_VALUES = 50
"""Fewer measured accounts give no expected amount. Grade P."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Counted:
    """coefficients of the log of a count per microsecond by peer level, and the dispersion alpha."""

    coefficients: Floats
    alpha: float

    def mean(self, levels: Floats, span_us: int) -> Floats:
        """Expected counts over a span."""
        return np.asarray(np.exp(np.clip(levels @ self.coefficients, -60, 30)) * span_us, dtype=np.float64)


@dataclass(frozen=True)
class Measured:
    """centre, spread: coefficients by peer level. residuals: of the baseline's accounts, ascending: what is usual."""

    centre: Floats
    spread: Floats
    residuals: Floats

    def residual(self, value: Floats, levels: Floats) -> Floats:
        """How many spreads above its peers' centre each value lies."""
        return np.asarray((value - levels @ self.centre) / np.maximum(levels @ self.spread, LEAST_SPREAD), dtype=np.float64)

    def p_value(self, value: Floats, levels: Floats, random: np.random.Generator) -> Floats:
        """Share of the baseline that lies as high, drawn within ties, never below 1 / (n + 1); NaN: not measured."""
        residual = self.residual(value, levels)
        count = len(self.residuals)
        at_least = count - np.searchsorted(self.residuals, residual, side="left")
        above = count - np.searchsorted(self.residuals, residual, side="right")
        drawn = (above + random.random(len(value)) * (at_least - above) + 1) / (count + 1)
        return np.where(np.isnan(value), np.nan, drawn)


def chosen(size: int, most: int, seed: int) -> Ints:
    """Positions of a sample without replacement, ascending; everything when it is small enough."""
    if size <= most:
        return np.arange(size)
    return np.sort(np.random.default_rng(seed).choice(size, most, replace=False))


def fit_counts(count: Floats, levels: Floats, span_us: int, seed: int) -> Counted | None:
    """Coefficients and alpha, each estimated in turn until both stand. None where the regression does not converge.

    GLM does not estimate alpha (its default is 1.0, which gives wrong p-values): it is the maximum of the likelihood given
    the means.
    """
    from statsmodels.genmod.families import NegativeBinomial, Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    at = chosen(len(count), SAMPLE, seed)
    sample, levels = count[at].astype(np.float64), levels[at]
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
    sound = bool(fitted.converged) and bool(np.isfinite(fitted.params).all()) and bool(np.isfinite(alpha))
    return Counted(np.asarray(fitted.params, dtype=np.float64), alpha) if sound else None


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


def upper_tail(count: Floats, mean: Floats, alpha: float, random: np.random.Generator) -> Floats:
    """Randomised upper p-values P(Y > y) + u P(Y = y): uniform under the model although counts have steps."""
    from scipy.special import betainc

    size = 1.0 / alpha
    above = betainc(count + 1.0, size, mean / (size + mean))
    at_least = np.where(count > 0, betainc(np.maximum(count, 1.0), size, mean / (size + mean)), 1.0)
    return np.asarray(above + random.random(len(count)) * (at_least - above), dtype=np.float64)


def fit_amounts(value: Floats, levels: Floats, seed: int) -> Measured | None:
    """Centre by Huber's robust regression, spread by quantile regression of the absolute residuals, and the residuals.

    Args:
        value: NaN where nothing was measured. None where too few were.
    """
    from statsmodels.regression.quantile_regression import QuantReg
    from statsmodels.robust.norms import HuberT
    from statsmodels.robust.robust_linear_model import RLM

    there = np.flatnonzero(~np.isnan(value))
    if len(there) < LEAST_VALUES:
        return None
    at = there[chosen(len(there), SAMPLE, seed)]
    fewer = there[chosen(len(there), QUANTILE_SAMPLE, seed + 1)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # collinear levels and late convergence: the residuals below are empirical anyway
        centre = np.asarray(RLM(value[at], levels[at], M=HuberT()).fit().params, dtype=np.float64)
        apart = np.abs(value[fewer] - levels[fewer] @ centre)
        if np.median(apart) < LEAST_SPREAD:  # most peers do the same: the smallest scale serves
            spread = np.zeros_like(centre)
        else:
            spread = np.asarray(QuantReg(apart, levels[fewer]).fit(q=SPREAD_QUANTILE).params, dtype=np.float64)
    if not (np.isfinite(centre).all() and np.isfinite(spread).all()):
        return None
    found = Measured(centre, spread, np.zeros(0))
    return Measured(centre, spread, np.sort(found.residual(value[there], levels[there])))
