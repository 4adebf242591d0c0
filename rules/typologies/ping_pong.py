"""Ping-pong 来回转账: two accounts send money back and forth within days."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.pairs import grouped
from rules.rule import EVIDENCE, FULL, Finding, Rule, strongest
from rules.scope import Scope, columns, records
from rules.windows import Entries, best_per, sums
from rules.wording import DAY_US, counted, yuan

WINDOW_US = 3 * DAY_US
"""Grade C."""
LEAST_EACH_WAY = 2
"""Grade C."""
LEAST_FEN = 1_000_00
"""Friends pay each other back in smaller sums. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Both accounts of every pair that pays each other at least twice each way; hubs do not count."""
    entries, payer = exchanges(scope)
    here, end = np.arange(len(entries)), entries.end_of(WINDOW_US)
    forth = sums(payer < entries.other, here, end)
    each = np.minimum(forth, end - here - forth)
    at = np.flatnonzero(each >= LEAST_EACH_WAY)
    table = pd.DataFrame({"at": at, "end": end[at], "each": each[at], "fen": sums(entries.fen, at, end[at])})
    both = [table.assign(account=side[at], partner=other[at]) for side, other in sides(payer, entries)]
    table = pd.concat(both, ignore_index=True)
    table = table[scope.judged[columns(table, "account")[0]]]
    table = table.iloc[best_per(*columns(table, "account", "fen"))]
    kept, problems = strongest(RULE.code, columns(table, "fen")[0], scope.most_findings)
    return [finding(scope, entries, row) for row in records(table.iloc[kept])], problems


def exchanges(scope: Scope) -> tuple[Entries, "np.typing.NDArray[np.int64]"]:
    """Larger payments sorted by the two accounts, whoever pays, and the payer of each."""
    moves = scope.dealings()
    source, target, fen = columns(moves, "source", "target", "amount_fen")
    chosen = (fen >= LEAST_FEN) & ~scope.hub[source] & ~scope.hub[target]
    source, target, fen = source[chosen], target[chosen], fen[chosen]
    row, time_us = (values[chosen] for values in columns(moves, "row", "time_us"))
    order, number = grouped(np.minimum(source, target), np.maximum(source, target))
    return Entries(number, target[order], time_us[order], fen[order], row[order]), source[order]


def sides(payer: "np.typing.NDArray[np.int64]", entries: Entries) -> list[Any]:
    """Each account of the pair with the other one."""
    low, high = np.minimum(payer, entries.other), np.maximum(payer, entries.other)
    return [(low, high), (high, low)]


def finding(scope: Scope, entries: Entries, row: Any) -> Finding:
    """The finding of one account with the exchange that moved the most."""
    count = row.end - row.at
    return RULE.finding(
        int(row.account),
        min(FULL, 5_000 + 500 * row.each),
        {"partner": scope.name(row.partner), "payments": int(count), "least_each_way": int(row.each), "total": yuan(row.fen)},
        scope.ids(entries.row[row.at : row.end][:EVIDENCE]),
        f"{counted(count, 'payment')} of together {yuan(row.fen)} went back and forth with one other account within 3 days, at "
        f"least {row.each} each way.",
    )


RULE = Rule(
    code="RUL-PING-PONG",
    title="Ping-pong",
    title_zh="来回转账",
    grade="C",
    source="public monitoring rule",
    threshold="≥ 2 payments of ≥ 1000.00 each way between two accounts in 3 d",
    points=10,
    evaluate=evaluate,
    weight="weak",
)
