"""Round amounts 整数金额: several round sums within a week."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.rule import EVIDENCE, FULL, Finding, Rule, strongest
from rules.scope import Scope, columns, records
from rules.windows import Entries, densest, entries_in, part
from rules.wording import DAY_US, counted, yuan

WINDOW_US, LEAST_ROUND = 7 * DAY_US, 3
"""Grade C."""
ROUND_FEN, LEAST_FEN = 1_000_00, 10_000_00
"""Whole thousands from ten thousand on: rents and presents are smaller. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts by what they pay and receive; hubs at the other end do not count, nor do lenders."""
    entries = entries_in(scope)
    fen = np.abs(entries.fen)
    chosen = (fen >= LEAST_FEN) & (fen % ROUND_FEN == 0) & scope.judged[entries.account] & ~scope.hub[entries.other]
    chosen &= ~scope.kind("loan")[entries.account]
    whole = part(entries, chosen)
    at, end = densest(whole, WINDOW_US, LEAST_ROUND)
    table = pd.DataFrame({"account": whole.account[at], "at": at, "end": end, "count": end - at})
    kept, problems = strongest(RULE.code, columns(table, "count")[0], scope.most_findings)
    return [finding(scope, whole, row) for row in records(table.iloc[kept])], problems


def finding(scope: Scope, whole: Entries, row: Any) -> Finding:
    """The finding of one account with its week of most round sums."""
    total = int(np.abs(whole.fen[row.at : row.end]).sum())
    return RULE.finding(
        int(row.account),
        min(FULL, 4_000 + 500 * int(row.count)),
        {"round_transfers": int(row.count), "total": yuan(total)},
        scope.ids(np.unique(whole.row[row.at : row.end])[:EVIDENCE]),
        f"{counted(int(row.count), 'transfer')} of whole thousands, together {yuan(total)}, within 7 days.",
    )


RULE = Rule(
    code="RUL-ROUND",
    title="Round amounts",
    title_zh="整数金额",
    grade="C",
    source="public monitoring rule; what is round is our proposal",
    threshold="≥ 3 transfers in 7 d of ≥ 10000.00 that are multiples of 1000.00",
    points=5,
    evaluate=evaluate,
    weight="weak",
)
