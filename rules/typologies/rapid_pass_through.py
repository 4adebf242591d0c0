"""Rapid pass-through 快进快出: money that has left again within the hour."""

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.rule import FULL, Finding, Rule
from rules.scope import Flags, Scope, columns
from rules.windows import Entries, entries_of, left_again, members
from rules.wording import HOUR_US, MINUTE_US, counted, percent, yuan

HOUR_SHARE_BP = 8_000
"""Share of all inflow out within an hour. Grade C."""
QUICK_SHARE_BP = 9_900
"""Share of one large credit out within ten minutes. Grade S: 49,950 of 50,000."""
QUICK_WINDOW_US = 10 * MINUTE_US
QUICK_CREDIT_FEN = 10_000_00
"""A large credit. Grade S."""
LEAST_INFLOW_FEN = 5_000_00
"""Less inflow than this says nothing. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts whose credits from others leave within the hour, newest money first; moves between own accounts do not count."""
    source, target = columns(scope.transfers, "source", "target")
    entries = entries_of(scope.transfers[scope.holder[source] != scope.holder[target]])
    credit = entries.credit & scope.judged[entries.account]
    hour, quick = left_again(entries, HOUR_US), left_again(entries, QUICK_WINDOW_US)
    is_quick = credit & (entries.fen >= QUICK_CREDIT_FEN) & (quick * FULL >= entries.fen * QUICK_SHARE_BP)
    table = pd.DataFrame({"account": entries.account, "credit": entries.fen, "gone": hour, "quick": is_quick})[credit]
    totals = table.groupby("account").agg(
        inflow=("credit", "sum"), gone=("gone", "sum"), credits=("credit", "size"), quick=("quick", "sum")
    )
    mostly = (totals["inflow"] >= LEAST_INFLOW_FEN) & (totals["gone"] * FULL >= totals["inflow"] * HOUR_SHARE_BP)
    found = totals[mostly | (totals["quick"] > 0)]
    used = credit & (hour > 0)
    return [finding(scope, entries, used, account, found.loc[account]) for account in found.index.tolist()], []


def finding(scope: Scope, entries: Entries, used: Flags, account: int, row: "pd.Series[int]") -> Finding:
    """The finding of one account with the credits and the debits that spent them."""
    inflow, gone, count, quick = (int(row[name]) for name in ("inflow", "gone", "credits", "quick"))
    begin, end = np.searchsorted(entries.account, [account, account + 1])
    here = begin + np.flatnonzero(used[begin:end])
    until = entries.behind(entries.account[here], entries.time_us[here] + HOUR_US)
    inside = members(here, until)
    rows = np.unique(np.concatenate([entries.row[here], entries.row[inside[entries.fen[inside] < 0]]]))
    share = percent(gone, inflow)
    fast = f", {counted(quick, 'large credit')} of it within 10 minutes" if quick else ""
    return RULE.finding(
        account,
        min(FULL, max(gone * FULL // inflow, QUICK_SHARE_BP if quick else 0)),
        {"inflow": yuan(inflow), "out_within_1_h": yuan(gone), "credits": count, "large_credits_out_within_10_min": quick},
        scope.ids(rows),
        f"{yuan(gone)} of the {yuan(inflow)} received ({share}) had left again within an hour{fast}.",
    )


RULE = Rule(
    code="RUL-PASS-THROUGH",
    title="Rapid pass-through",
    title_zh="快进快出",
    grade="S",
    source="case reports (49,950 of 50,000 gone within minutes); public figure 80 % in 1 h",
    threshold="≥ 80 % of an inflow of ≥ 5000.00 out within 1 h, or ≥ 99 % of a credit of ≥ 10000.00 out within 10 min",
    points=25,
    evaluate=evaluate,
)
