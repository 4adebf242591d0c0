"""Voucher burst 批量购卡: many vouchers of one face within half an hour."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.rule import EVIDENCE, FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import Scope, columns, records
from rules.vouchers import purchases_of
from rules.windows import Entries, best_per, sorted_entries
from rules.wording import MINUTE_US, counted, yuan

WINDOW_US, LEAST_VOUCHERS = 30 * MINUTE_US, 10
"""Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Buyers by holder: his accounts together. The finding is at the account that began the burst."""
    bought = purchases_of(scope)
    if not len(bought):
        return [], [not_evaluated(RULE.code, "no purchase of a voucher is in view")]
    source, time_us, face, row = columns(bought, "source", "time_us", "face_fen", "row")
    group = bought.assign(holder=scope.holder[source]).groupby(["holder", "face_fen", "kind"]).ngroup()
    entries = sorted_entries(np.asarray(group, dtype=np.int64), source, time_us, face, row)
    end = entries.end_of(WINDOW_US)
    count = end - np.arange(len(entries))
    at = np.flatnonzero(count >= LEAST_VOUCHERS)
    at = at[best_per(entries.other[at], count[at])]
    table = pd.DataFrame({"account": entries.other[at], "at": at, "end": end[at], "count": count[at]})
    kept, problems = strongest(RULE.code, columns(table, "count")[0], scope.most_findings)
    return [finding(scope, entries, row) for row in records(table.iloc[kept])], problems


def finding(scope: Scope, entries: Entries, row: Any) -> Finding:
    """The finding of one buying account."""
    face = int(entries.fen[row.at])
    return RULE.finding(
        int(row.account),
        min(FULL, 4_000 + 200 * int(row.count)),
        {"vouchers": int(row.count), "face_each": yuan(face), "face": yuan(face * int(row.count))},
        scope.ids(np.sort(entries.row[row.at : row.end])[:EVIDENCE]),
        f"Bought {counted(int(row.count), 'voucher')} of {yuan(face)} each within 30 minutes.",
    )


RULE = Rule(
    code="RUL-VOUCHER-BURST",
    title="Voucher burst",
    title_zh="批量购卡",
    grade="P",
    source="our proposal, after case reports of gift cards bought with proceeds",
    threshold="≥ 10 vouchers of one face bought by one holder in 30 min",
    points=15,
    evaluate=evaluate,
    weight="weak",
)
