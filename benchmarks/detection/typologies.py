"""What the pattern finders recover, per typology: `python -m benchmarks.detection typologies`.

Two labelled data sets of the outside data: AMLGentex (5,000 accounts, 180 days, 140 alerts) and whole attempts of AMLworld set
into generated traffic. An attempt is found when one instance of its typology holds at least half of its transfers. An instance
is false when it finds no attempt of its typology, even if it is part of another one. Attempts of fewer than three transfers
(AMLworld) have no shape and are left out. Windows, relations and list lengths are below; they were chosen on these data, so
the figures say what the shapes can carry, not what a new bank will see.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from rules.patterns import (
    Edges,
    Instances,
    Round,
    bipartites,
    chains,
    commissioned,
    cycles,
    edges_of,
    fan_ins,
    fan_outs,
    gather_scatters,
    instants,
    joined,
    once,
    passed_on,
    scatter_gathers,
    sparse,
    stacks,
    strangers,
)

HEADER = (
    "| data | typology | attempts | found | recall | instances | false | false per found | largest | how |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---|"
)
HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
MOST_TRANSFERS = 500
"""Larger joined instances are given up."""
LISTED = 345
"""Fans are a list in order of suspicion: so many are read."""
GENTEX_WINDOW_US = 28 * DAY_US
LINK_US = 7 * DAY_US
WORLD_WINDOW_US = 96 * HOUR_US
GENTEX_FIRST_MODEL = 14_207
"""pattern_id of the first alert of the members' table."""
TRAFFIC, ACCOUNTS, PARTNERS, DAYS = 200_000, 20_000, 4, 18
"""Generated traffic around AMLworld's attempts: transfers, accounts, usual partners of each, days."""
USUAL = 0.8
"""Share of the traffic that goes to a usual partner."""
DOLLARS = {
    "US Dollar": 1.0,
    "Euro": 1.1718,
    "Yuan": 0.1493,
    "Yen": 0.0094878,
    "UK Pound": 1.2922,
    "Ruble": 0.012855,
    "Rupee": 0.013616,
    "Australian Dollar": 0.70781,
    "Canadian Dollar": 0.75798,
    "Mexican Peso": 0.047326,
    "Brazil Real": 0.17711,
    "Swiss Franc": 1.0929,
    "Saudi Riyal": 0.26660,
    "Shekel": 0.29612,
}
"""One unit in US dollars in AMLworld: an attempt changes currency at its hops and keeps its worth."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Labelled:
    """Transfers with the attempt of each (-1: ordinary) and the typology of each attempt."""

    name: str
    edges: Edges
    attempt: Numbers
    typology: pd.Series


def gentex(folder: Path) -> Labelled:
    """AMLGentex as edges; dates only, so all transfers of a day share one instant."""
    rows = pq.read_table(folder / "amlgentex" / "amlgentex_multi_acct2acct.parquet").to_pandas()
    names = pd.Index(sorted({*rows["src"], *rows["dst"]}))
    day = (pd.to_datetime(rows["ts"]) - pd.Timestamp("2025-01-01")).dt.days.to_numpy(dtype=np.int64)
    fen = (rows["amount"] * 100).round().to_numpy().astype(np.int64)
    source, target = (names.get_indexer(rows[end]).astype(np.int64) for end in ("src", "dst"))
    attempt = pd.to_numeric(rows["pattern_id"], errors="coerce").fillna(-1).to_numpy().astype(np.int64)
    typology = rows.assign(attempt=attempt)[attempt >= 0].groupby("attempt")["pattern_type"].first()
    return Labelled("AMLGentex", edges_of(source, target, day * DAY_US, fen), attempt, typology)


def world(folder: Path, seed: int = 3) -> Labelled:
    """AMLworld's attempts and background rows among generated traffic in which their accounts take part like any other."""
    attempts = pd.read_csv(folder / "amlworld" / "pattern_transactions.csv")
    plain = pd.read_csv(folder / "amlworld" / "background_1000.csv")
    dollars = attempts["amount_paid"] * attempts["currency_paid"].map(DOLLARS)
    plain_keys = (plain["from_account_key"], plain["to_account_key"])
    names = pd.Index(sorted({*attempts["src"], *attempts["dst"], *plain_keys[0], *plain_keys[1]}))
    draw = np.random.default_rng(seed)
    accounts = max(ACCOUNTS, len(names))
    partner = draw.integers(0, accounts, (accounts, PARTNERS))
    source = draw.integers(0, accounts, TRAFFIC)
    usual = partner[source, draw.integers(0, PARTNERS, TRAFFIC)]
    target = np.where(draw.random(TRAFFIC) < USUAL, usual, draw.integers(0, accounts, TRAFFIC))
    begin = pd.Timestamp("2022-09-01")
    times = [
        ((pd.to_datetime(values) - begin) // pd.Timedelta("1us")).to_numpy() for values in (attempts["ts"], plain["timestamp"])
    ]
    numbers = pd.factorize(attempts["pattern_id"])[0]
    size = pd.Series(numbers).map(pd.Series(numbers).value_counts()).to_numpy()
    typology = attempts.assign(attempt=numbers)[size >= 3].groupby("attempt")["pattern_type"].first()
    edges = edges_of(
        np.concatenate([names.get_indexer(attempts["src"]), names.get_indexer(plain_keys[0]), source]),
        np.concatenate([names.get_indexer(attempts["dst"]), names.get_indexer(plain_keys[1]), target]),
        np.concatenate([*times, draw.integers(0, DAYS * DAY_US, TRAFFIC)]),
        np.concatenate(
            [
                (dollars * 100).round().to_numpy(),
                (plain["amount_paid"] * 100).round().to_numpy(),
                draw.lognormal(12.5, 1.7, TRAFFIC) + 1,
            ]
        ).astype(np.int64),
    )
    attempt = np.concatenate([numbers, np.full(len(plain) + TRAFFIC, -1)]).astype(np.int64)
    return Labelled("AMLworld", edges, attempt, typology)


Search = Callable[[Edges], tuple[Edges, Instances]]
"""From all transfers to those that were searched and what was found."""


def listed_fans(edges: Edges, incoming: bool) -> tuple[Edges, Instances]:
    """Fans of transfers made once between two accounts, by how many instants they spread over, then by amount."""
    edges = edges.only(once(edges))
    edges = edges.only(sparse(edges, edges.target if incoming else edges.source, 2))
    found = (fan_ins if incoming else fan_outs)(edges, GENTEX_WINDOW_US, 3)
    order = np.lexsort([-found.fen(edges), -instants(found, edges)])[:LISTED]
    return edges, chosen(found, order)


def chosen(found: Instances, order: Numbers) -> Instances:
    """Some instances, in that order."""
    parts = [found.of(int(number)) for number in order]
    start = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    return Instances(found.kind, start, np.concatenate(parts) if parts else found.edge[:0], found.cut)


def known_once(edges: Edges, find: Callable[[Edges], Instances]) -> tuple[Edges, Instances]:
    """Search the transfers between accounts that deal once."""
    few = edges.only(once(edges))
    return few, find(few)


def among_strangers(edges: Edges, window_us: int, find: Callable[[Edges], Instances]) -> tuple[Edges, Instances]:
    """Search the transfers between accounts that deal within one window only."""
    few = edges.only(strangers(edges, window_us))
    return few, find(few)


def among_like(edges: Edges, find: Callable[[Edges], Instances]) -> tuple[Edges, Instances]:
    """Search the transfers next to which an account passed on a like amount."""
    like = edges.only(passed_on(edges, WORLD_WINDOW_US, 8_500, 11_500))
    return like, find(like)


def gathered(edges: Edges, window_us: int) -> Instances:
    """Scatter-gathers that share a transfer as one."""
    return joined(scatter_gathers(edges, window_us, 2), len(edges), MOST_TRANSFERS)


G, W = GENTEX_WINDOW_US, WORLD_WINDOW_US
GENTEX: dict[str, tuple[str, Search]] = {
    "fan_in": (f"once, 28 d, ≥ 3, first {LISTED}", lambda edges: listed_fans(edges, True)),
    "fan_out": (f"once, 28 d, ≥ 3, first {LISTED}", lambda edges: listed_fans(edges, False)),
    "cycle": ("strangers, 28 d, 3–10, in time order", lambda e: among_strangers(e, G, lambda f: cycles(f, Round(G)))),
    "scatter_gather": ("once, 28 d, ≥ 2, joined", lambda e: known_once(e, lambda f: gathered(f, G))),
    "gather_scatter": (
        "once, 28 d, by commission, linked in 7 d",
        lambda e: known_once(e, lambda f: commissioned(f, G, LINK_US).groups),
    ),
    "stack": (
        "once, 28 d, by commission, linked in 7 d",
        lambda e: known_once(e, lambda f: commissioned(f, G, LINK_US).groups),
    ),
    "bipartite": ("once, 28 d", lambda e: known_once(e, lambda f: bipartites(f, G))),
}
WORLD: dict[str, tuple[str, Search]] = {
    "FAN-IN": ("96 h, ≥ 3", lambda e: (e, fan_ins(e, W, 3))),
    "FAN-OUT": ("96 h, ≥ 3", lambda e: (e, fan_outs(e, W, 3))),
    "CYCLE": (
        "like amounts passed on, 96 h, 3–11, any order",
        lambda e: among_like(e, lambda f: cycles(f, Round(W, 3, 11, False))),
    ),
    "RANDOM": ("48 h between hops, 0.7–1.4 of the amount, ≥ 3", lambda e: (e, chains(e, 48 * HOUR_US, 3, 7_000, 14_000))),
    "SCATTER-GATHER": ("96 h, ≥ 2, joined", lambda e: (e, gathered(e, W))),
    "GATHER-SCATTER": ("96 h each way, ≥ 2", lambda e: (e, gather_scatters(e, W, 2, 2))),
    "STACK": ("strangers, 96 h, 0.5–1.5", lambda e: among_strangers(e, W, lambda f: stacks(f, W, 5_000, 15_000))),
    "BIPARTITE": ("96 h", lambda e: (e, bipartites(e, W))),
}


def row(data: Labelled, typology: str, how: str, search: Search) -> str:
    """One line of the table."""
    edges, found = search(data.edges)
    wanted = data.typology.index[data.typology == typology]
    size = pd.Series(data.attempt[data.edges.row]).value_counts()
    attempt = data.attempt[edges.row[found.edge]]
    hits = pd.DataFrame({"instance": found.owner(), "attempt": attempt})[np.isin(attempt, wanted)]
    hits = hits.value_counts().reset_index(name="transfers")
    hits = hits[2 * hits["transfers"] >= hits["attempt"].map(size)]
    recovered, false = hits["attempt"].nunique(), len(found) - hits["instance"].nunique()
    figures = f"{len(wanted)} | {recovered} | {recovered / len(wanted):.2f} | {len(found):,} | {false:,}"
    largest = np.diff(found.start).max(initial=0)
    cut = f"; {found.cut:,} searches given up" if found.cut else ""
    return f"| {data.name} | {typology} | {figures} | {false / max(recovered, 1):.1f} | {largest} | {how}{cut} |"


def report(folder: Path) -> str:
    """Search both data sets: the table."""
    lines = [HEADER]
    for data, searches in ((gentex(folder), GENTEX), (world(folder), WORLD)):
        lines += [row(data, typology, how, search) for typology, (how, search) in searches.items()]
    return "\n".join(lines) + "\n"
