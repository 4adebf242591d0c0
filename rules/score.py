"""Additive points with a sentence each, and the ranking: where a request would recover the most, first."""

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ledger import Ledger
from ledger.problems import Problem
from rules.anomaly import Anomaly, score_anomalies
from rules.catalogue import signs
from rules.chance import Chances, account_chances
from rules.counter_evidence import CounterEvidence, counter_evidence
from rules.dwell import LATENCY_US
from rules.likeness import Alike, likeness
from rules.roles import name_roles
from rules.rule import FULL, Finding
from rules.scope import Scope, records, scope_of
from rules.weights import Weights, default_weights
from rules.wording import span, yuan
from tracing.flags import CERTAIN_BP
from tracing.result import Trace

MOST_POINTS = 100
ANOMALY_LIMITS = ((0.01, "below_0_01"), (0.05, "below_0_05"))
"""False discovery rates below which an account is unusual, with their name in weights.toml. Grade P."""
NEVER_BLOCKED = ("victim", "own_account", "hub")
"""Roles that never get a lien."""
COLUMNS = [
    "rank", "account", "account_code", "kind", "institution", "holder", "holder_name", "role", "tier", "score", "held_fen",
    "balance_fen", "recoverable_fen", "chance_bp", "expected_recovery_fen", "lien_fen", "blocked_fen", "since_us",
    "findings", "counter_evidence", "q_value", "explanation", "inferred_fen", "least_bp",
]  # fmt: skip


class Term(NamedTuple):
    """One term of a score: where its points stand in the weights, its strength in basis points, its sentence."""

    section: str
    name: str
    strength: int
    sentence: str

    def points(self, weights: Weights) -> int:
        """What it adds: points × strength, whole points, rounded down."""
        return weights.points(self.section, self.name) * self.strength // FULL


@dataclass(frozen=True)
class RankingResult:
    """Accounts by expected recovery, then score, then id.

    frame: rank, account, account_code, kind, institution, holder, holder_name, role, tier (0: not reached), score (0 … 100),
        held_fen, balance_fen (null: not known), recoverable_fen, chance_bp (null where nothing is held),
        expected_recovery_fen, lien_fen, blocked_fen (0; see `rules.blocked`), since_us (newest arrival of held money, null),
        findings and counter_evidence (';'-joined), q_value (null: not evaluated), explanation, inferred_fen (what of held
        came through inferred links), least_bp (the smallest probability of those links).
    findings: what the scores are made of. problems: what could not be evaluated, each once.
    scope: what the rules looked at. weights, latency_us, chances: what it was made with. terms: of every score, by account
        code.
    """

    ledger: Ledger
    scope: Scope
    trace: Trace
    frame: pd.DataFrame
    findings: list[Finding]
    problems: list[Problem] = field(default_factory=list)
    weights: Weights = field(default_factory=default_weights)
    latency_us: int = LATENCY_US
    chances: dict[str, Any] = field(default_factory=dict)
    terms: dict[int, list[Term]] = field(default_factory=dict)

    def roles(self) -> dict[str, str]:
        """Role by account id."""
        return dict(zip(self.frame["account"].tolist(), self.frame["role"].tolist(), strict=True))


