"""Rapid pass-through 快进快出: money that has left again within the hour."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.rule import EVIDENCE, FULL, Finding, Rule, strongest
from rules.scope import Flags, Ints, Scope, columns, records
from rules.windows import Entries, account_spans, entries_in, entries_of, left_again, members, sums
from rules.wording import HOUR_US, MINUTE_US, counted, percent, yuan

HOUR_SHARE_BP = 8_000
"""Share of all inflow out within an hour. Grade C."""
QUICK_SHARE_BP = 9_900
"""Share of one large credit out within ten minutes. Grade S: 49,950 of 50,000."""
QUICK_WINDOW_US = 10 * MINUTE_US
QUICK_CREDIT_FEN = 10_000_00
"""A large credit. Grade S."""
SLOW_WINDOW_US, SLOW_SHARE_BP, SLOW_CREDITS = 48 * HOUR_US, 7_000, 5
"""Share of at least five credits of 48 h that left within 48 h of each. Grade C."""
LEAST_INFLOW_FEN = 5_000_00
"""Less inflow than this says nothing. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts whose credits from others leave at once, newest money first; moves between own accounts do not count."""
    entries = payments(scope)
    credit = entries.credit & scope.judged[entries.account]
    hour, quick, slow = (left_again(entries, window_us) for window_us in (HOUR_US, QUICK_WINDOW_US, SLOW_WINDOW_US))
    is_quick = credit & (entries.fen >= QUICK_CREDIT_FEN) & (quick * FULL >= entries.fen * QUICK_SHARE_BP)
    begin, end = account_spans(entries, len(scope.hub))
    table = pd.DataFrame(
        {
            "inflow": sums(np.where(credit, entries.fen, 0), begin, end),
            "gone": sums(np.where(credit, hour, 0), begin, end),
            "credits": sums(credit, begin, end),
            "quick": sums(is_quick, begin, end),
            "slow": slow_windows(entries, credit, slow, len(scope.hub)),
        }
    )
    mostly = (table["inflow"] >= LEAST_INFLOW_FEN) & (table["gone"] * FULL >= table["inflow"] * HOUR_SHARE_BP)
    found = table[mostly | (table["quick"] > 0) | (table["slow"] > 0)]
    kept, problems = strongest(RULE.code, columns(found, "inflow")[0], scope.most_findings)
    used = credit & (np.maximum(hour, slow) > 0)
    return [finding(scope, entries, used, row) for row in records(found.iloc[kept])], problems


def payments(scope: Scope) -> Entries:
    """Credits and debits between different holders, to vouchers and unnamed accounts too."""
    moves = scope.transfers
    source, target = columns(moves, "source", "target")
    apart = scope.holder[source] != scope.holder[target]
    return entries_in(scope) if int(apart.sum()) == len(scope.dealings()) else entries_of(moves[apart])


def slow_windows(entries: Entries, credit: Flags, gone: Ints, accounts: int) -> Ints:
    """Per account: the most that left again of at least five credits of 48 h, where that was 70 % or more; else 0."""
    end = entries.end_of(SLOW_WINDOW_US)
    at = np.flatnonzero(credit & (end - np.arange(len(entries)) >= SLOW_CREDITS))
    count, inflow, left = (sums(np.where(credit, values, 0), at, end[at]) for values in (1, entries.fen, gone))
    fits = (count >= SLOW_CREDITS) & (inflow >= LEAST_INFLOW_FEN) & (left * FULL >= inflow * SLOW_SHARE_BP)
    most = np.zeros(accounts, dtype=np.int64)
    np.maximum.at(most, entries.account[at[fits]], left[fits])
    return most


def finding(scope: Scope, entries: Entries, used: Flags, row: Any) -> Finding:
    """The finding of one account with the credits and the debits that spent them."""
    account, inflow, gone, quick = (int(value) for value in (row.Index, row.inflow, row.gone, row.quick))
    begin, end = np.searchsorted(entries.account, [account, account + 1])
    here = (begin + np.flatnonzero(used[begin:end]))[:EVIDENCE]
    until = entries.behind(entries.account[here], entries.time_us[here] + (SLOW_WINDOW_US if row.slow else HOUR_US))
    inside = members(here, until)
    rows = np.unique(np.concatenate([entries.row[here], entries.row[inside[entries.fen[inside] < 0]]]))
    share = percent(gone, inflow)
    fast = f", {counted(quick, 'large credit')} of it within 10 minutes" if quick else ""
    slow = f"; {yuan(row.slow)} of at least 5 credits of 48 h left within 48 h" if row.slow else ""
    strength = max(gone * FULL // inflow, QUICK_SHARE_BP if quick else 0, SLOW_SHARE_BP if row.slow else 0)
    return RULE.finding(
        account,
        min(FULL, strength),
        {
            "inflow": yuan(inflow),
            "out_within_1_h": yuan(gone),
            "credits": int(row.credits),
            "large_credits_out_within_10_min": quick,
            "out_within_48_h_of_5_credits": yuan(row.slow),
        },
        scope.ids(rows[: 2 * EVIDENCE]),
        f"{yuan(gone)} of the {yuan(inflow)} received ({share}) had left again within an hour{fast}{slow}.",
    )


RULE = Rule(
    code="RUL-PASS-THROUGH",
    title="Rapid pass-through",
    title_zh="快进快出",
    grade="S",
    source="case reports (49,950 of 50,000 gone within minutes); public figures 80 % in 1 h, 70 % in 48 h",
    threshold="≥ 80 % of an inflow of ≥ 5000.00 out within 1 h, or ≥ 99 % of a credit of ≥ 10000.00 out within 10 min, "
    "or ≥ 70 % of ≥ 5 credits of 48 h, together ≥ 5000.00, each out within 48 h",
    points=25,
    evaluate=evaluate,
)
