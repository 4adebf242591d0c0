"""Additive points with a sentence each, and the ranking: where a request would recover the most, first."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.problems import Problem
from rules.anomaly import Anomaly, score_anomalies
from rules.catalogue import RULES
from rules.counter_evidence import CounterEvidence, counter_evidence
from rules.dwell import LATENCY_US, Survival, chance_still_there, survival_of
from rules.roles import name_roles
from rules.rule import FULL, Finding
from rules.scope import Scope, records, scope_of
from rules.wording import span, yuan
from tracing.result import Trace

MOST_POINTS = 100
ANOMALY_POINTS = ((0.01, 10), (0.05, 5))
"""Points below a false discovery rate. Grade P."""
ROLE_POINTS = {
    "mule": 20,
    "collector": 25,
    "middleman": 25,
    "boss": 25,
    "cash_out_runner": 25,
    "gift_card_recycler": 10,
    "q_coin_recycler": 10,
}
"""What a role adds beside the rules that led to it. Grade P."""
NEVER_BLOCKED = ("victim", "own_account", "hub")
"""Roles that never get a lien."""
COLUMNS = [
    "rank", "account", "account_code", "kind", "institution", "holder", "holder_name", "role", "tier", "score", "held_fen",
    "balance_fen", "recoverable_fen", "chance_bp", "expected_recovery_fen", "lien_fen", "since_us", "findings",
    "counter_evidence", "q_value", "explanation",
]  # fmt: skip


@dataclass(frozen=True)
class RankingResult:
    """Accounts by expected recovery, then score, then id.

    frame: rank, account, account_code, kind, institution, holder, holder_name, role, tier (0: not reached), score (0 … 100),
        held_fen, balance_fen (null: not known), recoverable_fen, chance_bp (null where nothing is held),
        expected_recovery_fen, lien_fen, since_us (newest arrival of held money, null), findings and counter_evidence
        (';'-joined), q_value (null: not evaluated), explanation.
    findings: what the scores are made of. problems: what could not be evaluated, each once.
    """

    ledger: Ledger
    trace: Trace
    frame: pd.DataFrame
    findings: list[Finding]
    problems: list[Problem] = field(default_factory=list)

    def roles(self) -> dict[str, str]:
        """Role by account id."""
        return dict(zip(self.frame["account"].tolist(), self.frame["role"].tolist(), strict=True))


def rank_accounts(
    ledger: Ledger,
    trace: Trace,
    findings: list[Finding],
    problems: list[Problem] | None = None,
    *,
    scope: Scope | None = None,
    latency_us: int = LATENCY_US,
) -> RankingResult:
    """Rank every account the trace reached or a rule speaks about.

    recoverable = min(held, balance); expected recovery = recoverable × chance that it is still there after the latency, floored
    to the fen; lien = recoverable, nothing for hubs, cash and victims' own accounts.
    """
    scope = scope or scope_of(ledger, trace)
    weights = {rule.code: rule.weight for rule in RULES}
    roles = name_roles(scope, [finding for finding in findings if weights[finding.rule] == "sign"])
    anomaly, met = score_anomalies(scope)
    frame = with_holdings(scope, with_accounts(scope, roles))
    frame = with_chances(scope, frame, survival_of(scope, roles), latency_us)
    reasons = counter_evidence(scope, roles, findings)
    frame = with_scores(frame, findings, reasons, anomaly)
    frame = frame.sort_values(["expected_recovery_fen", "score", "account"], ascending=[False, False, True], ignore_index=True)
    frame["rank"] = np.arange(1, len(frame) + 1)
    every = list(dict.fromkeys([*(problems or []), *met]))
    return RankingResult(ledger, trace, frame[COLUMNS], findings, every)


def with_accounts(scope: Scope, roles: pd.DataFrame) -> pd.DataFrame:
    """The roles beside what the records say of each account."""
    facts = scope.ledger.accounts.iloc[roles["account_code"].to_numpy(dtype=np.int64)]
    words = {
        name: facts[name].astype("string[pyarrow]").fillna("").tolist()
        for name in ("account", "kind", "institution", "holder", "holder_name")
    }
    return roles.assign(**words)


def with_holdings(scope: Scope, frame: pd.DataFrame) -> pd.DataFrame:
    """Add what is held of victims' money, the balance, and what of it a request could block."""
    assert scope.trace is not None, "a ranking needs a trace"
    held = scope.trace.held.groupby("account_code")
    inferred = scope.trace.held[is_inferred(scope.trace.held)].groupby("account_code")
    code = frame["account_code"]
    frame = frame.assign(
        held_fen=held["held_fen"].sum().reindex(code, fill_value=0).to_numpy(dtype=np.int64),
        balance_fen=held["balance_fen"].first().astype("Int64").reindex(code).array,
        since_us=held["since_us"].max().astype("Int64").reindex(code).array,
        inferred_fen=inferred["held_fen"].sum().reindex(code, fill_value=0).to_numpy(dtype=np.int64),
    )
    balance = frame["balance_fen"].fillna(frame["held_fen"]).to_numpy(dtype=np.int64)
    free = ~frame["role"].isin(NEVER_BLOCKED).to_numpy(dtype=bool)
    recoverable = np.where(free, np.clip(np.minimum(frame["held_fen"], balance), 0, None), 0)
    return frame.assign(recoverable_fen=recoverable, lien_fen=recoverable)


