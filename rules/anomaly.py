"""How unusual an account's dealings since the first claim are among its peers, and which of its figures say so.

The baseline ends before the first claim. Each figure gets an upper p-value under what peers did before it; the figures of an
account are combined, and the false discovery rate is taken over all accounts.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ledger.problems import Problem
from rules.activity import AMOUNTS, COUNTS, FEATURES, Floats, activity
from rules.discovery import combined, discovery_rate
from rules.expected import Counted, Measured, fit_amounts, fit_counts, upper_tail
from rules.peers import independent, peer_levels
from rules.rule import not_evaluated
from rules.scope import Scope
from rules.settled import settled_transfers
from rules.wording import DAY_US

CODE = "RUL-ANOMALY"
LEAST_BASELINE_US = 14 * DAY_US
"""A shorter time before the first claim says nothing. Grade P."""
LEAST_COMPARED_US = 7 * DAY_US
"""The baseline is not shorter than a week where there is one: days differ. Grade P."""
LEAST_ACCOUNTS = 50
"""Fewer accounts give no peers. Grade P."""
TOLD, TOLD_P = 3, 0.01
"""Most figures an explanation names, and how unusual they must be. Grade P."""


@dataclass(frozen=True)
class Anomaly:
    """Per account code (rows) and feature (columns of `FEATURES`).

    q_value: per account, NaN: not evaluated. p_value: NaN where nothing was measured. seen: since the first claim; expected:
    of counts what peers have in that time, of the others NaN. alpha: dispersion per feature, NaN where there is none.
    """

    q_value: Floats
    p_value: Floats
    seen: Floats
    expected: Floats
    alpha: Floats

    def reason(self, code: int) -> str:
        """The account's most unusual figures in words."""
        p_value = np.nan_to_num(self.p_value[code], nan=1.0)
        order = [at for at in np.argsort(p_value, kind="stable").tolist() if p_value[at] < TOLD_P][:TOLD]
        parts = [self.told(code, at) for at in order or [int(np.argmin(p_value))]]
        return f"{', '.join(parts)} since the first claim (q = {self.q_value[code]:.2g})."

    def told(self, code: int, at: int) -> str:
        """One figure."""
        words = FEATURES[at].words
        if FEATURES[at].is_count:
            return f"{int(self.seen[code, at])} {words} where peers have {self.expected[code, at]:.1f}"
        return f"{words} as {share_of(self.p_value[code, at])} of peers have"


def share_of(p_value: float) -> str:
    """A small share in words."""
    return f"one in {round(1 / max(p_value, 1e-6)):,}"


@dataclass(frozen=True)
class Spans:
    """The instants that divide the records: a time to know the peers by, the baseline, and the time scored."""

    first_us: int
    baseline_us: int
    claim_us: int
    end_us: int


def score_anomalies(scope: Scope, seed: int = 0) -> tuple[Anomaly | None, list[Problem]]:
    """The q-value of every account that is no hub, voucher or stranger, against its peers before the first claim.

    p-values of counts are drawn within their step (randomised quantile residual, `seed`). None with a problem where there is
    too little to learn from; a figure that cannot be fitted is a problem and left out.
    """
    if scope.first_claim_us is None:
        return None, [not_evaluated(CODE, "there is no claim that ends a baseline")]
    moves = settled_transfers(scope.ledger, scope.as_of_us)
    ordinary = ~scope.hub & ~scope.voucher & scope.known
    first_us = int(moves["time_us"].min()) if len(moves) else scope.first_claim_us
    baseline_us = scope.first_claim_us - first_us
    if baseline_us < LEAST_BASELINE_US:
        why = f"the records begin {baseline_us // DAY_US} days before the first claim, 14 are needed"
        return None, [not_evaluated(CODE, why)]
    if int(ordinary.sum()) < LEAST_ACCOUNTS:
        why = f"{int(ordinary.sum())} accounts are too few for peer groups, {LEAST_ACCOUNTS} are needed"
        return None, [not_evaluated(CODE, why)]
    spans = spans_of(first_us, scope.first_claim_us, scope.as_of_us + 1)
    chosen = np.flatnonzero(ordinary)
    train, score, train_levels, score_levels = figures(scope, moves, spans)
    found, problems = compared(train[chosen], score[chosen], (train_levels[chosen], score_levels[chosen]), spans, seed)
    if found is None:
        return None, problems
    return spread_out(found, score, chosen, len(ordinary)), problems


