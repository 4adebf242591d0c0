"""Which claims belong together: by accounts their money shared, by devices and numbers. Nothing here carries an amount."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ledger.book import Ledger
from ledger.records import HUB_KINDS, UNKNOWN_PREFIX
from tracing.evidence import said_by_links, said_by_reports, said_by_victims, segments
from tracing.networks import components
from tracing.result import Trace

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

TIE_KINDS = ("account", "victim", "device", "phone", "ip", "id", "messenger", "app", "url", "order", "segment", "consecutive")
STRENGTHS = {"account": "strong", "device": "strong", "id": "strong", "ip": "weak"}
"""Strength of a tie by its kind; the others are fair. A weak tie is told and joins nothing. Grade P."""
MOST_ACCOUNTS = {"device": 50, "phone": 50, "id": 50, "ip": 20, "messenger": 200, "app": 200, "url": 200, "order": 50}
"""Accounts that share an identifier before it is taken for a public one (a counter, a router). Grade P."""
MOST_CASES = 1_000
"""Cases that name one phone, messenger, app or address before it is taken for a public one; 266 is the most known. Grade P."""
SEGMENT_CASES = 3
"""Victims called from one segment, or a run of consecutive numbers, before it ties them. Grade S+P."""
LEAST_SHARE_PERCENT = 20
"""Victims' money in what an account received, from which it ties claims that did not pay it directly. Grade P."""
STATES = ("joins", "weak", "too_common", "public")


@dataclass(frozen=True)
class Linkage:
    """Ties between claims, and the rings that follow from them.

    ties, row = tie, sorted by (kind, value): kind (one of `TIE_KINDS`), value, strength (strong, fair, weak), state (one of
        `STATES`; only `joins` makes a ring), cases, accounts (how many accounts of these claims carry it).
    members: tie, claim (row of `trace.claims`). carriers: tie, account_code.
    ring: number of the ring per claim, counted from 0 in the order of the claims.
    """

    ties: pd.DataFrame
    members: pd.DataFrame
    carriers: pd.DataFrame
    ring: Ints


def link_claims(ledger: Ledger, trace: Trace, barred: Flags | None = None, weak: Flags | None = None) -> Linkage:
    """Tie the claims of a trace to one another.

    Args:
        barred: accounts, by code, that tie nobody (bystanders, as the rules find them). weak: accounts that are told and do
            not join (recyclers, who serve whoever sells). Hubs, victims and their other accounts never tie.
    """
    size = len(ledger.accounts)
    nobody = np.zeros(size, dtype=np.bool_)
    touched = touched_by(ledger, trace, nobody if barred is None else barred)
    sayings = [
        shared_accounts(ledger, touched, nobody if weak is None else weak),
        said_by_links(ledger, touched, MOST_ACCOUNTS),
        said_by_victims(trace),
        said_by_reports(ledger, trace, MOST_CASES),
    ]
    sayings.append(segments(trace, sayings[-1], SEGMENT_CASES))
    said = pd.concat(sayings, ignore_index=True)
    ties, members, carriers = gathered(said)
    joining = ties["state"].to_numpy(dtype=object)[members["tie"].to_numpy(dtype=np.int64)] == "joins"
    used = members[joining]
    ring = components(len(trace.claims), used["claim"].to_numpy(np.int64), used["tie"].to_numpy(np.int64), len(ties))
    return Linkage(ties, members, carriers, ring)


def touched_by(ledger: Ledger, trace: Trace, barred: Flags) -> pd.DataFrame:
    """The accounts through which a claim's money passed and that can tie: (claim, account_code), each pair once."""
    traced = trace.traced
    code = traced["target_code"].to_numpy(dtype=np.int64)
    able = able_to_tie(ledger, trace) & ~barred
    claim = pd.Index(trace.claims["claim"].astype(object)).get_indexer(traced["claim"].astype(object))
    pairs: pd.DataFrame = pd.DataFrame({"claim": claim.astype(np.int64), "account_code": code})[able[code]]
    return pairs.drop_duplicates().sort_values(["claim", "account_code"], ignore_index=True)


