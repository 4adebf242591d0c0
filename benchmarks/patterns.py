"""Pattern mining beside IBM snapml: `python -m benchmarks.patterns [--transfers N ...] [--python OTHER] [--out FILE]`.

One graph, one window, one thread, one run: fans, degrees, scatter-gathers, cycles in time order and cycles of at most six
transfers. liushui lists every instance with its transfers; snapml's GraphFeaturePreprocessor counts, for every transfer, the
patterns it is in by size. snapml is given the transfers in batches of several sizes, and its fastest is compared. Timed is the
search alone, after all imports and after a small graph; sorting and indexing count. Both run one thread, so processor seconds
are compared: they hardly depend on what else the machine does. snapml is looked for in this Python and in `--python`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

HEADER = (
    "| transfers | search | processor seconds | seconds | transfers/s | peak MB | cycles in time order | of ≤ 6 transfers | "
    "liushui is |\n"
    "|---:|---|---:|---:|---:|---:|---:|---:|---|"
)
DAY = 86_400
WINDOW = 3 * DAY
SPAN = 180 * DAY
TIMED_LONGEST, PLAIN_LONGEST = 10, 6
BATCHES = (128, 1024, 16_384)
SLOWEST = 900.0
"""Seconds after which a search is stopped."""


def write_graph(path: Path, transfers: int, seed: int = 11) -> None:
    """Payers and payees drawn with a heavy tail, 20 transfers per account in half a year, one cycle laid per 1,000."""
    draw = np.random.default_rng(seed)
    accounts = max(10, transfers // 20)
    weight = 1 / np.arange(1, accounts + 1) ** 0.7
    source, target = (
        draw.choice(accounts, transfers, p=draw.permutation(weight) / weight.sum()).astype(np.int64) for _ in range(2)
    )
    seconds = draw.integers(0, SPAN, transfers)
    for cycle in range(transfers // 1_000):
        length = int(draw.integers(3, PLAIN_LONGEST + 1))
        ring, place = draw.choice(accounts, length, replace=False), cycle * 1_000
        source[place : place + length], target[place : place + length] = ring, np.roll(ring, -1)
        seconds[place : place + length] = seconds[place] + np.sort(draw.integers(0, 2 * DAY, length))
    apart = source != target
    order = np.argsort(seconds[apart], kind="stable")
    np.savez(path, source=source[apart][order], target=target[apart][order], time=seconds[apart][order])


def with_liushui(path: Path, _: int) -> dict[str, Any]:
    """Every instance of every pattern."""
    from rules import patterns

    graph = np.load(path)
    columns = graph["source"], graph["target"], graph["time"]
    start = clock()
    edges = patterns.edges_of(*columns, np.ones(len(columns[0]), dtype=np.int64))
    fans = patterns.fan_ins(edges, WINDOW, 2), patterns.fan_outs(edges, WINDOW, 2)
    gathers = patterns.scatter_gathers(edges, WINDOW, 2)
    timed = patterns.cycles(edges, patterns.Round(WINDOW, 2, TIMED_LONGEST))
    plain = patterns.cycles(edges, patterns.Round(WINDOW, 2, PLAIN_LONGEST, ordered=False))
    spent = since(start)
    assert not any(found.cut for found in (*fans, gathers, timed, plain)), "a search was given up"
    return spent | {"edges": len(edges), "timed": len(timed), "plain": len(plain)}


def with_snapml(path: Path, batch: int) -> dict[str, Any]:
    """The features of the same patterns, batch by batch as its manual says."""
    from snapml import GraphFeaturePreprocessor  # type: ignore[import-not-found]

    graph = np.load(path)
    count = len(graph["source"])
    rows = np.column_stack([np.arange(count), graph["source"], graph["target"], graph["time"]]).astype(np.float64)
    names, bins = ("fan", "degree", "scatter-gather", "temp-cycle", "lc-cycle"), list(range(2, TIMED_LONGEST + 1))
    asked: dict[str, Any] = {"num_threads": 1, "time_window": -1, "vertex_stats": False, "lc-cycle_len": PLAIN_LONGEST}
    for name in names:
        asked |= {name: True, f"{name}_tw": WINDOW, f"{name}_bins": bins}
    finder = GraphFeaturePreprocessor()
    finder.set_params(asked)
    start = clock()
    told = np.zeros(7 * len(bins))
    for begin in range(0, count, batch):
        told += finder.transform(rows[begin : begin + batch])[:, 4:].sum(axis=0)
    return since(start) | {"edges": count}


def clock() -> tuple[float, float]:
    """Processor and wall seconds now."""
    return time.process_time(), time.perf_counter()


def since(start: tuple[float, float]) -> dict[str, Any]:
    """Processor and wall seconds since."""
    return {"processor": clock()[0] - start[0], "seconds": clock()[1] - start[1]}


SEARCHES = {"liushui": ("rules", with_liushui), "snapml": ("snapml", with_snapml)}


def main() -> None:
    """Write the graphs, run every search, print the table."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--transfers", type=int, action="append", help="size of the graph; may be given several times")
    words.add_argument("--python", type=Path, action="append", default=[], help="a further Python to look for snapml in")
    words.add_argument("--out", type=Path, help="also write the table to this file")
    words.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.one:
        print(json.dumps(measured(asked.one[0], Path(asked.one[1]), int(asked.one[2]))))
        return
    lines = [HEADER]
    with tempfile.TemporaryDirectory(prefix="liushui-patterns-") as folder:
        write_graph(Path(folder) / "small.npz", 2_000)
        for transfers in asked.transfers or [100_000, 1_000_000]:
            lines += table_rows(Path(folder) / "graph.npz", transfers, [Path(sys.executable), *asked.python])
    text = "\n".join(lines) + "\n"
    print(text)
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")


