"""A live trace against matching and tracing the whole ledger again: `python -m benchmarks.live [--transfers 10000000]`.

A ledger with 1,000 claims is open; 1,000 transfers at a time are appended. Every time is told as wall and as CPU seconds: the
machine may be busy with other work.
"""

import argparse
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.world import CLAIMS, World, transfer_ids, world
from ledger.book import Ledger, frame
from ledger.records import ACCOUNTS, LINKS, REPORTS, TRANSFERS
from tracing.live import LiveTrace
from tracing.trace import trace_claims

SIZE = 1000
REVERSALS = 20
HEADER = "| job | median wall ms | p99 wall ms | median CPU ms | p99 CPU ms |\n|---|---:|---:|---:|---:|"


def main() -> None:
    """Print the table."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--transfers", type=int, default=10_000_000)
    words.add_argument("--appends", type=int, default=50)
    asked = words.parse_args()
    small = world(25_000)
    drive(small, 5_000, 5)  # loops are compiled once per installation
    made = world(asked.transfers + (3 * asked.appends + 1) * SIZE)
    for line in drive(made, asked.transfers, asked.appends):
        print(line, flush=True)


def drive(made: World, base: int, appends: int) -> list[str]:
    """The lines of the table."""
    opened, live = timed(lambda: LiveTrace.open(ledger(made, base)))
    live.append(batch(made, base, base + SIZE))
    times, events, at = [], 0, base + SIZE
    for _ in range(appends):
        rows = batch(made, at, at + SIZE)
        took, update = timed(lambda rows=rows: live.append(rows))
        assert not update.rebuilt, update.rebuilt
        times.append(took)
        events, at = events + len(update.events), at + SIZE
    late, order = [], np.random.default_rng(1)
    for _ in range(appends):  # the same rows, but as old as the whole ledger
        rows = batch(made, at, at + SIZE)
        moment = pa.array(np.sort(order.choice(made.time_us[:base], SIZE)) + 1).cast(TRANSFERS.field("time").type)
        rows = rows.set_column(1, "time", moment)
        took, update = timed(lambda rows=rows: live.append(rows))
        late.append(took)
        at += SIZE
    back = []
    for _ in range(appends):  # as many again, some of which take an earlier payment back
        rows = with_reversals(made, at, base, order)
        took, update = timed(lambda rows=rows: live.append(rows))
        assert not update.rebuilt, update.rebuilt
        back.append(took)
        at += SIZE
    lines = [HEADER, row(f"append {SIZE:,} transfers in order, {events / appends:.0f} events", times)]
    lines += [row(f"append {SIZE:,} late transfers", late)]
    lines += [row(f"append {SIZE:,} transfers, {REVERSALS} of them reversals", back), row("open the live trace", [opened])]
    whole, table = timed(live.ledger)
    again, trace = timed(lambda: trace_claims(table))
    lines.append(row("match and trace the whole ledger again", [again]))
    held, other = live.held(), trace.held
    same = held[["claim", "account", "held_fen"]].equals(other[["claim", "account", "held_fen"]])
    told = f"{base:,} transfers, {made.accounts:,} accounts, {min(CLAIMS, len(trace.claims)):,} claims"
    lines.append(f"{told}: held amounts {'equal' if same else 'DIFFER'}, putting the tables together {whole[0]:.1f} s")
    lines.append(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:,} MB")
    return lines


def with_reversals(made: World, at: int, base: int, order: np.random.Generator) -> pa.Table:
    """Transfers from `at` on, the last of which give payments of the opened ledger back, each in whole."""
    rows = batch(made, at, at + SIZE)
    paid = np.sort(order.choice(base, REVERSALS, replace=False))
    last = rows.slice(SIZE - REVERSALS)
    columns = {"source": made.target[paid], "target": made.source[paid], "amount_fen": made.amount_fen[paid]}
    for name, values in (columns | {"reverses": transfer_ids(paid)}).items():
        at_column = last.column_names.index(name)
        last = last.set_column(at_column, TRANSFERS.field(name), pa.array(values).cast(TRANSFERS.field(name).type))
    return pa.concat_tables([rows.slice(0, SIZE - REVERSALS), last]).unify_dictionaries()


def timed(job: Callable[[], Any]) -> tuple[tuple[float, float], Any]:
    """Wall and CPU seconds of a job, and its answer."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = job()
    return (time.perf_counter() - wall, time.process_time() - cpu), found


def row(name: str, times: list[tuple[float, float]]) -> str:
    """One line: median and 99th percentile."""
    wall, cpu = (np.asarray(values) * 1000 for values in zip(*times, strict=True))
    cells = [np.median(wall), np.percentile(wall, 99), np.median(cpu), np.percentile(cpu, 99)]
    return f"| {name} | " + " | ".join(f"{cell:,.1f}" for cell in cells) + " |"


def ledger(made: World, count: int) -> Ledger:
    """The first transfers of the world with its claims, in memory."""
    table = batch(made, 0, count)
    size = made.accounts
    accounts = {
        "account": names(made),
        "kind": words("bank", size),
        "hub": np.zeros(size, bool),
        "declared": np.ones(size, bool),
    }
    disputed = made.disputed[made.disputed < count]
    reports = {
        "report": pa.array([f"R{number:06d}" for number in range(len(disputed))]),
        "victim": names(made).take(pa.array(made.source[disputed])),
        "transfer": transfer_ids(disputed),
        "file": np.zeros(len(disputed), np.int32),
        "line": np.arange(len(disputed), dtype=np.int32),
    }
    return Ledger(
        digest="",
        batch=1,
        accounts=frame(filled(accounts, ACCOUNTS, size)),
        reports=frame(filled(reports, REPORTS, len(disputed))),
        links=frame(LINKS.empty_table()),
        files=("memory",),
        transfer_count=count,
        read=lambda wanted: table.select(list(wanted)),
    )


def batch(made: World, begin: int, end: int) -> pa.Table:
    """Transfers begin … end as `TRANSFERS`."""
    count = end - begin
    columns = {
        "transfer": transfer_ids(np.arange(begin, end)),
        "time": pa.array(made.time_us[begin:end]).cast(TRANSFERS.field("time").type),
        "source": made.source[begin:end],
        "target": made.target[begin:end],
        "amount_fen": made.amount_fen[begin:end],
        "currency": words("CNY", count),
        "kind": words("bank", count),
        "status": words("done", count),
        "file": np.zeros(count, np.int32),
        "line": np.arange(begin, end, dtype=np.int32),
    }
    return filled(columns, TRANSFERS, count)


def filled(columns: dict[str, Any], schema: pa.Schema, count: int) -> pa.Table:
    """The columns in a schema; the others are null."""
    return pa.table(
        [pa.array(columns[one.name]).cast(one.type) if one.name in columns else pa.nulls(count, one.type) for one in schema],
        schema=schema,
    )


def words(word: str, count: int) -> pa.Array:
    """The same word again and again."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([word]))


def names(made: World) -> pa.Array:
    """Account names."""
    return pa.array([f"62220{account:014d}" for account in range(made.accounts)])


if __name__ == "__main__":
    main()
