"""Q-coin cap hugging Q币满额充值: one payer fills several QQ numbers to the daily cap."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.calendar import local_day
from rules.rule import EVIDENCE, FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import Scope, columns, records
from rules.vouchers import purchases_of
from rules.windows import best_per
from rules.wording import counted, yuan

CAP_FEN = 5_000_00
"""A distributor's cap per QQ number and day. Grade B."""
LEAST_SHARE_BP = 9_000
"""Grade B."""
LEAST_NUMBERS = 3
"""Grade B."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Buyers of Q-coins by holder and local day; the finding is at the account that bought first that day."""
    bought = purchases_of(scope)
    coins = bought[bought["kind"] == "q_coin"]
    if not len(coins):
        return [], [not_evaluated(RULE.code, "no purchase of Q-coins is in view")]
    source, time_us = columns(coins, "source", "time_us")
    coins = coins.assign(holder=scope.holder[source], day=local_day(time_us))
    filled = coins.groupby(["holder", "day", "target"])["face_fen"].transform("sum")
    full = coins[filled * FULL >= CAP_FEN * LEAST_SHARE_BP]
    groups = full.groupby(["holder", "day"])
    days = groups.agg(numbers=("target", "nunique"), face=("face_fen", "sum"), account=("source", "first")).reset_index()
    days = days[days["numbers"] >= LEAST_NUMBERS]
    days = days.iloc[best_per(*columns(days, "account", "face"))]
    kept, problems = strongest(RULE.code, columns(days, "face")[0], scope.most_findings)
    return [finding(scope, groups.get_group((row.holder, row.day)), row) for row in records(days.iloc[kept])], problems


def finding(scope: Scope, coins: pd.DataFrame, row: Any) -> Finding:
    """The finding of one buying account with its fullest day."""
    return RULE.finding(
        int(row.account),
        min(FULL, 4_000 + 1_000 * int(row.numbers)),
        {"qq_numbers": int(row.numbers), "face": yuan(row.face), "cap": yuan(CAP_FEN)},
        scope.ids(np.sort(columns(coins, "row")[0])[:EVIDENCE]),
        f"Filled {counted(int(row.numbers), 'QQ number')} to at least 90 % of {yuan(CAP_FEN)} on one day, {yuan(row.face)} "
        "in all.",
    )


RULE = Rule(
    code="RUL-Q-COIN-CAP",
    title="Q-coin cap hugging",
    title_zh="Q币满额充值",
    grade="B",
    source="a distributor's cap",
    threshold="one holder fills ≥ 3 QQ numbers to ≥ 90 % of 5000.00 on one day",
    points=15,
    evaluate=evaluate,
    weight="weak",
)
