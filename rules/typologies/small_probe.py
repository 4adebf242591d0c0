"""Small probe 小额试探: a few yuan first, to see whether the account works, then the real sum."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.pairs import pairs_in
from rules.rule import Finding, Rule, strongest
from rules.scope import Scope, columns, records
from rules.windows import Entries, best_per, spread
from rules.wording import HOUR_US, span, yuan

MOST_PROBE_FEN = 10_00
"""Grade P."""
FACTOR = 100
"""The real sum over the probe. Grade P."""
WINDOW_US = HOUR_US
"""Grade P."""
LEAST_FEN = 1_000_00
"""A real sum: a hundred times one fen is none. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Payees: the account that was probed."""
    pairs = pairs_in(scope)
    entries = pairs.entries
    at = np.flatnonzero((entries.fen <= MOST_PROBE_FEN) & scope.judged[entries.other])
    after, number = spread(at, entries.end_of(WINDOW_US)[at])
    probe = at[number]
    fits = (after > probe) & (entries.fen[after] >= np.maximum(entries.fen[probe] * FACTOR, LEAST_FEN))
    table = pd.DataFrame({"payee": entries.other[after], "probe": probe, "at": after, "fen": entries.fen[after]})[fits]
    table = table.iloc[best_per(*columns(table, "payee", "fen"))]
    kept, problems = strongest(RULE.code, columns(table, "fen")[0], scope.most_findings)
    return [finding(scope, entries, pairs.payer, row) for row in records(table.iloc[kept])], problems


def finding(scope: Scope, entries: Entries, payer: "np.typing.NDArray[np.int64]", row: Any) -> Finding:
    """The finding of one payee with the largest payment after a probe."""
    probe, fen = yuan(entries.fen[row.probe]), yuan(row.fen)
    later = span(int(entries.time_us[row.at] - entries.time_us[row.probe]))
    return RULE.finding(
        int(row.payee),
        6_000,
        {"payer": scope.name(payer[row.probe]), "probe": probe, "payment": fen, "after": later},
        scope.ids(entries.row[[row.probe, row.at]]),
        f"One payer sent {probe} and {later} later {fen}.",
    )


RULE = Rule(
    code="RUL-PROBE",
    title="Small probe",
    title_zh="小额试探",
    grade="P",
    source="our proposal",
    threshold="≤ 10.00, then ≥ 100 times as much and ≥ 1000.00 from the same payer to the same payee within 60 min",
    points=10,
    evaluate=evaluate,
    weight="weak",
)