def spans_of(first_us: int, claim_us: int, end_us: int) -> Spans:
    """The baseline is as long as the time scored, a week at least, but at most half of what is there before the claim."""
    length = min(max(end_us - claim_us, LEAST_COMPARED_US), (claim_us - first_us) // 2)
    return Spans(first_us, claim_us - max(length, 1), claim_us, end_us)


def figures(scope: Scope, moves: pd.DataFrame, spans: Spans) -> tuple[Floats, Floats, Floats, Floats]:
    """Features of the baseline and of the time scored, and the peer levels of both (columns that are independent)."""
    accounts = len(scope.hub)
    early = activity(moves, accounts, spans.first_us, spans.baseline_us)
    before = activity(moves, accounts, spans.first_us, spans.claim_us)
    train = activity(moves, accounts, spans.baseline_us, spans.claim_us)
    score = activity(moves, accounts, spans.claim_us, spans.end_us)
    known_us, whole_us = spans.baseline_us - spans.first_us, spans.claim_us - spans.first_us
    dealt = [(part[:, 2] + part[:, 3]).astype(np.int64) for part in (early, before)]
    train_levels = peer_levels(scope, dealt[0], spans.baseline_us)
    score_levels = peer_levels(scope, dealt[1] * known_us // max(whole_us, 1), spans.claim_us)
    used = independent(train_levels[~scope.hub & ~scope.voucher & scope.known])
    return train, score, train_levels[:, used], score_levels[:, used]


Found = tuple[Floats, Floats, Floats]


def compared(
    train: Floats, score: Floats, levels: tuple[Floats, Floats], spans: Spans, seed: int
) -> tuple[Found | None, list[Problem]]:
    """p-values, expected counts and alpha per feature of the accounts given; None where no figure could be fitted."""
    random = np.random.default_rng(seed)
    p_value, expected = np.full(score.shape, np.nan), np.full(score.shape, np.nan)
    alpha = np.full(len(FEATURES), np.nan)
    train_us, score_us = spans.claim_us - spans.baseline_us, spans.end_us - spans.claim_us
    unseen, thin = [], []
    for at in COUNTS:
        counted: Counted | None = fit_counts(train[:, at], levels[0], train_us, seed) if train[:, at].any() else None
        if counted is None:
            unseen.append(FEATURES[at].words)
            continue
        expected[:, at], alpha[at] = counted.mean(levels[1], score_us), counted.alpha
        p_value[:, at] = upper_tail(score[:, at], expected[:, at], counted.alpha, random)
    for at in AMOUNTS:
        measured: Measured | None = fit_amounts(train[:, at], levels[0], seed)
        if measured is None:
            thin.append(FEATURES[at].words)
            continue
        p_value[:, at] = measured.p_value(score[:, at], levels[1], random)
    problems = left_out(unseen, "no regression on the time before the first claim") + left_out(
        thin, "too few accounts to compare with"
    )
    return (None if np.isnan(p_value).all() else (p_value, expected, alpha)), problems


def left_out(figures: list[str], why: str) -> list[Problem]:
    """The figures that are not evaluated for one reason, as one problem."""
    return [not_evaluated(CODE, f"{', '.join(figures)}: {why}")] if figures else []


def spread_out(found: Found, seen: Floats, chosen: "np.typing.NDArray[np.int64]", accounts: int) -> Anomaly:
    """The answer by account code."""
    p_value, expected, alpha = found
    whole = combined(p_value)
    q_value, wide_p, wide_expected = np.full(accounts, np.nan), np.full(seen.shape, np.nan), np.full(seen.shape, np.nan)
    q_value[chosen], wide_p[chosen], wide_expected[chosen] = discovery_rate(whole), p_value, expected
    return Anomaly(q_value, wide_p, seen, wide_expected, alpha)
