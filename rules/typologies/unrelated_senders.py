"""Unrelated senders 陌生人汇入: within a week several people pay an account they never had to do with."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.pairs import first_contacts
from rules.rule import EVIDENCE, FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import Flags, Scope, columns, records
from rules.windows import Entries, best_per, sorted_entries, sums
from rules.wording import DAY_US, counted, yuan

WINDOW_US, LEAST_SENDERS = 7 * DAY_US, 5
"""Grade C."""
LEAST_TOTAL_FEN = 5_000_00
"""Less than this says nothing. Grade P."""
KNOWN_US = 30 * DAY_US
"""How long the records must have run for a first payment to be a first relation. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Payees of first contacts, hubs apart. Right after the records begin nobody knows who knew whom: these do not count."""
    moves = scope.dealings()
    strangers = first_contacts(scope) & could_be_known(scope, moves)
    if len(moves) and not could_be_known(scope, moves).any():
        return [], [not_evaluated(RULE.code, f"the records cover less than {KNOWN_US // DAY_US} d")]
    found = moves[strangers]
    entries = sorted_entries(*columns(found, "target", "source", "time_us", "received_fen", "row"))
    here, end = np.arange(len(entries)), entries.end_of(WINDOW_US)
    total = sums(entries.fen, here, end)
    at = np.flatnonzero((end - here >= LEAST_SENDERS) & (total >= LEAST_TOTAL_FEN))
    at = at[best_per(entries.account[at], end[at] - at)]
    table = pd.DataFrame({"account": entries.account[at], "at": at, "end": end[at], "count": end[at] - at, "total": total[at]})
    kept, problems = strongest(RULE.code, columns(table, "count")[0], scope.most_findings)
    return [finding(scope, entries, row) for row in records(table.iloc[kept])], problems


def could_be_known(scope: Scope, moves: pd.DataFrame) -> Flags:
    """Payments to judged accounts before which the records ran for a month, or all of the life of one of the two accounts."""
    source, target, time_us = columns(moves, "source", "target", "time_us")
    opened = scope.opened_us()
    later = (opened >= scope.first_us) & (opened <= scope.as_of_us)
    late = (time_us - scope.first_us >= KNOWN_US) | later[source] | later[target]
    return np.asarray(late & scope.judged[target] & ~scope.hub[source], dtype=np.bool_)


def finding(scope: Scope, entries: Entries, row: Any) -> Finding:
    """The finding of one account with its week of most strangers."""
    return RULE.finding(
        int(row.account),
        min(FULL, 4_000 + 400 * int(row.count)),
        {"senders": int(row.count), "total": yuan(row.total)},
        scope.ids(np.sort(entries.row[row.at : row.end])[:EVIDENCE]),
        f"{counted(int(row.count), 'holder')} without an earlier relation paid in {yuan(row.total)} within 7 days.",
    )


RULE = Rule(
    code="RUL-UNRELATED",
    title="Unrelated senders",
    title_zh="陌生人汇入",
    grade="C",
    source="public monitoring rule; the least total is our proposal",
    threshold="≥ 5 holders without an earlier relation pay ≥ 5000.00 in 7 d, after 30 d of records or to a new account",
    points=10,
    evaluate=evaluate,
    weight="weak",
)
