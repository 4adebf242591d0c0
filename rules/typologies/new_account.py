"""New account burst 新开户大额: a lot of money in the first weeks of an account."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.rule import EVIDENCE, FULL, Finding, Rule, evaluated_in_part, not_evaluated, strongest
from rules.scope import NEVER, Scope, columns, records
from rules.windows import Entries, entries_in, sums
from rules.wording import DAY_US, counted, span, yuan

YOUNG_US = 30 * DAY_US
"""Grade P."""
LEAST_INFLOW_FEN = 50_000_00
"""Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts whose opening date is known; money from own accounts does not count."""
    opened = scope.opened_us()
    entries = entries_in(scope)
    seen = np.unique(entries.account[scope.judged[entries.account]])
    blind = int((opened[seen] == NEVER).sum())
    if blind == len(seen):
        return [], [not_evaluated(RULE.code, "no opening date of an account is in the records")] if blind else []
    young = seen[(opened[seen] < NEVER) & (opened[seen] + YOUNG_US >= scope.first_us)]
    begin = entries.before(young, np.maximum(opened[young], scope.first_us))
    end = entries.behind(young, np.minimum(opened[young] + YOUNG_US - 1, scope.as_of_us))
    table = pd.DataFrame({"account": young, "begin": begin, "end": np.maximum(begin, end)})
    table = table.assign(inflow=sums(np.maximum(entries.fen, 0), *columns(table, "begin", "end")), opened=opened[young])
    table = table[table["inflow"] >= LEAST_INFLOW_FEN]
    kept, problems = strongest(RULE.code, columns(table, "inflow")[0], scope.most_findings)
    problems += evaluated_in_part(RULE.code, blind, "without an opening date")
    return [finding(scope, entries, row) for row in records(table.iloc[kept])], problems


def finding(scope: Scope, entries: Entries, row: Any) -> Finding:
    """The finding of one young account."""
    inside = np.arange(row.begin, row.end)
    inside = inside[entries.fen[inside] > 0]
    first = span(int(entries.time_us[inside[0]] - row.opened))
    return RULE.finding(
        int(row.account),
        min(FULL, 4_000 + int(row.inflow) * 1_000 // LEAST_INFLOW_FEN),
        {"inflow": yuan(row.inflow), "credits": len(inside), "age_at_first_credit": first},
        scope.ids(entries.row[inside][:EVIDENCE]),
        f"{yuan(row.inflow)} came in {counted(len(inside), 'credit')} within 30 days of its opening, the first after {first}.",
    )


RULE = Rule(
    code="RUL-NEW-ACCOUNT",
    title="New account burst",
    title_zh="新开户大额",
    grade="P",
    source="our proposal",
    threshold="≥ 50000.00 from others within 30 d of the opening",
    points=10,
    evaluate=evaluate,
    weight="weak",
)
