"""The files of a return proposal: returns.csv with the sums, returns.json with every method and the range over them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from api.csv_tables import COUNT, MONEY, TEXT, csv_bytes
from api.results import json_bytes, money, parameters_told, share, write_whole
from ledger.book import Ledger
from tracing.proposals import Disputed, disputed_at, proposed
from tracing.result import Parameters
from tracing.returns import RETURN_METHODS, Proposal

COLUMNS = {
    "method": ("method", TEXT),
    "claim": ("claim", TEXT),
    "victim": ("victim", TEXT),
    "loss": ("loss_fen", MONEY),
    "already_returned": ("back_fen", MONEY),
    "net_loss": ("net_fen", MONEY),
    "traced": ("traced_fen", MONEY),
    "share": ("share", TEXT),
    "returned": ("due_fen", MONEY),
    "arithmetic": ("arithmetic", TEXT),
    "notice_days": ("notice_days", COUNT),
}
ESTIMATED = {"inferred": ("estimated_fen", MONEY)}
"""With inferred links: what of `traced` came only over them."""


def write_returns(
    ledger: Ledger, account: str, parameters: Parameters, out: Path, method: str = "art8", **asked: Any
) -> dict[str, Any]:
    """Write returns.csv and returns.json into `out`; return what the latter holds.

    Args:
        method: one of `RETURN_METHODS`, or `all` for every one of them in returns.csv.
        asked: amount_fen, returned and inferred, see `disputed_at`.
    """
    case = disputed_at(ledger, account, parameters, **asked)
    found = {name: proposed(case, name) for name in RETURN_METHODS}
    chosen = list(found.values()) if method == "all" else [found[method]]
    columns = COLUMNS | (ESTIMATED if parameters.inferred else {})
    content = csv_bytes(table_of(case, chosen), columns)
    told = returns_told(case, found, method) | {"files": {"returns.csv": hashlib.sha256(content).hexdigest()}}
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "returns.csv", content)
    write_whole(out / "returns.json", json_bytes(told))
    return told


def table_of(case: Disputed, proposals: Sequence[Proposal]) -> pd.DataFrame:
    """One row per method and claim."""
    rows = [
        {
            "method": found.method,
            "claim": share.loss.claim,
            "victim": share.loss.victim,
            "loss_fen": share.loss.loss_fen,
            "back_fen": share.loss.returned_fen,
            "net_fen": share.loss.net_fen,
            "traced_fen": share.loss.traced_fen,
            "share": percent(share.due_fen, found.amount_fen),
            "due_fen": share.due_fen,
            "arithmetic": share.arithmetic,
            "notice_days": found.notice_days,
            "estimated_fen": case.estimated.get(share.loss.claim, 0),
        }
        for found in proposals
        for share in found.shares
    ]
    return pd.DataFrame(rows, columns=[column for column, _ in (COLUMNS | ESTIMATED).values()])


def returns_told(case: Disputed, found: dict[str, Proposal], method: str) -> dict[str, Any]:
    """Everything returns.json says but the digest of the table."""
    due = {name: {share.loss.claim: share.due_fen for share in one.shares} for name, one in found.items()}
    claims = []
    for loss in case.losses:
        amounts = {name: of_claim[loss.claim] for name, of_claim in due.items()}
        least, most = case.traced_range[loss.claim]
        claims.append(
            {
                "claim": loss.claim,
                "victim": loss.victim,
                "loss": money(loss.loss_fen),
                "already_returned": money(loss.returned_fen),
                "net_loss": money(loss.net_fen),
                "by_method": {name: money(fen) for name, fen in amounts.items()},
                "least": money(min(amounts.values())),
                "most": money(max(amounts.values())),
                "traced": {"chosen": money(loss.traced_fen), "least": money(least), "most": money(most)},
            }
            | ({"inferred": money(case.estimated.get(loss.claim, 0))} if case.trace.parameters.inferred else {})
        )
    return {
        "account": case.account,
        "one_balance": list(case.accounts),
        "amount": money(case.amount_fen),
        "balance": money(case.balance_fen),
        "method": method,
        "article_8": {"rule": case.rule, "why": case.why},
        "credits": list(case.credits),
        "claims": claims,
        "proposals": [proposal_told(one) for one in found.values()],
        "parameters": parameters_told(case.trace.parameters),
        "ledger_digest": case.trace.ledger_digest,
        "engine_version": case.trace.engine_version,
        "warnings": [*warnings_of(case), *case.trace.warnings],
    }


def proposal_told(found: Proposal) -> dict[str, Any]:
    """One method's proposal."""
    return {
        "method": found.method,
        "shared_by": found.shared_by,
        "notice_days": found.notice_days,
        "steps": list(found.steps),
        "returned": money(found.amount_fen - found.rest_fen),
        "rest": money(found.rest_fen),
        "shares": [
            {"claim": share.loss.claim, "returned": money(share.due_fen), "arithmetic": share.arithmetic}
            for share in found.shares
        ],
    }


def warnings_of(case: Disputed) -> list[str]:
    """What an officer should know before signing."""
    told = []
    place = "the account" if len(case.accounts) == 1 else "the holder's accounts"
    if case.amount_fen > case.balance_fen:
        told.append(
            f"the amount {money(case.amount_fen)} is more than the {money(case.balance_fen)} the records show at {place}"
        )
    if fen := sum(case.estimated.values()):
        least = share(case.probability_bp)
        told.append(
            f"{money(fen)} of what is traced came only over inferred links, the least sure of them {least}: an estimate"
        )
    return told


def percent(part: int, whole: int) -> str:
    """A share in per cent, rounded down to four decimals.

    >>> percent(2715899, 9000000)
    '30.1766%'
    """
    units = part * 10**6 // whole if whole else 0
    return f"{units // 10**4}.{units % 10**4:04d}%"
