"""Reconciling 1 M one-sided rows, beside joins that match on nothing but amount and time.

    python -m benchmarks.reconcile [ROWS]

Every transfer of 2,000 accounts is told by both statements, with clocks up to three minutes apart. A row names the other side
by its account, by a masked number, by a name, or not at all, a quarter each. The joins are what one would write in pandas or
DuckDB: equal amount, nearest time within ten minutes. `false` counts pairs that are not one transfer.
"""

import json
import sys
import time
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.measure import measured
from ledger.records import ACCOUNTS, DECISIONS, TRANSFERS

HOLDERS = 2000
START_US = 1_735_660_800_000_000
SPAN_US = 180 * 86_400 * 1_000_000


def statements(count: int) -> tuple[pa.Table, pa.Table]:
    """Candidate rows of `count` one-sided entries, and the accounts. Ids are `a<transfer>` and `b<transfer>`."""
    random, half = np.random.default_rng(11), count // 2
    numbers = [f"6226{at * 7_919_333 % 10**12:012}{at % 1000:03}" for at in range(HOLDERS)]
    source = random.integers(0, HOLDERS, half)
    target = (source + random.integers(1, HOLDERS, half)) % HOLDERS
    amount = np.where(
        random.random(half) < 0.3, random.choice([100_00, 500_00, 1000_00], half), random.integers(1_00, 50_000_00, half)
    )
    moment = START_US + random.integers(0, SPAN_US, half) // 1_000_000 * 1_000_000
    names = np.array(
        [*numbers, *(f"{n[:6]}****{n[-4:]}" for n in numbers), *(f"unknown:holder {at}" for at in range(HOLDERS))], object
    )
    parts = []
    for side, (own, other) in enumerate(((source, target), (target, source))):
        how = random.integers(0, 4, half)
        told = names[np.where(how == 3, own, other) + HOLDERS * np.minimum(how, 2)]
        told = np.where(how == 3, "unknown:" + names[own].astype(object), told)
        ends = (names[own], told) if side == 0 else (told, names[own])
        skewed = moment + random.integers(-90, 90, half) * 1_000_000
        columns = {
            "transfer": np.array([f"{'ab'[side]}{at}" for at in range(half)], object), "time": skewed, "source": ends[0],
            "target": ends[1], "amount_fen": amount,
            "file": own.astype(np.int32), "line": np.arange(1, half + 1).astype(np.int32),
        }  # fmt: skip
        words = {"currency": "CNY", "kind": "bank", "status": "done", "witness": ("source", "target")[side]}
        columns |= {name: np.full(half, word, object) for name, word in words.items()}
        parts.append(pa.table({f.name: _column(columns, f, half) for f in TRANSFERS}))
    known = {"account": numbers, "holder_name": [f"holder {at}" for at in range(HOLDERS)], "kind": ["bank"] * HOLDERS}
    known |= {"hub": [False] * HOLDERS, "declared": [True] * HOLDERS}
    accounts = pa.table(
        [pa.array(known[f.name], f.type) if f.name in known else pa.nulls(HOLDERS, f.type) for f in ACCOUNTS], ACCOUNTS
    )
    return pa.concat_tables(parts), accounts


def _column(columns: dict[str, Any], field: pa.Field, rows: int) -> pa.Array:
    plain = pa.string() if field.name in ("source", "target") or pa.types.is_dictionary(field.type) else field.type
    return pa.array(columns[field.name]).cast(plain) if field.name in columns else pa.nulls(rows, plain)


def with_liushui(count: int) -> dict[str, Any]:
    """The whole of reconciliation."""
    from ledger.reconcile import reconcile

    rows, accounts = statements(count)
    empty = rows.slice(0, 0)
    reconcile(rows.slice(0, 100), empty, accounts, DECISIONS.empty_table())
    start = time.perf_counter()
    told = reconcile(rows, empty, accounts, DECISIONS.empty_table())
    seconds = time.perf_counter() - start
    kept = [row for row in told.select(["kind", "state", "transfer", "other"]).to_pylist() if row["kind"] == "both_sides"]
    pairs = [(row["transfer"], row["other"]) for row in kept if row["state"] == "applied"]
    return {"seconds": seconds, **_judged(pairs, count), "ambiguous": len(kept) - len(pairs)}


def with_pandas(count: int) -> dict[str, Any]:
    """pandas.merge_asof by amount, nearest time."""
    import pandas as pd

    rows, _ = statements(count)
    frame = rows.select(["transfer", "time", "amount_fen", "witness"]).to_pandas().sort_values("time")
    start = time.perf_counter()
    left, right = (frame[frame["witness"] == side] for side in ("source", "target"))
    joined = pd.merge_asof(left, right, on="time", by="amount_fen", direction="nearest", tolerance=pd.Timedelta("10min"))
    joined = joined.dropna(subset="transfer_y")
    seconds = time.perf_counter() - start
    return {"seconds": seconds, **_judged(list(zip(joined["transfer_x"], joined["transfer_y"], strict=True)), count)}


def with_duckdb(count: int) -> dict[str, Any]:
    """DuckDB: ASOF join by amount on the nearest later time, within the window."""
    import duckdb

    rows, _ = statements(count)
    base = duckdb.connect()
    base.register("rows", rows.select(["transfer", "time", "amount_fen", "witness"]))
    base.execute("create table t as select * from rows")
    start = time.perf_counter()
    found = base.execute(
        "select a.transfer, b.transfer from (select *, time - interval 10 minute as since from t where witness = 'source') a "
        "asof join (select * from t where witness = 'target') b on a.amount_fen = b.amount_fen and a.since <= b.time "
        "where b.time <= a.time + interval 10 minute"
    ).fetchall()
    return {"seconds": time.perf_counter() - start, **_judged(found, count)}


def _judged(pairs: list[tuple[str, str]], count: int) -> dict[str, Any]:
    right = sum(one[1:] == other[1:] for one, other in pairs)
    return {"matched": right, "false": len(pairs) - right, "of": count // 2}


JOBS = {"liushui": with_liushui, "pandas": with_pandas, "duckdb": with_duckdb}


def main() -> None:
    """All contenders in processes of their own; or one of them, when it is named."""
    words = sys.argv[1:]
    if words and words[0] in JOBS:
        print(json.dumps(JOBS[words[0]](int(words[1]))))
        return
    count = int(words[0]) if words else 1_000_000
    for name in JOBS:
        found = measured("benchmarks.reconcile", name, str(count))
        print(f"{name:8}", found.failed or json.dumps(found.answer), f"peak {found.peak_mb} MB")


if __name__ == "__main__":
    main()
