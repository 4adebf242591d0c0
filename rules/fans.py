"""Weeks in which an account has many payments on one side and few on the other, the sums nearly equal."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.rule import EVIDENCE, FULL, strongest
from rules.scope import Ints, Scope, columns, records
from rules.windows import Entries, best_per, distinct, entries_in, spread, sums


@dataclass(frozen=True)
class Shape:
    """What makes a fan.

    code: of the rule. many_credits: the many are credits (fan-in), else debits (fan-out). windows_us: lengths tried.
    """

    code: str
    many_credits: bool
    windows_us: tuple[int, ...]
    least_many: int
    count_ratio: int
    least_out_bp: int
    most_out_bp: int
    least_inflow_fen: int


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


def fans(scope: Scope, shape: Shape) -> tuple[list[Fan], list[Problem]]:
    """The largest fan of every judged account that has one, by account; what is not listed is a problem.

    A fan-in window ends with a debit, a fan-out window begins with a credit.
    """
    entries = entries_in(scope)
    parts = [fans_within(scope, entries, shape, window_us) for window_us in shape.windows_us]
    every = pd.concat(parts, ignore_index=True)
    account, inflow = columns(every, "account", "inflow")
    every = every.iloc[best_per(account, inflow)]
    kept, problems = strongest(shape.code, columns(every, "inflow")[0], scope.most_findings)
    return [fan(scope, entries, row) for row in records(every.iloc[kept])], problems


def fan(scope: Scope, entries: Entries, row: Any) -> Fan:
    """One account's fan with its evidence."""
    rows = np.unique(entries.row[row.start : row.end])[:EVIDENCE]
    return Fan(row.account, row.others, row.many, row.few, row.inflow, row.outflow, scope.ids(rows))


def fans_within(scope: Scope, entries: Entries, shape: Shape, window_us: int) -> pd.DataFrame:
    """The largest fan of every account in windows of one length: account, start, end, inflow, outflow, many, few, others."""
    at = np.flatnonzero((entries.credit != shape.many_credits) & scope.judged[entries.account])
    start = entries.start_of(window_us)[at] if shape.many_credits else at
    end = at + 1 if shape.many_credits else entries.end_of(window_us)[at]
    count_in = sums(entries.credit, start, end)
    many, few = (count_in, end - start - count_in) if shape.many_credits else (end - start - count_in, count_in)
    wide = (many >= shape.least_many) & (few * shape.count_ratio <= many)
    account, start, end, many, few = (values[wide] for values in (entries.account[at], start, end, many, few))
    inflow = sums(np.maximum(entries.fen, 0), start, end)
    outflow = inflow - sums(entries.fen, start, end)
    fits = (inflow >= shape.least_inflow_fen) & (outflow * FULL > inflow * shape.least_out_bp)
    fits &= outflow * FULL < inflow * shape.most_out_bp
    names = ("account", "start", "end", "inflow", "outflow", "many", "few")
    values = (account, start, end, inflow, outflow, many, few)
    found = pd.DataFrame({name: value[fits] for name, value in zip(names, values, strict=True)})
    found = found.iloc[best_per(*columns(found, "account", "inflow"))]
    others = holders_in(scope, entries, columns(found, "start", "end"), shape.many_credits)
    return found.assign(others=others)[others >= shape.least_many]


def holders_in(scope: Scope, entries: Entries, windows: tuple[Ints, ...], many_credits: bool) -> Ints:
    """How many different holders are on the side of the many, per window."""
    inside, window = spread(*windows)
    side = entries.credit[inside] == many_credits
    return distinct(window[side], scope.holder[entries.other[inside[side]]], len(windows[0]))
