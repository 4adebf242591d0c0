"""Penalised logistic regression in which a name whose sign would be against its sense gets none."""

import warnings

import numpy as np
from numpy.typing import NDArray

from ledger.problems import LiushuiError

PENALTY = 1.0
"""L1 penalty on every coefficient but the intercept. Grade P."""

Floats = NDArray[np.float64]


def fit(design: Floats, positive: NDArray[np.bool_], sign: Floats) -> tuple[float, Floats]:
    """Intercept and coefficients; of names whose sign would be wrong none, and the rest are fitted again.

    Args:
        design: one row per case, one column per name. sign: 1 or -1 per name, 0 where both make sense.
    Raises: LiushuiError RUL-few-labels where the regression does not converge.
    """
    from statsmodels.discrete.discrete_model import Logit

    used = design.std(axis=0) > 0
    found = np.zeros(design.shape[1])
    while True:
        matrix = np.column_stack([np.ones(len(design)), design[:, used]])
        penalty = np.append(0.0, np.full(int(used.sum()), PENALTY))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # separation is no trouble under the penalty; convergence is checked below
            model = Logit(positive.astype(np.float64), matrix)
            model.cov_params_func_l1 = no_errors
            solved = model.fit_regularized(method="l1", alpha=penalty, maxiter=1000, disp=0, trim_mode="off")
        coefficients = np.asarray(solved.params, dtype=np.float64)
        if not np.isfinite(coefficients).all():
            raise LiushuiError("RUL-few-labels", "the regression on the labels did not converge")
        found[:] = 0.0
        found[used] = coefficients[1:]
        wrong = used & (found * sign < -1e-9)
        if not wrong.any():
            return float(coefficients[0]), found
        used = used & ~wrong


def no_errors(_model: object, params: Floats, _given: object) -> Floats:
    """In place of standard errors: nobody asks for them, and where one name always goes with another there are none."""
    return np.full((len(params), len(params)), np.nan)


def probabilities(intercept: float, design: Floats, found: Floats) -> Floats:
    """What a fit says of other rows."""
    return np.asarray(1 / (1 + np.exp(-np.clip(intercept + design @ found, -700, 700))), dtype=np.float64)
