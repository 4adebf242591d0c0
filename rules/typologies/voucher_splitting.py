"""Voucher splitting 拆分购卡: order after order kept below the sum for which the buyer must show an identity card."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.rule import EVIDENCE, FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import Scope, columns, records
from rules.vouchers import purchases_of
from rules.windows import best_per, sorted_entries, sums
from rules.wording import DAY_US, counted, yuan

LINE_FEN = 10_000_00
"""Cards for this much in one purchase need identification. Grade A."""
LEAST_ORDER_FEN = 5_000_00
"""A smaller order is not kept below the line. Grade P."""
WINDOW_US, LEAST_ORDERS = DAY_US, 3
"""Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Buyers of gift cards by holder: his accounts together; a purchase without an order is an order of its own."""
    bought = purchases_of(scope)
    cards = bought[bought["kind"] == "card"]
    if not len(cards):
        return [], [not_evaluated(RULE.code, "no purchase of a gift card is in view")]
    orders = orders_of(scope, cards)
    holder, source, time_us, fen, row = columns(orders, "holder", "source", "time_us", "fen", "row")
    entries = sorted_entries(holder, source, time_us, fen, row)
    here, end = np.arange(len(entries)), entries.end_of(WINDOW_US)
    at = np.flatnonzero(end - here >= LEAST_ORDERS)
    at = at[best_per(entries.other[at], end[at] - at)]
    table = pd.DataFrame({"account": entries.other[at], "count": end[at] - at, "fen": sums(entries.fen, at, end[at])})
    table["rows"] = pd.Series(index=table.index, dtype=object)
    table["rows"] = [entries.row[a:b].tolist() for a, b in zip(at, end[at], strict=True)]
    kept, problems = strongest(RULE.code, columns(table, "fen")[0], scope.most_findings)
    return [finding(scope, orders, row) for row in records(table.iloc[kept])], problems


def orders_of(scope: Scope, cards: pd.DataFrame) -> pd.DataFrame:
    """Orders a little below the line: holder, source, time_us, fen, row (of the first card), rows; in ledger order."""
    number = pd.Series(scope.words("order", columns(cards, "row")[0]), index=cards.index, dtype=object)
    number = number.where(number.notna() & (number != ""), cards["row"].astype(str).radd("row "))
    cards = cards.assign(holder=scope.holder[columns(cards, "source")[0]], order=number)
    orders = cards.groupby(["holder", "order"], as_index=False).agg(
        source=("source", "first"),
        time_us=("time_us", "first"),
        fen=("amount_fen", "sum"),
        row=("row", "first"),
        rows=("row", list),
    )
    chosen = orders[(orders["fen"] < LINE_FEN) & (orders["fen"] >= LEAST_ORDER_FEN)]
    return chosen.sort_values("row", ignore_index=True)


def finding(scope: Scope, orders: pd.DataFrame, row: Any) -> Finding:
    """The finding of one buying account."""
    rows = sorted({int(one) for part in orders.loc[orders["row"].isin(row.rows), "rows"] for one in part})
    return RULE.finding(
        int(row.account),
        min(FULL, 4_000 + 1_000 * int(row.count)),
        {"orders": int(row.count), "total": yuan(row.fen), "line": yuan(LINE_FEN)},
        scope.ids(np.asarray(rows[:EVIDENCE], dtype=np.int64)),
        f"{counted(int(row.count), 'order')} of gift cards within 24 h, each below {yuan(LINE_FEN)}, together {yuan(row.fen)}.",
    )


RULE = Rule(
    code="RUL-VOUCHER-SPLIT",
    title="Voucher splitting",
    title_zh="拆分购卡",
    grade="A",
    source="rules for prepaid cards: identification from 10,000 in one purchase; the least order and count are our proposal",
    threshold="≥ 3 gift-card orders of one holder in 24 h, each ≥ 5000.00 and < 10000.00",
    points=15,
    evaluate=evaluate,
    weight="weak",
)
