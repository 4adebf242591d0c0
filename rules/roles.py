"""What each account is in the ring, and why: victim, mule by tier, collector, middleman, recyclers, runner, bystanders."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rules.rule import Finding
from rules.scope import Flags, Ints, Scope, columns, records
from rules.typologies.micro_fraud_collector import many_equal_payers
from rules.wording import DAY_US, counted, percent, yuan

ROLES = (
    "victim",
    "own_account",
    "mule",
    "collector",
    "middleman",
    "gift_card_recycler",
    "q_coin_recycler",
    "voucher",
    "cash_out_runner",
    "boss",
    "hub",
    "good_faith_recipient",
    "unknown",
)
MIDDLEMAN_RECYCLERS, MIDDLEMAN_PAYOUTS = 2, 3
"""A middleman sells to several recyclers, several times. Grade S+P: one middleman, two recyclers per kind."""
COLLECTOR_SOURCES = 3
"""Reached holders a collector gathers from before it draws cash. Grade P."""
RUNNER_CASH_PERCENT = 90
"""Share of a runner's outflow drawn in cash. Grade P."""
SETTLED_US = 365 * DAY_US
"""An account opened a year before the money came is not a throw-away account. Grade P."""


@dataclass(frozen=True)
class Evidence:
    """What roles are read from, per account code: tier (0: not reached), flows among reached accounts, rules that fired."""

    scope: Scope
    tier: Ints
    arrivals: Ints
    sends_on: Flags
    cash_fen: Ints
    out_fen: Ints
    rules: dict[int, dict[str, Finding]]


def name_roles(scope: Scope, findings: list[Finding]) -> pd.DataFrame:
    """The role of every account the trace reached or a rule speaks about, by account code.

    Columns: account_code, role (one of `ROLES`), tier (hops between holders from the nearest victim, 0: not reached), reason.
    """
    evidence = gather(scope, findings)
    named: dict[int, tuple[str, str]] = {}
    for step in (fixed_roles, recyclers, middlemen, collectors, bosses, bystanders, mules):
        for code, role, reason in step(evidence, named):
            named.setdefault(code, (role, reason))
    codes = sorted(named)
    return pd.DataFrame(
        {
            "account_code": np.asarray(codes, dtype=np.int64),
            "role": [named[code][0] for code in codes],
            "tier": evidence.tier[codes] if codes else np.zeros(0, dtype=np.int64),
            "reason": [named[code][1] for code in codes],
        }
    )


Named = list[tuple[int, str, str]]


def gather(scope: Scope, findings: list[Finding]) -> Evidence:
    """Flows per account, from the trace where there is one and from the transfers in view."""
    size = len(scope.hub)
    tier, arrivals, sends_on = np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size, np.bool_)
    if scope.trace is not None and len(scope.trace.traced):
        traced = scope.trace.traced
        source, target = columns(traced, "source_code", "target_code")
        lowest = traced.groupby("target_code")["tier"].min()
        tier[lowest.index.to_numpy(dtype=np.int64)] = lowest.to_numpy(dtype=np.int64)
        count = traced.groupby("target_code")["transfer_row"].nunique()
        arrivals[count.index.to_numpy(dtype=np.int64)] = count.to_numpy(dtype=np.int64)
        sends_on[source[~scope.hub[target] & (scope.holder[source] != scope.holder[target])]] = True
    moves = scope.transfers
    source, target, amount = columns(moves, "source", "target", "amount_fen")
    cash = (scope.ledger.accounts["kind"].astype("string[pyarrow]") == "cash").to_numpy(dtype=bool)
    apart = scope.holder[source] != scope.holder[target]
    cash_fen, out_fen = np.zeros(size, np.int64), np.zeros(size, np.int64)
    np.add.at(cash_fen, source[cash[target]], amount[cash[target]])
    np.add.at(out_fen, source[apart], amount[apart])
    rules: dict[int, dict[str, Finding]] = {}
    for finding in findings:
        rules.setdefault(finding.account_code, {}).setdefault(finding.rule, finding)
    return Evidence(scope, tier, arrivals, sends_on, cash_fen, out_fen, rules)


