"""Where the victims' money that left could have been cut off: the narrowest places it passed. It explains, it plans nothing."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rules.scope import Flags, columns, records
from rules.score import NEVER_BLOCKED, RankingResult
from rules.wording import counted, yuan
from tracing.networks import least_cut
from tracing.result import Trace

ACCOUNT, PAYMENT, EXIT, GAP = "account", "payment", "exit", ""
WEIGHTS = {ACCOUNT: 2, PAYMENT: 3, EXIT: 3, GAP: 0}
"""What a place counts among cuts of the same amount: few places, and rather an account than payments. Grade P."""
NO_HANDLE = 100
"""What an exit at an account that is never blocked counts: a shop cannot be stopped, only an order at it. Grade P."""
START, END, FIRST = 0, 1, 2
"""Nodes of the network: the victims, the exits, then two per account (what comes in, what passes on), then one per claim."""
SHOWN = 5
"""How many places a sentence names."""
EDGES = ["tail", "head", "fen", "kind", "source_code", "target_code", "sink"]
PLACES = ["kind", "source_code", "target_code", "sink"]


@dataclass(frozen=True)
class Cut:
    """The least amount that separates the victims' money of one currency from its exits: all that left; and few places.

    exits: fen that left, by sink. places, the largest first: kind (`account`; `payment`: all that one account paid another;
    `exit`: into a sink at an account that keeps the rest), source_code, target_code (the same but for a payment), sink (of an
    exit), fen: victims' money that passed there, in all what left.
    """

    currency: str
    exits: dict[str, int]
    places: pd.DataFrame


def least_cuts(ranking: RankingResult) -> list[Cut]:
    """One cut per currency whose money left, sorted; none where the method does not share the money out.

    Money is conserved at every account, so what left is a flow as large as can be, and no cut is less than it (max flow, min
    cut). Among the cuts of that amount it is the one with the least `WEIGHTS`, and of these the one nearest to the exits.
    Accounts that are never blocked are not in it.

    Raises: LiushuiError TRC-cut-too-large for sums that are not exact there.
    """
    trace = ranking.trace
    if not trace.allocates:
        return []
    barred = np.zeros(len(ranking.ledger.accounts), np.bool_)
    never = ranking.frame["role"].isin(NEVER_BLOCKED)
    barred[ranking.frame.loc[never, "account_code"].to_numpy(dtype=np.int64)] = True
    currency = trace.claims.set_index("claim")["currency"].astype(str)
    found = []
    for one in sorted(set(currency)):
        claims = set(currency.index[currency == one])
        left = trace.sinks[trace.sinks["claim"].isin(claims)].groupby("sink")["amount_fen"].sum()
        sums = {str(sink): int(fen) for sink, fen in zip(left.index, left, strict=True) if fen}
        if sums:
            found.append(Cut(one, sums, places_of(network(trace, claims, barred), barred, sum(sums.values()))))
    return found


def cut_sentence(cut: Cut, ranking: RankingResult) -> str:
    """What left, for where, and the places all of it passed, the largest first."""
    names, roles = ranking.ledger.accounts["account"], ranking.roles()
    sinks = ", ".join(f"{name.replace('_', ' ')} {yuan(fen)}" for name, fen in sorted(cut.exits.items()))
    told = []
    for row in records(cut.places.head(SHOWN)):
        ends = (str(names.iloc[int(code)]) for code in (row.source_code, row.target_code))
        one, other = (f"{name} ({roles.get(name, 'unknown').replace('_', ' ')})" for name in ends)
        told.append(f"{place_told(row, one, other)} {yuan(int(row.fen))}")
    rest = cut.places.iloc[SHOWN:]
    told += [f"{counted(len(rest), 'more place')} {yuan(int(rest['fen'].sum()))}"] if len(rest) else []
    left = f"{yuan(sum(cut.exits.values()))} of the victims' money left ({sinks})"
    passed = f"all of it passed {counted(len(cut.places), 'place')}: {'; '.join(told)}"
    return f"{left}; {passed}. No smaller amount cuts the victims off from these exits."


def place_told(row: Any, one: str, other: str) -> str:
    """One place in words."""
    if row.kind == PAYMENT:
        return f"from {one} to {other}"
    return f"at {one}" if row.kind == ACCOUNT else f"at {one} into {row.sink.replace('_', ' ')}"


def places_of(edges: pd.DataFrame, barred: Flags, left_fen: int) -> pd.DataFrame:
    """The places of the least cut of a network."""
    kind = edges["kind"]
    no_handle = (kind == EXIT).to_numpy(dtype=bool) & barred[edges["source_code"].to_numpy(dtype=np.int64)]
    weight = np.where(no_handle, NO_HANDLE, kind.map(WEIGHTS).to_numpy(dtype=np.int64))
    scale = int(weight.sum()) + 1
    # What is no place costs a fen more than passes there, the exits cost what passes: it is never cut.
    told = zip(edges["fen"].tolist(), (kind == GAP).tolist(), weight.tolist(), strict=True)
    cost = [(fen + 1) * scale if gap else fen * scale + least for fen, gap, least in told]
    tail, head = columns(edges, "tail", "head")
    chosen = edges[least_cut(tail, head, cost, START, END)]
    assert GAP not in set(chosen["kind"]), "only places are cut"
    assert int(chosen["fen"].sum()) == left_fen, "the least cut is what left"
    places = chosen.groupby(PLACES)[["fen"]].sum().reset_index()
    return places.sort_values(["fen", *PLACES], ascending=[False, True, True, True, True], ignore_index=True)


def network(trace: Trace, claims: set[str], barred: Flags) -> pd.DataFrame:
    """Edges of these claims' money (`EDGES`): from account to account, into sinks, over the gaps, and through accounts."""
    traced, held, sinks = (part[part["claim"].isin(claims)] for part in (trace.traced, trace.held, trace.sinks))
    codes = np.unique(np.concatenate([*columns(traced, "source_code", "target_code"), *columns(sinks, "account_code")]))
    comes = pd.Series(np.arange(len(codes)) * 2 + FIRST, index=codes)
    edges = pd.concat([payments(traced, comes), exits(sinks, comes), bridges(unbooked(traced, held, sinks), comes)])
    # What leaves an account passed it before.
    passes = edges.assign(account=(edges["tail"] - FIRST) // 2)[edges["tail"].isin(comes + 1)].groupby("account")["fen"].sum()
    through = pd.DataFrame({"tail": comes.to_numpy(), "head": comes.to_numpy() + 1, "source_code": codes, "target_code": codes})
    through = through.assign(
        fen=passes.reindex(np.arange(len(codes)), fill_value=0).to_numpy(), kind=np.where(barred[codes], GAP, ACCOUNT), sink=""
    )
    return pd.concat([edges, through[through["fen"] > 0]], ignore_index=True)[EDGES]


def payments(traced: pd.DataFrame, comes: "pd.Series[int]") -> pd.DataFrame:
    """An edge per pair of accounts; disputed payments come from the start."""
    paid = traced.assign(first=traced["hop"] == 1, fen=traced["basis_fen"], kind=PAYMENT, sink="")
    paid = paid.groupby(["first", *PLACES])[["fen"]].sum().reset_index()
    tail = comes.reindex(paid["source_code"]).to_numpy() + 1
    return paid.assign(tail=np.where(paid["first"], START, tail), head=comes.reindex(paid["target_code"]).to_numpy())


def exits(sinks: pd.DataFrame, comes: "pd.Series[int]") -> pd.DataFrame:
    """An edge per account and sink."""
    gone = sinks[sinks["amount_fen"] > 0].groupby(["account_code", "sink"])[["amount_fen"]].sum().reset_index()
    gone = gone.rename(columns={"account_code": "source_code", "amount_fen": "fen"})
    code = gone["source_code"]
    return gone.assign(kind=EXIT, target_code=code, tail=comes.reindex(code).to_numpy() + 1, head=END)


def bridges(gaps: pd.DataFrame, comes: "pd.Series[int]") -> pd.DataFrame:
    """Edges from what has too much of a claim to what lacks it, through a node of the claim."""
    code = gaps["account_code"]
    hidden = FIRST + 2 * len(comes) + pd.factorize(gaps["claim"], sort=True)[0]
    more, account = (gaps["fen"] > 0).to_numpy(dtype=bool), comes.reindex(code).to_numpy()
    return gaps.assign(
        kind=GAP, source_code=code, target_code=code, sink="", fen=gaps["fen"].abs(),
        tail=np.where(more, account + 1, hidden), head=np.where(more, hidden, account),
    )  # fmt: skip


def unbooked(traced: pd.DataFrame, held: pd.DataFrame, sinks: pd.DataFrame) -> pd.DataFrame:
    """What came to an account and went on by no payment of it (> 0), or went out of it and came by none (< 0), per claim.

    An order paid at one shop and delivered by another, a recycler's exchange, accounts that share a balance: of a claim what
    one has too much is what others lack, and which of them it was no row says.
    """
    later = traced[(traced["hop"] > 1).to_numpy(dtype=bool)]
    parts = [
        (traced, "target_code", "basis_fen", 1),
        (later, "source_code", "basis_fen", -1),
        (held, "account_code", "basis_fen", -1),
        (sinks, "account_code", "amount_fen", -1),
    ]
    told = [
        pd.DataFrame({"claim": part["claim"], "account_code": part[code], "fen": sign * part[fen]})
        for part, code, fen, sign in parts
    ]
    sums = pd.concat(told).groupby(["claim", "account_code"])[["fen"]].sum().reset_index()
    return sums[sums["fen"] != 0].reset_index(drop=True)
