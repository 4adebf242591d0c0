"""Fan-out 集中转入分散转出: a large credit is split among many within days."""

from ledger.problems import Problem
from rules.fans import Fan, fans
from rules.rule import FULL, Finding, Rule
from rules.scope import Scope
from rules.wording import counted, yuan


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts with a week, beginning with a credit, in which few credits went out to several holders nearly in full."""
    found, problems = fans(scope, RULE.code, many_credits=False)
    return [finding(fan) for fan in found], problems


def finding(fan: Fan) -> Finding:
    """The finding of one account's largest week."""
    inputs = {"payees": fan.others, "debits": fan.many, "credits": fan.few}
    return RULE.finding(
        fan.account,
        min(FULL, 5_000 + 500 * fan.others),
        inputs | {"inflow": yuan(fan.inflow_fen), "outflow": yuan(fan.outflow_fen)},
        fan.transfers,
        f"{yuan(fan.inflow_fen)} came in {counted(fan.few, 'credit')} and {yuan(fan.outflow_fen)} went out in "
        f"{counted(fan.many, 'debit')} to {counted(fan.others, 'holder')} within 5 working days.",
    )


RULE = Rule(
    code="RUL-FAN-OUT",
    title="Concentrated in, dispersed out",
    title_zh="集中转入分散转出",
    grade="B",
    source="banks' suspicious-transaction practice",
    threshold="≤ 5 working days; ≥ 3 debits to ≥ 3 holders, ≥ 5000.00 in; credits × 3 ≤ debits; 0.9 < out / in < 1.1",
    points=15,
    evaluate=evaluate,
)
