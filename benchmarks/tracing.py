"""Speed of the lot links and of walks through them: `python -m benchmarks.tracing [--transfers 1000000]`, CPU time."""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.world import World, world

ROUNDS = 3
HEADER = "| transfers | job | figure | note |\n|---:|---|---:|---|"


def main() -> None:
    """Measure every size asked for and print the table."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--transfers", type=int, action="append", help="size of the ledger; may be given several times")
    asked = words.parse_args()
    rows_of(1000)  # loops are compiled once
    print(HEADER)
    for transfers in asked.transfers or [1_000_000, 10_000_000]:
        for name, figure, note in rows_of(transfers):
            print(f"| {transfers:,} | {name} | {figure} | {note} |", flush=True)


def rows_of(transfers: int) -> list[tuple[str, str, str]]:
    """The table's rows of one size."""
    from tracing.follow import follow
    from tracing.links import fifo_links, inverse_of, lifo_links
    from tracing.lots import axis_of, settled_legs
    from tracing.result import Parameters
    from tracing.trace import holders_of_accounts

    made = world(transfers)
    ledger = ledger_in_memory(made)
    codes = np.concatenate([made.source, made.target])
    sort = best(lambda: np.argsort(codes, kind="stable"))
    settled = settled_legs(ledger)
    build = best(lambda: axis_of(ledger, settled_legs(ledger)))
    axis = axis_of(ledger, settled)
    lifo = best(lambda: lifo_links(axis, settled))
    holder = holders_of_accounts(ledger)
    found = [
        ("stable argsort of the 2N account codes", f"{sort:.3f} s", "1"),
        ("legs settled and laid out (FIFO links)", f"{build:.3f} s", f"{build / sort:.2f} × the argsort"),
        ("LIFO links beside them", f"{lifo:.3f} s", f"{lifo / sort:.2f} × the argsort"),
    ]
    for name, links in (("fifo", fifo_links(axis)), ("lifo", lifo_links(axis, settled))):
        seeds = seeds_of_world(made)
        follow(axis, links, seeds, holder, Parameters())
        every = best(lambda links=links, seeds=seeds: follow(axis, links, seeds, holder, Parameters()))  # type: ignore[misc]
        each = []
        for claim in range(len(seeds)):
            one = seeds.take(np.array([claim]))
            begin = time.thread_time()
            follow(axis, links, one, holder, Parameters())
            each.append(time.thread_time() - begin)
        p50, p99 = np.percentile(np.array(each) * 1e6, [50, 99])
        found.append((f"{name}: all {len(seeds):,} claims forward", f"{1e3 * every:.1f} ms", ""))
        found.append((f"{name}: one claim forward, p50 / p99", f"{p50:.0f} / {p99:.0f} µs", ""))
        inverse = best(lambda links=links: inverse_of(axis, links))  # type: ignore[misc]
        found.append((f"{name}: the way back, made once", f"{inverse:.3f} s", ""))
    return found


def best(job: Callable[[], Any]) -> float:
    """The least CPU seconds of a few rounds: a machine shared with others tells nothing by the clock."""
    seconds = []
    for _ in range(ROUNDS):
        begin = time.thread_time()
        job()
        seconds.append(time.thread_time() - begin)
    return min(seconds)


def seeds_of_world(made: World) -> Any:
    """The disputed payments, whole."""
    from tracing.follow import Pieces

    one = np.ones(len(made.disputed), dtype=np.int64)
    fen = made.amount_fen[made.disputed]
    return Pieces(np.arange(len(one)), made.disputed.astype(np.int64), one * 0, fen, fen, one, one, one, one * 0)


def ledger_in_memory(made: World, disputed: bool = False) -> Any:
    """A ledger of the world without writing one: ids are short, every other column is a constant; reports if asked for."""
    from ledger.memory import ledger_of
    from ledger.records import ACCOUNTS, REPORTS, TRANSFERS

    rows = len(made.time_us)
    fixed = {"currency": "CNY", "kind": "bank", "status": "done"}
    columns: dict[str, Any] = {
        "transfer": pa.array(np.arange(rows)).cast(pa.string()),
        "time": pa.array(made.time_us),
        "source": pa.array(made.source),
        "target": pa.array(made.target),
        "amount_fen": pa.array(made.amount_fen),
        "file": pa.array(np.zeros(rows, dtype=np.int32)),
        "line": pa.array(np.arange(rows)),
    }
    accounts = pa.table(
        {
            field.name: pa.array(
                [
                    f"{field.name}{n}"
                    if field.name == "account"
                    else {"kind": "bank", "hub": False, "declared": False}.get(field.name)
                    for n in range(made.accounts)
                ],
                field.type,
            )
            for field in ACCOUNTS
        },
        schema=ACCOUNTS,
    )
    arrays = []
    for field in TRANSFERS:
        if field.name in columns:
            arrays.append(columns[field.name].cast(field.type))
        elif field.name in fixed:
            arrays.append(
                pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, dtype=np.int32)), [fixed[field.name]]).cast(field.type)
            )
        else:
            arrays.append(pa.nulls(rows, field.type))
    reports = pa.Table.from_pylist(
        [
            {"report": f"R{number:06d}", "victim": "v", "transfer": str(row), "file": 0, "line": number}
            for number, row in enumerate(made.disputed.tolist() if disputed else [])
        ],
        schema=REPORTS,
    )
    return ledger_of(pa.table(arrays, schema=TRANSFERS), accounts, reports)


if __name__ == "__main__":
    main()
