"""The visible list of rules, and how they are applied."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.problems import Problem
from rules.counter_evidence import account_reasons
from rules.rule import Finding, Rule
from rules.scope import Scope, scope_of
from rules.typologies import (
    below_a_line,
    below_market,
    bipartite,
    buyer_is_not_redeemer,
    chain,
    criminal_line,
    cycle,
    dormant_wakes,
    emptied_after_login,
    fake_inbound,
    fan_in,
    fan_out,
    fee_ladder,
    gather_scatter,
    involved_neighbour,
    loan_then_out,
    loop,
    micro_fraud_collector,
    new_account,
    night_share,
    number_segment,
    ping_pong,
    q_coin_cap,
    rapid_pass_through,
    recycler_payout,
    repeated_amounts,
    residue,
    round_amounts,
    scatter_gather,
    shared_identifier,
    small_probe,
    stack,
    supplier_payment,
    unrelated_senders,
    voucher_burst,
    voucher_splitting,
)
from tracing.result import Trace

RULES: tuple[Rule, ...] = (
    rapid_pass_through.RULE,
    fan_in.RULE,
    fan_out.RULE,
    repeated_amounts.RULE,
    loop.RULE,
    ping_pong.RULE,
    emptied_after_login.RULE,
    residue.RULE,
    dormant_wakes.RULE,
    new_account.RULE,
    night_share.RULE,
    small_probe.RULE,
    round_amounts.RULE,
    below_a_line.RULE,
    unrelated_senders.RULE,
    shared_identifier.RULE,
    involved_neighbour.RULE,
    loan_then_out.RULE,
    fee_ladder.RULE,
    fake_inbound.RULE,
    micro_fraud_collector.RULE,
    voucher_burst.RULE,
    voucher_splitting.RULE,
    q_coin_cap.RULE,
    buyer_is_not_redeemer.RULE,
    recycler_payout.RULE,
    below_market.RULE,
    supplier_payment.RULE,
    number_segment.RULE,
    criminal_line.RULE,
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
    findings.sort(key=lambda finding: (finding.account_code, finding.rule, finding.explanation))
    return with_counter_evidence(scope, findings), problems


def with_counter_evidence(scope: Scope, findings: list[Finding]) -> list[Finding]:
    """The findings, each with what speaks for its account."""
    codes = np.unique(np.asarray([finding.account_code for finding in findings], dtype=np.int64))
    reasons = account_reasons(scope, codes)
    told = {code: tuple(reason.sentence for reason in mine) for code, mine in reasons.items()}
    return [
        replace(finding, counter_evidence=(*finding.consideration, *told.get(finding.account_code, ()))) for finding in findings
    ]


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
