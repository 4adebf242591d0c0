"""Supplier payment 上游采购: records, accounts or numbers are paid by the piece. A tag: it ties people, it is no laundering."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.pairs import Pairs, pairs_in
from rules.rule import EVIDENCE, Finding, Rule, strongest
from rules.scope import Scope, columns, records
from rules.windows import best_per
from rules.wording import counted, yuan

PRICES_FEN = (200_00, 40_00, 10_00, 6_00)
"""Messenger accounts at 200, 40 and 10, a record at 6. Grade S."""
LEAST_PIECES = 5
"""Grade P."""
LEAST_PAYMENTS = 3
"""To the same payee. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Payees all of whose payments from one payer are quantities of one price, and not always the same quantity.

    With a trace the payer is an account the victims' money reached.
    """
    pairs = pairs_in(scope)
    table = bought_by_piece(scope, pairs)
    table = table[(table["price"] > 0) & scope.judged[columns(table, "payee")[0]]]
    table = table.iloc[best_per(*columns(table, "payee", "count"))]
    kept, problems = strongest(RULE.code, columns(table, "count")[0], scope.most_findings)
    return [finding(scope, pairs, row) for row in records(table.iloc[kept])], problems


def bought_by_piece(scope: Scope, pairs: Pairs) -> pd.DataFrame:
    """payee, payer, begin, end (positions), count and price (0: none) of every pair with enough payments that differ."""
    entries = pairs.entries
    begin = np.flatnonzero(np.diff(entries.account, prepend=-1))
    end = np.append(begin[1:], len(entries))
    many = (end - begin >= LEAST_PAYMENTS) & scope.reached[pairs.payer[begin]]
    if not many.any():
        return pd.DataFrame({name: np.zeros(0, np.int64) for name in ("payee", "payer", "begin", "end", "count", "price")})
    differ = np.maximum.reduceat(entries.fen, begin) > np.minimum.reduceat(entries.fen, begin)
    price = np.zeros(len(begin), dtype=np.int64)
    for fen in sorted(PRICES_FEN):
        pieces = (entries.fen % fen == 0) & (entries.fen >= LEAST_PIECES * fen)
        price[np.logical_and.reduceat(pieces, begin)] = fen
    chosen = np.flatnonzero(many & differ)
    first, last = begin[chosen], end[chosen]
    return pd.DataFrame(
        {
            "payee": entries.other[first],
            "payer": pairs.payer[first],
            "begin": first,
            "end": last,
            "count": last - first,
            "price": price[chosen],
        }
    )


def finding(scope: Scope, pairs: Pairs, row: Any) -> Finding:
    """The tag of one payee."""
    fen = pairs.entries.fen[row.begin : row.end]
    pieces = int(fen.sum()) // int(row.price)
    return RULE.finding(
        int(row.payee),
        5_000,
        {"payer": scope.name(row.payer), "payments": int(row.count), "price": yuan(row.price), "pieces": pieces},
        scope.ids(pairs.entries.row[row.begin : row.end][:EVIDENCE]),
        f"{counted(int(row.count), 'payment')} of one payer are {pieces} pieces at {yuan(row.price)}: perhaps a supplier "
        "of data or accounts. A tie between people, not laundering.",
    )


RULE = Rule(
    code="RUL-SUPPLIER",
    title="Supplier payment",
    title_zh="上游采购",
    grade="S",
    source="case reports: records at 6.00, accounts at 10, 40 and 200; the counts are our proposal",
    threshold="≥ 3 payments of one payer, not all equal, each k × 6.00, 10.00, 40.00 or 200.00 with k ≥ 5",
    points=0,
    evaluate=evaluate,
    weight="tag",
)
