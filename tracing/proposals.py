"""Return proposals for one account: whose money reached it, what came back already, and which rule the law applies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ledger.book import Ledger
from ledger.problems import LiushuiError
from tracing.flags import CERTAIN_BP
from tracing.holders import one_balance, own_slots
from tracing.legs import Ints
from tracing.lots import axis_of
from tracing.result import ALLOCATING, TIES, Parameters, Trace
from tracing.returns import SHARING, Loss, Proposal, shared, yuan
from tracing.trace import holders_of_accounts, settled_for, trace_methods

NOTICE_DAYS = 30
"""Days of public notice before a sharing pro rata (2016 rules on returns, article 8)."""


@dataclass(frozen=True)
class Disputed:
    """An account and the claims on what is frozen there; at the level of holders, at all accounts of its holder.

    accounts: those accounts. amount_fen: what is shared out. balance_fen: what they hold by the records. losses: by claim.
    traced_range: per claim the least and the most any method that allocates finds held there. credits: transfers that brought
    reported money, brought_fen: how much of it. rule, why: the case of article 8, and what in the records makes it so.
    estimated: per claim what of `traced` came only over inferred links, the least sure of them probability_bp.
    """

    account: str
    accounts: tuple[str, ...]
    amount_fen: int
    balance_fen: int
    losses: tuple[Loss, ...]
    traced_range: Mapping[str, tuple[int, int]]
    credits: tuple[str, ...]
    brought_fen: int
    rule: str
    why: str
    trace: Trace
    estimated: Mapping[str, int]
    probability_bp: int


def disputed_at(
    ledger: Ledger,
    account: str,
    parameters: Parameters,
    amount_fen: int | None = None,
    returned: Mapping[str, int] | None = None,
    inferred: pd.DataFrame | None = None,
) -> Disputed:
    """Who has a claim on the money of an account.

    Args:
        parameters: how to trace; its method is the one `traced` follows.
        amount_fen: what is frozen and shared out; None = what tracing finds held there for all claims.
        returned: fen that came back to a claim outside the records.
        inferred: the inferred links, as `trace_claims` takes them.
    Raises:
        LiushuiError TRC-account for an account that is not in the ledger, TRC-report as `trace_claims`, also for a claim of
        `returned` whose money did not reach the account. TRC-overdraft for overdraft backward: not every method knows it, and
        article 8 asks whether they agree.
    """
    known = np.flatnonzero((ledger.accounts["account"] == account).to_numpy(dtype=bool))
    if not len(known):
        raise LiushuiError("TRC-account", f"not in the ledger: account {account}")
    accounts = one_balance(ledger, int(known[0]), parameters.level)
    names = ledger.accounts["account"].iloc[accounts].tolist()
    traces = every_way(ledger, parameters, inferred)
    trace = traces[0]
    held = [held_at(one, names) for one in traces]
    credits_of = [credits_at(one, names) for one in traces]
    claims = sorted({claim for found in held for claim in found} | {c for found in credits_of for c in found["claim"]})
    if unknown := sorted(set(returned or {}) - set(claims)):
        raise LiushuiError("TRC-report", f"no money of report {', '.join(unknown)} reached account {account}")
    back = came_back(ledger, trace)
    table = trace.claims.set_index("claim")
    victim, loss = (dict(zip(table.index, table[name].tolist(), strict=True)) for name in ("victim", "claim_fen"))
    losses = tuple(
        Loss(
            claim,
            str(victim[claim]),
            loss[claim],
            min(loss[claim], back.get(claim, 0) + (returned or {}).get(claim, 0)),
            held[0].get(claim, 0),
        )
        for claim in claims
    )
    spread = {claim: [found.get(claim, 0) for found in held] for claim in claims}
    brought = tuple(dict.fromkeys(credits_of[0]["transfer"].astype(str)))
    rule, why = rule_of(losses, spread, credits_of[0])
    here = trace.held[trace.held["account"].isin(names)]
    return Disputed(
        account=account,
        accounts=tuple(names),
        amount_fen=sum(held[0].values()) if amount_fen is None else amount_fen,
        balance_fen=balance_at(ledger, accounts, traces),
        losses=losses,
        traced_range={claim: (min(found), max(found)) for claim, found in spread.items()},
        credits=brought,
        brought_fen=int(credits_of[0]["basis_fen"].sum()),
        rule=rule,
        why=why,
        trace=trace,
        estimated={str(claim): int(fen) for claim, fen in here.groupby("claim")["inferred_fen"].sum().items()},
        probability_bp=int(here["probability_bp"].min()) if len(here) else CERTAIN_BP,
    )


def every_way(ledger: Ledger, parameters: Parameters, inferred: pd.DataFrame | None = None) -> list[Trace]:
    """The chosen trace first, then those by every method that allocates under every order within an instant."""
    found: list[Trace] = []
    for ties in [parameters.ties, *(one for one in TIES if one != parameters.ties)]:
        traces = trace_methods(ledger, replace(parameters, ties=ties), ALLOCATING, inferred)
        found += [traces[method] for method in sorted(ALLOCATING, key=lambda one: (one != parameters.method, one))]
    return found


def held_at(trace: Trace, accounts: Sequence[str]) -> dict[str, int]:
    """What the accounts hold of each claim together, in fen."""
    rows = trace.held[trace.held["account"].isin(accounts)]
    return {str(claim): int(fen) for claim, fen in rows.groupby("claim")["held_fen"].sum().items()}


def credits_at(trace: Trace, accounts: Sequence[str]) -> pd.DataFrame:
    """The rows of `traced` that brought a claim's money to the accounts from others, in ledger order."""
    rows = trace.traced[trace.traced["target"].isin(accounts) & ~trace.traced["source"].isin(accounts)]
    return rows.sort_values(["transfer_row", "claim"])


