"""Weeks in which an account has many payments on one side and few on the other, the sums nearly equal."""

from dataclasses import dataclass

import numpy as np

from rules.rule import FULL
from rules.scope import Ints, Scope
from rules.windows import Entries, best_per, distinct, entries_of, spread, sums

EVIDENCE = 200
"""Most transfers named as the evidence of one finding."""


@dataclass(frozen=True)
class Shape:
    """What makes a fan. many_credits: the many are count_in (fan-in), else debits (fan-out). windows_us: lengths tried."""

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


def fans(scope: Scope, shape: Shape) -> list[Fan]:
    """The largest fan of every judged account that has one, by account.

    A fan-in window ends with a debit, a fan-out window begins with a credit.
    """
    entries = entries_of(scope.dealings())
    best: dict[int, Fan] = {}
    for window_us in shape.windows_us:
        for fan in fans_within(scope, entries, shape, window_us):
            if fan.account not in best or fan.inflow_fen > best[fan.account].inflow_fen:
                best[fan.account] = fan
    return [best[account] for account in sorted(best)]


def fans_within(scope: Scope, entries: Entries, shape: Shape, window_us: int) -> list[Fan]:
    """The largest fan of every account in windows of one length."""
    credit = entries.credit
    here = np.arange(len(entries))
    end = here + 1 if shape.many_credits else np.maximum(entries.end_of(window_us), here + 1)
    start = np.minimum(entries.start_of(window_us), here) if shape.many_credits else here
    inflow = sums(np.where(credit, entries.fen, 0), start, end)
    outflow = inflow - sums(entries.fen, start, end)
    count_in = sums(credit.astype(np.int64), start, end)
    many, few = (count_in, end - start - count_in) if shape.many_credits else (end - start - count_in, count_in)
    fits = (credit != shape.many_credits) & scope.judged[entries.account] & (inflow >= shape.least_inflow_fen)
    fits &= (many >= shape.least_many) & (few * shape.count_ratio <= many)
    fits &= (outflow * FULL > inflow * shape.least_out_bp) & (outflow * FULL < inflow * shape.most_out_bp)
    at = np.flatnonzero(fits)
    at = at[best_per(entries.account[at], inflow[at])]
    others = holders_in(scope, entries, start[at], end[at], shape.many_credits)
    found = []
    for i, count in zip(at[others >= shape.least_many].tolist(), others[others >= shape.least_many].tolist(), strict=True):
        rows = np.unique(entries.row[start[i] : end[i]])[:EVIDENCE]
        amounts = (int(many[i]), int(few[i]), int(inflow[i]), int(outflow[i]))
        found.append(Fan(int(entries.account[i]), count, *amounts, scope.ids(rows)))
    return found


def holders_in(scope: Scope, entries: Entries, start: Ints, end: Ints, many_credits: bool) -> Ints:
    """How many different holders are on the side of the many, per window."""
    inside, window = spread(start, end)
    side = entries.credit[inside] == many_credits
    return distinct(window[side], scope.holder[entries.other[inside[side]]], len(start))