def fixed_roles(evidence: Evidence, named: dict[int, tuple[str, str]]) -> Named:
    """Victims, their other accounts, vouchers and hubs: what the records and reports say outright."""
    scope = evidence.scope
    reached = np.flatnonzero(scope.reached) if scope.trace is not None else np.zeros(0, dtype=np.int64)
    found: Named = [
        (int(code), "hub", "Pools the money of many; nothing can be frozen here.") for code in reached if scope.hub[code]
    ]
    found += [(int(code), "voucher", "Holds face value until somebody redeems it.") for code in reached if scope.voucher[code]]
    victims = victims_of(scope)
    found += [(code, "victim", "Paid a disputed payment.") for code in victims]
    own = np.flatnonzero(np.isin(scope.holder, scope.holder[victims]) & scope.judged) if victims else ()
    return found + [(int(code), "own_account", "Belongs to the holder who paid a disputed payment.") for code in own]


def victims_of(scope: Scope) -> list[int]:
    """Accounts that paid a disputed payment."""
    if scope.trace is None:
        return []
    first = scope.trace.traced[scope.trace.traced["hop"] == 1]
    return sorted({int(code) for code in first["source_code"]})


def recyclers(evidence: Evidence, named: dict[int, tuple[str, str]]) -> Named:
    """Who redeems strangers' vouchers or pays for them at a recycler's rate, by the kind of voucher redeemed most."""
    scope = evidence.scope
    trade = {
        code: finding
        for code, rules in evidence.rules.items()
        for rule, finding in rules.items()
        if rule == "RUL-BUYER-REDEEMER" or finding.inputs.get("side") == "recycler"
    }
    kinds = redeemed_kinds(scope)
    found: Named = []
    for code in sorted(trade):
        kind = kinds.get(int(scope.holder[code]), "card")
        own = np.flatnonzero((scope.holder == scope.holder[code]) & scope.judged)
        role = "gift_card_recycler" if kind == "card" else "q_coin_recycler"
        found.append((code, role, trade[code].explanation))
        found += [
            (int(other), role, f"Same holder as {scope.name(code)}. {trade[code].explanation}")
            for other in own
            if pays(evidence, int(other))
        ]
    return found


def pays(evidence: Evidence, code: int) -> bool:
    """Whether the account pays others at all."""
    return bool(evidence.out_fen[code] > 0)


def redeemed_kinds(scope: Scope) -> dict[int, str]:
    """Per holder the voucher kind he redeemed the most face of."""
    moves = scope.transfers[scope.transfers["redemption"].to_numpy(dtype=bool)]
    kinds = scope.ledger.accounts["kind"].astype("string[pyarrow]")
    source, target, face = columns(moves, "source", "target", "amount_fen")
    table = pd.DataFrame({"holder": scope.holder[target], "kind": kinds.iloc[source].to_numpy(dtype=object), "face": face})
    sums = table.groupby(["holder", "kind"]).agg(face=("face", "sum")).reset_index().sort_values(["holder", "face", "kind"])
    return {int(row.holder): str(row.kind) for row in records(sums.drop_duplicates("holder", keep="last"))}


def middlemen(evidence: Evidence, named: dict[int, tuple[str, str]]) -> Named:
    """Whom several recyclers pay again and again: off the trace, because payouts carry no reference."""
    found: Named = []
    for code in sorted(evidence.rules):
        finding = evidence.rules[code].get("RUL-RECYCLER-PAYOUT")
        if finding is None or finding.inputs.get("side") != "payee":
            continue
        recyclers_count, payouts = finding.inputs["recyclers"], finding.inputs["payouts"]
        assert isinstance(recyclers_count, int)
        assert isinstance(payouts, int)
        if recyclers_count >= MIDDLEMAN_RECYCLERS and payouts >= MIDDLEMAN_PAYOUTS:
            found.append((code, "middleman", finding.explanation))
    return found


