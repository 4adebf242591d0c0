"""Weeks in which an account has many payments on one side and few on the other, the sums nearly equal.

Fan-in and fan-out are one shape and its mirror: their thresholds are the same.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.rule import EVIDENCE, FULL, strongest
from rules.scope import Ints, Scope, columns, records
from rules.windows import Entries, best_per, distinct, entries_in, spread, sums
from rules.wording import DAY_US, HOUR_US

WINDOWS_US = (HOUR_US, DAY_US, 7 * DAY_US)
"""Lengths tried: up to five working days, which are at most seven days. Grade B."""
LEAST_MANY = 3
"""Payments on the side of the many, with as many different holders. Grade B."""
COUNT_RATIO = 3
"""Payments on the side of the many for each of the few. Grade B."""
LEAST_OUT_BP, MOST_OUT_BP = 9_000, 11_000
"""Outflow over inflow, both ends excluded. Grade B."""
LEAST_INFLOW_FEN = 5_000_00
"""Less inflow than this says nothing. Grade P."""


@dataclass(frozen=True)
class Fan:
    """The largest such week of one account. others: holders on the side of the many."""

    account: int
    others: int
    many: int
    few: int
    inflow_fen: int
    outflow_fen: int
    transfers: tuple[str, ...]


def fans(scope: Scope, code: str, many_credits: bool) -> tuple[list[Fan], list[Problem]]:
    """The largest fan of every judged account that has one, by account; what is not listed is a problem.

    A fan-in window ends with a debit, a fan-out window begins with a credit.

    Args:
        code: of the rule. many_credits: the many are credits (fan-in), else debits (fan-out).
    """
    entries = entries_in(scope)
    parts = [fans_within(scope, entries, many_credits, window_us) for window_us in WINDOWS_US]
    every = pd.concat(parts, ignore_index=True)
    account, inflow = columns(every, "account", "inflow")
    every = every.iloc[best_per(account, inflow)]
    kept, problems = strongest(code, columns(every, "inflow")[0], scope.most_findings)
    return [fan(scope, entries, row) for row in records(every.iloc[kept])], problems


def fan(scope: Scope, entries: Entries, row: Any) -> Fan:
    """One account's fan with its evidence."""
    rows = np.unique(entries.row[row.start : row.end])[:EVIDENCE]
    return Fan(row.account, row.others, row.many, row.few, row.inflow, row.outflow, scope.ids(rows))


def fans_within(scope: Scope, entries: Entries, many_credits: bool, window_us: int) -> pd.DataFrame:
    """The largest fan of every account in windows of one length: account, start, end, inflow, outflow, many, few, others."""
    at = np.flatnonzero((entries.credit != many_credits) & scope.judged[entries.account])
    start = entries.start_of(window_us)[at] if many_credits else at
    end = at + 1 if many_credits else entries.end_of(window_us)[at]
    count_in = sums(entries.credit, start, end)
    many, few = (count_in, end - start - count_in) if many_credits else (end - start - count_in, count_in)
    wide = (many >= LEAST_MANY) & (few * COUNT_RATIO <= many)
    account, start, end, many, few = (values[wide] for values in (entries.account[at], start, end, many, few))
    inflow = sums(np.maximum(entries.fen, 0), start, end)
    outflow = inflow - sums(entries.fen, start, end)
    fits = (inflow >= LEAST_INFLOW_FEN) & (outflow * FULL > inflow * LEAST_OUT_BP)
    fits &= outflow * FULL < inflow * MOST_OUT_BP
    names = ("account", "start", "end", "inflow", "outflow", "many", "few")
    values = (account, start, end, inflow, outflow, many, few)
    found = pd.DataFrame({name: value[fits] for name, value in zip(names, values, strict=True)})
    found = found.iloc[best_per(*columns(found, "account", "inflow"))]
    others = holders_in(scope, entries, columns(found, "start", "end"), many_credits)
    return found.assign(others=others)[others >= LEAST_MANY]


def holders_in(scope: Scope, entries: Entries, windows: tuple[Ints, ...], many_credits: bool) -> Ints:
    """How many different holders are on the side of the many, per window."""
    inside, window = spread(*windows)
    side = entries.credit[inside] == many_credits
    return distinct(window[side], scope.holder[entries.other[inside[side]]], len(windows[0]))
