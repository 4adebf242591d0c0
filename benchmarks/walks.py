"""Following money with what a user would pick: `python -m benchmarks.walks [--transfers N] [--claims K]`.

Every contender starts from the same disputed payments, its tables or graph loaded and indexed before the clock starts, each
in a process of its own, one after the other in one run; the best of five rounds counts, or of as many as begin within ten
seconds. The others find which accounts are reachable; liushui finds how many fen of whose money lie where.
"""

import argparse
import heapq
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmarks.measure import measured
from benchmarks.world import World, world, write_records

ROUNDS, SECONDS = 5, 10
GIVES = {
    "liushui": "exact fen per claim and account, first in first out",
    "duckdb": "accounts reachable in time order",
    "postgresql": "accounts reachable in time order",
    "networkx": "accounts reachable in time order",
    "igraph": "accounts reachable, time not looked at",
}


def main() -> None:
    """Print the table; with a contender's name, run that one and print what it found."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--transfers", type=int, default=1_000_000)
    words.add_argument("--claims", type=int, default=1_000)
    words.add_argument("--only", choices=sorted(GIVES))
    words.add_argument("--folder", type=Path)
    asked = words.parse_args()
    if asked.only:
        print(json.dumps(CONTENDERS[asked.only](world(asked.transfers), asked.claims, asked.folder)))
        return
    folder = Path(tempfile.mkdtemp(prefix="liushui-walks-"))
    sizes = ("--transfers", str(asked.transfers), "--claims", str(asked.claims), "--folder", str(folder))
    print("| contender | seconds | liushui is | accounts | gives |\n|---|---:|---:|---:|---|")
    try:
        ours = 0.0
        for name, gives in GIVES.items():
            print(f"{name} …", file=sys.stderr, flush=True)
            done = measured("benchmarks.walks", "--only", name, *sizes)
            seconds = done.answer.get("seconds")
            ours = ours or float(seconds or 0)
            faster = "" if name == "liushui" or not seconds else f"{seconds / ours:,.0f} × as fast"
            shown = done.failed if seconds is None else f"{seconds:.4f}"
            print(f"| {name} | {shown} | {faster} | {done.answer.get('accounts', 0):,} | {gives} |", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def with_liushui(made: World, claims: int, folder: Path) -> dict[str, Any]:
    """The whole trace of the claims on an open ledger, in compiled code; result tables not counted."""
    from ledger import open_ledger
    from ledger.ingest import ingest
    from tracing.claims import claims_of, seeds_of
    from tracing.index import indexed_axis
    from tracing.result import Parameters
    from tracing.trace import followed_claims, holders_of_accounts, links_for

    records = folder / "records"
    write_records(made, records)
    ingest(folder / "ledger", [records / "bank.csv", records / "reports.csv"])
    ledger = open_ledger(folder / "ledger")
    chosen = tuple(sorted(ledger.reports["report"].tolist())[:claims])
    parameters = Parameters(reports=chosen)
    axis = indexed_axis(ledger)
    asked = claims_of(ledger, axis, parameters)
    assert len(seeds_of(asked.table, axis)) == claims
    holder, (axis, links) = holders_of_accounts(ledger), links_for(ledger, parameters)
    followed_claims(ledger, axis, asked, holder, parameters, links)  # loops are compiled once per installation
    seconds, (_, found) = timed(lambda: followed_claims(ledger, axis, asked, holder, parameters, links))
    return {"seconds": seconds, "accounts": len(np.unique(axis.slots.account[axis.target(found.carried.leg)]))}


def with_duckdb(made: World, claims: int, folder: Path) -> dict[str, Any]:
    """A recursive CTE keyed by account."""
    import duckdb
    import pandas as pd

    base = duckdb.connect()
    moves = pd.DataFrame({"time": made.time_us, "source": made.source, "target": made.target})
    start = pd.DataFrame({"time": made.time_us[made.disputed[:claims]], "target": made.target[made.disputed[:claims]]})
    base.execute("create table t as select * from moves order by source, time")
    base.execute("create table c as select * from start")
    assert len(moves) >= len(start)
    reach = (
        "with recursive reach(account, since) using key (account) as ("
        " select target, min(time) from c group by target"
        " union"
        " select t.target, min(t.time) from reach join t on t.source = reach.account and t.time > reach.since"
        " left join recurring.reach seen on seen.account = t.target"
        " where seen.since is null or t.time < seen.since group by t.target"
        ") select count(*) from reach"
    )
    seconds, found = timed(lambda: base.execute(reach).fetchone())
    return {"seconds": seconds, "accounts": found[0] if found else 0}


def with_postgresql(made: World, claims: int, folder: Path) -> dict[str, Any]:
    """A recursive CTE over an index on (source, time), in a server of its own."""
    import psycopg

    from tests.postgres import new_server

    server = new_server()
    try:
        with psycopg.connect(f"host={server.home} user=desk dbname=postgres", autocommit=True) as base:
            base.execute("set work_mem = '1GB'; set jit = off")
            base.execute("create unlogged table t (source int, target int, time bigint)")
            with base.cursor().copy("copy t from stdin") as rows:
                for one in zip(made.source.tolist(), made.target.tolist(), made.time_us.tolist(), strict=True):
                    rows.write_row(one)
            base.execute("create index on t (source, time) include (target)")
            base.execute("create temp table c (account int, since bigint)")
            at = made.disputed[:claims]
            base.cursor().executemany(
                "insert into c values (%s, %s)", list(zip(made.target[at].tolist(), made.time_us[at].tolist(), strict=True))
            )
            base.execute("analyze t; analyze c")
            reach = (
                "with recursive reach(account, since) as ("
                " select account, since from c union"
                " select t.target, t.time from reach join t on t.source = reach.account and t.time > reach.since"
                ") select count(distinct account) from reach"
            )
            seconds, found = timed(lambda: base.execute(reach).fetchone())
            return {"seconds": seconds, "accounts": found[0] if found else 0}
    finally:
        server.stop_if_running()
        shutil.rmtree(server.home, ignore_errors=True)


def with_networkx(made: World, claims: int, folder: Path) -> dict[str, Any]:
    """Earliest arrivals over a MultiDiGraph with a heap, as a script does it."""
    import networkx

    graph = networkx.MultiDiGraph()
    graph.add_weighted_edges_from(
        zip(made.source.tolist(), made.target.tolist(), made.time_us.tolist(), strict=True), weight="time"
    )
    at = made.disputed[:claims]

    def walk() -> int:
        heap = sorted(zip(made.time_us[at].tolist(), made.target[at].tolist(), strict=True))
        seen: dict[int, int] = {}
        while heap:
            since, account = heapq.heappop(heap)
            if account in seen:
                continue
            seen[account] = since
            for _, other, when in graph.out_edges(account, data="time"):
                if when > since and other not in seen:
                    heapq.heappush(heap, (when, other))
        return len(seen)

    seconds, accounts = timed(walk)
    return {"seconds": seconds, "accounts": accounts}


def with_igraph(made: World, claims: int, folder: Path) -> dict[str, Any]:
    """Breadth-first search from every claim's payee."""
    import igraph

    graph = igraph.Graph(
        n=made.accounts, edges=np.column_stack([made.source, made.target]).astype(np.int64).tolist(), directed=True
    )

    def walk() -> int:
        reached: set[int] = set()
        for start in made.target[made.disputed[:claims]].tolist():
            if start not in reached:
                reached.update(graph.bfs(start, mode="out")[0])
        return len(reached)

    seconds, accounts = timed(walk)
    return {"seconds": seconds, "accounts": accounts}


Answer = TypeVar("Answer")


def timed(job: Callable[[], Answer]) -> tuple[float, Answer]:
    """Seconds of the best round, and the answer."""
    taken: list[float] = []
    while True:
        begun = time.perf_counter()
        answer = job()
        taken.append(time.perf_counter() - begun)
        if len(taken) == ROUNDS or sum(taken) > SECONDS:
            return min(taken), answer


CONTENDERS: dict[str, Callable[[World, int, Path], dict[str, Any]]] = {
    "liushui": with_liushui,
    "duckdb": with_duckdb,
    "postgresql": with_postgresql,
    "networkx": with_networkx,
    "igraph": with_igraph,
}


if __name__ == "__main__":
    main()
