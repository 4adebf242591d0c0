"""Chain 链式划转: money handed on from account to account, each time nearly whole and within hours."""

from ledger.problems import Problem
from rules.patterns.chain import chains
from rules.patterns.telling import Told, every, told_findings
from rules.rule import Finding, Rule
from rules.scope import Scope
from rules.wording import HOUR_US, yuan

GAP_US = 6 * HOUR_US
"""Between a transfer and the one that passes it on. Grade P."""
LEAST_TRANSFERS = 4
"""A family needs no four hands. Grade P."""
LEAST_FEN = 1_000_00
"""Smaller transfers are not looked at. Grade P."""
LEAST_SHARE_BP, MOST_SHARE_BP = 9_000, 10_500
"""Passed on of the transfer before. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts that handed money on in a chain, but for its two ends."""
    edges = scope.edges.only(scope.edges.fen >= LEAST_FEN)
    found = chains(edges, GAP_US, LEAST_TRANSFERS, LEAST_SHARE_BP, MOST_SHARE_BP)
    return told_findings(RULE, scope, (edges, found, every(found)), True, sentence)


def sentence(told: Told) -> str:
    """What happened, for one account."""
    return f"{yuan(told.first_fen)} was handed on {len(told.edge) - 1} times, each time within 6 h and nearly whole."


RULE = Rule(
    code="RUL-CHAIN",
    title="Chain",
    title_zh="链式划转",
    grade="C",
    source="AMLworld typologies (IBM)",
    threshold="≥ 4 transfers, each ≥ 1000.00, each passing 90–105 % of the one before on within 6 h",
    points=10,
    weight="weak",
    evaluate=evaluate,
)
