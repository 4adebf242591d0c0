"""Many p-values as one, and one per account as a list that is mostly right: Cauchy combination, Benjamini–Hochberg."""

import numpy as np
from numpy.typing import NDArray

HIGHEST_P, LOWEST_P = 0.999, 1e-15
"""Bounds that keep one p-value of almost 1 from outweighing a small one, and the tangent finite."""
Floats = NDArray[np.float64]


def combined(p_value: Floats) -> Floats:
    """One p-value per row out of several that may depend on each other; NaN are left out, a row of NaN stays NaN.

    The sum of Cauchy-transformed p-values has Cauchy's tail whatever their dependence; Fisher's and Stouffer's sums have not.
    Source: Liu and Xie (2020), Cauchy combination test.
    """
    bounded = np.clip(p_value, LOWEST_P, HIGHEST_P)
    known = ~np.isnan(p_value)
    count = known.sum(axis=1)
    total = np.where(known, np.tan((0.5 - bounded) * np.pi), 0.0).sum(axis=1)
    mean = total / np.where(count > 0, count, np.nan)
    return np.asarray(0.5 - np.arctan(mean) / np.pi, dtype=np.float64)


def discovery_rate(p_value: Floats) -> Floats:
    """Benjamini–Hochberg: the false discovery rate at which each would be taken."""
    order = np.argsort(p_value, kind="stable")
    count = len(p_value)
    scaled = p_value[order] * count / np.arange(1, count + 1)
    found = np.empty(count)
    found[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return found
