"""Below-market review 低价收购: vouchers bought so cheaply that the buyer's good faith needs a look."""

import numpy as np

from ledger.problems import Problem
from rules.recycling import REVIEW_BELOW_BP, RecyclerRate, estimate_rates, is_trade
from rules.rule import EVIDENCE, FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import Scope
from rules.wording import ratio, yuan


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Recyclers whose estimated rate is below the line: a review, not a verdict."""
    if not scope.transfers["redemption"].any():
        return [], [not_evaluated(RULE.code, "no redemption of a voucher is in view")]
    rates = scope.once("rates", lambda: estimate_rates(scope))
    cheap = [rate for rate in rates if is_trade(rate) and rate.rate_bp is not None and rate.rate_bp < REVIEW_BELOW_BP]
    accounts = [(rate, account) for rate in cheap for account in rate.accounts]
    worth = np.asarray([REVIEW_BELOW_BP - (rate.rate_bp or 0) for rate, _ in accounts], dtype=np.int64)
    kept, problems = strongest(RULE.code, worth, scope.most_findings)
    return [finding(scope, *accounts[k]) for k in kept.tolist()], problems


def finding(scope: Scope, rate: RecyclerRate, account: int) -> Finding:
    """The finding of one account of such a recycler."""
    low, mid, high = rate.low_bp or 0, rate.rate_bp or 0, rate.high_bp or 0
    paid = int(rate.matched["payout_fen"].sum())
    wide = " Its interval reaches 0.90." if high >= REVIEW_BELOW_BP else ""
    rows = np.sort(rate.matched["payout_row"].to_numpy(dtype=np.int64))[:EVIDENCE]
    return RULE.finding(
        account,
        min(FULL, (REVIEW_BELOW_BP - mid) * 5 + 4_000),
        {"rate": ratio(mid), "interval": [ratio(low), ratio(high)], "voucher": rate.kind, "paid": yuan(paid)},
        scope.ids(rows),
        f"Paid {ratio(mid)} of face (95 % {ratio(low)} to {ratio(high)}), below 0.90: review whether the buyer acted in good "
        f"faith; goods bought clearly below market can be recovered.{wide}",
    )


RULE = Rule(
    code="RUL-BELOW-MARKET",
    title="Below-market review",
    title_zh="低价收购",
    grade="A",
    source="2011 interpretation art. 10: goods bought clearly below market can be recovered; the line is our proposal",
    threshold="estimated payout / face < 0.90",
    points=5,
    evaluate=evaluate,
    weight="weak",
)