def balance_at(ledger: Ledger, accounts: Ints, traces: Sequence[Trace]) -> int:
    """What the accounts hold by the records, in the currency of the claims; 0 where no money of a claim rests."""
    if len(accounts) > 1:
        return pool_balance(ledger, accounts, traces[0])
    found = [int(fen) for one in traces for fen in one.held.loc[one.held["account_code"] == accounts[0], "balance_fen"].head(1)]
    return found[0] if found else 0


def pool_balance(ledger: Ledger, accounts: Ints, trace: Trace) -> int:
    """What a holder's accounts hold as one: an account overdrawn by its own opening is covered by the others."""
    if trace.claims.empty:
        return 0
    axis = axis_of(ledger, settled_for(ledger, trace.parameters, trace.inferred))
    currency = axis.slots.currencies.index(str(trace.claims["currency"].iloc[0]))
    return int(axis.balance_fen[own_slots(axis.slots, accounts, currency)].sum())


def came_back(ledger: Ledger, trace: Trace) -> dict[str, int]:
    """What of each claim is with the victim again, in fen, at most the claim.

    That is what rests at accounts of the payer's holder, and what went out of them after it had come back, unless a report
    disputes that payment too.
    """
    holder = holders_of_accounts(ledger)
    claims = trace.claims.set_index("claim")
    rows = claims["transfer_row"].to_numpy(dtype=np.int64)
    own = pd.Series(holder[ledger.rows(rows, "source")["source"].to_numpy(dtype=np.int32)], index=claims.index)
    held, traced = trace.held, trace.traced
    rests = holder[held["account_code"].to_numpy(dtype=np.int64)] == own.reindex(held["claim"]).to_numpy()
    source, target = (holder[traced[end].to_numpy(dtype=np.int64)] for end in ("source_code", "target_code"))
    mine = own.reindex(traced["claim"]).to_numpy()
    again = (traced["tier"] > 2).to_numpy(dtype=bool)  # tier 1 went out, 2 came back, 3 went out again
    spent = again & (source == mine) & (target != mine) & ~traced["transfer"].isin(claims["transfer"]).to_numpy(dtype=bool)
    both = pd.concat([held.loc[rests, ["claim", "basis_fen"]], traced.loc[spent, ["claim", "basis_fen"]]])
    back = both.groupby("claim")["basis_fen"].sum().reindex(claims.index, fill_value=0)
    return {str(claim): int(fen) for claim, fen in np.minimum(back, claims["claim_fen"]).items()}


def rule_of(losses: Sequence[Loss], spread: Mapping[str, Sequence[int]], brought: pd.DataFrame) -> tuple[str, str]:
    """Which case of article 8 the records make, and why."""
    if not losses:
        return "nobody", "no reported money reached this account"
    if len(losses) == 1 and len(brought) == 1:
        (transfer,) = brought["transfer"]
        return "single", f"one credit, {transfer}, brought reported money, all of it of {losses[0].claim}"
    if all(min(found) == max(found) for found in spread.values()):
        return "timestamps", "every tracing method and every order within an instant finds the same held of each claim"
    apart = {claim: found for claim, found in spread.items() if min(found) != max(found)}
    claim = max(sorted(apart), key=lambda one: max(apart[one]) - min(apart[one]))
    least, most = yuan(min(apart[claim])), yuan(max(apart[claim]))
    return "pro_rata", f"the time stamps do not settle it: of {claim} alone the methods find between {least} and {most}"


def proposed(case: Disputed, method: str) -> Proposal:
    """The proposal by one of `RETURN_METHODS`."""
    if method in SHARING:
        found = shared(case.amount_fen, case.losses, method)
        return replace(found, notice_days=NOTICE_DAYS) if method == "pro_rata" else found
    assert method == "art8", method
    how = {"pro_rata": "pro_rata", "timestamps": "traced", "single": "net_loss", "nobody": "net_loss"}[case.rule]
    amount = min(case.amount_fen, case.brought_fen) if case.rule == "single" else case.amount_fen
    found, other = shared(amount, case.losses, how), case.amount_fen - amount
    notice = (f"public notice of {NOTICE_DAYS} days",) if how == "pro_rata" else ()
    rest = (f"{yuan(other)} is more than the credit brought: it stays frozen",) if other else ()
    return replace(
        found,
        method=method,
        amount_fen=case.amount_fen,
        steps=(case.why, *notice, *found.steps, *rest),
        rest_fen=found.rest_fen + other,
        notice_days=NOTICE_DAYS if notice else 0,
    )
