"""The rule table in the docs says what the code does; every rule is complete."""

import re
from pathlib import Path

import pytest

from rules import fans, recycling
from rules.catalogue import RULES
from rules.roles import ROLES
from rules.rule import Rule
from rules.typologies import (
    buyer_is_not_redeemer,
    fee_ladder,
    loan_then_out,
    micro_fraud_collector,
    rapid_pass_through,
)
from rules.weights import default_weights
from tests.rules.test_typologies import whole

DOCS = Path(__file__).parents[2] / "docs"


def table(name: str) -> list[list[str]]:
    """Cells of the rows of a page's tables."""
    lines = (DOCS / name).read_text(encoding="utf-8").splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|") and "---" not in line
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_has_its_row_in_the_docs(rule: Rule) -> None:
    assert [f"`{rule.code}`", rule.title, rule.title_zh, rule.grade, rule.threshold, rule.weight, str(rule.points)] in table(
        "rules.md"
    )


def test_the_docs_have_no_row_for_a_rule_that_does_not_exist() -> None:
    assert {row[0] for row in table("rules.md") if row[0].startswith("`RUL-")} == {f"`{rule.code}`" for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_on_an_empty_view_finds_nothing_and_does_not_fail(rule: Rule) -> None:
    findings, problems = rule.evaluate(whole("09:00 a -> b 1 status=failed"))
    assert findings == []
    assert all(problem.code == "RUL-not-evaluated" for problem in problems)


NUMBERS = {
    "RUL-PASS-THROUGH": {
        rapid_pass_through.HOUR_SHARE_BP // 100,
        rapid_pass_through.QUICK_SHARE_BP // 100,
        rapid_pass_through.QUICK_CREDIT_FEN // 100,
        rapid_pass_through.LEAST_INFLOW_FEN // 100,
    },
    "RUL-FAN-IN": {fans.LEAST_MANY, fans.COUNT_RATIO, fans.LEAST_INFLOW_FEN // 100},
    "RUL-FAN-OUT": {fans.LEAST_MANY, fans.COUNT_RATIO, fans.LEAST_INFLOW_FEN // 100},
    "RUL-LOAN-OUT": {loan_then_out.LEAST_LOAN_FEN // 100, loan_then_out.LEAST_SHARE_BP // 100},
    "RUL-FEE-LADDER": {
        fee_ladder.LEAST_FEES,
        fee_ladder.MOST_PAYEES,
        fee_ladder.LEAST_TOTAL_FEN // 100,
        fee_ladder.LEAST_FEE_FEN // 100,
    },
    "RUL-BUYER-REDEEMER": {buyer_is_not_redeemer.LEAST_BUYERS, buyer_is_not_redeemer.LEAST_QUICK},
    "RUL-RECYCLER-PAYOUT": {
        recycling.LEAST_BATCHES,
        *(rate / 10_000 for rate, _ in recycling.KNOWN_RATES_BP.values()),
    },
    "RUL-MICRO-COLLECTOR": {
        micro_fraud_collector.LEAST_PAYERS,
        micro_fraud_collector.EQUAL_SHARE_BP // 100,
        micro_fraud_collector.LEAST_TOTAL_FEN // 100,
        micro_fraud_collector.MOST_EACH_FEN // 100,
    },
}


@pytest.mark.parametrize("code", sorted(NUMBERS))
def test_the_threshold_text_holds_the_constants(code: str) -> None:
    text = next(rule.threshold for rule in RULES if rule.code == code)
    assert NUMBERS[code] <= {float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)}


def test_the_points_of_roles_anomaly_and_counter_evidence_are_those_of_the_docs() -> None:
    told = {row[0].strip("`"): int(row[2]) for row in table("scoring.md") if len(row) == 3 and row[2].lstrip("-").isdigit()}
    weights = default_weights()
    assert told == {**weights.roles, **weights.anomaly, **weights.counter_evidence}


def test_every_role_is_in_the_docs() -> None:
    text = (DOCS / "rules.md").read_text(encoding="utf-8")
    assert all(f"`{role}`" in text for role in ROLES)
