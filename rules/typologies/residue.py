"""Residue 日终零余额: day after day what comes in is gone by the evening."""

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.balances import balances, every_entry
from rules.calendar import local_day
from rules.rule import EVIDENCE, FULL, Finding, Rule, evaluated_in_part, not_evaluated, strongest
from rules.scope import Ints, Scope, columns, parts
from rules.windows import Entries
from rules.wording import counted, yuan

MOST_LEFT_BP = 100
"""End-of-day balance over the day's inflow. Grade P."""
LEAST_DAYS = 2
"""Grade P."""
LEAST_INFLOW_FEN = 5_000_00
"""Less inflow in a day than this says nothing. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts with a known balance; money from own accounts is no inflow. The day is the local one."""
    entries = every_entry(scope)
    after, known = balances(scope, entries)
    judged = scope.judged[entries.account]
    if not (known & judged).any():
        return [], [not_evaluated(RULE.code, "no balance is in the records")]
    days = days_of(scope, entries, after)
    account = columns(days, "account")[0]
    large = (days["inflow"] >= LEAST_INFLOW_FEN).to_numpy(dtype=bool) & scope.judged[account]
    told = known[columns(days, "begin")[0]]
    blind = len(np.unique(account[large & ~told]))
    left, inflow = columns(days, "left", "inflow")
    empty = days[large & told & (left >= 0) & (left * FULL <= inflow * MOST_LEFT_BP)]
    totals = empty.groupby("account").agg(days=("left", "size"), inflow=("inflow", "sum"))
    totals = totals[totals["days"] >= LEAST_DAYS]
    kept, problems = strongest(RULE.code, columns(totals, "inflow")[0], scope.most_findings)
    problems += evaluated_in_part(RULE.code, blind, "with large inflow, without a known balance")
    chosen = totals.index[kept].to_numpy(dtype=np.int64)
    return [finding(scope, entries, part) for part in parts(empty, "account", chosen)], problems


def days_of(scope: Scope, entries: Entries, after: Ints) -> pd.DataFrame:
    """account, begin and end (positions), inflow from others and left (balance at the end) of every account and day."""
    day = local_day(entries.time_us)
    changes = np.ones(len(entries), dtype=np.bool_)
    changes[1:] = (day[1:] != day[:-1]) | (entries.account[1:] != entries.account[:-1])
    begin = np.flatnonzero(changes)
    end = np.append(begin[1:], len(entries))
    others = entries.credit & (scope.holder[entries.account] != scope.holder[entries.other])
    inflow = np.add.reduceat(np.where(others, entries.fen, 0), begin)
    return pd.DataFrame(
        {"account": entries.account[begin], "begin": begin, "end": end, "inflow": inflow, "left": after[end - 1]}
    )


def finding(scope: Scope, entries: Entries, days: dict[str, Ints]) -> Finding:
    """The finding of one account over all such days."""
    rows = np.concatenate([entries.row[a:b] for a, b in zip(days["begin"][:EVIDENCE], days["end"][:EVIDENCE], strict=True)])[
        :EVIDENCE
    ]
    account, left, inflow = (days[name] for name in ("account", "left", "inflow"))
    most, total = yuan(left.max()), yuan(inflow.sum())
    return RULE.finding(
        int(account[0]),
        min(FULL, 4_000 + 1_000 * len(left)),
        {"days": len(left), "inflow": total, "most_left": most},
        scope.ids(np.unique(rows)),
        f"On {counted(len(left), 'day')} {total} came in and at most {most} was left in the evening.",
    )


RULE = Rule(
    code="RUL-RESIDUE",
    title="Residue",
    title_zh="日终零余额",
    grade="P",
    source="our proposal, after public monitoring rules for emptied accounts",
    threshold="end-of-day balance ≤ 1 % of an inflow of ≥ 5000.00 on ≥ 2 days",
    points=10,
    evaluate=evaluate,
    weight="weak",
)