def table_rows(path: Path, transfers: int, pythons: list[Path]) -> list[str]:
    """The rows of one size."""
    write_graph(path, transfers)
    lines, own = [], 0.0
    for name, batch in [("liushui", 0), *(("snapml", batch) for batch in BATCHES)]:
        title = name if not batch else f"{name}, batches of {batch:,}"
        print(f"{transfers:,} transfers: {title}", file=sys.stderr, flush=True)
        told = answer(name, path, batch, pythons)
        if "failed" in told:
            lines.append(f"| {transfers:,} | {title} | {told['failed']} | | | | | | |")
            continue
        own = own or told["processor"]
        compared = "" if name == "liushui" else f"{told['processor'] / own:.1f} × as fast"
        speed = f"{told['edges'] / told['processor']:,.0f}"
        figures = f"{told['processor']:.2f} | {told['seconds']:.2f} | {speed} | {told['peak_mb']:,}"
        lines.append(
            f"| {transfers:,} | {title} | {figures} | {told.get('timed', '')} | {told.get('plain', '')} | {compared} |"
        )
    return lines


def answer(name: str, path: Path, batch: int, pythons: list[Path]) -> dict[str, Any]:
    """What one search says, in the first Python that has it."""
    for python in pythons:
        if subprocess.run([python, "-c", f"import {SEARCHES[name][0]}"], capture_output=True, check=False).returncode:
            continue
        command = [python, __file__, "--one", name, str(path), str(batch)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SLOWEST, check=False)
        except subprocess.TimeoutExpired:
            return {"failed": f"stopped after {SLOWEST:.0f} s"}
        lines = done.stdout.strip().splitlines()
        return json.loads(lines[-1]) if lines and not done.returncode else {"failed": f"failed: {done.stderr.strip()[-80:]}"}
    return {"failed": "absent"}


def measured(name: str, path: Path, batch: int) -> dict[str, Any]:
    """One search in this process, after a small one that loads what is compiled."""
    import resource

    if name == "liushui":
        sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    SEARCHES[name][1](path.with_name("small.npz"), batch)
    told = SEARCHES[name][1](path, batch)
    return told | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


if __name__ == "__main__":
    main()
