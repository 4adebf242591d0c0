"""Involved-list neighbour 涉案账户对手: money came from an account that a report already names."""

import numpy as np

from ledger.problems import Problem
from rules.reported import reported_payments
from rules.rule import EVIDENCE, FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import NEVER, Ints, Scope, columns, parts
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
    totals = paid.groupby("target").agg(fen=("received_fen", "sum"))
    kept, problems = strongest(RULE.code, columns(totals, "fen")[0], scope.most_findings)
    chosen = totals.index[kept].to_numpy(dtype=np.int64)
    return [finding(scope, part) for part in parts(paid, "target", chosen)], problems


def finding(scope: Scope, paid: dict[str, Ints]) -> Finding:
    """The finding of one neighbour."""
    source, target, fen, row = (paid[name] for name in ("source", "target", "received_fen", "row"))
    involved = np.unique(source)
    names = [scope.name(code) for code in involved[:EVIDENCE].tolist()]
    return RULE.finding(
        int(target[0]),
        min(FULL, 4_000 + 1_500 * len(involved)),
        {"involved": sorted(names), "received": yuan(fen.sum())},
        scope.ids(row[:EVIDENCE]),
        f"Received {yuan(fen.sum())} from {counted(len(involved), 'account')} already in a case, after the disputed payment.",
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
