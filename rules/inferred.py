"""Inferred links from redeemed vouchers to recyclers' payouts: the table a trace takes with `inferred`."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ledger.book import Ledger
from ledger.problems import Problem
from rules.recycling import KNOWN_EVIDENCE, KNOWN_RATES_BP, OTHER_EVIDENCE, RecyclerRate, estimate_rates
from rules.rule import FULL
from rules.scope import Scope, records, scope_of

TRUST_BP = 9_800
"""What is certain by the formula holds in about so many of a ten thousand: 9,720 of pairs on generated rings. Grade P."""
LINK_COLUMNS = [
    "transfer", "transfer_row", "payer", "payee", "kind", "redemptions", "redemption_rows", "face_fen", "payout_fen", "rate_bp",
    "low_bp", "high_bp", "probability_bp", "set",
]  # fmt: skip


Facts = tuple[str, tuple[int, ...], int, int, int]


@dataclass(frozen=True)
class InferredLinks:
    """Rates of all recyclers, the links by payout, and what bounded the work.

    links: transfer (the payout), transfer_row, payer, payee, kind, redemptions (ids), redemption_rows, face_fen, payout_fen,
        rate_bp, low_bp, high_bp, probability_bp, set. No payout and no redemption twice; sorted by transfer_row.
        set: 0 where the payout was for these redemptions. The payouts of one other number were for their redemptions together,
        and the probability is that the payee was paid for them.
    """

    rates: list[RecyclerRate]
    links: pd.DataFrame
    problems: list[Problem]


def infer_links(ledger: Ledger, as_of_us: int | None = None, currency: str | None = None) -> InferredLinks:
    """Estimate every recycler's rate over the whole ledger and link the redemptions to the payouts.

    Args:
        as_of_us: only transfers up to this instant exist. currency: of the vouchers and payouts; None = all.
    """
    scope = scope_of(ledger, as_of_us=as_of_us, currency=currency)
    rates = estimate_rates(scope)
    return InferredLinks(rates, links_of(scope, rates), limit_problems(scope, rates))


def limit_problems(scope: Scope, rates: list[RecyclerRate]) -> list[Problem]:
    """What bounded the search for batches, per recycler and voucher kind."""
    told = [(scope.name(rate.accounts[0]), rate.kind, limit) for rate in rates for limit in rate.limits]
    return [Problem("", 0, "RUL-inferred-limit", f"{name}, {kind}: {limit}", "warning") for name, kind, limit in told]


def is_known(rate: RecyclerRate) -> bool:
    """Whether the estimated rate is one that case reports tell of the voucher kind."""
    assert rate.rate_bp is not None
    known, margin = KNOWN_RATES_BP[rate.kind]
    return abs(rate.rate_bp - known) <= margin


def chance_of_recycler(rate: RecyclerRate) -> float:
    """Probability that the holder pays for vouchers at this rate at all: the evidence against what chance would show."""
    needed = KNOWN_EVIDENCE if is_known(rate) else OTHER_EVIDENCE
    return float(1 / (1 + np.exp(min(needed - rate.evidence, 700.0))))


def links_of(scope: Scope, rates: list[RecyclerRate]) -> pd.DataFrame:
    """The links of all recyclers with a rate; a payout that two voucher kinds explain keeps the likelier of them."""
    found: list[tuple[int, int, int, Facts, tuple[int | None, ...], float]] = []
    sets = 0
    for rate in rates:
        if rate.rate_bp is None:
            continue
        chance = chance_of_recycler(rate)
        for row in records(rate.linked):
            number = sets + int(row.set) if row.set else 0
            facts = (rate.kind, tuple(sorted(row.redemption_rows)), int(row.face_fen), int(row.payout_fen), number)
            ends = (int(row.payout_row), int(row.payer), int(row.payee))
            found.append((*ends, facts, (rate.rate_bp, rate.low_bp, rate.high_bp), chance * row.probability_bp / FULL))
        sets += int(rate.linked["set"].max()) if len(rate.linked) else 0
    by_payout: dict[int, list[float]] = {}
    for payout, *_, probability in found:
        by_payout.setdefault(payout, []).append(probability)
    found.sort(key=lambda one: (one[0], -one[-1], one[3][0]))
    told: list[tuple[Any, ...]] = []
    for payout, payer, payee, (kind, redeemed, face, paid, number), interval, probability in found:
        if told and told[-1][1] == payout:
            continue
        shared = against(probability, by_payout[payout])
        ids = scope.ids(np.asarray([payout, *redeemed], dtype=np.int64))
        names = (scope.name(payer), scope.name(payee))
        told.append((ids[0], payout, *names, kind, ids[1:], redeemed, face, paid, *interval, int(shared * TRUST_BP), number))
    return pd.DataFrame(told, columns=LINK_COLUMNS)


def against(probability: float, every: list[float]) -> float:
    """A probability among rivals that exclude each other, each estimated as if it were alone."""
    odds = [one / max(1 - one, 1e-9) for one in every]
    return probability / max(1 - probability, 1e-9) / (1 + sum(odds))