def able_to_tie(ledger: Ledger, trace: Trace) -> Flags:
    """Named accounts of others than the victims that victims paid, or that live on victims' money; hubs never."""
    accounts, traced = ledger.accounts, trace.traced
    kind = accounts["kind"].astype("string[pyarrow]")
    hub = accounts["hub"].fillna(False).to_numpy(dtype=bool) | kind.isin([*HUB_KINDS, "loan"]).to_numpy(dtype=bool)
    unnamed = accounts["account"].str.startswith(UNKNOWN_PREFIX).to_numpy(dtype=bool)
    source, target = (traced[name].to_numpy(dtype=np.int64) for name in ("source_code", "target_code"))
    first = traced["hop"].to_numpy(dtype=np.int64) == 1
    paid = np.zeros(len(accounts), dtype=np.bool_)
    paid[target[traced["tier"].to_numpy(dtype=np.int64) <= 1]] = True
    able = ~hub & ~unnamed & (paid | lives_on_it(ledger, trace))
    able[source[first]] = False
    holder = accounts["holder"].astype("string[pyarrow]")
    owners = holder.iloc[np.unique(source[first])].dropna()
    return np.asarray(able & ~holder.isin(owners[owners != ""]).to_numpy(dtype=bool), dtype=np.bool_)


def lives_on_it(ledger: Ledger, trace: Trace) -> Flags:
    """Accounts of whose incoming money a stated share is victims'."""
    as_of_us = trace.parameters.as_of_us
    table = ledger.read(("target", "amount_fen", "time"))
    code = np.asarray(table["target"].to_numpy()).astype(np.int64)
    amount = np.asarray(table["amount_fen"].to_numpy())
    if as_of_us is not None:
        seen = np.asarray(table["time"].cast("int64").to_numpy()) <= as_of_us
        code, amount = code[seen], amount[seen]
    size = len(ledger.accounts)
    # Shares need no exact fen, so floats serve here: nothing of this is shown.
    every = np.bincount(code, weights=amount, minlength=size)
    target = trace.traced["target_code"].to_numpy(dtype=np.int64)
    victims = np.bincount(target, weights=trace.traced["traced_fen"].to_numpy(dtype=np.int64), minlength=size)
    return np.asarray((victims > 0) & (victims * 100 >= every * LEAST_SHARE_PERCENT), dtype=np.bool_)


def shared_accounts(ledger: Ledger, touched: pd.DataFrame, weak: Flags) -> pd.DataFrame:
    """Accounts that the money of at least two claims passed."""
    code = touched["account_code"].to_numpy(dtype=np.int64)
    shared = touched[np.bincount(code, minlength=1)[code] > 1] if len(code) else touched
    code = shared["account_code"].to_numpy(dtype=np.int64)
    names = ledger.accounts["account"].iloc[code].astype(object).to_numpy()
    return shared.assign(kind="account", value=names, state=np.where(weak[code], "weak", "joins"))


def gathered(said: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Ties of at least two cases with their members and carriers, from rows (kind, value, claim, account_code, state)."""
    said = said.astype({"claim": "int64", "account_code": "int64"})
    grouped = said.groupby(["kind", "value"], sort=True)
    said = said.assign(tie=grouped.ngroup())
    members = said[["tie", "claim"]].drop_duplicates()
    cases = np.bincount(members["tie"].to_numpy(dtype=np.int64), minlength=grouped.ngroups)
    kept = np.flatnonzero(cases > 1)
    number = np.full(grouped.ngroups, -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    carriers = said.loc[said["account_code"] >= 0, ["tie", "account_code"]].drop_duplicates()
    members, carriers = (renumbered(one, number) for one in (members, carriers))
    # The state that speaks most against a tie counts: a number is public wherever it was found.
    rank = said["state"].map(STATES.index).groupby(said["tie"]).max().to_numpy(dtype=np.int64)[kept]
    heads = said.groupby("tie", sort=True)[["kind", "value"]].first().iloc[kept].reset_index(drop=True)
    strength = [STRENGTHS.get(kind, "fair") for kind in heads["kind"]]
    state = [STATES[at] for at in rank]
    ties = heads.assign(
        strength=["weak" if one == "weak" else each for one, each in zip(state, strength, strict=True)],
        state=["weak" if one == "joins" and each == "weak" else one for one, each in zip(state, strength, strict=True)],
        cases=cases[kept],
        accounts=np.bincount(carriers["tie"].to_numpy(dtype=np.int64), minlength=len(kept)),
    )
    return ties, members, carriers


def renumbered(rows: pd.DataFrame, number: Ints) -> pd.DataFrame:
    """Rows of the ties that are kept, by their new numbers, sorted."""
    rows = rows.assign(tie=number[rows["tie"].to_numpy(dtype=np.int64)])
    return rows[rows["tie"] >= 0].sort_values(list(rows.columns), ignore_index=True)
