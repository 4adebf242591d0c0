"""How good a ranking is: figures that do not depend on the order of the rows, ties included."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Quality:
    """Shares between 0 and 1; NaN where nothing is positive. positives, ranked: accounts."""

    positives: int
    ranked: int
    precision: float
    recall: float
    f1: float
    average_precision: float
    at_100: float

    def cells(self) -> str:
        """The figures as cells of a table."""
        shares = (self.precision, self.recall, self.f1, self.average_precision, self.at_100)
        return " | ".join([f"{self.positives:,}", f"{self.ranked:,}", *("–" if np.isnan(x) else f"{x:.3f}" for x in shares)])


def quality(score: Floats, positive: Flags, threshold: float) -> Quality:
    """All figures; precision, recall and F1 are of the accounts with a score of at least the threshold."""
    named = score >= threshold
    right, wanted = int((named & positive).sum()), int(positive.sum())
    precision = right / named.sum() if named.any() else float("nan")
    recall = right / wanted if wanted else float("nan")
    f1 = 2 * right / (named.sum() + wanted) if wanted else float("nan")
    average = average_precision(score, positive)
    return Quality(wanted, len(score), precision, recall, f1, average, precision_at(score, positive, 100))


def steps(score: Floats, positive: Flags) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Accounts and positives with at least each different score, from the highest down."""
    _, inverse, count = np.unique(-score, return_inverse=True, return_counts=True)
    right = np.bincount(inverse, weights=positive, minlength=len(count)).astype(np.int64)
    return np.cumsum(count), np.cumsum(right)


def average_precision(score: Floats, positive: Flags) -> float:
    """Precision at every different score, weighted by the recall it adds; accounts of one score count together."""
    if not positive.any():
        return float("nan")
    named, right = steps(score, positive)
    return float((np.diff(right, prepend=0) * right / named).sum() / right[-1])


def precision_at(score: Floats, positive: Flags, most: int) -> float:
    """Share of positives among the first `most`; of the score that the limit cuts through, its average share."""
    if not len(score):
        return float("nan")
    most = min(most, len(score))
    named, right = steps(score, positive)
    last = int(np.searchsorted(named, most))
    before, found = (int(named[last - 1]), int(right[last - 1])) if last else (0, 0)
    share = (right[last] - found) / (named[last] - before)
    return float((found + share * (most - before)) / most)


def best_threshold(score: Floats, positive: Flags) -> float:
    """The score from which on F1 is highest; the higher of two that are as good."""
    named, right = steps(score, positive)
    f1 = 2 * right / (named + positive.sum())
    return float(np.unique(-score)[int(np.argmax(f1))] * -1)
