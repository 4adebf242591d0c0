"""Recycler payout 回收付款: redeemed vouchers are paid for at the recyclers' rate; the rate is estimated, not assumed."""

from dataclasses import replace

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.inferred import limit_problems
from rules.recycling import LEAST_BATCHES, REVIEW_BELOW_BP, RecyclerRate, estimate_rates, is_trade
from rules.rule import EVIDENCE, FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import Scope
from rules.wording import counted, ratio, yuan

LEAST_PAYOUTS = 2
"""Payouts that make a payee a seller of vouchers by trade. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Recyclers at a known rate or below market, and whom they pay again and again."""
    if not scope.transfers["redemption"].any():
        return [], [not_evaluated(RULE.code, "no redemption of a voucher is in view")]
    rates = scope.once("rates", lambda: estimate_rates(scope))
    known = [rate for rate in rates if is_trade(rate)]
    thin = [rate for rate in rates if rate.rate_bp is None and len(rate.matched)]
    problems = [
        not_evaluated(RULE.code, f"{scope.name(rate.accounts[0])}: {len(rate.matched)} of {LEAST_BATCHES} {rate.kind} batches")
        for rate in thin
    ]
    problems += limit_problems(scope, rates)
    findings = [recycler(scope, rate, account) for rate in known for account in rate.accounts]
    findings += payees(scope, known)
    kept, left_out = strongest(RULE.code, np.asarray([one.strength for one in findings], dtype=np.int64), scope.most_findings)
    return [findings[k] for k in kept.tolist()], problems + left_out


def recycler(scope: Scope, rate: RecyclerRate, account: int) -> Finding:
    """The finding of one account of a recycler."""
    assert rate.rate_bp is not None
    assert rate.low_bp is not None
    assert rate.high_bp is not None
    face, paid = int(rate.matched["face_fen"].sum()), int(rate.matched["payout_fen"].sum())
    review = "; below 0.90: review whether the price shows good faith" if rate.rate_bp < REVIEW_BELOW_BP else ""
    found = RULE.finding(
        account,
        min(FULL, 5_000 + 500 * len(rate.matched)),
        {
            "side": "recycler",
            "voucher": rate.kind,
            "rate": ratio(rate.rate_bp),
            "interval": [ratio(rate.low_bp), ratio(rate.high_bp)],
            "batches": len(rate.matched),
            "payouts": rate.payouts,
            "face": yuan(face),
            "paid": yuan(paid),
            "below_market": rate.rate_bp < REVIEW_BELOW_BP,
        },
        evidence(scope, rate.matched),
        f"Paid {yuan(paid)} within 24 h for {yuan(face)} of redeemed face in {len(rate.matched)} batches: "
        f"estimated rate {ratio(rate.rate_bp)} (95 % {ratio(rate.low_bp)} to {ratio(rate.high_bp)}){review}.",
    )
    if rate.rate_bp < REVIEW_BELOW_BP:
        return found
    fair = f"Gave consideration: paid {ratio(rate.rate_bp)} of face; 0.90 or more alone is no sign of bad faith."
    return replace(found, consideration=(fair,))


def payees(scope: Scope, rates: list[RecyclerRate]) -> list[Finding]:
    """Findings of the accounts that several payouts went to."""
    parts = [rate.matched.assign(holder=rate.holder, kind=rate.kind) for rate in rates if len(rate.matched)]
    if not parts:
        return []
    paid = pd.concat(parts, ignore_index=True)
    paid = paid[scope.judged[paid["payee"].to_numpy(dtype=np.int64)]]
    groups = [(int(payee), group) for payee, group in paid.groupby("payee") if len(group) >= LEAST_PAYOUTS]
    return [payee_finding(scope, payee, group) for payee, group in groups]


def payee_finding(scope: Scope, account: int, group: pd.DataFrame) -> Finding:
    """The finding of one account that recyclers pay."""
    recyclers, paid, face = group["holder"].nunique(), int(group["payout_fen"].sum()), int(group["face_fen"].sum())
    kinds = sorted(str(kind) for kind in group["kind"].unique())
    return RULE.finding(
        account,
        min(FULL, 4_000 + 500 * len(group) + 1_000 * int(recyclers)),
        {
            "side": "payee",
            "recyclers": int(recyclers),
            "payouts": len(group),
            "paid": yuan(paid),
            "face": yuan(face),
            "vouchers": kinds,
        },
        evidence(scope, group),
        f"{counted(int(recyclers), 'recycler')} paid {yuan(paid)} here in {counted(len(group), 'payout')} for vouchers of "
        f"{yuan(face)} face.",
    )


def evidence(scope: Scope, matched: pd.DataFrame) -> tuple[str, ...]:
    """The payouts and the redemptions they paid for."""
    rows = {int(row) for row in matched["payout_row"]} | {int(row) for rows in matched["redemption_rows"] for row in rows}
    return scope.ids(np.asarray(sorted(rows)[:EVIDENCE], dtype=np.int64))


RULE = Rule(
    code="RUL-RECYCLER-PAYOUT",
    title="Recycler payout",
    title_zh="回收付款",
    grade="S",
    source="case reports: Suning cards at 97 %, Q-coins at 86 % of face; below 0.90 a review (2011 interpretation art. 10)",
    threshold="payout / face within 0.97 ± 0.01 or 0.86 ± 0.015, or < 0.90, over ≥ 3 batches paid ≤ 24 h after redemption",
    points=30,
    evaluate=evaluate,
)
