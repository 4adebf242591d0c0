"""What speaks for an account: each a sentence with the points it takes off a score."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rules.rule import Finding
from rules.scope import Scope, columns, records
from rules.wording import DAY_US, span

VICTIM_POINTS = 60
HUB_POINTS = 100
CONSIDERATION_POINTS = 15
GOOD_FAITH_POINTS = 25
HISTORY_POINTS, HISTORY_US = 10, 365 * DAY_US
REGULAR_POINTS, REGULAR_US = 10, (25 * DAY_US, 35 * DAY_US)
PAYROLL_POINTS, PAYROLL_CHANNEL = 10, "batch"
"""All points here are grade P: to be calibrated on labelled data."""
HUB_WORDS = {
    "merchant": "A merchant",
    "issuer": "An issuer",
    "courier": "A courier",
    "clearing": "A clearing account",
    "cash": "A cash point",
}


@dataclass(frozen=True)
class CounterEvidence:
    """One reason not to suspect an account."""

    points: int
    sentence: str


def counter_evidence(scope: Scope, roles: pd.DataFrame, findings: list[Finding]) -> dict[int, list[CounterEvidence]]:
    """The reasons per account code, for every account that has a role."""
    found: dict[int, list[CounterEvidence]] = {}
    codes = roles["account_code"].to_numpy(dtype=np.int64)
    parts = (
        by_role(scope, roles),
        consideration(findings),
        long_history(scope, codes),
        wages(scope, codes),
        regular(scope, codes),
    )
    for part in parts:
        for code, reason in part:
            found.setdefault(code, []).append(reason)
    return found


Reasons = Iterator[tuple[int, CounterEvidence]]


def by_role(scope: Scope, roles: pd.DataFrame) -> Reasons:
    """Victims, their own accounts, hubs, and people who were paid for something."""
    kinds = scope.ledger.accounts["kind"].astype("string[pyarrow]")
    for row in records(roles):
        code = int(row.account_code)
        if row.role == "victim":
            yield code, CounterEvidence(VICTIM_POINTS, "Paid a disputed payment itself.")
        elif row.role == "own_account":
            yield code, CounterEvidence(VICTIM_POINTS, "Own account of a victim.")
        elif row.role == "hub":
            word = HUB_WORDS.get(str(kinds.iloc[code]), "A hub")
            yield code, CounterEvidence(HUB_POINTS, f"{word} pools the money of many: not freezable.")
        elif row.role == "good_faith_recipient":
            yield (
                code,
                CounterEvidence(
                    GOOD_FAITH_POINTS, "Paid once and sent nothing on: probably for something given; hear the holder first."
                ),
            )


def consideration(findings: list[Finding]) -> Reasons:
    """What a finding itself says against it: recyclers who pay a market rate gave value for what they got."""
    for finding in findings:
        for sentence in finding.counter_evidence:
            yield finding.account_code, CounterEvidence(CONSIDERATION_POINTS, sentence)


def long_history(scope: Scope, codes: "np.typing.NDArray[np.int64]") -> Reasons:
    """Accounts opened long before the first claim."""
    opened = scope.ledger.accounts["opened"].astype("int64[pyarrow]").fillna(2**62).to_numpy(dtype=np.int64)
    first_us = scope.first_claim_us or scope.as_of_us
    for code in codes[opened[codes] <= first_us - HISTORY_US].tolist():
        yield (
            code,
            CounterEvidence(HISTORY_POINTS, f"Opened {span(first_us - int(opened[code]))} before the first disputed payment."),
        )


def wages(scope: Scope, codes: "np.typing.NDArray[np.int64]") -> Reasons:
    """Accounts credited through a payroll channel by an account the trace did not reach."""
    moves = scope.transfers
    source, target, row = columns(moves, "source", "target", "row")
    clean = ~scope.reached if scope.trace is not None else np.ones(len(scope.hub), dtype=np.bool_)
    here = np.isin(target, codes) & clean[source] & ~scope.voucher[source]
    channel = np.asarray(scope.words("channel", row[here]), dtype=object)
    for code in np.unique(target[here][channel == PAYROLL_CHANNEL]).tolist():
        yield code, CounterEvidence(PAYROLL_POINTS, "Receives wages through a payroll channel.")


def regular(scope: Scope, codes: "np.typing.NDArray[np.int64]") -> Reasons:
    """Accounts with the same payment to or from the same other, month after month: rent, wages."""
    moves = scope.dealings()
    moves = moves.sort_values(["source", "target", "amount_fen", "time_us"])
    same = (moves[["source", "target", "amount_fen"]] == moves[["source", "target", "amount_fen"]].shift()).all(axis=1)
    gap = moves["time_us"].diff()
    monthly = moves[same & gap.between(*REGULAR_US)]
    ends = np.unique(np.concatenate(columns(monthly, "source", "target")))
    for code in np.intersect1d(ends, codes).tolist():
        yield code, CounterEvidence(REGULAR_POINTS, "Has the same payment month after month, as rent or wages are.")
