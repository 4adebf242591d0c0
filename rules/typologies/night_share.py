"""Night share 夜间交易: half of what an account does happens at night."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.calendar import at_night, without_clock
from rules.rule import EVIDENCE, FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import Flags, Scope, columns, records
from rules.windows import Entries, account_spans, entries_in, sums
from rules.wording import counted, percent

LEAST_SHARE_BP = 5_000
"""Grade P."""
LEAST_TRANSFERS = 5
"""Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts by their payments in and out, China's time; rows at exactly midnight have no time of day and do not count."""
    entries = entries_in(scope)
    timed = ~without_clock(entries.time_us)
    if len(entries) and not timed.any():
        return [], [not_evaluated(RULE.code, "the records tell days only")]
    night = timed & at_night(entries.time_us)
    spans = account_spans(entries, len(scope.hub))
    table = pd.DataFrame({"night": sums(night, *spans), "count": sums(timed, *spans), "begin": spans[0], "end": spans[1]})
    fits = (table["count"] >= LEAST_TRANSFERS) & (table["night"] * FULL >= table["count"] * LEAST_SHARE_BP)
    table = table[fits.to_numpy(dtype=bool) & scope.judged]
    kept, problems = strongest(RULE.code, columns(table, "night")[0], scope.most_findings)
    return [finding(scope, entries, night, row) for row in records(table.iloc[kept])], problems


def finding(scope: Scope, entries: Entries, night: Flags, row: Any) -> Finding:
    """The finding of one account."""
    rows = entries.row[row.begin : row.end][night[row.begin : row.end]]
    return RULE.finding(
        int(row.Index),
        min(FULL, int(row.night) * FULL // int(row.count)),
        {"at_night": int(row.night), "transfers": int(row.count)},
        scope.ids(np.unique(rows)[:EVIDENCE]),
        f"{row.night} of {counted(int(row.count), 'transfer')} ({percent(row.night, row.count)}) fall between 22:00 and 06:00.",
    )


RULE = Rule(
    code="RUL-NIGHT",
    title="Night share",
    title_zh="夜间交易",
    grade="P",
    source="our proposal",
    threshold="≥ 50 % of ≥ 5 transfers between 22:00 and 06:00 (UTC+8)",
    points=5,
    evaluate=evaluate,
    weight="weak",
)
