"""Victims who have not reported yet: first-time payments of strangers into accounts that work for a ring.

A report comes hours or days after the payment; by then the account has taken money from others in the same way. Their payments
are suspected claims: they are traced like reported ones, shown apart, and asked for by a stop payment only, so that the payers
can be called within its 48 hours.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ledger import Ledger
from rules.catalogue import signs
from rules.chance import account_chances
from rules.dwell import LATENCY_US
from rules.roles import name_roles
from rules.rule import FULL, Finding
from rules.scope import Flags, Ints, Scope, columns, scope_of
from rules.settled import settled_transfers
from rules.wording import DAY_US
from tracing.result import Trace
from tracing.trace import trace_claims

PREFIX = "suspected:"
"""Begins the id of a suspected claim; the rest is the transfer's id."""
RING_ROLES = ("mule", "collector", "boss", "cash_out_runner")
"""Roles whose accounts take victims' money; a recycler's or a bystander's payers are his customers."""
LEAST_FEN = 300_00
"""Smaller payments are everyday life. Grade P."""
LOOK_BACK_US = 14 * DAY_US
"""How long before the first disputed payment a ring's other victims may have paid. Grade P."""
FEEDER_PERCENT, FEEDER_PAYERS = 80, 2
"""An account that sent so much of what strangers paid it on to the ring, and had so many payers, works for it. Grade P."""
PAYROLL_CHANNEL = "batch"
"""Wages come through it."""


@dataclass(frozen=True)
class Suspected:
    """Suspected claims and what follows from them, beside the exact trace and never in it.

    claims: as `suspected_claims` gives them, at least one. trace: of reported and suspected claims together. scope and
    roles: around that trace. chance_bp: per account code, that the money is still there when a request lands.
    """

    claims: pd.DataFrame
    trace: Trace
    scope: Scope
    roles: pd.DataFrame
    chance_bp: dict[int, int]


def suspect(scope: Scope, roles: pd.DataFrame, findings: list[Finding], latency_us: int = LATENCY_US) -> Suspected | None:
    """Find the suspected claims of a traced case and follow them; None where there are none.

    Args:
        scope: of the exact trace, made by a method that shares the money out. roles: account_code and role of that scope.
    """
    assert scope.trace is not None, "suspected claims need a trace"
    assert scope.trace.allocates, "suspected claims need a method that shares the money out"
    claims = suspected_claims(scope, roles)
    if claims.empty:
        return None
    ledger = with_suspected(scope.ledger, claims)
    asked = scope.trace.parameters
    if asked.reports is not None:
        asked = replace(asked, reports=(*asked.reports, *claims["report"].tolist()))
    trace = trace_claims(ledger, asked, scope.trace.inferred)
    around = scope_of(ledger, trace)
    named = name_roles(around, signs(findings))
    return Suspected(claims, trace, around, named, chances_in(around, named, latency_us))


def chances_in(scope: Scope, roles: pd.DataFrame, latency_us: int) -> dict[int, int]:
    """Chance in basis points per account code that the money held there is still there after the latency."""
    assert scope.trace is not None, "chances need a trace"
    held = scope.trace.held.groupby("account_code").agg(
        held_fen=("held_fen", "sum"), since_us=("since_us", "max"), tier=("tier", "min")
    )
    held = held.reset_index()
    code = held["account_code"].to_numpy(dtype=np.int64)
    kind = scope.ledger.accounts["kind"].astype("string[pyarrow]").fillna("").iloc[code].to_numpy(dtype=object)
    role = roles.set_index("account_code")["role"].reindex(code, fill_value="unknown").to_numpy(dtype=object)
    by_code, _ = account_chances(scope, held.assign(kind=kind, role=role), latency_us)
    codes, chances = by_code.index.to_numpy(dtype=np.int64), by_code.to_numpy(dtype=np.float64)
    return {code: round(FULL * chance) for code, chance in zip(codes.tolist(), chances.tolist(), strict=True)}


