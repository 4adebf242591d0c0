"""Fan-in 分散转入集中转出: many pay in, a little later most of it leaves in few payments."""

from ledger.problems import Problem
from rules.fans import Fan, fans
from rules.rule import FULL, Finding, Rule
from rules.scope import Scope
from rules.wording import counted, yuan


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts with a week, ending in a debit, in which several holders paid in and nearly all of it left in few debits."""
    found, problems = fans(scope, RULE.code, many_credits=True)
    return [finding(fan) for fan in found], problems


def finding(fan: Fan) -> Finding:
    """The finding of one account's largest week."""
    inputs = {"payers": fan.others, "credits": fan.many, "debits": fan.few}
    return RULE.finding(
        fan.account,
        min(FULL, 5_000 + 500 * fan.others),
        inputs | {"inflow": yuan(fan.inflow_fen), "outflow": yuan(fan.outflow_fen)},
        fan.transfers,
        f"{counted(fan.others, 'holder')} paid in {yuan(fan.inflow_fen)} in {counted(fan.many, 'credit')}; "
        f"{yuan(fan.outflow_fen)} left in {counted(fan.few, 'debit')} within the same 5 working days.",
    )


RULE = Rule(
    code="RUL-FAN-IN",
    title="Dispersed in, concentrated out",
    title_zh="分散转入集中转出",
    grade="B",
    source="banks' suspicious-transaction practice",
    threshold="≤ 5 working days; ≥ 3 credits from ≥ 3 holders, ≥ 5000.00; debits × 3 ≤ credits; 0.9 < out / in < 1.1",
    points=15,
    evaluate=evaluate,
)
