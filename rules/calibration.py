"""Points fitted on labelled accounts: penalised logistic regression, signs that make sense, and what it is worth elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ledger.problems import LiushuiError
from rules.evidence import Evidence, folds_of
from rules.likeness import Likeness
from rules.logistic import fit, probabilities
from rules.reliability import Floats, average_precision, reliability
from rules.scope import Ints
from rules.teaching import Taught, fit_likeness, held_back
from rules.weights import MOST_POINTS, SECTIONS, Probability, Weights, default_weights

LEAST_LABELS = 20
"""Labelled accounts of each of the two kinds, at least. Grade P."""
LEAST_SEEN = 5
"""What fewer labelled accounts show keeps its shipped points. Grade P."""
POINTS_PER_LOGIT = 20.0
"""At most so many points for a factor e in the odds; fewer where a name would pass 100 points."""
LIKENESS = "dealings:likeness"


@dataclass(frozen=True)
class Calibration:
    """weights: fitted points. kept: names that keep their shipped points. report: plain values of the reliability."""

    weights: Weights
    kept: list[str]
    report: dict[str, Any]


def calibrate(evidence: Evidence) -> Calibration:
    """Fit points on all labels, and tell from held-back rings, cases or times what they are worth.

    The likeness of dealings is a name like any other; its strength is what a model says that saw no dealing of the account's
    own ring, case or time, so that it is trusted no more than it deserves.

    Raises: LiushuiError RUL-few-labels where the labels cannot carry it.
    """
    members, others = int(evidence.member.sum()), int((~evidence.member).sum())
    if min(members, others) < LEAST_LABELS:
        told = f"ranked labelled accounts: members {members}, others {others}; {LEAST_LABELS} of each are needed"
        raise LiushuiError("RUL-few-labels", told)
    fold, cut_by = folds_of(evidence.group)
    strength = evidence.strength.drop(columns=LIKENESS, errors="ignore")
    alike = held_back(evidence.taught, evidence.place, fold) if evidence.taught else None
    without = predictions(*shown(strength)[:2], evidence.member, (fold, cut_by))
    if alike is not None:
        strength = strength.assign(**{LIKENESS: alike})
    names, design, kept = shown(strength)
    predicted = without if alike is None else predictions(names, design, evidence.member, (fold, cut_by))
    intercept, found = fit(design, evidence.member, sense(names))
    report = reliability(evidence.member, predicted, evidence.score) | {
        "labels": {"members": members, "others": others, "left_out": dict(evidence.left_out)},
        "held_back_by": cut_by,
        "folds": len(set(fold.tolist())),
        "kept": kept,
        "dealings": dealings_told(evidence.taught, alike is not None),
        "average_precision_without_dealings": average_precision(evidence.member, without),
    }
    model = fit_likeness(evidence.taught) if LIKENESS in names else None
    return Calibration(to_points(names, intercept, found, model), kept, report)


def shown(strength: pd.DataFrame) -> tuple[list[str], Floats, list[str]]:
    """Names that enough labelled accounts show, their strengths, and the other names."""
    seen = (strength > 0).sum()
    names = [str(name) for name in strength.columns if seen[name] >= LEAST_SEEN]
    return names, strength[names].to_numpy(dtype=np.float64), [str(name) for name in strength.columns if name not in names]


def sense(names: Sequence[str]) -> Floats:
    """Which sign makes sense: counter-evidence speaks for an account, everything else against it."""
    return np.asarray([-1.0 if name.startswith("counter_evidence:") else 1.0 for name in names])


def predictions(names: Sequence[str], design: Floats, member: NDArray[np.bool_], cut: tuple[Ints, str]) -> Floats:
    """The probability of every account by a fit that saw nothing of its fold."""
    fold, cut_by = cut
    predicted = np.zeros(len(fold))
    for number in sorted(set(fold.tolist())):
        held = fold == number
        train = member[~held]
        if train.all() or not train.any():
            told = f"without one {cut_by} only one kind of label is left, so nothing could be held back"
            raise LiushuiError("RUL-few-labels", told)
        intercept, found = fit(design[~held], train, sense(names))
        predicted[held] = probabilities(intercept, design[held], found)
    return predicted


def dealings_told(taught: Sequence[Taught], used: bool) -> dict[str, Any]:
    """How many dealings of each kind the labels tell, and whether they carry a model, in plain values."""
    counts = {word: sum(int((one.label == kind).sum()) for one in taught) for word, kind in (("laundering", 1), ("others", 0))}
    return counts | {"used": used}


def to_points(names: Sequence[str], intercept: float, found: Floats, model: Likeness | None = None) -> Weights:
    """Coefficients as whole points over the shipped weights, and the probability that goes with them.

    model: of dealings; it gets its points, and is left out where it is worth none.
    """
    largest = float(np.abs(found).max(initial=0.0))
    scale = min(POINTS_PER_LOGIT, MOST_POINTS / largest) if largest > 0 else POINTS_PER_LOGIT
    base = default_weights()
    fitted = {name: round(value * scale) for name, value in zip(names, found.tolist(), strict=True)}
    alike = fitted.pop(LIKENESS, 0)
    points = {section: dict(getattr(base, section)) for section in SECTIONS}
    for name, value in fitted.items():
        section, _, word = name.partition(":")
        points[section][word] = value
    dealings = replace(model, points=alike) if model is not None and alike else None
    return Weights(**points, dealings=dealings, probability=Probability(round(intercept, 4), round(1 / scale, 6)))
