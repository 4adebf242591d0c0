"""How far predicted probabilities come true: bins, Brier score, log loss, average precision."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BINS = 10


def reliability(member: NDArray[np.bool_], predicted: Floats, score: NDArray[np.int64]) -> dict[str, Any]:
    """Predictions against the truth, beside the share of members told to everybody and the order of the shipped score."""
    truth = member.astype(np.float64)
    share = np.full(len(truth), truth.mean())
    return {
        "accounts": len(truth),
        "brier": brier(truth, predicted),
        "brier_of_the_share": brier(truth, share),
        "log_loss": log_loss(truth, predicted),
        "log_loss_of_the_share": log_loss(truth, share),
        "average_precision": average_precision(member, predicted),
        "average_precision_of_the_shipped_score": average_precision(member, score.astype(np.float64)),
        "bins": bins(truth, predicted),
    }


def brier(truth: Floats, predicted: Floats) -> float:
    """Mean squared error."""
    return round(float(np.mean((predicted - truth) ** 2)), 6)


def log_loss(truth: Floats, predicted: Floats) -> float:
    """Mean negative log-likelihood; a certainty counts as 0.999."""
    chance = np.clip(predicted, 0.001, 0.999)
    return round(float(-np.mean(truth * np.log(chance) + (1 - truth) * np.log(1 - chance))), 6)


def average_precision(member: NDArray[np.bool_], value: Floats) -> float:
    """Area under precision over recall, by steps; equal values count together."""
    order = np.argsort(-value, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(value[order])), len(value) - 1)
    hits = np.cumsum(member[order])[ends]
    precision = hits / (ends + 1)
    return round(float(np.sum(np.diff(hits, prepend=0) / max(int(member.sum()), 1) * precision)), 6)


def bins(truth: Floats, predicted: Floats) -> list[dict[str, Any]]:
    """Per tenth of the probability: accounts, mean predicted, share observed; empty tenths are left out."""
    tenth = np.minimum((predicted * BINS).astype(np.int64), BINS - 1)
    return [
        {
            "from": f"{number / BINS:.1f}",
            "to": f"{(number + 1) / BINS:.1f}",
            "accounts": int((tenth == number).sum()),
            "predicted": round(float(predicted[tenth == number].mean()), 4),
            "observed": round(float(truth[tenth == number].mean()), 4),
        }
        for number in sorted(set(tenth.tolist()))
    ]
