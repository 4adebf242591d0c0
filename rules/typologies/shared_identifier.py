"""Shared device, address, telephone or identity 设备共用: people who have nothing to do with each other act from one device."""

from typing import Any

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.identifiers import linked, uses
from rules.rule import EVIDENCE, FULL, Finding, Rule, not_evaluated, strongest
from rules.scope import Scope, columns, records
from rules.windows import different_within
from rules.wording import DAY_US, counted

WEEK_US, LEAST_IN_WEEK = 7 * DAY_US, 3
"""Holders per device in a week. Grade C."""
MONTH_US, LEAST_IN_MONTH = 30 * DAY_US, 5
"""Holders per device in a month. Grade A."""
LEAST_ON_ADDRESS = 5
"""Holders per internet address in a week: a household and a network's exit share one. Grade P."""
MOST_HOLDERS = 50
"""More holders are a counter's terminal or the exit of a network, which say nothing. Grade P."""


def evaluate(scope: Scope) -> tuple[list[Finding], list[Problem]]:
    """Accounts on a shared identifier: from the transfers, whose payer acts, and from links, which carry no time."""
    used = [shared_uses(scope, name) for name in ("device", "ip")]
    found = pd.concat([shared_links(scope), *used], ignore_index=True)
    if not len(scope.ledger.links) and not any(len(uses(scope, name)) for name in ("device", "ip")):
        return [], [not_evaluated(RULE.code, "no device, address or link is in the records")]
    found = found[scope.judged[columns(found, "account")[0]]]
    found = found.sort_values(["account", "holders", "kind", "identifier"], ascending=[True, False, True, True])
    most = found.drop_duplicates("account")
    kept, problems = strongest(RULE.code, columns(most, "holders")[0], scope.most_findings)
    chosen = most.iloc[kept]
    kinds = found[found["account"].isin(chosen["account"])].groupby("account")["kind"].agg(lambda kinds: sorted(set(kinds)))
    return [finding(scope, row, kinds[row.account]) for row in records(chosen)], problems


def shared_uses(scope: Scope, name: str) -> pd.DataFrame:
    """account, kind, identifier, holders, code of every account that used a device or address which several holders used."""
    table = uses(scope, name)
    table = table.assign(holder=scope.holder[columns(table, "account")[0]]).sort_values(["code", "row"], kind="stable")
    code, holder, time_us = columns(table, "code", "holder", "time_us")
    week, month = (different_within(code, holder, time_us, window_us) for window_us in (WEEK_US, MONTH_US))
    busy = (week >= LEAST_IN_WEEK) | (month >= LEAST_IN_MONTH) if name == "device" else week >= LEAST_ON_ADDRESS
    shared = table[np.isin(code, np.unique(code[busy]))]
    shared = shared.assign(holders=shared.groupby("code")["holder"].transform("nunique"))
    shared = shared[shared["holders"] <= MOST_HOLDERS].drop_duplicates(["code", "account"])
    words = np.asarray(scope.words(name, columns(shared, "row")[0]), dtype=object)
    return shared.assign(kind=name, identifier=words)[["account", "kind", "identifier", "holders", "code"]]


def shared_links(scope: Scope) -> pd.DataFrame:
    """As `shared_uses`, from the links of the ledger; code is -1."""
    table = linked(scope)
    table = table.assign(holder=scope.holder[columns(table, "account")[0]])
    table = table.assign(holders=table.groupby(["kind", "identifier"])["holder"].transform("nunique").astype(np.int64), code=-1)
    least = np.where(table["kind"] == "ip", LEAST_ON_ADDRESS, LEAST_IN_WEEK)
    shared = table[(table["holders"] >= least) & (table["holders"] <= MOST_HOLDERS)]
    return shared[["account", "kind", "identifier", "holders", "code"]]


def finding(scope: Scope, row: Any, kinds: list[str]) -> Finding:
    """The finding of one account with the identifier most holders share."""
    rows = np.zeros(0, dtype=np.int64)
    if row.code >= 0:
        table = uses(scope, row.kind)
        mine = (table["code"] == row.code) & (table["account"] == row.account)
        rows = columns(table[mine], "row")[0]
    return RULE.finding(
        int(row.account),
        min(FULL, 3_000 + 1_000 * int(row.holders)),
        {"kind": row.kind, "identifier": str(row.identifier), "holders": int(row.holders), "kinds": kinds},
        scope.ids(rows[np.isin(rows, scope.transfers["row"])][:EVIDENCE]),
        f"Shares a {row.kind} with {counted(int(row.holders) - 1, 'other holder')}.",
    )


RULE = Rule(
    code="RUL-SHARED-DEVICE",
    title="Shared device, address, phone or ID",
    title_zh="设备共用",
    grade="C",
    source="public monitoring rule; five in a month (A); the limits for addresses and terminals are our proposal",
    threshold="≥ 3 holders on a device in 7 d or ≥ 5 in 30 d, ≥ 3 linked by one phone, ID or messenger, ≥ 5 by an address; "
    "≤ 50",
    points=15,
    evaluate=evaluate,
    weight="weak",
)
