"""Number segment 号段串案: several cases were called from one leased segment. A tag: it ties cases, it carries no money."""

import re
from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.reported import reported_payments
from rules.rule import EVIDENCE, FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import Scope, columns, records
from rules.wording import counted

LEAST_CASES = 3
"""Grade P."""
DIGITS = 6
"""Leading digits two numbers of one segment share. Grade S: 952750xx."""
LEADING = "95"
"""Service numbers; others are not leased in segments. Grade S."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """The accounts the disputed payments of such cases went to; hubs do not count."""
    payments = reported_payments(scope)
    told = payments[payments["phone"] != ""]
    if not len(told):
        return [], [not_evaluated(RULE.code, "no report with a telephone names a payment of the ledger")]
    found = pd.Series(index=told.index, dtype=object)
    found[:] = [segments(phone) for phone in told["phone"]]
    table = told.assign(segment=found).explode("segment").dropna(subset=["segment"])
    table = table.assign(cases=table.groupby("segment")["report"].transform("nunique"))
    table = table[(table["cases"] >= LEAST_CASES) & scope.judged[columns(table, "target")[0]]]
    table = table.sort_values(["target", "cases", "segment", "row"], ascending=[True, False, True, True])
    most = table.drop_duplicates("target")
    kept, problems = strongest(RULE.code, columns(most, "cases")[0], scope.most_findings)
    return [finding(scope, table, row) for row in records(most.iloc[kept])], problems


def segments(phone: str) -> list[str]:
    """Segments of the service numbers in a text, without the country's code: "+86 95275012" is ["952750"]."""
    numbers = re.findall(r"\d+", re.sub(r"[\s-]", "", phone))
    plain = [number.removeprefix("0086").removeprefix("86") for number in numbers]
    return sorted({number[:DIGITS] for number in plain if number.startswith(LEADING) and len(number) > DIGITS})


def finding(scope: Scope, table: pd.DataFrame, row: Any) -> Finding:
    """The tag of one first-level account."""
    mine = table[(table["target"] == row.target) & (table["segment"] == row.segment)]
    rows = np.unique(columns(mine, "row")[0])
    return RULE.finding(
        int(row.target),
        min(FULL, 1_000 * int(row.cases)),
        {"segment": str(row.segment), "cases": int(row.cases), "reports": sorted(set(mine["report"].tolist()))[:EVIDENCE]},
        scope.ids(rows[np.isin(rows, scope.transfers["row"])][:EVIDENCE]),
        f"The callers of {counted(int(row.cases), 'case')} used numbers {row.segment}…; {counted(len(rows), 'payment')} of "
        "these cases came here. A tie between cases, not laundering.",
    )


RULE = Rule(
    code="RUL-SEGMENT",
    title="Number segment",
    title_zh="号段串案",
    grade="S",
    source="case reports: one segment 952750xx ties 266 cases; the count is our proposal",
    threshold="≥ 3 reports with telephones that begin with 95 and share their first 6 digits",
    points=0,
    evaluate=evaluate,
    weight="tag",
)
