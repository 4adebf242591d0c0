"""The visible list of rules, and how they are applied."""

import json

import pandas as pd

from ledger import Ledger
from ledger.problems import Problem
from rules.rule import Finding, Rule
from rules.scope import Scope, scope_of
from rules.typologies import (
    bipartite,
    buyer_is_not_redeemer,
    chain,
    cycle,
    fan_in,
    fan_out,
    fee_ladder,
    gather_scatter,
    loan_then_out,
    micro_fraud_collector,
    rapid_pass_through,
    recycler_payout,
    scatter_gather,
    stack,
)
from tracing.result import Trace

RULES: tuple[Rule, ...] = (
    rapid_pass_through.RULE,
    fan_in.RULE,
    fan_out.RULE,
    loan_then_out.RULE,
    fee_ladder.RULE,
    buyer_is_not_redeemer.RULE,
    recycler_payout.RULE,
    micro_fraud_collector.RULE,
    cycle.RULE,
    scatter_gather.RULE,
    gather_scatter.RULE,
    stack.RULE,
    bipartite.RULE,
    chain.RULE,
)


def apply_rules(ledger: Ledger, trace: Trace | None = None) -> tuple[list[Finding], list[Problem]]:
    """Evaluate every rule around the accounts a trace reached, or over the whole ledger; findings by account, then rule.

    A rule that could not be computed is a problem, so that it never looks like nothing found.
    """
    return apply_to(scope_of(ledger, trace))


def apply_to(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """As `apply_rules`, on a view that is already there."""
    findings: list[Finding] = []
    problems: list[Problem] = []
    for rule in RULES:
        found, met = rule.evaluate(scope)
        findings += found
        problems += met
    return sorted(findings, key=lambda finding: (finding.account_code, finding.rule, finding.explanation)), problems


def findings_frame(ledger: Ledger, findings: list[Finding]) -> pd.DataFrame:
    """Findings as a frame of text in the columns of `findings.csv`; strength in basis points, transfers joined by ';'."""
    names = ledger.accounts["account"]
    rows = [
        {
            "account": str(names.iloc[finding.account_code]),
            "rule": finding.rule,
            "grade": finding.grade,
            "strength": finding.strength,
            "threshold": finding.threshold,
            "inputs": json.dumps(dict(finding.inputs), ensure_ascii=False, sort_keys=True),
            "transfers": ";".join(finding.transfers),
            "explanation": " ".join((finding.explanation, *finding.counter_evidence)),
        }
        for finding in findings
    ]
    return pd.DataFrame(
        rows, columns=["account", "rule", "grade", "strength", "threshold", "inputs", "transfers", "explanation"]
    )
