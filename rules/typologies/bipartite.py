"""Bipartite 多对多: several payers pay the same several payees within a day."""

import numpy as np

from ledger.problems import Problem
from rules.patterns.bipartite import bipartites
from rules.patterns.edges import Instances
from rules.patterns.telling import Told, told_findings
from rules.rule import Finding, Rule
from rules.scope import Ints, Scope
from rules.windows import distinct
from rules.wording import DAY_US, yuan

WINDOW_US = DAY_US
"""Any two payers and two payees of the block deal within it. Grade P."""
LEAST_PAYERS, LEAST_PAYEES = 3, 3
"""Accounts on either side. Grade C (AMLworld)."""
LEAST_FEN = 1_000_00
"""Smaller transfers are not looked at. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Payers and payees of a block."""
    edges = scope.edges.only(scope.edges.fen >= LEAST_FEN)
    found = bipartites(edges, WINDOW_US)
    fits = (sides(found, edges.source) >= LEAST_PAYERS) & (sides(found, edges.target) >= LEAST_PAYEES)
    return told_findings(RULE, scope, (edges, found, np.asarray(fits)), False, sentence)


def sides(found: Instances, end: Ints) -> Ints:
    """How many different accounts each instance has at one end."""
    return distinct(found.owner(), end[found.edge], len(found))


def sentence(told: Told) -> str:
    """What happened, for one account."""
    return f"{told.payers} payers paid the same {told.payees} payees within a day, {yuan(told.fen)} in all."


RULE = Rule(
    code="RUL-BIPARTITE",
    title="Bipartite block",
    title_zh="多对多划转",
    grade="C",
    source="AMLworld typologies (IBM)",
    threshold="≥ 3 payers and ≥ 3 payees, any two of them paying the same two within 1 d, each ≥ 1000.00",
    points=10,
    weight="weak",
    evaluate=evaluate,
)
