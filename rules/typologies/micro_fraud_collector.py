"""Micro-fraud collector 小额诈骗归集: many one-time payers of nearly the same small amount, directly or through a courier."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.hub_payments import through_hubs
from rules.pairs import grouped
from rules.rule import EVIDENCE, FULL, Finding, Rule, strongest
from rules.scope import Flags, Ints, Scope, columns, records
from rules.wording import counted, percent, yuan

LEAST_PAYERS = 30
"""One-time payers. Grade S+A."""
EQUAL_SHARE_BP = 8_000
"""Share of payments of one amount. Grade S."""
LEAST_TOTAL_FEN = 3_000_00
"""Grade A."""
MOST_EACH_FEN = 1_000_00
"""What still is a small amount. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts paid once each by many, mostly the same amount; a payment settled by a hub's reference counts for its payer."""
    once, totals = many_equal_payers(scope)
    groups = once.groupby("target")
    over = totals[totals["total"] >= LEAST_TOTAL_FEN]
    kept, problems = strongest(RULE.code, columns(over, "total")[0], scope.most_findings)
    return [finding(scope, groups.get_group(row.Index), row) for row in records(over.iloc[kept])], problems


def many_equal_payers(scope: Scope) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The one-time payments, and per account in view that has the shape, whatever its total: payers, total, each, equal."""
    table = small_payments(scope)
    table = table[mostly_equal(table, len(scope.hub))]
    payments = table.groupby(["target", "payer"])["row"].transform("size")
    once = table[payments == 1]
    same = once.groupby(["target", "fen"], as_index=False).agg(equal=("row", "size"))
    commonest = same.loc[best(same)].set_index("target")
    totals = once.groupby("target").agg(payers=("payer", "size"), total=("fen", "sum"))
    totals = totals.assign(each=commonest["fen"], equal=commonest["equal"])
    every = table.groupby("target").size().reindex(totals.index)
    fits = (totals["payers"] >= LEAST_PAYERS) & (totals["equal"] * FULL >= every * EQUAL_SHARE_BP)
    return once, totals[fits & scope.judged[totals.index.to_numpy(dtype=np.int64)]]


def mostly_equal(table: pd.DataFrame, accounts: int) -> Flags:
    """Payments to accounts with enough of them and enough equal ones, repeated payers counted: no other can have the shape."""
    target, fen = columns(table, "target", "fen")
    order, number = grouped(fen, target)
    runs = np.bincount(number)
    most = np.zeros(accounts, dtype=np.int64)
    np.maximum.at(most, target[order][np.flatnonzero(np.diff(number, prepend=-1))], runs)
    count = np.bincount(target, minlength=accounts)
    fits = (count >= LEAST_PAYERS) & (most * FULL >= count * EQUAL_SHARE_BP)
    return np.asarray(fits[target], dtype=np.bool_)


def best(same: pd.DataFrame) -> Ints:
    """Position of the commonest amount of each target, the smaller of equals."""
    order = same.sort_values(["target", "equal", "fen"], ascending=[True, False, True])
    return order.drop_duplicates("target").index.to_numpy(dtype=np.int64)


def small_payments(scope: Scope) -> pd.DataFrame:
    """target, payer (holder), fen, row, time_us of every payment of a small amount by another holder."""
    moves = scope.dealings()
    source, target = columns(moves, "source", "target")
    direct = moves[~scope.hub[source] & ~scope.hub[target]]
    source, target = columns(direct, "source", "target")
    plain = pd.DataFrame(
        {
            "target": target,
            "payer": scope.holder[source],
            "fen": direct["amount_fen"].to_numpy(),
            "row": direct["row"].to_numpy(),
        }
    )
    settled = through_hubs(scope)[["target", "payer", "fen", "row"]]
    settled = settled.assign(payer=scope.holder[settled["payer"].to_numpy(dtype=np.int64)])
    both = pd.concat([plain, settled], ignore_index=True)
    return both[both["fen"] <= MOST_EACH_FEN].reset_index(drop=True)


def finding(scope: Scope, group: pd.DataFrame, row: Any) -> Finding:
    """The finding of one collecting account."""
    payers, total, each, equal = (int(value) for value in (row.payers, row.total, row.each, row.equal))
    rows = np.sort(group["row"].to_numpy(dtype=np.int64))[:EVIDENCE]
    return RULE.finding(
        int(group["target"].iloc[0]),
        min(FULL, 6_000 + 50 * payers),
        {"payers": payers, "equal_payments": equal, "equal_amount": yuan(each), "total": yuan(total)},
        scope.ids(rows),
        f"{counted(payers, 'one-time payer')} paid {yuan(total)}; {percent(equal, payers)} of the payments are {yuan(each)}.",
    )


RULE = Rule(
    code="RUL-MICRO-COLLECTOR",
    title="Micro-fraud collector",
    title_zh="小额诈骗归集",
    grade="S",
    source="case reports: cash-on-delivery parcels of 39.00; criminal line of 3,000",
    threshold="≥ 30 one-time payers, ≥ 80 % of the payments equal, each ≤ 1000.00, together ≥ 3000.00",
    points=35,
    evaluate=evaluate,
)