def suspected_claims(scope: Scope, roles: pd.DataFrame) -> pd.DataFrame:
    """Payments that look like those of victims who have not reported yet.

    Args:
        roles: account_code and role, as `name_roles` gives them.
    Returns:
        report (`PREFIX` and the transfer's id), victim (the payer's account), transfer, target_code, amount_fen; in ledger
        order. Empty without a claim.
    """
    nothing = pd.DataFrame(
        {name: pd.Series(dtype=object) for name in ("report", "victim", "transfer", "target_code", "amount_fen")}
    )
    if scope.trace is None or scope.first_claim_us is None:
        return nothing
    moves = every = settled_transfers(scope.ledger, scope.as_of_us)
    member, named = flags_of(scope, roles)
    stranger = ordinary(scope) & ~named
    moves = moves[(moves["time_us"] >= scope.first_claim_us - LOOK_BACK_US).to_numpy(dtype=bool)]
    works = member | feeders(scope, moves, member, stranger)
    source, target, fen, row = columns(moves, "source", "target", "amount_fen", "row")
    disputed = scope.trace.claims["transfer_row"].to_numpy(dtype=np.int64)
    apart = scope.holder[source] != scope.holder[target]
    fits = works[target] & stranger[source] & ~works[source] & apart & (fen >= LEAST_FEN) & ~np.isin(row, disputed)
    chosen = moves[fits & ~known_before(scope, every, moves)]
    channel = scope.words("channel", chosen["row"].to_numpy(dtype=np.int64))
    chosen = chosen[np.asarray([word != PAYROLL_CHANNEL for word in channel], np.bool_)]
    if chosen.empty:
        return nothing
    rows = chosen["row"].to_numpy(dtype=np.int64)
    ids = [str(identifier) for identifier in scope.words("transfer", rows)]
    accounts = scope.ledger.accounts["account"].to_numpy(dtype=object)
    return pd.DataFrame(
        {
            "report": [f"{PREFIX}{identifier}" for identifier in ids],
            "victim": accounts[chosen["source"].to_numpy(dtype=np.int64)],
            "transfer": ids,
            "target_code": chosen["target"].to_numpy(dtype=np.int64),
            "amount_fen": chosen["amount_fen"].to_numpy(dtype=np.int64),
        }
    )


def flags_of(scope: Scope, roles: pd.DataFrame) -> tuple[Flags, Flags]:
    """Accounts that work for the ring, and all accounts that have any role but that of an unknown."""
    member, named = np.zeros(len(scope.hub), np.bool_), np.zeros(len(scope.hub), np.bool_)
    code, role = roles["account_code"].to_numpy(dtype=np.int64), roles["role"]
    member[code[role.isin(RING_ROLES).to_numpy(dtype=bool)]] = True
    named[code[(~role.isin(("unknown", "victim", "own_account"))).to_numpy(dtype=bool)]] = True
    return member, named


def ordinary(scope: Scope) -> Flags:
    """Accounts of people: no hubs, no vouchers, nobody unnamed."""
    return np.asarray(~scope.hub & ~scope.voucher & scope.known, np.bool_)


def feeders(scope: Scope, moves: pd.DataFrame, member: Flags, stranger: Flags) -> Flags:
    """Accounts no report speaks of that pass what several strangers paid them on to the ring."""
    source, target, fen = columns(moves, "source", "target", "amount_fen")
    size = len(member)
    apart = scope.holder[source] != scope.holder[target]
    passed, came = np.zeros(size, np.int64), np.zeros(size, np.int64)
    on = apart & member[target]
    np.add.at(passed, source[on], fen[on])
    into = apart & stranger[source] & ~member[source]
    np.add.at(came, target[into], fen[into])
    pairs = pd.DataFrame({"target": target[into], "holder": scope.holder[source[into]]}).drop_duplicates()
    payers = np.bincount(pairs["target"].to_numpy(dtype=np.int64), minlength=size)
    return np.asarray(
        stranger & ~member & (passed > 0) & (passed * 100 >= came * FEEDER_PERCENT) & (payers >= FEEDER_PAYERS), np.bool_
    )


def known_before(scope: Scope, every: pd.DataFrame, moves: pd.DataFrame) -> Flags:
    """Which of the moves, out of every transfer, go to somebody the payer had dealt with before the ring's time."""
    assert scope.first_claim_us is not None
    early = every[(every["time_us"] < scope.first_claim_us - LOOK_BACK_US).to_numpy(dtype=bool)]
    size = np.int64(len(scope.hub))
    return np.asarray(
        np.isin(pair(moves, size), np.unique(np.concatenate([pair(early, size), pair(early, size, turned=True)])))
    )


def pair(moves: pd.DataFrame, size: "np.int64", *, turned: bool = False) -> Ints:
    """A number for every (payer, payee)."""
    source, target = columns(moves, "source", "target")
    return np.asarray(target * size + source if turned else source * size + target, np.int64)


def with_suspected(ledger: Ledger, claims: pd.DataFrame) -> Ledger:
    """The ledger with the suspected claims among its reports: for a trace of its own, never for the exact one."""
    reports = ledger.reports
    more = pd.DataFrame({name: pd.Series([None] * len(claims), dtype=reports[name].dtype) for name in reports.columns})
    for name in ("report", "victim", "transfer"):
        more[name] = pd.Series(claims[name].to_numpy(dtype=object), dtype=reports[name].dtype)
    both = pd.concat([reports, more], ignore_index=True)
    return replace(ledger, reports=both, digest=f"{ledger.digest}+{len(claims)} suspected", index_folder=None)
