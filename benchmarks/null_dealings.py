"""Dealings of accounts among which nothing is unusual, or a known part is: for calibration, from a seed."""

import numpy as np
from numpy.typing import NDArray

from rules.activity import AMOUNTS, COUNTS, FEATURES

Floats = NDArray[np.float64]


def null_dealings(accounts: int, correlation: float, seed: int) -> tuple[Floats, Floats, Floats]:
    """Baseline and scored features of three peer groups, both drawn alike, and the 0/1 columns of the groups.

    Counts are negative binomial, amounts skewed with a spread per group and a fifth missing; the features of an account are
    correlated (Gaussian copula).
    """
    from scipy.stats import nbinom, norm

    random = np.random.default_rng(seed)
    group = random.integers(0, 3, accounts)

    def drawn() -> Floats:
        own = random.standard_normal((accounts, len(FEATURES)))
        shared = random.standard_normal((accounts, 1))
        normal = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own
        found = np.empty_like(normal)
        for at in COUNTS:
            mean, alpha = np.array([1.0, 4.0, 12.0])[group] * (1 + at / 3), 0.4 + 0.2 * at
            found[:, at] = nbinom.ppf(norm.cdf(normal[:, at]), 1 / alpha, 1 / (1 + alpha * mean))
        for at in AMOUNTS:
            skewed = normal[:, at] * (1 + 0.3 * (normal[:, at] > 0))
            found[:, at] = 8 + group + (0.5 + 0.3 * group) * skewed
            found[random.random(accounts) < 0.2, at] = np.nan
        return found

    return drawn(), drawn(), np.column_stack([group == level for level in range(3)]).astype(np.float64)


def with_unusual(score: Floats, share: float, seed: int) -> tuple[Floats, NDArray[np.bool_]]:
    """The features with a share of accounts that has far more credits, payees and inflow; and which accounts those are."""
    unusual = np.random.default_rng([seed, 1]).random(len(score)) < share
    changed = score.copy()
    changed[np.ix_(unusual, [0, 3])] += 60
    changed[unusual, 6] += 6
    return changed, unusual
