"""Stack 多层划转: layers of accounts, several of which pass money from the same payers or to the same payees."""

from ledger.problems import Problem
from rules.patterns.stack import stacks
from rules.patterns.telling import Told, every, told_findings
from rules.rule import Finding, Rule
from rules.scope import Scope
from rules.wording import HOUR_US, yuan

WINDOW_US = 6 * HOUR_US
"""From what came in to what went on, and between neighbours of one payer or payee. Grade P."""
LEAST_MIDDLE = 3
"""Accounts in the middle layer or layers. Grade P."""
LEAST_FEN = 1_000_00
"""Smaller transfers are not looked at. Grade P."""
LEAST_SHARE_BP, MOST_SHARE_BP = 9_000, 10_500
"""Passed on of one transfer. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Middle accounts of layers that hang together."""
    edges = scope.edges.only(scope.edges.fen >= LEAST_FEN)
    found = stacks(edges, WINDOW_US, LEAST_SHARE_BP, MOST_SHARE_BP, LEAST_MIDDLE)
    return told_findings(RULE, scope, (edges, found, every(found)), True, sentence)


def sentence(told: Told) -> str:
    """What happened, for one account."""
    return f"{yuan(told.fen)} moved through layers of {told.accounts} accounts, each passing it on within 6 h."


RULE = Rule(
    code="RUL-STACK",
    title="Stack",
    title_zh="多层划转",
    grade="C",
    source="AMLworld typologies (IBM)",
    threshold="≥ 3 accounts in the middle, payer or payee in common, each passing 90–105 % of ≥ 1000.00 on within 6 h",
    points=10,
    weight="weak",
    evaluate=evaluate,
)
