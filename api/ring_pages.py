"""What a ring's page says."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.csv_tables import instant
from api.results import money, trace_id
from api.ring_book import Book
from rules.catalogue import signs
from rules.roles import name_roles
from rules.rule import Finding
from rules.scope import Scope, records
from rules.suppliers import with_suppliers
from tracing.networks import communities

Ints = NDArray[np.int64]
SEED = 1
"""Of the search for communities; stated on every page."""
NUMBERS = ("segment", "consecutive")
IDENTIFIERS = ("device", "phone", "ip", "id", "messenger", "app", "url", "order")


def role_table(scope: Scope, findings: list[Finding]) -> pd.DataFrame:
    """Roles with their reasons, suppliers among them."""
    return with_suppliers(scope, name_roles(scope, signs(findings)), findings)


def slices(claims: pd.DataFrame, ring: Ints, column: str) -> Iterator[list[str]]:
    """The texts of a column, ring by ring."""
    order = np.argsort(ring, kind="stable")
    values = claims[column].astype(object).to_numpy()[order]
    start = 0
    for end in np.cumsum(np.bincount(ring, minlength=0)).tolist():
        yield [str(value) for value in values[start:end]]
        start = end


def page(book: Book, ring: int, name: str) -> dict[str, Any]:
    """The page of one ring; its keys are the fields of docs/rings.md, in that order."""
    trace = book.scope.trace
    assert trace is not None, "rings need a trace"
    rows, totals, ties = book.rows[ring], book.totals[ring], ties_told(book, ring)
    accounts, parts = accounts_told(book, ring)
    first_us, last_us = book.span[ring]
    seen = first_us > 0
    return {
        "ring": name,
        "trace": trace_id(trace),
        "ledger_digest": trace.ledger_digest,
        "batch": trace.batch,
        "currency": str(rows["currency"].iloc[0]),
        "claims": [
            {
                "claim": str(row.claim),
                "victim": str(row.victim),
                "transfer": str(row.transfer),
                "lost": money(int(row.claim_fen)),
                "held": money(int(row.held_fen)),
                "sunk": money(int(row.sinks_fen)),
            }
            for row in records(rows)
        ],
        "victims": sorted({str(victim) for victim in rows["victim"]}),
        "totals": {key.removesuffix("_fen"): money(fen) for key, fen in totals.items()},
        "sinks": {str(row.sink): money(int(row.amount_fen)) for row in records(book.sinks[ring])},
        "first": instant(first_us) if seen else None,
        "last": instant(last_us) if seen else None,
        "frontier": book.frontier.get(ring, 0),
        "accounts": accounts,
        "communities": parts,
        "seed": SEED,
        "rates": rates_told(book, ring),
        "ties": ties,
        "segments": [{"segment": tie["value"], "claims": tie["claims"]} for tie in ties if tie["kind"] in NUMBERS],
        "identifiers": {
            kind: values for kind in IDENTIFIERS if (values := [tie["value"] for tie in ties if tie["kind"] == kind])
        },
    }


def accounts_told(book: Book, ring: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The ring's accounts by role and tier, and its communities: the largest flows first, hubs in none."""
    rows, flows = book.accounts[ring], book.flows[ring]
    scope = book.scope
    codes = rows["account_code"].to_numpy(dtype=np.int64)
    tiers: dict[int, dict[str, int]] = {}
    for step in records(book.tiers[ring]):
        tiers.setdefault(int(step.target_code), {})[str(step.victim)] = int(step.tier)
    part, fen = parted(scope, codes, flows)
    facts = scope.ledger.accounts.iloc[codes]
    words = {key: facts[key].astype(object).to_numpy() for key in ("account", "kind", "institution", "holder_name")}
    told: list[dict[str, Any]] = []
    for at, row in enumerate(records(rows)):
        told.append(
            {
                "account": str(words["account"][at]),
                **{key: text(words[key][at]) for key in ("kind", "institution", "holder_name")},
                "role": str(row.role),
                "tier": int(row.tier),
                "tier_by_victim": dict(sorted(tiers.get(int(row.account_code), {}).items())),
                "reason": str(row.reason),
                "held": money(int(row.held_fen)),
                "community": int(part[at]) or None,
            }
        )
    parts = [
        {
            "community": number,
            "accounts": sorted(one["account"] for one in told if one["community"] == number),
            "traced_inside": money(inside),
        }
        for number, inside in enumerate(fen, start=1)
    ]
    return sorted(told, key=lambda one: (one["tier"], one["role"], one["account"])), parts


def parted(scope: Scope, codes: Ints, flows: pd.DataFrame) -> tuple[Ints, list[int]]:
    """Number of the community per account (from 1, the most money inside first; 0: in none), and the money inside each."""
    ends = [np.searchsorted(codes, flows[end].to_numpy(dtype=np.int64)) for end in ("source_code", "target_code")]
    plain = ~scope.hub[codes[ends[0]]] & ~scope.hub[codes[ends[1]]] if len(codes) else np.zeros(0, dtype=np.bool_)
    source, target = ends[0][plain], ends[1][plain]
    fen = flows["traced_fen"].to_numpy(dtype=np.int64)[plain]
    part = np.zeros(len(codes), dtype=np.int64)
    if not len(source):
        return part, []
    nodes, place = np.unique(np.concatenate([source, target]), return_inverse=True)
    found = communities(len(nodes), place[: len(source)], place[len(source) :], fen, SEED)
    inside = np.zeros(int(found.max()) + 1, dtype=np.int64)
    same = found[place[: len(source)]] == found[place[len(source) :]]
    np.add.at(inside, found[place[: len(source)]][same], fen[same])
    order = np.argsort(-inside, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(1, len(order) + 1)
    part[nodes] = rank[found]
    return part, [int(value) for value in inside[order]]


def ties_told(book: Book, ring: int) -> list[dict[str, Any]]:
    """The ties that touch the ring: its claims, how many claims of any ring, and the accounts that carry them."""
    told = []
    ties = book.linkage.ties
    names = book.scope.ledger.accounts["account"]
    claims = book.claims["claim"].to_numpy(dtype=object)
    tie_of, claim_of = (book.ties[ring][name].to_numpy(dtype=np.int64) for name in ("tie", "claim"))
    found, begin = np.unique(tie_of, return_index=True)
    # Without any tie the split still gives one empty part.
    for tie, mine in zip(found.tolist(), np.split(claim_of, begin[1:]), strict=False):
        row = ties.iloc[tie]
        here = sorted(str(claims[at]) for at in mine)
        carriers = book.carriers[tie]["account_code"].to_numpy(dtype=np.int64)
        told.append(
            {
                "kind": str(row["kind"]),
                "value": str(row["value"]),
                "strength": str(row["strength"]),
                "state": str(row["state"]),
                "claims": here,
                "claims_in_all": int(str(row["cases"])),
                "accounts": sorted(str(name) for name in names.iloc[carriers]),
            }
        )
    return told


def text(value: Any) -> str | None:
    """A word of the records; null where there is none."""
    return None if pd.isna(value) else str(value)


def rates_told(book: Book, ring: int) -> list[dict[str, Any]]:
    """The estimated rates of the ring's recyclers, by account."""
    names = book.scope.ledger.accounts["account"]
    codes = [int(code) for code in book.accounts[ring]["account_code"]]
    return [{"account": str(names.iloc[code])} | book.rates[code] for code in codes if code in book.rates]
