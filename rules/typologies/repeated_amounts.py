"""Repeated similar amounts 频繁等额: one payer pays one payee nearly the same sum again and again within a working week."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.calendar import working_day
from rules.pairs import pairs_in
from rules.payroll import PAYROLL_CHANNEL
from rules.rule import EVIDENCE, FULL, Finding, Rule, strongest
from rules.scope import Ints, Scope, columns, records
from rules.windows import Entries, best_per, spread
from rules.wording import DAY_US, counted, yuan

WORKING_DAYS = 5
"""Grade B. Holidays are not known."""
WINDOW_US = 7 * DAY_US
"""Five working days are at most seven days."""
LEAST_PAYMENTS = 3
"""Grade B."""
MARGIN_BP = 1_000
"""How far an amount may be from the first. Grade P."""
LEAST_FEN = 1_000_00
"""Smaller sums are meals and fares. Grade P."""
LOOK_AHEAD = 50
"""Payments of the same pair compared with one payment: it bounds the work, and more than fifty in a week are found anyhow."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Payees: a hub on either side does not count, nor do wages through a payroll channel."""
    pairs = pairs_in(scope)
    entries = pairs.entries
    at, end, similar = repeats(entries, scope.judged[entries.other])
    fits = similar >= LEAST_PAYMENTS
    table = pd.DataFrame({"at": at, "end": end, "similar": similar})[fits]
    table = table.assign(payee=entries.other[at[fits]], payer=pairs.payer[at[fits]])
    paid = scope.words("channel", entries.row[columns(table, "at")[0]])
    table = table[np.asarray([channel != PAYROLL_CHANNEL for channel in paid], dtype=np.bool_)]
    table = table.iloc[best_per(*columns(table, "payee", "similar"))]
    kept, problems = strongest(RULE.code, columns(table, "similar")[0], scope.most_findings)
    return [finding(scope, entries, row) for row in records(table.iloc[kept])], problems


def repeats(entries: Entries, judged: "np.typing.NDArray[np.bool_]") -> tuple[Ints, Ints, Ints]:
    """Payments with at least two more of their pair in five working days: position, end, and how many are alike, itself too."""
    day = working_day(entries.time_us)
    here = np.arange(max(len(entries) - LEAST_PAYMENTS + 1, 0))
    last = here + LEAST_PAYMENTS - 1
    busy = (entries.account[here] == entries.account[last]) & (day[last] - day[here] < WORKING_DAYS)
    at = here[busy & judged[here] & (entries.fen[here] >= LEAST_FEN)]
    end = np.minimum(entries.end_of(WINDOW_US)[at], at + LOOK_AHEAD)
    inside, window = spread(at, end)
    return at, end, np.bincount(window[alike(entries, inside, at[window])], minlength=len(at))


def alike(entries: Entries, inside: Ints, first: Ints) -> "np.typing.NDArray[np.bool_]":
    """Which payments are near enough to the first in amount and in working days."""
    near = np.abs(entries.fen[inside] - entries.fen[first]) * FULL <= entries.fen[first] * MARGIN_BP
    soon = working_day(entries.time_us[inside]) - working_day(entries.time_us[first]) < WORKING_DAYS
    return np.asarray(near & soon, dtype=np.bool_)


def finding(scope: Scope, entries: Entries, row: Any) -> Finding:
    """The finding of one payee with the busiest week of one payer."""
    inside = np.arange(row.at, row.end)
    inside = inside[alike(entries, inside, np.full(len(inside), row.at))]
    total = int(entries.fen[inside].sum())
    return RULE.finding(
        int(row.payee),
        min(FULL, 4_000 + 500 * len(inside)),
        {"payer": scope.name(row.payer), "payments": len(inside), "first": yuan(entries.fen[row.at]), "total": yuan(total)},
        scope.ids(entries.row[inside][:EVIDENCE]),
        f"One payer paid {yuan(total)} in {counted(len(inside), 'payment')} of about {yuan(entries.fen[row.at])} within 5 "
        "working days.",
    )


RULE = Rule(
    code="RUL-REPEATED",
    title="Repeated similar amounts",
    title_zh="频繁等额",
    grade="B",
    source="banks' suspicious-transaction practice; the margin is our proposal",
    threshold="same payer and payee, ≥ 3 payments of ≥ 1000.00 in 5 working days, each within ± 10 % of the first",
    points=5,
    evaluate=evaluate,
    weight="weak",
)
