"""One page of JSON per ring: its claims and money, who is what in it and why, what ties it, and how sure that is.

Identifiers tie claims and never carry an amount: the money of a page comes from the trace alone.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from api.csv_tables import COUNT, MONEY, TEXT, TIME, csv_bytes
from api.results import json_bytes, money, write_whole
from api.ring_book import Book
from api.ring_pages import page, role_table, slices
from ledger.book import Ledger
from rules.catalogue import apply_to
from rules.scope import Scope, columns, records, scope_of
from tracing.linkage import Linkage, link_claims
from tracing.result import Trace

PAGE = re.compile(r"ring-\d{3,}\.json")
NEVER_TIE = ("victim", "own_account", "hub", "good_faith_recipient")
"""Roles that tie nobody."""
WEAKLY = ("gift_card_recycler", "q_coin_recycler")
"""Roles that serve whoever sells: told as a tie, but no reason to join two rings."""
OUTSIDE = ("unknown", "hub", "victim", "voucher", "good_faith_recipient")
"""Roles that do not make an account off the trace a member of a ring."""
LARGEST = 10
"""Rings that a summary names."""
INDEX = {
    "page": ("page", TEXT),
    "ring": ("ring", TEXT),
    "claims": ("claims", COUNT),
    "victims": ("victims", COUNT),
    "lost": ("lost_fen", MONEY),
    "held": ("held_fen", MONEY),
    "sunk": ("sunk_fen", MONEY),
    "accounts": ("accounts", COUNT),
    "ties": ("ties", COUNT),
    "communities": ("communities", COUNT),
    "frontier": ("frontier", COUNT),
    "first": ("first_us", TIME),
    "last": ("last_us", TIME),
}
"""Columns of rings.csv."""


@dataclass(frozen=True)
class Rings:
    """The rings of a trace.

    order: ring numbers of the linkage, the ring with most claims first, then with most lost, then by id. ids: by ring number.
    """

    linkage: Linkage
    book: Book
    order: list[int]
    ids: list[str]

    def pages(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """File name and page of every ring, in order."""
        for place, ring in enumerate(self.order, start=1):
            yield f"ring-{place:03d}.json", page(self.book, ring, self.ids[ring])


def find_rings(ledger: Ledger, trace: Trace) -> Rings:
    """Tie the claims, name the roles, and gather each ring's accounts."""
    scope = scope_of(ledger, trace)
    findings, _ = apply_to(scope)
    roles = role_table(scope, findings)
    linkage = link_claims(ledger, trace, having(scope, roles, NEVER_TIE), having(scope, roles, WEAKLY))
    book = Book.of(scope, linkage, roles, findings, members(scope, linkage, roles))
    ids = [ring_id(claims) for claims in slices(book.claims, linkage.ring, "claim")]
    lost = np.zeros(len(ids), dtype=np.int64)
    np.add.at(lost, linkage.ring, book.claims["claim_fen"].to_numpy(dtype=np.int64))
    size = np.bincount(linkage.ring, minlength=len(ids))
    order = sorted(range(len(ids)), key=lambda ring: (-int(size[ring]), -int(lost[ring]), ids[ring]))
    return Rings(linkage, book, order, ids)


def write_rings(rings: Rings, out: Path) -> dict[str, Any]:
    """Write ring-001.json … and, last, rings.csv into `out`; what was found. Pages of an earlier run in `out` are removed."""
    out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for name, content in rings.pages():
        write_whole(out / name, json_bytes(content))
        rows.append(index_row(rings.book, rings.order[len(rows)], name, content))
    kept = {row["page"] for row in rows}
    for old in out.iterdir():
        if PAGE.fullmatch(old.name) and old.name not in kept:
            old.unlink()
    names = [column for column, _ in INDEX.values()]
    write_whole(out / "rings.csv", csv_bytes(pd.DataFrame(rows, columns=names), INDEX))
    return told(rings, rows)


