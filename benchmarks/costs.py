"""What tracing costs as things grow: `python -m benchmarks.costs [--out FOLDER] [--largest 30000000]`, CPU time.

Three curves: seconds against the number of transfers, against the number of claims, and under adversarial fragmentation (a
closed economy in which money is paid round and round, so that every lot is cut again and again). FOLDER gets costs.csv and
costs.svg.
"""

import argparse
import csv
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.tracing import ledger_in_memory, seeds_of_world
from benchmarks.world import World, world

SIZES = (1_000_000, 3_000_000, 10_000_000, 30_000_000)
CLAIMS = (1, 10, 100, 1_000, 10_000, 100_000)
CLAIMS_AT = 3_000_000
ECONOMY = (1_000, 3_000, 10_000, 30_000)
PER_ACCOUNT = 200


def main() -> None:
    """Measure the curves, print them and draw them."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--out", type=Path)
    words.add_argument("--largest", type=int, default=SIZES[-1])
    asked = words.parse_args()
    cost(world(1000))  # loops are compiled once
    rows = [("transfers", size, *cost(world(size))) for size in SIZES if size <= asked.largest]
    grown = world(min(CLAIMS_AT, asked.largest))
    random = np.random.default_rng(5)
    for claims in CLAIMS:
        disputed = np.sort(random.choice(len(grown.time_us), claims, replace=False))
        rows.append(("claims", claims, *cost(replace(grown, disputed=disputed))))
    rows += [("closed economy", accounts, *cost(closed_economy(accounts))) for accounts in ECONOMY]
    header = ("curve", "size", "links_seconds", "claims_seconds", "pieces")
    for row in (header, *rows):
        print("| " + " | ".join(f"{cell:,.4g}" if isinstance(cell, float) else f"{cell}" for cell in row) + " |", flush=True)
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
        with (asked.out / "costs.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        draw(rows, asked.out / "costs.svg")


def cost(made: World) -> tuple[float, float, int]:
    """CPU seconds to build the links and to follow all claims, and how many pieces that gives."""
    from tracing.follow import follow
    from tracing.links import fifo_links
    from tracing.lots import axis_of, settled_legs
    from tracing.result import Parameters
    from tracing.trace import holders_of_accounts

    ledger = ledger_in_memory(made)
    begun = time.thread_time()
    settled = settled_legs(ledger)
    axis = axis_of(ledger, settled)
    built = time.thread_time() - begun
    seeds, holder = seeds_of_world(made), holders_of_accounts(ledger)
    taken = []
    for _ in range(3):
        begun = time.thread_time()
        followed = follow(axis, fifo_links(axis), seeds, holder, Parameters())
        taken.append(time.thread_time() - begun)
    return built, min(taken), len(followed.carried)


def closed_economy(accounts: int) -> World:
    """Everybody pays everybody equal sums, 200 transfers an account; one claim in a hundred accounts."""
    random = np.random.default_rng(11)
    transfers = accounts * PER_ACCOUNT
    source = random.integers(0, accounts, transfers, dtype=np.int32)
    target = ((source + random.integers(1, accounts, transfers)) % accounts).astype(np.int32)
    amount = random.integers(1, 10_000_00, transfers)
    disputed = np.sort(random.choice(accounts, max(1, accounts // 100), replace=False))
    return World(np.arange(transfers) * 1_000_000, source, target, amount, accounts, disputed)


def draw(rows: list[tuple[str, int, float, float, int]], path: Path) -> None:
    """One panel per curve, both axes logarithmic."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "liushui", "font.size": 9})
    from matplotlib import pyplot

    curves = list(dict.fromkeys(row[0] for row in rows))
    figure, panels = pyplot.subplots(1, len(curves), figsize=(4 * len(curves), 3.4), layout="constrained")
    labels = {
        "transfers": "transfers (1,000 claims)",
        "claims": "claims (3 M transfers)",
        "closed economy": "accounts, 200 transfers each",
    }
    for panel, curve in zip(panels, curves, strict=True):
        mine = [row for row in rows if row[0] == curve]
        size = [row[1] for row in mine]
        panel.loglog(size, [row[2] for row in mine], "o-", color="#6b7280", label="links built")
        panel.loglog(size, [row[3] for row in mine], "s-", color="#b91c1c", label="all claims followed")
        panel.set_xlabel(labels[curve])
        panel.grid(alpha=0.3, which="both")
    panels[0].set_ylabel("CPU seconds")
    panels[0].legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
