"""Points fitted on labelled accounts: penalised logistic regression, signs that make sense, and what it is worth elsewhere."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ledger.problems import LiushuiError
from rules.labels import Label
from rules.reliability import Floats, reliability
from rules.scope import records
from rules.score import NEVER_BLOCKED, RankingResult
from rules.weights import MOST_POINTS, Probability, Weights, default_weights

LEAST_LABELS = 20
"""Labelled accounts of each of the two kinds, at least. Grade P."""
LEAST_SEEN = 5
"""What fewer labelled accounts show keeps its shipped points. Grade P."""
PENALTY = 1.0
"""L1 penalty on every coefficient but the intercept. Grade P."""
POINTS_PER_LOGIT = 20.0
"""At most so many points for a factor e in the odds; fewer where a name would pass 100 points."""
FOLDS = 5
LEFT_OUT = (*NEVER_BLOCKED, "voucher")
"""Nobody needs a score to know these."""


@dataclass(frozen=True)
class Evidence:
    """Labelled accounts and what is known of them.

    strength: one row per account, one column per `section:name`, 1 = full strength. member: the truth. group: ring, case or
    stretch of time. score: by the shipped weights. left_out: how many labels could not be used, by reason.
    """

    strength: pd.DataFrame
    member: NDArray[np.bool_]
    group: NDArray[np.object_]
    score: NDArray[np.int64]
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Calibration:
    """weights: fitted points. kept: names that keep their shipped points. report: plain values of the reliability."""

    weights: Weights
    kept: list[str]
    report: dict[str, Any]


def gather(cases: Sequence[tuple[RankingResult, Sequence[Label]]]) -> Evidence:
    """The labelled accounts of every case that are ranked there; groups are rings where the labels name them."""
    rows: list[dict[str, float]] = []
    facts: list[tuple[bool, str, int]] = []
    left_out = {"not ranked": 0, "victim, hub or voucher": 0}
    for number, (result, labels) in enumerate(cases):
        ranked = {row.account: row for row in records(result.frame)}
        times = first_arrivals(result)
        for label in labels:
            row = ranked.get(label.account)
            if row is None or row.role in LEFT_OUT:
                left_out["not ranked" if row is None else "victim, hub or voucher"] += 1
                continue
            strengths: dict[str, float] = {}
            for term in result.terms[row.account_code]:
                name = f"{term.section}:{term.name}"
                strengths[name] = strengths.get(name, 0.0) + term.strength / 10_000
            rows.append(strengths)
            group = f"{number}:{label.group}" if label.group else f"{number}@{times.get(row.account_code, 0)}"
            facts.append((label.member, group, int(row.score)))
    strength = pd.DataFrame(rows, index=range(len(rows))).fillna(0.0).sort_index(axis=1)
    member = np.asarray([fact[0] for fact in facts], dtype=np.bool_)
    score = np.asarray([fact[2] for fact in facts], dtype=np.int64)
    return Evidence(strength, member, np.asarray([fact[1] for fact in facts], dtype=object), score, left_out)


def first_arrivals(result: RankingResult) -> dict[int, int]:
    """When victims' money first came to each account, in microseconds."""
    first = result.trace.traced.groupby("target_code")["time_us"].min()
    return {int(str(code)): int(when) for code, when in first.items()}


def folds_of(group: NDArray[np.object_]) -> tuple[NDArray[np.int64], str]:
    """The fold of every account, and what it is cut by: rings where they are named, else cases, else time."""
    rings = sorted({name for name in group if "@" not in name})
    cases = sorted({name.partition("@")[0] for name in group if "@" in name})
    if len(rings) + len(cases) > 1:
        place = {name: at % FOLDS for at, name in enumerate([*rings, *cases])}
        return np.asarray([place[name.partition("@")[0]] for name in group], dtype=np.int64), "ring" if rings else "case"
    times = np.asarray([int(name.partition("@")[2] or 0) for name in group], dtype=np.int64)
    order = np.argsort(times, kind="stable")
    fold = np.empty(len(times), dtype=np.int64)
    fold[order] = np.arange(len(times)) * FOLDS // max(len(times), 1)
    return fold, "time"