def collectors(evidence: Evidence, named: dict[int, tuple[str, str]]) -> Named:
    """Accounts where the money of many comes together and is drawn in cash; those that draw nearly all of it are runners."""
    scope = evidence.scope
    found: Named = [
        (int(row.Index), "collector", f"{row.payers} holders paid once each, {row.equal} of them {yuan(row.each)}.")
        for row in records(many_equal_payers(scope)[1])
    ]
    sources = gathered_from(scope)
    for code in np.flatnonzero(evidence.cash_fen * (evidence.tier > 0) * scope.judged).tolist():
        cash, out = int(evidence.cash_fen[code]), int(evidence.out_fen[code])
        told = f"{yuan(cash)} of {yuan(out)} spent ({percent(cash, out)}) was drawn in cash"
        if cash * 100 >= out * RUNNER_CASH_PERCENT and evidence.arrivals[code] > 1:
            found.append((code, "cash_out_runner", f"{told}."))
        elif sources[code] >= COLLECTOR_SOURCES:
            found.append((code, "collector", f"Gathers traced money from {counted(int(sources[code]), 'holder')}; {told}."))
    return found


def gathered_from(scope: Scope) -> Ints:
    """For each account: from how many other holders traced money came."""
    count = np.zeros(len(scope.hub), dtype=np.int64)
    if scope.trace is None:
        return count
    source, target = columns(scope.trace.traced, "source_code", "target_code")
    pairs = pd.DataFrame({"target": target, "holder": scope.holder[source]}).drop_duplicates()
    np.add.at(count, pairs["target"].to_numpy(dtype=np.int64), 1)
    return count


def bosses(evidence: Evidence, named: dict[int, tuple[str, str]]) -> Named:
    """Who is paid by the middleman and by a collector or runner, and sends traced money on to nobody reached."""
    scope = evidence.scope
    roles = pd.Series({code: role for code, (role, _) in named.items()}, dtype=object)
    source, target = columns(scope.dealings(), "source", "target")
    payer = pd.Series(source).map(roles)
    table = pd.DataFrame(
        {
            "target": target,
            "middle": (payer == "middleman").to_numpy(),
            "many": payer.isin(["collector", "cash_out_runner"]).to_numpy(),
        }
    )
    paid = table[scope.judged[target]].groupby("target").any()
    both = paid.index[paid["middle"] & paid["many"]]
    return [
        (int(code), "boss", "Paid by the middleman and by a collector; where the ring's proceeds come together.")
        for code in both
        if evidence.tier[int(code)] > 0 and int(code) not in named
    ]


def bystanders(evidence: Evidence, named: dict[int, tuple[str, str]]) -> Named:
    """Settled accounts that were paid once, not by a victim, and passed nothing on: probably for something they gave."""
    scope = evidence.scope
    opened = scope.ledger.accounts["opened"].astype("int64[pyarrow]").fillna(2**62).to_numpy(dtype=np.int64)
    first_us = scope.first_claim_us or scope.as_of_us
    settled = opened <= first_us - SETTLED_US
    once = (evidence.arrivals == 1) & (evidence.tier >= 2) & ~evidence.sends_on & scope.judged & settled
    once[paid_by(scope, [code for code, (role, _) in named.items() if role == "boss"])] = False
    return [
        (code, "good_faith_recipient", "Paid once out of victims' money, opened over a year before, and sent none of it on.")
        for code in np.flatnonzero(once).tolist()
        if code not in evidence.rules
    ]


def paid_by(scope: Scope, payers: list[int]) -> Ints:
    """Accounts these pay: whoever deals with the boss himself is no bystander."""
    source, target = columns(scope.transfers, "source", "target")
    return np.unique(target[np.isin(source, payers)])


def mules(evidence: Evidence, named: dict[int, tuple[str, str]]) -> Named:
    """The other reached accounts: mules where a victim paid them, they passed the money on or a rule fired; else unknown."""
    found: Named = []
    for code in np.flatnonzero((evidence.tier > 0) & evidence.scope.judged).tolist():
        rules = sorted(evidence.rules.get(code, {}))
        why = ["paid by a victim"] if evidence.tier[code] == 1 else []
        why += ["passed victims' money on"] if evidence.sends_on[code] else []
        why += [f"found by {', '.join(rules)}"] if rules else []
        if why:
            text = "; ".join(why)
            found.append((code, "mule", f"{text[0].upper()}{text[1:]}."))
        else:
            found.append((code, "unknown", "Victims' money came in; nothing else is known."))
    rest = [code for code in sorted(evidence.rules) if evidence.tier[code] == 0]
    return found + [
        (code, "unknown", f"Not reached by the trace; found by {', '.join(sorted(evidence.rules[code]))}.") for code in rest
    ]
