"""Fake inbound 虚假到账: a large sum goes to somebody new against a credit that was promised and never comes."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.pairs import first_contacts
from rules.reported import reported_payments
from rules.rule import EVIDENCE, FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import Flags, Scope, columns, parts
from rules.windows import sorted_entries, spread
from rules.wording import DAY_US, counted, yuan

LEAST_FEN = 10_000_00
"""Grade S."""
WINDOW_US = DAY_US
"""The screenshot says: arrives in 24 h. Grade S."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Payees of disputed payments. The promise is in no record: the report stands for it, a credit as large refutes it."""
    payments = reported_payments(scope)
    if not len(payments):
        return [], [not_evaluated(RULE.code, "no report names a payment of the ledger")]
    moves = scope.dealings()
    first_rows = columns(moves[first_contacts(scope)], "row")[0]
    source, target, row, fen = columns(payments, "source", "target", "row", "amount_fen")
    fits = (fen >= LEAST_FEN) & np.isin(row, first_rows) & scope.judged[target] & scope.judged[source]
    large = payments[fits].drop_duplicates("row")
    open_still = scope.as_of_us - columns(large, "time_us")[0] < WINDOW_US
    absent = large[~open_still & ~came_in(scope, large)]
    totals = absent.groupby("target").agg(fen=("amount_fen", "sum"))
    kept, problems = strongest(RULE.code, columns(totals, "fen")[0], scope.most_findings)
    if open_still.any():
        told = f"{counted(int(open_still.sum()), 'disputed payment')} younger than 24 h: the promised credit could still come"
        problems.append(not_evaluated(RULE.code, told))
    chosen = totals.index[kept].to_numpy(dtype=np.int64)
    return [finding(scope, part) for part in parts(absent, "target", chosen)], problems


def came_in(scope: Scope, large: pd.DataFrame) -> Flags:
    """Which of these payments were followed within 24 h by a credit to the payer's holder of at least the sum."""
    moves = scope.dealings()
    source, fen, time_us = columns(large, "source", "amount_fen", "time_us")
    payer = scope.holder[source]
    target = columns(moves, "target")[0]
    mine = moves[np.isin(scope.holder[target], payer)]
    names = columns(mine, "target", "source", "time_us", "received_fen", "row")
    entries = sorted_entries(scope.holder[names[0]], *names[1:])
    inside, number = spread(entries.before(payer, time_us), entries.behind(payer, time_us + WINDOW_US))
    enough = np.zeros(len(large), dtype=np.bool_)
    enough[number[entries.fen[inside] >= fen[number]]] = True
    return enough


def finding(scope: Scope, paid: dict[str, Any]) -> Finding:
    """The finding of one payee."""
    target, fen, row = (paid[name] for name in ("target", "amount_fen", "row"))
    return RULE.finding(
        int(target[0]),
        min(FULL, 6_000 + 1_000 * len(row)),
        {"payments": len(row), "total": yuan(fen.sum()), "reports": sorted(set(paid["report"].tolist()))[:EVIDENCE]},
        scope.ids(row[:EVIDENCE]),
        f"{counted(len(row), 'disputed payment')} of together {yuan(fen.sum())} from first-time payers; within 24 h "
        "nothing as large came to them.",
    )


RULE = Rule(
    code="RUL-FAKE-INBOUND",
    title="Fake inbound",
    title_zh="虚假到账",
    grade="S",
    source="case reports: 150,000 against a screenshot of an incoming payment that arrives in 24 h",
    threshold="disputed payment of ≥ 10000.00 to a first-time payee, no credit as large to the payer within 24 h",
    points=10,
    evaluate=evaluate,
    weight="weak",
)
