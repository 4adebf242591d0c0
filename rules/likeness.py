"""How far an account's dealings look like those that labels call laundering: a model a desk fitted on its own cases."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ledger.problems import Problem
from rules.patterns.figures import FIGURES, Figures, figures
from rules.rule import FULL, not_evaluated, strongest
from rules.scope import Ints, Scope, columns, scope_of
from rules.wording import DAY_US, yuan

CODE = "RUL-LIKENESS"
STRETCH_DAYS = 36
"""Dealings of so many days before the end of the records are looked at. Grade P."""
CERTAIN = 1e-9
"""No dealing is nearer to certain than this, so that no single one drowns all others."""
TOLD = 3
"""Most figures a sentence names. Grade P."""

WORDS = {figure.name: figure for figure in FIGURES}
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Likeness:
    """Log-odds that a dealing launders: intercept + Σ coefficient × figure.

    points: of an account of chance 1. coefficients: by figure. usual: the mean of each figure where the model was fitted, for
    sentences.
    """

    points: int
    intercept: float
    coefficients: Mapping[str, float]
    usual: Mapping[str, float]

    def chances(self, table: pd.DataFrame) -> Floats:
        """The chance of each dealing."""
        odds = np.full(len(table), self.intercept)
        for name, coefficient in self.coefficients.items():
            odds += coefficient * table[name].to_numpy(dtype=np.float64)
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -700, 700))), dtype=np.float64)

    def of_accounts(self, made: Figures) -> Floats:
        """The chance that at least one dealing of each account launders, as if they were independent."""
        against = -np.log1p(-np.clip(self.chances(made.table), 0, 1 - CERTAIN))
        sums = [np.bincount(end, against, made.accounts) for end in columns(made.table, "source", "target")]
        return np.asarray(1 - np.exp(-(sums[0] + sums[1])), dtype=np.float64)

    def told(self) -> dict[str, Any]:
        """Everything as plain values."""
        figure = {name: {"coefficient": one, "usual": self.usual[name]} for name, one in sorted(self.coefficients.items())}
        return {"points": self.points, "intercept": self.intercept, "figures": figure}


@dataclass(frozen=True)
class Alike:
    """One account's chance that one of its dealings launders, in basis points, and the sentence."""

    strength: int
    sentence: str


def recent_figures(scope: Scope) -> Figures:
    """The figures of the last days of the whole ledger, as late and in the currency the scope sees."""
    begin_us = scope.as_of_us + 1 - STRETCH_DAYS * DAY_US
    return scope.once("figures", lambda: figures(whole(scope).edges, begin_us, len(scope.judged)))


def whole(scope: Scope) -> Scope:
    """A view of the whole ledger, as late and in the same currency."""
    return scope if scope.whole else scope_of(scope.ledger, None, scope.as_of_us, scope.currency)


def likeness(scope: Scope, model: Likeness) -> tuple[dict[int, Alike], list[Problem]]:
    """Every judged account whose dealings are worth a point, by code; what is not listed, or was given up, is a problem."""
    made = recent_figures(scope)
    chance = model.chances(made.table)
    strength = np.floor(model.of_accounts(made) * FULL).astype(np.int64)
    worth = np.flatnonzero((strength * model.points >= FULL) & scope.judged)
    kept, problems = strongest(CODE, strength[worth], scope.most_findings)
    likeliest = likeliest_dealings(made, chance)
    found = {}
    for code in worth[kept].tolist():
        at = int(likeliest[code])
        found[code] = Alike(int(strength[code]), sentence(scope, model, made.table.iloc[at], float(chance[at])))
    given_up = [not_evaluated(CODE, f"{made.cut} of the searches were given up at their work bound")] if made.cut else []
    return found, given_up + problems


def likeliest_dealings(made: Figures, chance: Floats) -> Ints:
    """Position of the likeliest dealing of each account, the first of equals; -1 where there is none."""
    order = np.lexsort([-np.arange(len(chance)), chance])
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    best = np.full(made.accounts, -1, dtype=np.int64)
    for end in columns(made.table, "source", "target"):
        np.maximum.at(best, end, place)
    found = np.full(made.accounts, -1, dtype=np.int64)
    found[best >= 0] = order[best[best >= 0]]
    return found


def sentence(scope: Scope, model: Likeness, dealing: "pd.Series[Any]", chance: float) -> str:
    """The likeliest dealing, and what makes it so beside a usual one."""
    adds = {name: one * (float(dealing[name]) - model.usual[name]) for name, one in model.coefficients.items()}
    first = sorted((name for name in adds if adds[name] > 0), key=lambda name: (-adds[name], name))[:TOLD]
    parts = [WORDS[name].told(float(dealing[name]), model.usual[name]) for name in first]
    payment = f"{scope.ids(np.asarray([int(dealing['row'])]))[0]} of {yuan(int(dealing['fen']))}"
    ends = f"{scope.name(int(dealing['source']))} → {scope.name(int(dealing['target']))}"
    told = f"Most of all {payment}, {ends}, looks like labelled laundering ({100 * chance:.0f} %)"
    return f"{told}: {', '.join(parts)}." if parts else f"{told}."