def calibrate(evidence: Evidence) -> Calibration:
    """Fit points on all labels, and tell from held-back rings, cases or times what they are worth.

    Raises: LiushuiError RUL-few-labels where the labels cannot carry it.
    """
    members, others = int(evidence.member.sum()), int((~evidence.member).sum())
    if min(members, others) < LEAST_LABELS:
        told = f"ranked labelled accounts: members {members}, others {others}; {LEAST_LABELS} of each are needed"
        raise LiushuiError("RUL-few-labels", told)
    seen = (evidence.strength > 0).sum()
    names = [name for name in evidence.strength.columns if seen[name] >= LEAST_SEEN]
    kept = [name for name in evidence.strength.columns if seen[name] < LEAST_SEEN]
    design = evidence.strength[names].to_numpy(dtype=np.float64)
    fold, cut_by = folds_of(evidence.group)
    predicted = np.zeros(len(fold))
    for number in sorted(set(fold.tolist())):
        held = fold == number
        train = evidence.member[~held]
        if train.all() or not train.any():
            told = f"without one {cut_by} only one kind of label is left, so nothing could be held back"
            raise LiushuiError("RUL-few-labels", told)
        intercept, found = fit(design[~held], train, names)
        predicted[held] = 1 / (1 + np.exp(-np.clip(intercept + design[held] @ found, -700, 700)))
    intercept, found = fit(design, evidence.member, names)
    report = reliability(evidence.member, predicted, evidence.score) | {
        "labels": {"members": members, "others": others, "left_out": dict(evidence.left_out)},
        "held_back_by": cut_by,
        "folds": len(set(fold.tolist())),
        "kept": kept,
    }
    return Calibration(to_points(names, intercept, found), kept, report)


def fit(design: Floats, member: NDArray[np.bool_], names: Sequence[str]) -> tuple[float, Floats]:
    """Intercept and coefficients; a name whose sign would be against its sense gets none, and the rest are fitted again."""
    from statsmodels.discrete.discrete_model import Logit

    sign = np.asarray([-1.0 if name.startswith("counter_evidence:") else 1.0 for name in names])
    used = design.std(axis=0) > 0
    found = np.zeros(len(names))
    while True:
        matrix = np.column_stack([np.ones(len(design)), design[:, used]])
        penalty = np.append(0.0, np.full(int(used.sum()), PENALTY))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # separation is no trouble under the penalty; convergence is checked below
            solved = Logit(member.astype(np.float64), matrix).fit_regularized(
                method="l1", alpha=penalty, maxiter=1000, disp=0, trim_mode="off"
            )
        coefficients = np.asarray(solved.params, dtype=np.float64)
        if not np.isfinite(coefficients).all():
            raise LiushuiError("RUL-few-labels", "the regression on the labels did not converge")
        found[:] = 0.0
        found[used] = coefficients[1:]
        wrong = used & (found * sign < -1e-9)
        if not wrong.any():
            return float(coefficients[0]), found
        used = used & ~wrong


def to_points(names: Sequence[str], intercept: float, found: Floats) -> Weights:
    """Coefficients as whole points over the shipped weights, and the probability that goes with them."""
    largest = float(np.abs(found).max(initial=0.0))
    scale = min(POINTS_PER_LOGIT, MOST_POINTS / largest) if largest > 0 else POINTS_PER_LOGIT
    base = default_weights()
    points = {section: dict(getattr(base, section)) for section in ("rules", "roles", "anomaly", "counter_evidence")}
    for name, value in zip(names, found.tolist(), strict=True):
        section, _, word = name.partition(":")
        points[section][word] = round(value * scale)
    return Weights(**points, probability=Probability(round(intercept, 4), round(1 / scale, 6)))
