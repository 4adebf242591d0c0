"""The measured jobs, each run alone in a process: `python -m benchmarks.contenders NAME FOLDER [TRANSFERS]`.

Each prints one JSON object: `seconds`, and what it found, so that the answers can be compared.
"""

import json
import shutil
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

NUMBERED = (("claim", 1), ("account", 5))
"""The benchmark's claims and accounts carry their number behind a prefix of this length."""


def parse_with_pandas(folder: Path, engine: str) -> dict[str, Any]:
    """Merely parse the CSV with one of pandas' engines, as `pandas.read_csv` does when told nothing more."""
    import pandas as pd

    start = time.perf_counter()
    table = pd.read_csv(folder / "bank.csv", engine=engine)  # type: ignore[call-overload]
    return {"seconds": time.perf_counter() - start, "rows": len(table)}


def ingest_with_liushui(folder: Path) -> dict[str, Any]:
    """Full validated ingest into a new ledger, the lot index included."""
    from ledger import open_ledger
    from ledger.ingest import ingest
    from tracing import build_index

    target = folder / "ledger"
    shutil.rmtree(target, ignore_errors=True)
    start = time.perf_counter()
    ingest(target, [folder / "bank.csv", folder / "reports.csv"])
    published = time.perf_counter() - start
    build_index(open_ledger(target))
    seconds = time.perf_counter() - start
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    return {"seconds": seconds, "published": published, "bytes": size, "csv_bytes": (folder / "bank.csv").stat().st_size}


def ingest_again_with_liushui(folder: Path) -> dict[str, Any]:
    """Ingest the same file into the same ledger; and merely hash it."""
    import hashlib

    from ledger.ingest import ingest

    start = time.perf_counter()
    with (folder / "bank.csv").open("rb") as stream:
        hashlib.file_digest(stream, "sha256")
    hashed = time.perf_counter() - start
    start = time.perf_counter()
    result = ingest(folder / "ledger", [folder / "bank.csv"])
    return {"seconds": time.perf_counter() - start, "hashed": hashed, "known": len(result.known)}


def open_with_liushui(folder: Path) -> dict[str, Any]:
    """Open a ledger, its lot index included."""
    from ledger import open_ledger
    from tracing import indexed_axis

    start = time.perf_counter()
    ledger = open_ledger(folder / "ledger")
    axis = indexed_axis(ledger)
    return {"seconds": time.perf_counter() - start, "transfers": axis.rows, "accounts": len(ledger.accounts)}


def trace_with_liushui(folder: Path) -> dict[str, Any]:
    """Open a ledger and trace its claims; and the trace of the claims alone, on the open ledger."""
    start = time.perf_counter()
    from ledger import open_ledger
    from tracing import Parameters, trace_claims
    from tracing.follow import follow
    from tracing.trace import claims_of, holders_of_accounts, links_for, seeds_of, with_tiers

    imported = time.perf_counter() - start
    start = time.perf_counter()
    ledger = open_ledger(folder / "ledger")
    trace = trace_claims(ledger)
    opened_and_traced = time.perf_counter() - start
    parameters = Parameters()
    axis, links = links_for(ledger, parameters)
    claims = claims_of(ledger, axis, parameters)
    holder = holders_of_accounts(ledger)
    payer = holder[claims.table["payer_code"].to_numpy(dtype=np.int64)]
    seeds = with_tiers(axis, seeds_of(claims.table, axis), holder[axis.slots.account], payer)
    alone = []
    for _ in range(5):
        start = time.perf_counter()
        follow(axis, links, seeds, holder[axis.slots.account], parameters)
        alone.append(time.perf_counter() - start)
    held = trace.held.groupby("claim")["held_fen"].sum()
    return {
        "seconds": opened_and_traced,
        "imported": imported,
        "alone": sorted(alone)[2],
        "held": int(held.sum()),
        "accounts": int(trace.held["account"].nunique()),
        "checksum": checksum(*(trace.held[name].str[cut:].astype(int) for name, cut in NUMBERED), trace.held["held_fen"]),
    }


