"""Peer groups: accounts of one kind, age band and earlier activity, as columns of a regression."""

import numpy as np
from numpy.typing import NDArray

from rules.scope import Ints, Scope
from rules.wording import DAY_US

AGE_BANDS_US = (90 * DAY_US, 365 * DAY_US)
"""New, young and settled accounts. Grade P."""
ACTIVITY_BANDS = (1, 3, 7, 20)
"""Counterparties in the time before. Grade P."""
Floats = NDArray[np.float64]


def opened_us(scope: Scope) -> Ints:
    """When each account was opened; long ago where the records do not say."""
    opened = scope.ledger.accounts["opened"].astype("int64[pyarrow]").fillna(0)
    return np.asarray(opened.to_numpy(dtype=np.int64))


def peer_levels(scope: Scope, activity: Ints, now_us: int) -> Floats:
    """One 0/1 column per level of kind, age band and activity band, the first level of the latter two left out.

    Args:
        activity: counterparties of each account in the time before `now_us`.
    """
    kind = scope.ledger.accounts["kind"].astype("string[pyarrow]").fillna("").to_numpy(dtype=object)
    age = np.searchsorted(AGE_BANDS_US, now_us - opened_us(scope), side="right")
    band = np.searchsorted(ACTIVITY_BANDS, activity, side="right")
    columns = [kind == name for name in sorted(set(kind))]
    columns += [age == level for level in range(1, len(AGE_BANDS_US) + 1)]
    columns += [band == level for level in range(1, len(ACTIVITY_BANDS) + 1)]
    return np.column_stack(columns).astype(np.float64)


def independent(levels: Floats) -> Ints:
    """Columns that say something the columns before them do not."""
    patterns = np.unique((levels @ 2.0 ** np.arange(levels.shape[1])).astype(np.int64))
    rows = (patterns[:, None] >> np.arange(levels.shape[1]) & 1).astype(np.float64)
    kept: list[int] = []
    for column in range(levels.shape[1]):
        if np.linalg.matrix_rank(rows[:, [*kept, column]]) > len(kept):
            kept.append(column)
    return np.asarray(kept, dtype=np.int64)
