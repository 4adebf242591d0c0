"""Dormant account wakes 休眠账户启用: hardly used for half a year, then many transfers in one day."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.rule import EVIDENCE, FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import NEVER, Flags, Ints, Scope, columns, records
from rules.windows import Entries, best_per, entries_in
from rules.wording import DAY_US, counted, span

MONTHS, MONTH_US = 6, 30 * DAY_US
"""Grade C+A: six months without use; a month is 30 days."""
MOST_A_MONTH = 1
"""Grade C."""
BURST_US, LEAST_BURST = DAY_US, 10
"""Grade C."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts that were there half a year before; records that begin later say nothing of what was before them."""
    quiet_us = MONTHS * MONTH_US
    if scope.as_of_us - scope.first_us < quiet_us:
        covered = span(scope.as_of_us - scope.first_us)
        return [], [not_evaluated(RULE.code, f"the records cover {covered}, not {quiet_us // DAY_US} d")]
    entries = entries_in(scope)
    burst = entries.end_of(BURST_US)
    at = np.flatnonzero((burst - np.arange(len(entries)) >= LEAST_BURST) & scope.judged[entries.account])
    at = at[entries.time_us[at] - quiet_us >= scope.first_us]
    at = at[was_quiet(scope, entries, at)]
    at = at[best_per(entries.account[at], burst[at] - at)]
    table = pd.DataFrame({"account": entries.account[at], "at": at, "end": burst[at], "count": burst[at] - at})
    kept, problems = strongest(RULE.code, columns(table, "count")[0], scope.most_findings)
    return [finding(scope, entries, row) for row in records(table.iloc[kept])], problems


def was_quiet(scope: Scope, entries: Entries, at: Ints) -> Flags:
    """Whether the account was there half a year before each of these entries and hardly used since."""
    account, time_us = entries.account[at], entries.time_us[at]
    later, found = at, np.ones(len(at), dtype=np.bool_)
    for month in range(1, MONTHS + 1):
        earlier = entries.before(account, time_us - month * MONTH_US)
        found &= later - earlier <= MOST_A_MONTH
        later = earlier
    begins = np.searchsorted(entries.account, account)
    opened = scope.opened_us()[account]
    used_before = begins < later
    return np.asarray(found & np.where(opened < NEVER, opened <= time_us - MONTHS * MONTH_US, used_before), dtype=np.bool_)


def finding(scope: Scope, entries: Entries, row: Any) -> Finding:
    """The finding of one account with its busiest day."""
    return RULE.finding(
        int(row.account),
        min(FULL, 5_000 + 200 * int(row.count)),
        {"transfers_in_24_h": int(row.count), "most_a_month_before": MOST_A_MONTH},
        scope.ids(entries.row[row.at : row.end][:EVIDENCE]),
        f"At most {MOST_A_MONTH} transfer a month for {MONTHS} months, then {counted(int(row.count), 'transfer')} within 24 h.",
    )


RULE = Rule(
    code="RUL-DORMANT",
    title="Dormant account wakes",
    title_zh="休眠账户启用",
    grade="C",
    source="public monitoring rule; central bank notices on accounts unused for six months (A)",
    threshold="≤ 1 transfer in each of 6 months of 30 d, then ≥ 10 transfers in 24 h",
    points=15,
    evaluate=evaluate,
)
