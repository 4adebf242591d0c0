"""The tables behind the pages of rings, each sorted by ring once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rules.rule import Finding
from rules.scope import Scope, records
from tracing.linkage import Linkage

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Book:
    """Tables of all rings, each sorted by ring.

    claims: rows of `trace.claims` with ring, held_fen, sinks_fen. accounts: ring, account_code, role, tier, reason, held_fen.
    flows: ring, source_code, target_code, traced_fen. tiers: ring, account_code, victim, tier. ties: ring, tie, claim.
    carriers: tie, account_code. totals: lost, held and sunk per ring, in fen; span: first and last traced instant per ring.
    """

    scope: Scope
    linkage: Linkage
    claims: pd.DataFrame
    accounts: "Sliced"
    flows: "Sliced"
    tiers: "Sliced"
    ties: "Sliced"
    sinks: "Sliced"
    carriers: "Sliced"
    rows: "Sliced"
    rates: dict[int, dict[str, Any]]
    frontier: dict[int, int]
    totals: list[dict[str, int]]
    span: list[tuple[int, int]]

    @classmethod
    def of(cls, scope: Scope, linkage: Linkage, roles: pd.DataFrame, findings: list[Finding], members: pd.DataFrame) -> "Book":
        """Sort everything by ring."""
        trace = scope.trace
        assert trace is not None, "rings need a trace"
        number = pd.Series(linkage.ring, index=trace.claims["claim"].astype(object).to_numpy())
        traced, held, sinks, frontier = (
            table.assign(ring=number.reindex(table["claim"].astype(object)).to_numpy())
            for table in (trace.traced, trace.held, trace.sinks, trace.frontier)
        )
        rings = int(linkage.ring.max(initial=-1)) + 1
        amounts = trace.totals().reset_index(drop=True)
        claims = trace.claims.assign(ring=linkage.ring, held_fen=amounts["held_fen"], sinks_fen=amounts["sinks_fen"])
        sums = {name: (name, "sum") for name in ("claim_fen", "held_fen", "sinks_fen")}
        whole = claims.groupby("ring").agg(**sums).astype("int64")
        times = traced.groupby("ring").agg(first=("time_us", "min"), last=("time_us", "max"))
        times = times.reindex(range(rings), fill_value=0).astype("int64")
        victims = pd.Series(trace.claims["victim"].astype(object).to_numpy(), index=number.index)
        steps = traced.assign(victim=victims.reindex(traced["claim"].astype(object)).to_numpy())
        members_of = linkage.members.assign(ring=linkage.ring[linkage.members["claim"].to_numpy(dtype=np.int64)])
        asked = frontier.groupby("ring", as_index=False).agg(accounts=("account", "nunique"))
        tiers = steps.groupby(["ring", "target_code", "victim"], as_index=False).agg(tier=("tier", "min"))
        return cls(
            scope=scope,
            linkage=linkage,
            claims=claims,
            accounts=Sliced.of(with_roles(members, roles, held), "ring", rings),
            flows=Sliced.of(summed(traced, ["ring", "source_code", "target_code"], "traced_fen"), "ring", rings),
            tiers=Sliced.of(tiers, "ring", rings),
            ties=Sliced.of(members_of.sort_values(["ring", "tie", "claim"]), "ring", rings),
            sinks=Sliced.of(summed(sinks, ["ring", "sink"], "amount_fen"), "ring", rings),
            carriers=Sliced.of(linkage.carriers, "tie", len(linkage.ties)),
            rows=Sliced.of(claims.sort_values(["ring", "claim"]), "ring", rings),
            rates=rates_by_account(findings),
            frontier={int(one.ring): int(one.accounts) for one in records(asked)},
            totals=[
                {"lost_fen": int(row.claim_fen), "held_fen": int(row.held_fen), "sunk_fen": int(row.sinks_fen)}
                for row in records(whole)
            ],
            span=[(int(row.first), int(row.last)) for row in records(times)],
        )


@dataclass(frozen=True)
class Sliced:
    """A frame sorted by a number, with where each number's rows begin."""

    frame: pd.DataFrame
    begin: Ints

    @classmethod
    def of(cls, frame: pd.DataFrame, column: str, count: int) -> "Sliced":
        """Sort by the column, stable, and find the beginnings."""
        frame = frame.sort_values(column, kind="stable", ignore_index=True)
        return cls(frame, np.searchsorted(frame[column].to_numpy(dtype=np.int64), np.arange(count + 1)))

    def __getitem__(self, number: int) -> pd.DataFrame:
        """The rows of one number."""
        return self.frame.iloc[self.begin[number] : self.begin[number + 1]]


def rates_by_account(findings: list[Finding]) -> dict[int, dict[str, Any]]:
    """What the rule on payouts measured of recyclers."""
    wanted = ("voucher", "rate", "interval", "batches")
    return {
        one.account_code: {name: one.inputs[name] for name in wanted}
        for one in findings
        if one.inputs.get("side") == "recycler"
    }


def with_roles(members: pd.DataFrame, roles: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """The rings' accounts with role, tier, reason, and what each holds of the ring's money."""
    resting = summed(held, ["ring", "account_code"], "held_fen")
    table = members.merge(roles, on="account_code", how="left").merge(resting, on=["ring", "account_code"], how="left")
    table["role"] = table["role"].fillna("unknown")
    table["reason"] = table["reason"].fillna("The records do not name this account.")
    return table.assign(tier=table["tier"].fillna(0).astype("int64"), held_fen=exact(table["held_fen"]))


def exact(values: "pd.Series[Any]") -> Ints:
    """Integers where the merge left gaps: no detour over floats."""
    return np.asarray(values.astype("Int64").fillna(0).to_numpy(dtype=np.int64), dtype=np.int64)


def summed(frame: pd.DataFrame, keys: list[str], value: str) -> pd.DataFrame:
    """One row per key with the sum, sorted; nullable, so that a merge keeps every fen."""
    table: pd.DataFrame = frame[keys].assign(**{value: frame[value].astype("int64")})
    sums: pd.DataFrame = table.groupby(keys, sort=True, as_index=False).agg(**{value: (value, "sum")})
    return sums.assign(**{value: sums[value].astype("Int64")})
