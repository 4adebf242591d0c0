"""Loop 资金回流: on one day money goes through several accounts and comes back to the first."""

from ledger.problems import Problem
from rules.patterns.telling import Told, every, told_findings
from rules.rounds import LEAST_ACCOUNTS, LOOP_ACCOUNTS, loops
from rules.rule import Finding, Rule
from rules.scope import Scope
from rules.wording import yuan

LEAST_FEN = 1_000_00
"""Smallest payment of a loop. Grade P."""
LEAST_LEG_BP = 5_000
"""Smallest payment of a loop over its largest: the same money goes round. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Every account of a loop whose payments follow one another within a local day; hubs and own accounts do not count."""
    edges, found = loops(scope.edges.only(scope.edges.fen >= LEAST_FEN), LEAST_LEG_BP)

    def sentence(told: Told) -> str:
        """What happened, for one account."""
        names = [scope.name(int(code)) for code in edges.source[told.edge]]
        least = yuan(int(edges.fen[told.edge].min()))
        return (
            f"On one day at least {least} went through {len(names)} accounts and came back: {' → '.join([*names, names[0]])}."
        )

    return told_findings(RULE, scope, (edges, found, every(found)), True, sentence)


RULE = Rule(
    code="RUL-LOOP",
    title="Loop",
    title_zh="资金回流",
    grade="C",
    source="public monitoring rule",
    threshold=(
        f"{LEAST_ACCOUNTS} to {LOOP_ACCOUNTS} accounts closed the same day by payments of ≥ 1000.00 in ledger order, the "
        "smallest ≥ 50 % of the largest"
    ),
    points=15,
    evaluate=evaluate,
)
