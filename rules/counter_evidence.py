"""What speaks for an account: each a sentence with the points it takes off a score."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rules.pairs import pairs_in
from rules.payroll import through_payroll
from rules.roles import victims_of
from rules.rule import Finding
from rules.scope import Ints, Scope, columns, records
from rules.wording import DAY_US, span

VICTIM_POINTS = 60
HUB_POINTS = 100
CONSIDERATION_POINTS = 15
GOOD_FAITH_POINTS = 25
HISTORY_POINTS, HISTORY_US = 10, 365 * DAY_US
REGULAR_POINTS, REGULAR_US = 10, (25 * DAY_US, 35 * DAY_US)
PAYROLL_POINTS, PAYROLL_PAYEES = 10, 3
BUSINESS_POINTS, FIRM_WORDS = 5, "公司|商行|商店|超市|工厂|个体|合作社|事务所|Ltd|LLC|Inc|GmbH"
OWN_POINTS = 5
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
    found = account_reasons(scope, roles["account_code"].to_numpy(dtype=np.int64))
    for code, reason in (*by_role(scope, roles), *consideration(findings)):
        found.setdefault(code, []).append(reason)
    return found


def account_reasons(scope: Scope, codes: Ints) -> dict[int, list[CounterEvidence]]:
    """What the records themselves say for these accounts, whatever a rule or a role says of them."""
    parts = (victims, long_history, wages, payroll, regular, business, own_moves)
    found: dict[int, list[CounterEvidence]] = {}
    for part in parts:
        for code, reason in part(scope, codes):
            found.setdefault(code, []).append(reason)
    return found


Reasons = Iterator[tuple[int, CounterEvidence]]


def each(codes: Ints, points: int, sentence: str) -> Reasons:
    """The same reason for every one of these accounts."""
    for code in codes.tolist():
        yield code, CounterEvidence(points, sentence)


def by_role(scope: Scope, roles: pd.DataFrame) -> Reasons:
    """Hubs, and people who were paid for something."""
    kinds = scope.ledger.accounts["kind"].astype("string[pyarrow]")
    told = "Paid once and sent nothing on: probably for something given; hear the holder first."
    for row in records(roles):
        code = int(row.account_code)
        if row.role == "hub":
            word = HUB_WORDS.get(str(kinds.iloc[code]), "A hub")
            yield code, CounterEvidence(HUB_POINTS, f"{word} pools the money of many: not freezable.")
        elif row.role == "good_faith_recipient":
            yield code, CounterEvidence(GOOD_FAITH_POINTS, told)


def consideration(findings: list[Finding]) -> Reasons:
    """What a finding itself says against it: recyclers who pay a market rate gave value for what they got."""
    for finding in findings:
        for sentence in finding.consideration:
            yield finding.account_code, CounterEvidence(CONSIDERATION_POINTS, sentence)


def victims(scope: Scope, codes: Ints) -> Reasons:
    """Victims and other accounts of their holders; hubs are neither."""
    paid = np.asarray(victims_of(scope), dtype=np.int64)
    people = codes[~scope.hub[codes] & ~scope.voucher[codes]]
    yield from each(np.intersect1d(people, paid), VICTIM_POINTS, "Paid a disputed payment itself.")
    own = people[np.isin(scope.holder[people], scope.holder[paid])]
    yield from each(np.setdiff1d(own, paid), VICTIM_POINTS, "Own account of a victim.")


def long_history(scope: Scope, codes: Ints) -> Reasons:
    """Accounts opened long before the first claim."""
    opened = scope.opened_us()
    first_us = scope.first_claim_us or scope.as_of_us
    for code in codes[opened[codes] <= first_us - HISTORY_US].tolist():
        yield (
            code,
            CounterEvidence(HISTORY_POINTS, f"Opened {span(first_us - int(opened[code]))} before the first disputed payment."),
        )


def wages(scope: Scope, codes: Ints) -> Reasons:
    """Accounts credited through a payroll channel by an account the trace did not reach."""
    source, target = columns(scope.transfers, "source", "target")
    clean = ~scope.reached if scope.trace is not None else np.ones(len(scope.hub), dtype=np.bool_)
    paid = target[through_payroll(scope) & clean[source] & ~scope.voucher[source]]
    yield from each(np.intersect1d(paid, codes), PAYROLL_POINTS, "Receives wages through a payroll channel.")


def payroll(scope: Scope, codes: Ints) -> Reasons:
    """Accounts that pay several holders through a payroll channel."""
    source, target = columns(scope.transfers, "source", "target")
    chosen = through_payroll(scope)
    pairs = pd.DataFrame({"payer": source[chosen], "payee": scope.holder[target[chosen]]}).drop_duplicates()
    count = pairs.groupby("payer").size()
    payers = count.index[count >= PAYROLL_PAYEES].to_numpy(dtype=np.int64)
    yield from each(np.intersect1d(payers, codes), PAYROLL_POINTS, "Pays wages through a payroll channel.")


def regular(scope: Scope, codes: Ints) -> Reasons:
    """Accounts with the same payment to or from the same other, hubs apart, month after month: rent, wages."""
    pairs = pairs_in(scope)
    entries = pairs.entries
    count = np.bincount(entries.account)
    inside = np.zeros(len(scope.hub), dtype=np.bool_)
    inside[codes] = True
    at = np.flatnonzero((count > 1)[entries.account] & (inside[pairs.payer] | inside[entries.other])) if len(entries) else count
    at = at[np.lexsort([entries.time_us[at], entries.fen[at], entries.account[at]])]
    same = (np.diff(entries.account[at]) == 0) & (np.diff(entries.fen[at]) == 0)
    gap = np.diff(entries.time_us[at])
    monthly = at[1:][same & (gap >= REGULAR_US[0]) & (gap <= REGULAR_US[1])]
    ends = np.concatenate([pairs.payer[monthly], entries.other[monthly]])
    told = "Has the same payment month after month, as rent or wages are."
    yield from each(np.intersect1d(ends, codes), REGULAR_POINTS, told)


def business(scope: Scope, codes: Ints) -> Reasons:
    """Accounts whose holder is declared as a firm or shop."""
    names = scope.ledger.accounts["holder_name"].iloc[codes].astype("string[pyarrow]").fillna("")
    firm = names.str.contains(FIRM_WORDS, regex=True).to_numpy(dtype=bool)
    yield from each(codes[firm], BUSINESS_POINTS, "Its holder is declared as a business.")


def own_moves(scope: Scope, codes: Ints) -> Reasons:
    """Accounts that move more to other accounts of their holder than to others."""
    source, target, fen = columns(scope.transfers, "source", "target", "amount_fen")
    inside = np.zeros(len(scope.hub), dtype=np.bool_)
    inside[codes] = True
    source, target, fen = (values[inside[source]] for values in (source, target, fen))
    own = scope.holder[source] == scope.holder[target]
    surplus = np.zeros(len(scope.hub), dtype=np.int64)
    np.add.at(surplus, source, np.where(own, fen, -fen))
    told = "Moves more to other accounts of its holder than to others."
    yield from each(codes[surplus[codes] > 0], OWN_POINTS, told)
