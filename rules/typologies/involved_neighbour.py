"""Involved-list neighbour 涉案账户对手: money came from an account that a report already names."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.reported import reported_payments
from rules.rule import EVIDENCE, FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import NEVER, Scope, columns, records
from rules.wording import counted, yuan

LEAST_FEN = 1_000_00
"""Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Who was paid by an involved account after its first disputed payment.

    Involved is who received a disputed payment and is no hub. Who only pays it may be a victim that has not reported; victims
    and their own accounts may have been refunded.
    """
    payments = reported_payments(scope)
    if not len(payments):
        return [], [not_evaluated(RULE.code, "no report names a payment of the ledger")]
    since = np.full(len(scope.hub), NEVER, dtype=np.int64)
    np.minimum.at(since, *columns(payments, "target", "time_us"))
    since[scope.hub] = NEVER
    victim = np.isin(scope.holder, scope.holder[columns(payments, "source")[0]])
    moves = scope.dealings()
    source, target, time_us, fen = columns(moves, "source", "target", "time_us", "received_fen")
    heard = (time_us >= since[source]) & (fen >= LEAST_FEN)
    paid = moves[heard & scope.judged[target] & (since[target] == NEVER) & ~victim[target]]
    groups = paid.groupby("target")
    totals = groups.agg(involved=("source", "nunique"), fen=("received_fen", "sum"))
    kept, problems = strongest(RULE.code, columns(totals, "fen")[0], scope.most_findings)
    return [finding(scope, groups.get_group(row.Index), row) for row in records(totals.iloc[kept])], problems


def finding(scope: Scope, paid: pd.DataFrame, row: Any) -> Finding:
    """The finding of one neighbour."""
    names = sorted({scope.name(code) for code in paid["source"].tolist()})
    return RULE.finding(
        int(row.Index),
        min(FULL, 4_000 + 1_500 * int(row.involved)),
        {"involved": names[:EVIDENCE], "received": yuan(row.fen)},
        scope.ids(columns(paid, "row")[0][:EVIDENCE]),
        f"Received {yuan(row.fen)} from {counted(int(row.involved), 'account')} already in a case, after the disputed payment.",
    )


RULE = Rule(
    code="RUL-NEIGHBOUR",
    title="Involved-list neighbour",
    title_zh="涉案账户对手",
    grade="B",
    source="banks' practice with lists of involved accounts",
    threshold="≥ 1000.00 from an account that received a disputed payment, after that payment",
    points=10,
    evaluate=evaluate,
    weight="weak",
)