def with_chances(scope: Scope, frame: pd.DataFrame, survival: Survival, latency_us: int) -> pd.DataFrame:
    """Add the chance in basis points that the held money is still there, and the expected recovery in whole fen."""
    chances = [
        chance_still_there(survival, row.role, row.kind, max(scope.as_of_us - int(row.since_us), 0), latency_us)
        if row.held_fen > 0
        else None
        for row in records(frame)
    ]
    expected = [fen * (bp or 0) // FULL for fen, bp in zip(frame["recoverable_fen"].tolist(), chances, strict=True)]
    expected_fen = np.asarray(expected, dtype=np.int64)
    return frame.assign(
        chance_bp=pd.array(chances, dtype="Int64"),
        expected_recovery_fen=expected_fen,
        age_us=scope.as_of_us - frame["since_us"],
    )


def with_scores(
    frame: pd.DataFrame, findings: list[Finding], reasons: dict[int, list[CounterEvidence]], anomaly: Anomaly | None
) -> pd.DataFrame:
    """Add score, findings, counter-evidence, q-value and the explanation that adds the points up."""
    points = {rule.code: rule.points for rule in RULES}
    by_code: dict[int, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.account_code, []).append(finding)
    scores, names, against, explained, q_values = [], [], [], [], []
    for row in records(frame):
        mine, counter = by_code.get(row.account_code, []), reasons.get(row.account_code, [])
        terms = [
            (points[finding.rule] * finding.strength // FULL, f"{finding.rule}: {finding.explanation}") for finding in mine
        ]
        q_value = float(anomaly.q_value[row.account_code]) if anomaly is not None else float("nan")
        terms += [(ROLE_POINTS[row.role], f"for the role of {row.role.replace('_', ' ')}.")] if row.role in ROLE_POINTS else []
        terms += unusual(anomaly, row.account_code, q_value)
        terms += [(-reason.points, reason.sentence) for reason in counter]
        score = max(0, min(MOST_POINTS, sum(value for value, _ in terms)))
        scores.append(score)
        names.append(";".join(dict.fromkeys(finding.rule for finding in mine)))
        against.append(";".join(reason.sentence for reason in counter))
        q_values.append(q_value)
        explained.append(
            " ".join(
                [f"{row.role}: {row.reason}", *money(row), f"Score {score}.", *(f"{value:+d} {text}" for value, text in terms)]
            )
        )
    return frame.assign(
        score=scores,
        findings=names,
        counter_evidence=against,
        q_value=pd.array(q_values, dtype="Float64"),
        explanation=explained,
    )


def unusual(anomaly: Anomaly | None, code: int, q_value: float) -> list[tuple[int, str]]:
    """Points for dealings that peers do not have."""
    for limit, value in ANOMALY_POINTS:
        if anomaly is not None and q_value < limit:
            return [(value, f"RUL-ANOMALY: {anomaly.reason(code)}")]
    return []


def money(row: Any) -> list[str]:
    """The arithmetic of one account's lien."""
    if not row.held_fen:
        return []
    known = "not known" if pd.isna(row.balance_fen) else yuan(int(row.balance_fen))
    lien = f"Holds {yuan(row.held_fen)} of victims' money, balance {known}, so the lien is {yuan(row.lien_fen)}"
    rested = f"it has rested {span(max(int(row.age_us), 0))}"
    told = [f"{lien}; {rested}, {int(row.chance_bp) // 100} % chance that it is still there."]
    if row.inferred_fen:
        part = "All" if row.inferred_fen == row.held_fen else yuan(int(row.inferred_fen))
        told.append(f"{part} of it came only through inferred links of vouchers to payouts: an estimate, not a record.")
    return told


def is_inferred(held: pd.DataFrame) -> "pd.Series[bool]":
    """Which holdings came through an inferred link."""
    return held["flags"].astype(object).str.split(";").map(lambda flags: "inferred" in flags).astype(bool)
