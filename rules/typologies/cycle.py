"""Cycle 循环转账: money goes round several accounts over days, or many, each time later and nearly whole, and comes home."""

from ledger.problems import Problem
from rules.patterns.cycle import Round, cycles
from rules.patterns.relations import passed_on
from rules.patterns.telling import Told, told_findings
from rules.rounds import CYCLE_ACCOUNTS, LEAST_ACCOUNTS, are_loops, even
from rules.rule import Finding, Rule
from rules.scope import Scope
from rules.wording import DAY_US, counted, yuan

WINDOW_US = 3 * DAY_US
"""From the first transfer to the last. Grade P."""
SHORTEST, LONGEST = LEAST_ACCOUNTS, CYCLE_ACCOUNTS
"""Accounts on the cycle. Grade C (AMLworld: at most 10 hops)."""
LEAST_FEN = 1_000_00
"""Smaller transfers are not looked at. Grade P."""
LEAST_SHARE_BP = 7_000
"""The smallest transfer of the largest one. Grade P."""
MOST_SHARE_BP = 11_000
"""A later transfer of the one before. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts on a cycle in time order whose transfers are of nearly one amount; what closes within a day is a loop."""
    edges = scope.edges.only(scope.edges.fen >= LEAST_FEN)
    edges = edges.only(passed_on(edges, WINDOW_US, LEAST_SHARE_BP, MOST_SHARE_BP))
    found = cycles(edges, Round(WINDOW_US, SHORTEST, LONGEST))
    fits = even(edges, found, LEAST_SHARE_BP) & ~are_loops(edges, found)
    return told_findings(RULE, scope, (edges, found, fits), True, sentence)


def sentence(told: Told) -> str:
    """What happened, for one account."""
    return f"{yuan(told.first_fen)} went round {counted(told.accounts, 'account')} within 3 days and came home."


RULE = Rule(
    code="RUL-CYCLE",
    title="Cycle",
    title_zh="循环转账",
    grade="C",
    source="AMLworld typologies (IBM)",
    threshold=(
        "3–10 accounts, over more than a day or > 6, every transfer later than the one before, ≤ 3 d, each ≥ 1000.00, smallest "
        "≥ 70 % of largest"
    ),
    points=10,
    weight="weak",
    evaluate=evaluate,
)
