"""Collector above the criminal line 结算超限: money settled for others reaches the sum at which helping is aggravated."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.rule import EVIDENCE, FULL, Finding, Rule, strongest
from rules.scope import Scope, columns, records
from rules.windows import account_spans, distinct, entries_in, left_again, spread, sums
from rules.wording import HOUR_US, counted, yuan

LINE_FEN = 200_000_00
"""Grade A."""
LEAST_PAYERS = 3
"""Who settles for others gathers from several. Grade P."""
WINDOW_US, LEAST_SHARE_BP = 48 * HOUR_US, 9_000
"""Without a trace: what settling looks like, nearly all passed on at once. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """With a trace: the victims' money that came to an account. Without one: what it gathered and passed on within 48 h."""
    table = traced_sums(scope) if scope.trace is not None else passed_on(scope)
    table = table[(table["fen"] >= LINE_FEN) & (table["payers"] >= LEAST_PAYERS)]
    kept, problems = strongest(RULE.code, columns(table, "fen")[0], scope.most_findings)
    return [finding(scope, row) for row in records(table.iloc[kept])], problems


def traced_sums(scope: Scope) -> pd.DataFrame:
    """account, fen, payers (holders) and rows of the victims' money that reached each account from other holders and stayed."""
    assert scope.trace is not None
    traced = scope.trace.traced
    source, target = columns(traced, "source_code", "target_code")
    victim = np.unique(scope.holder[source[columns(traced, "hop")[0] == 1]])
    chosen = scope.judged[target] & (scope.holder[source] != scope.holder[target]) & ~np.isin(scope.holder[target], victim)
    row, amount = columns(scope.transfers, "row", "amount_fen")
    paid, basis = columns(traced, "transfer_row", "basis_fen")
    chosen &= np.isin(paid, row)
    kept = np.minimum(basis[chosen], amount[np.searchsorted(row, paid[chosen])])
    into = traced[chosen].assign(payer=scope.holder[source[chosen]], basis_fen=kept)
    totals = pd.DataFrame(
        into.groupby("target_code", as_index=False).agg(
            fen=("basis_fen", "sum"), payers=("payer", "nunique"), rows=("transfer_row", list)
        )
    )
    return totals.rename(columns={"target_code": "account"}).assign(what="of victims' money came in")


def passed_on(scope: Scope) -> pd.DataFrame:
    """account, fen, payers and rows of accounts that passed on nearly all they received from others, hubs apart, in 48 h."""
    entries = entries_in(scope)
    begin, end = account_spans(entries, len(scope.hub))
    plain = entries.credit & ~scope.hub[entries.other]
    gone = sums(np.where(plain, left_again(entries, WINDOW_US), 0), begin, end)
    inflow = sums(np.where(plain, entries.fen, 0), begin, end)
    account = np.flatnonzero(scope.judged & (gone >= LINE_FEN) & (gone * FULL >= inflow * LEAST_SHARE_BP))
    inside, number = spread(begin[account], end[account])
    inside, number = inside[plain[inside]], number[plain[inside]]
    payers = distinct(number, scope.holder[entries.other[inside]], len(account))
    enough = payers >= LEAST_PAYERS
    rows = [entries.row[begin[a] : end[a]][plain[begin[a] : end[a]]][:EVIDENCE].tolist() for a in account[enough]]
    what = "was received and passed on within 48 h"
    found = {"account": account[enough], "fen": gone[account[enough]], "payers": payers[enough], "rows": rows}
    return pd.DataFrame(found).assign(what=what)


def finding(scope: Scope, row: Any) -> Finding:
    """The finding of one account."""
    return RULE.finding(
        int(row.account),
        min(FULL, 5_000 + int(row.fen) * 1_000 // LINE_FEN),
        {"settled": yuan(row.fen), "payers": int(row.payers), "traced": scope.trace is not None},
        scope.ids(np.unique(np.asarray(row.rows, dtype=np.int64))[:EVIDENCE]),
        f"{yuan(row.fen)} {row.what}, from {counted(int(row.payers), 'holder')}: above {yuan(LINE_FEN)}, the line for "
        "aggravated aiding.",
    )


RULE = Rule(
    code="RUL-CRIMINAL-LINE",
    title="Collector above the criminal line",
    title_zh="结算超限",
    grade="A",
    source="2019 interpretation art. 12: settling 200,000 or more; the shape without a trace is our proposal",
    threshold="≥ 200000.00 of victims' money from ≥ 3 holders; without a trace ≥ 90 % of what came in passed on within 48 h",
    points=10,
    evaluate=evaluate,
    weight="weak",
)