def rank_accounts(  # noqa: PLR0913 - a case, and how it is to be judged
    ledger: Ledger,
    trace: Trace,
    findings: list[Finding],
    problems: list[Problem] | None = None,
    *,
    scope: Scope | None = None,
    latency_us: int = LATENCY_US,
    weights: Weights | None = None,
) -> RankingResult:
    """Rank every account the trace reached or a rule speaks about.

    recoverable = min(held, balance); expected recovery = recoverable × chance that it is still there after the latency, floored
    to the fen; lien = recoverable, nothing for hubs, cash and victims' own accounts. weights: None for the shipped points.
    scope: None for what is around the trace; of a whole ledger every account is ranked that any finding or its dealings name.
    """
    weights = weights or default_weights()
    scope = with_trace(scope or scope_of(ledger, trace), trace)
    alike, given_up = likeness(scope, weights.dealings) if weights.dealings is not None else ({}, [])
    roles = name_roles(scope, signs(findings))
    if scope.whole:
        roles = with_named(roles, {finding.account_code for finding in findings} | set(alike))
    anomaly, met = score_anomalies(scope)
    frame = with_holdings(scope, with_accounts(scope, roles))
    frame, chances = with_chances(scope, frame, latency_us)
    reasons = counter_evidence(scope, roles, findings)
    frame, terms = with_scores(frame, findings, reasons, (anomaly, alike), weights)
    frame = frame.sort_values(["expected_recovery_fen", "score", "account"], ascending=[False, False, True], ignore_index=True)
    frame["rank"] = np.arange(1, len(frame) + 1)
    every = list(dict.fromkeys([*(problems or []), *given_up, *met]))
    return RankingResult(ledger, scope, trace, frame[COLUMNS], findings, every, weights, latency_us, chances.told(), terms)


def with_trace(scope: Scope, trace: Trace) -> Scope:
    """A view of a whole ledger in which no money was reported, with its empty trace: none of its accounts was reached."""
    if scope.trace is not None:
        return scope
    return replace(scope, trace=trace, reached=np.zeros(len(scope.reached), dtype=np.bool_))


def with_named(roles: pd.DataFrame, named: set[int]) -> pd.DataFrame:
    """The roles, and accounts beside them of which nothing else is known than what names them."""
    more = sorted(named - set(roles["account_code"].tolist()))
    rest = pd.DataFrame({"account_code": more, "role": "unknown", "tier": 0, "reason": "Not reached by the trace."})
    return pd.concat([roles, rest], ignore_index=True).astype({"account_code": "int64", "tier": "int64"})


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
    code = frame["account_code"]
    frame = frame.assign(
        held_fen=held["held_fen"].sum().reindex(code, fill_value=0).to_numpy(dtype=np.int64),
        balance_fen=held["balance_fen"].first().astype("Int64").reindex(code).array,
        since_us=held["since_us"].max().astype("Int64").reindex(code).array,
        inferred_fen=held["inferred_fen"].sum().reindex(code, fill_value=0).to_numpy(dtype=np.int64),
        least_bp=held["probability_bp"].min().reindex(code, fill_value=CERTAIN_BP).to_numpy(dtype=np.int64),
    )
    balance = frame["balance_fen"].fillna(frame["held_fen"]).to_numpy(dtype=np.int64)
    free = ~frame["role"].isin(NEVER_BLOCKED).to_numpy(dtype=bool)
    recoverable = np.where(free, np.clip(np.minimum(frame["held_fen"], balance), 0, None), 0)
    return frame.assign(recoverable_fen=recoverable, lien_fen=recoverable, blocked_fen=0)