def told(rings: Rings, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The rings in numbers: how many, how many tie claims, the largest, and the ties by kind and state."""
    ties = rings.linkage.ties
    counts = ties.groupby(["kind", "state"], as_index=False).agg(ties=("cases", "size"))
    shown, sums = ("page", "ring", "claims", "victims", "accounts"), ("lost", "held", "sunk")
    first = [{name: row[name] for name in shown} | {name: money(row[f"{name}_fen"]) for name in sums} for row in rows[:LARGEST]]
    return {
        "rings": len(rows),
        "of_several_claims": sum(row["claims"] > 1 for row in rows),
        "claims": len(rings.linkage.ring),
        "ties": [{"kind": one.kind, "state": one.state, "ties": int(one.ties)} for one in records(counts)],
        "largest": first,
    }


def index_row(book: Book, ring: int, name: str, content: dict[str, Any]) -> dict[str, Any]:
    """A ring's row of rings.csv."""
    fen = book.totals[ring]
    first_us, last_us = book.span[ring]
    return {
        "page": name,
        "ring": content["ring"],
        "claims": len(content["claims"]),
        "victims": len(content["victims"]),
        **fen,
        "accounts": len(content["accounts"]),
        "ties": sum(tie["state"] == "joins" for tie in content["ties"]),
        "communities": len(content["communities"]),
        "frontier": content["frontier"],
        "first_us": first_us,
        "last_us": last_us,
    }


def ring_id(claims: list[str]) -> str:
    """16 hexadecimal digits over the sorted claims: the same claims are the same ring, in any order of records."""
    return hashlib.sha256("\n".join(sorted(claims)).encode()).hexdigest()[:16]


def having(scope: Scope, roles: pd.DataFrame, wanted: tuple[str, ...]) -> "np.typing.NDArray[np.bool_]":
    """The accounts of these roles, as flags by code."""
    flags = np.zeros(len(scope.hub), dtype=np.bool_)
    flags[roles.loc[roles["role"].isin(wanted), "account_code"].to_numpy(dtype=np.int64)] = True
    return flags


def members(scope: Scope, linkage: Linkage, roles: pd.DataFrame) -> pd.DataFrame:
    """Accounts of each ring, pairs (ring, account_code): those its money passed, and the people behind them.

    Off the trace stand other accounts of a member's holder, a middleman whom the ring's recyclers pay, whom the boss pays.
    """
    assert scope.trace is not None, "rings need a trace"
    traced = scope.trace.traced
    ring = linkage.ring[pd.Index(scope.trace.claims["claim"].astype(object)).get_indexer(traced["claim"].astype(object))]
    ends = [
        pd.DataFrame({"ring": ring, "account_code": traced[end].to_numpy(np.int64)}) for end in ("source_code", "target_code")
    ]
    found = pd.concat(ends).drop_duplicates()
    named = roles.loc[~roles["role"].isin(OUTSIDE), "account_code"].to_numpy(dtype=np.int64)
    moves = scope.dealings()
    source, target = columns(moves, "source", "target")
    paid = pd.DataFrame({"source": source, "target": target})[np.isin(target, named) & ~scope.hub[source]].drop_duplicates()
    holder = pd.DataFrame({"holder": scope.holder[named], "target": named})
    passing = set(roles.loc[~roles["role"].isin(NEVER_TIE), "account_code"].tolist())
    for _ in range(3):  # recycler to middleman, middleman to boss, boss to supplier
        own = found.assign(holder=scope.holder[found["account_code"].to_numpy(dtype=np.int64)]).merge(holder, on="holder")
        by = found[found["account_code"].isin(passing)].merge(paid, left_on="account_code", right_on="source")
        more = pd.concat([own, by])[["ring", "target"]].rename(columns={"target": "account_code"})
        found = pd.concat([found, more]).drop_duplicates()
    return found.sort_values(["ring", "account_code"], ignore_index=True)
