"""Scatter-gather 先散后聚: one account pays several, each of which passes nearly all of it on to the same destination."""

from ledger.problems import Problem
from rules.patterns.relations import passed_on
from rules.patterns.scatter_gather import scatter_gathers
from rules.patterns.telling import Told, every, told_findings
from rules.rule import Finding, Rule
from rules.scope import Scope
from rules.wording import DAY_US, yuan

WINDOW_US = 3 * DAY_US
"""From the first transfer to the last. Grade P."""
LEAST_MIDDLE = 3
"""Accounts in the middle. Grade C (AMLworld)."""
LEAST_FEN = 1_000_00
"""Smaller transfers are not looked at. Grade P."""
LEAST_SHARE_BP, MOST_SHARE_BP = 8_000, 11_000
"""What a middle account passes on, of one transfer it got. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts of a scatter-gather: origin, middle and destination."""
    edges = scope.edges.only(scope.edges.fen >= LEAST_FEN)
    edges = edges.only(passed_on(edges, WINDOW_US, LEAST_SHARE_BP, MOST_SHARE_BP))
    found = scatter_gathers(edges, WINDOW_US, LEAST_MIDDLE)
    return told_findings(RULE, scope, (edges, found, every(found)), False, sentence)


def sentence(told: Told) -> str:
    """What happened, for one account."""
    return (
        f"One account paid {told.accounts - 2} others, who paid one destination within 3 days; {yuan(told.fen)} moved in all."
    )


RULE = Rule(
    code="RUL-SCATTER-GATHER",
    title="Scatter-gather",
    title_zh="先散后聚",
    grade="C",
    source="AMLworld typologies (IBM)",
    threshold="one origin, ≥ 3 accounts in the middle, one destination, ≤ 3 d, each ≥ 1000.00, 80–110 % passed on later",
    points=15,
    evaluate=evaluate,
)