def replay_with_deques(folder: Path, transfers: int) -> dict[str, Any]:
    """Plain Python: a deque of (claim, fen) lots per account, first in first out; arrays and openings given, untimed."""
    from benchmarks.world import world

    made = world(transfers)
    claim_of = dict(zip(made.disputed.tolist(), range(len(made.disputed)), strict=True))
    opening = implied_openings(made)
    moves = list(zip(made.source.tolist(), made.target.tolist(), made.amount_fen.tolist(), strict=True))
    start = time.perf_counter()
    purses: list[deque[tuple[int, int]]] = [deque([(-1, fen)]) if fen else deque() for fen in opening]
    for row, (source, target, amount) in enumerate(moves):
        purse, into, left = purses[source], purses[target], amount
        if row in claim_of:
            while left:
                label, fen = purse.popleft()
                if fen > left:
                    purse.appendleft((label, fen - left))
                    fen = left
                left -= fen
                into.append((claim_of[row] if label < 0 else label, fen))
            continue
        while left:
            label, fen = purse.popleft()
            if fen > left:
                purse.appendleft((label, fen - left))
                fen = left
            left -= fen
            if into and into[-1][0] == label:
                into[-1] = (label, into[-1][1] + fen)
            else:
                into.append((label, fen))
    seconds = time.perf_counter() - start
    lots = [(label, account, fen) for account, purse in enumerate(purses) for label, fen in purse if label >= 0]
    claim, account, fen = (np.asarray(column, dtype=np.int64) for column in zip(*lots, strict=True))
    return {
        "seconds": seconds,
        "held": int(fen.sum()),
        "accounts": len(set(account.tolist())),
        "checksum": checksum(claim, account, fen),
    }


def implied_openings(made: Any) -> list[int]:
    """Least opening balance per account that no debit exceeds."""
    from tracing.kernels import totals

    order = np.arange(len(made.source))
    ends = np.zeros(made.accounts, dtype=np.bool_)
    lowest, _, _ = totals(order, made.source, made.target, made.amount_fen, made.amount_fen, ends, made.accounts)
    return (-lowest).tolist()  # type: ignore[no-any-return]


def checksum(claim: Any, account: Any, fen: Any) -> int:
    """One number for a table of (claim, account, fen), whatever its order or how its lots are cut."""
    key = np.asarray(claim, dtype=np.uint64) * 1_000_003 + np.asarray(account, dtype=np.uint64)
    mixed = key * np.uint64(0x9E3779B97F4A7C15)
    return int(((mixed >> np.uint64(20)) * np.asarray(fen, dtype=np.uint64)).sum() & np.uint64(2**62 - 1))


def reach_with_duckdb(folder: Path) -> dict[str, Any]:
    """DuckDB: a recursive CTE that only finds which accounts are reachable in time order; loading is untimed."""
    import duckdb

    base = duckdb.connect()
    base.execute(f"create view b as select * from read_csv('{folder / 'bank.csv'}', all_varchar=true)")
    base.execute("create table t as select time, source, target from b")
    base.execute(f"create table r as select transfer from read_csv('{folder / 'reports.csv'}', all_varchar=true)")
    base.execute("create table c as select b.time, b.target from b join r using (transfer)")
    start = time.perf_counter()
    found = base.execute(
        "with recursive reach(account, since) using key (account) as ("
        " select target, min(time) from c group by target"
        " union"
        " select t.target, min(t.time) from reach join t on t.source = reach.account and t.time > reach.since"
        " left join recurring.reach seen on seen.account = t.target"
        " where seen.since is null or t.time < seen.since group by t.target"
        ") select count(*) from reach"
    ).fetchone()
    return {"seconds": time.perf_counter() - start, "accounts": found[0] if found else 0}


def main() -> None:
    """Run the named job and print what it found."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    jobs = {
        "pandas": lambda: parse_with_pandas(folder, "c"),
        "pandas-pyarrow": lambda: parse_with_pandas(folder, "pyarrow"),
        "ingest": lambda: ingest_with_liushui(folder),
        "again": lambda: ingest_again_with_liushui(folder),
        "open": lambda: open_with_liushui(folder),
        "trace": lambda: trace_with_liushui(folder),
        "deques": lambda: replay_with_deques(folder, int(sys.argv[3])),
        "duckdb": lambda: reach_with_duckdb(folder),
    }
    print(json.dumps(jobs[name]()))


if __name__ == "__main__":
    main()
