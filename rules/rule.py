"""The frame of a rule: what it asks, what it found, and what speaks against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ledger.problems import Problem

if TYPE_CHECKING:
    from rules.scope import Ints, Scope

Grade = Literal["S", "A", "B", "C", "P"]
"""Where a threshold comes from: case reports, law, production practice, somebody's public figure, our proposal."""

Weight = Literal["sign", "weak", "tag"]
"""sign: alone it makes an account a member of a ring. weak: it adds points and names nobody. tag: no points at all."""

Value = str | int | bool | list[str] | list[int]
FULL = 10_000
"""Basis points of one."""
EVIDENCE = 200
"""Most transfers named as the evidence of one finding."""


@dataclass(frozen=True)
class Finding:
    """One rule's statement about one account.

    strength: basis points, 0 … 10,000. inputs: what the rule measured, JSON-able, money as decimal strings. transfers: ids
    of the evidence. counter_evidence: sentences that weaken it; consideration: those of them the rule itself measured.
    """

    account_code: int
    rule: str
    grade: Grade
    strength: int
    threshold: str
    inputs: Mapping[str, Value]
    transfers: tuple[str, ...]
    explanation: str
    counter_evidence: tuple[str, ...] = ()
    consideration: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A typology with its thresholds.

    threshold: the thresholds as text, built from the constants atop the rule's file. points: what a finding of full
    strength adds to a score; 0 for a tag. evaluate: a view to findings, and problems where the rule could not be evaluated.
    """

    code: str
    title: str
    title_zh: str
    grade: Grade
    source: str
    threshold: str
    points: int
    evaluate: Callable[[Scope], tuple[list[Finding], list[Problem]]]
    weight: Weight = "sign"

    def finding(
        self,
        account_code: int,
        strength: int,
        inputs: Mapping[str, Value],
        transfers: tuple[str, ...],
        explanation: str,
    ) -> Finding:
        """A finding of this rule."""
        assert 0 <= strength <= FULL, "a strength is 0 … 10,000 basis points"
        return Finding(account_code, self.code, self.grade, strength, self.threshold, inputs, transfers, explanation)


def not_evaluated(code: str, why: str) -> Problem:
    """The problem of a rule that could not be computed: not the same as nothing found."""
    return Problem(file="", line=0, code="RUL-not-evaluated", message=f"{code} was not evaluated: {why}", severity="warning")


def evaluated_in_part(code: str, left_out: int, why: str) -> list[Problem]:
    """The problem of a rule that could not be computed for some accounts; none for none."""
    accounts = "1 account" if left_out == 1 else f"{left_out} accounts"
    return [not_evaluated(code, f"{accounts} {why}")] if left_out else []


def strongest(code: str, worth: Ints, most: int) -> tuple[Ints, list[Problem]]:
    """Positions of the `most` worthiest candidates, ascending, the first among equals; what is left out is a problem."""
    if len(worth) <= most:
        return np.arange(len(worth)), []
    kept = np.sort(np.argsort(-worth, kind="stable")[:most])
    left = len(worth) - most
    told = f"{code}: {left} more accounts fit the rule and are not listed (limit: {most}, the strongest are)"
    return kept, [Problem(file="", line=0, code="RUL-limit", message=told, severity="warning")]
