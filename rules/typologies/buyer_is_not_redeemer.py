"""Buyer is not redeemer 买卖分离: one account redeems what several strangers bought, or does so within minutes."""

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.rule import EVIDENCE, FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import Scope, columns
from rules.vouchers import is_foreign, redemptions_of
from rules.windows import different_within
from rules.wording import DAY_US, MINUTE_US, counted, yuan

WINDOW_US = DAY_US
LEAST_BUYERS = 3
"""Unrelated buyers within 24 h. Grade S+P."""
QUICK_US = 10 * MINUTE_US
"""Order to redemption. Grade S."""
LEAST_QUICK = 2
"""One quick card can be a present handed over; two from strangers are not. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts that redeem what others bought. Cards whose purchase is not in the records do not count."""
    if not scope.transfers["redemption"].any():
        return [], [not_evaluated(RULE.code, "no redemption of a voucher is in view")]
    table = redemptions_of(scope)
    table = table[is_foreign(scope, table)].reset_index(drop=True)
    if not len(table):
        return [], []
    redeemer, buyer, time_us = columns(table, "redeemer", "buyer", "time_us")
    order = np.argsort(redeemer, kind="stable")
    most = different_within(redeemer[order], scope.holder[buyer[order]], time_us[order], WINDOW_US)
    table["most"] = most[np.argsort(order)]
    table["quick"] = table["time_us"] - table["bought_us"] <= QUICK_US
    totals = table.groupby("redeemer").agg(most=("most", "max"), quick=("quick", "sum"))
    found = totals[(totals["most"] >= LEAST_BUYERS) | (totals["quick"] >= LEAST_QUICK)]
    kept, problems = strongest(RULE.code, columns(found, "most")[0], scope.most_findings)
    groups = table.groupby("redeemer")
    return [finding(scope, account, groups.get_group(account)) for account in found.index[kept].tolist()], problems


def finding(scope: Scope, account: int, group: pd.DataFrame) -> Finding:
    """The finding of one redeeming account."""
    buyers = np.unique(scope.holder[group["buyer"].to_numpy(dtype=np.int64)])
    most, quick, face = int(group["most"].max()), int(group["quick"].sum()), int(group["face_fen"].sum())
    rows = np.sort(np.concatenate(columns(group, "row", "bought_row")))[:EVIDENCE]
    soon = f"; {counted(quick, 'voucher')} within 10 minutes of the order" if quick else ""
    return RULE.finding(
        account,
        min(FULL, 4_000 + 1_000 * len(buyers) + 200 * quick),
        {
            "vouchers": len(group),
            "buyers": len(buyers),
            "most_buyers_in_24_h": most,
            "within_10_min": quick,
            "face": yuan(face),
        },
        scope.ids(rows),
        f"Redeemed {counted(len(group), 'voucher')} of {yuan(face)} face bought by {counted(len(buyers), 'other holder')}, "
        f"{most} of them within 24 h{soon}.",
    )


RULE = Rule(
    code="RUL-BUYER-REDEEMER",
    title="Buyer is not redeemer",
    title_zh="买卖分离",
    grade="S",
    source="case reports: cards bought with proceeds are redeemed by recyclers within minutes to hours",
    threshold="vouchers of ≥ 3 unrelated buyers redeemed in 24 h, or ≥ 2 vouchers of others redeemed ≤ 10 min after the order",
    points=20,
    evaluate=evaluate,
)
