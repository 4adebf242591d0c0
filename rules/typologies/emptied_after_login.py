"""Emptied after login 登录后清空: used from a device or address new to it, and within the hour nothing is left."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.balances import balances, every_entry
from rules.identifiers import device_codes
from rules.pairs import grouped
from rules.rule import EVIDENCE, FULL, Finding, Rule, evaluated_in_part, not_evaluated, strongest
from rules.scope import Ints, Scope, columns, records
from rules.windows import Entries, best_per, lowest
from rules.wording import HOUR_US, percent, yuan

LEAST_GONE_BP = 9_500
"""Share of the balance that is gone. Grade C."""
LEAST_BALANCE_FEN = 10_000_00
"""A balance worth a login. Grade P."""
WINDOW_US = HOUR_US
"""Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """A login is in no record: the first payment from a device or address the account never used stands for it."""
    codes = [found for name in ("device", "ip") if (found := device_codes(scope, name)) is not None]
    if not codes:
        return [], [not_evaluated(RULE.code, "no device or address is in the records")]
    new = np.logical_or.reduce([first_uses(scope, code) for code in codes])
    entries = every_entry(scope)
    after, known = balances(scope, entries)
    new_row = np.zeros(scope.ledger.transfer_count, dtype=np.bool_)
    new_row[scope.transfers["row"].to_numpy(dtype=np.int64)[new]] = True
    logins = new_row[entries.row] & ~entries.credit & scope.judged[entries.account]
    blind = len(np.unique(entries.account[logins & ~known]))
    end = entries.end_of(WINDOW_US)
    before, least = after - entries.fen, lowest(after, end)
    fits = logins & known & (before >= LEAST_BALANCE_FEN) & ((before - least) * FULL > before * LEAST_GONE_BP)
    at = np.flatnonzero(fits)
    at = at[best_per(entries.account[at], before[at])]
    table = pd.DataFrame({"account": entries.account[at], "at": at, "end": end[at], "before": before[at], "least": least[at]})
    kept, problems = strongest(RULE.code, columns(table, "before")[0], scope.most_findings)
    problems += evaluated_in_part(RULE.code, blind, "used from a new device, without a known balance")
    return [finding(scope, entries, row) for row in records(table.iloc[kept])], problems


def first_uses(scope: Scope, code: Ints) -> "np.typing.NDArray[np.bool_]":
    """Transfers made from a device their payer had not used, but not the first device he is seen with."""
    told = np.flatnonzero(code >= 0)
    source = scope.transfers["source"].to_numpy(dtype=np.int64)[told]
    order, number = grouped(source, code[told])
    first = told[order[np.flatnonzero(np.diff(number, prepend=-1))]]
    opening = np.zeros(len(code), dtype=np.bool_)
    opening[told[np.unique(source, return_index=True)[1]]] = True
    found = np.zeros(len(code), dtype=np.bool_)
    found[first] = True
    return found & ~opening


def finding(scope: Scope, entries: Entries, row: Any) -> Finding:
    """The finding of one account with the login that cost it the most."""
    gone = int(row.before - row.least)
    inside = np.arange(row.at, row.end)
    rows = entries.row[inside[entries.fen[inside] < 0]][:EVIDENCE]
    return RULE.finding(
        int(row.account),
        min(FULL, gone * FULL // int(row.before)),
        {"balance": yuan(row.before), "left": yuan(row.least), "payments": len(rows)},
        scope.ids(rows),
        f"Within an hour of the first payment from a device or address new to it, {yuan(gone)} of {yuan(row.before)} "
        f"({percent(gone, row.before)}) was gone.",
    )


RULE = Rule(
    code="RUL-EMPTIED",
    title="Emptied after login",
    title_zh="登录后清空",
    grade="C",
    source="public monitoring rule; the window and the least balance are our proposal",
    threshold="> 95 % of a balance of ≥ 10000.00 gone within 1 h of the first use of another device or address",
    points=10,
    evaluate=evaluate,
    weight="weak",
)
