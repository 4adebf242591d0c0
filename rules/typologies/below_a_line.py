"""Just below a line 规避大额报告: several sums a little under a line above which banks report or ask."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.rule import EVIDENCE, FULL, Finding, Rule, strongest
from rules.scope import Scope, columns, records
from rules.windows import Entries, best_per, densest, entries_in, part
from rules.wording import DAY_US, counted, yuan

LINES_FEN = (50_000_00, 200_000_00, 500_000_00, 2_000_000_00)
"""Large-value lines for cash and for transfers of people and of firms. Grade A."""
MARGIN_BP = 500
"""How far below a line still is just below. Grade P."""
WINDOW_US, LEAST_TRANSFERS = DAY_US, 3
"""Grade C."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts by what they pay and receive, each line for itself."""
    entries = entries_in(scope)
    fen = np.abs(entries.fen)
    tables = []
    for line in LINES_FEN:
        under = (fen < line) & (fen * FULL >= line * (FULL - MARGIN_BP)) & scope.judged[entries.account]
        at, end = densest(part(entries, under), WINDOW_US, LEAST_TRANSFERS)
        place = np.flatnonzero(under)
        named = {"account": entries.account[place[at]], "line": line, "count": end - at}
        tables.append(pd.DataFrame(named | {"places": [place[a:b] for a, b in zip(at, end, strict=True)]}))
    table = pd.concat(tables, ignore_index=True)
    table = table.iloc[best_per(*columns(table, "account", "count"))]
    kept, problems = strongest(RULE.code, columns(table, "count")[0], scope.most_findings)
    return [finding(scope, entries, row) for row in records(table.iloc[kept])], problems


def finding(scope: Scope, entries: Entries, row: Any) -> Finding:
    """The finding of one account with its day of most such sums."""
    total = int(np.abs(entries.fen[row.places]).sum())
    return RULE.finding(
        int(row.account),
        min(FULL, 5_000 + 1_000 * int(row.count)),
        {"line": yuan(row.line), "transfers": int(row.count), "total": yuan(total)},
        scope.ids(np.unique(entries.row[row.places])[:EVIDENCE]),
        f"{counted(int(row.count), 'transfer')} within 24 h at most 5 % below {yuan(row.line)}, together {yuan(total)}.",
    )


RULE = Rule(
    code="RUL-BELOW-LINE",
    title="Just below a line",
    title_zh="规避大额报告",
    grade="C",
    source="public monitoring rule; lines of the large-value reporting rules (A); the margin is our proposal",
    threshold="≥ 3 transfers in 24 h at most 5 % below 50000.00, 200000.00, 500000.00 or 2000000.00",
    points=10,
    evaluate=evaluate,
    weight="weak",
)