def with_chances(scope: Scope, frame: pd.DataFrame, latency_us: int) -> tuple[pd.DataFrame, Chances]:
    """Add the chance in basis points that the held money is still there, and the expected recovery in whole fen."""
    by_code, made = account_chances(scope, frame, latency_us)
    chances = [
        round(by_code[row.account_code] * FULL) if row.held_fen > 0 else None
        for row in records(frame[["account_code", "held_fen"]])
    ]
    expected = [fen * (bp or 0) // FULL for fen, bp in zip(frame["recoverable_fen"].tolist(), chances, strict=True)]
    added = frame.assign(
        chance_bp=pd.array(chances, dtype="Int64"),
        expected_recovery_fen=np.asarray(expected, dtype=np.int64),
        age_us=scope.as_of_us - frame["since_us"],
    )
    return added, made


def with_scores(
    frame: pd.DataFrame,
    findings: list[Finding],
    reasons: dict[int, list[CounterEvidence]],
    oddities: tuple[Anomaly | None, dict[int, Alike]],
    weights: Weights,
) -> tuple[pd.DataFrame, dict[int, list[Term]]]:
    """Add score, findings, counter-evidence, q-value and the explanation that adds the points up."""
    by_code: dict[int, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.account_code, []).append(finding)
    anomaly, alike = oddities
    every: dict[int, list[Term]] = {}
    scores, names, against, explained, q_values = [], [], [], [], []
    for row in records(frame):
        mine, counter = by_code.get(row.account_code, []), reasons.get(row.account_code, [])
        q_value = float(anomaly.q_value[row.account_code]) if anomaly is not None else float("nan")
        odd = unusual(anomaly, row.account_code, q_value) + dealings(alike.get(int(row.account_code)))
        terms = terms_of(row, mine, counter, odd, weights)
        every[int(row.account_code)] = terms
        total = sum(term.points(weights) for term in terms)
        score = max(0, min(MOST_POINTS, total))
        scores.append(score)
        names.append(";".join(dict.fromkeys(finding.rule for finding in mine)))
        against.append(";".join(reason.sentence for reason in counter))
        q_values.append(q_value)
        explained.append(
            " ".join(
                [
                    f"{row.role}: {row.reason}",
                    *money(row),
                    f"Score {score}.",
                    *(f"{term.points(weights):+d} {term.sentence}" for term in terms),
                    *chance_of_guilt(weights, total),
                ]
            )
        )
    q_value_column = pd.array(q_values, dtype="Float64")
    frame = frame.assign(score=scores, findings=names, counter_evidence=against, q_value=q_value_column)
    return frame.assign(explanation=explained), every


def terms_of(row: Any, mine: list[Finding], counter: list[CounterEvidence], odd: list[Term], weights: Weights) -> list[Term]:
    """Every term of a score."""
    terms = [Term("rules", one.rule, one.strength, f"{one.rule}: {one.explanation}") for one in mine]
    if row.role in weights.roles:
        terms.append(Term("roles", row.role, FULL, f"for the role of {row.role.replace('_', ' ')}."))
    return [*terms, *odd] + [Term("counter_evidence", reason.kind, FULL, reason.sentence) for reason in counter]


def chance_of_guilt(weights: Weights, total: int) -> list[str]:
    """What the points mean where somebody calibrated them on labelled accounts."""
    if weights.probability is None:
        return []
    return [f"{100 * weights.probability.of(total):.0f} % of accounts with {total} points belonged to a ring (calibrated)."]


def unusual(anomaly: Anomaly | None, code: int, q_value: float) -> list[Term]:
    """The term of an account that does what its peers do not."""
    for limit, name in ANOMALY_LIMITS:
        if anomaly is not None and q_value < limit:
            return [Term("anomaly", name, FULL, f"RUL-ANOMALY: {anomaly.reason(code)}")]
    return []


def dealings(alike: Alike | None) -> list[Term]:
    """The term of dealings like those that labels call laundering."""
    return [] if alike is None else [Term("dealings", "likeness", alike.strength, f"RUL-LIKENESS: {alike.sentence}")]


def money(row: Any) -> list[str]:
    """The arithmetic of one account's lien."""
    if not row.held_fen:
        return []
    known = "not known" if pd.isna(row.balance_fen) else yuan(int(row.balance_fen))
    lien = f"Holds {yuan(row.held_fen)} of victims' money, balance {known}, so the lien is {yuan(row.lien_fen)}"
    rested = f"it has rested {span(max(int(row.age_us), 0))}"
    told = [f"{lien}; {rested}, {int(row.chance_bp) // 100} % chance that it is still there."]
    if row.inferred_fen:
        told.append(by_estimate(row))
    return told


def by_estimate(row: Any) -> str:
    """What of the money held came over inferred links, and how sure the least sure of them is, in one sentence."""
    part = "All" if row.inferred_fen == row.held_fen else yuan(int(row.inferred_fen))
    least = f"{row.least_bp // 100}.{row.least_bp % 100:02d} %"
    links = "only through inferred links of vouchers to payouts"
    return f"{part} of it came {links}, the least sure of them {least}: an estimate, not a record."
