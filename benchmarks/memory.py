"""What an open ledger and a trace of 1,000 claims keep in memory: `python -m benchmarks.memory [--transfers 10000000]`.

Each way runs in a process of its own, which first does the same with a small ledger: what the interpreter, the libraries and
the compiled loops take is there before and does not count. Anonymous memory is the process's own; pages of mapped files (the
segments while they are decoded, the stored lot index) are the page cache's: shared, and given up when memory is short.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import installed
from benchmarks.world import world, write_records

WAYS = {
    "stored": "FIFO, the lot index mapped from its files",
    "stored-lifo": "LIFO, the lot index and LIFO's own rows mapped from their files",
    "built": "FIFO, every leg settled and laid out in memory, no file of the index read",
    "lifo": "LIFO, the same, and its links",
}
HEADER = "| transfers | way | peak bytes/transfer | anonymous | mapped | kept, anonymous |\n|---:|---|---:|---:|---:|---:|"
SMALL = 1_000
EVERY_SECONDS = 0.002


def main() -> None:
    """Print the table; with a way, go it and print what it took."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--transfers", type=int, default=10_000_000)
    words.add_argument("--only", choices=sorted(WAYS))
    words.add_argument("--folder", type=Path)
    asked = words.parse_args()
    if asked.only:
        print(json.dumps(gone(asked.only, asked.folder)))
        return
    folder = Path(tempfile.mkdtemp(prefix="liushui-memory-"))
    try:
        for name, transfers in (("small", SMALL), ("large", asked.transfers)):
            print(f"{transfers:,} transfers: making the ledger", file=sys.stderr, flush=True)
            stored(folder / name, transfers)
        print(HEADER)
        for way, what in WAYS.items():
            cells = (f"{value / asked.transfers:.1f}" for value in watched(way, folder))
            print(f"| {asked.transfers:,} | {what} | " + " | ".join(cells) + " |", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stored(folder: Path, transfers: int) -> None:
    """A published ledger with its lot index, and the rows a first trace by LIFO keeps there."""
    from ledger import open_ledger
    from ledger.ingest import ingest
    from tracing.index import build_index
    from tracing.result import Parameters
    from tracing.trace import links_for

    write_records(world(transfers), folder / "records")
    ingest(folder / "ledger", [folder / "records" / "bank.csv", folder / "records" / "reports.csv"])
    build_index(open_ledger(folder / "ledger"))
    links_for(open_ledger(folder / "ledger"), Parameters(method="lifo"))


def watched(way: str, folder: Path) -> tuple[int, int, int, int]:
    """Bytes above what was there before: at the peak, of those anonymous and mapped; anonymous ones that stay."""
    command = [sys.executable, "-m", "benchmarks.memory", "--only", way, "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=installed()) as child:
        peak = (0, 0)
        while child.poll() is None:
            peak = max(peak, resident(str(child.pid)), key=sum)
            time.sleep(EVERY_SECONDS)
        answer = json.loads(child.stdout.read() if child.stdout else "")
    before, after = answer["before"], answer["after"]
    anonymous, mapped = (one - other for one, other in zip(peak, before, strict=True))
    return anonymous + mapped, anonymous, mapped, after[0] - before[0]


def resident(process: str = "self") -> tuple[int, int]:
    """Bytes of a process that are in memory: anonymous ones, and pages of files. Nothing of one that ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0, 0
    found = {name: words.split() for name, _, words in (line.partition(":") for line in lines)}
    anonymous, mapped = (1024 * int(found[name][0]) if name in found else 0 for name in ("RssAnon", "RssFile"))
    return anonymous, mapped


def gone(way: str, folder: Path) -> dict[str, Any]:
    """What is resident once the small ledger was traced, and once the large one was, with all that a desk would keep of it."""
    traced(way, folder / "small" / "ledger")
    before = resident()
    kept = traced(way, folder / "large" / "ledger")
    after = resident()
    assert len(kept[-1].claims) == len(kept[0].reports), "a report that was not traced"
    return {"before": before, "after": after}


def traced(way: str, folder: Path) -> tuple[Any, ...]:
    """The open ledger, what was made of it, and the trace of all its claims."""
    from ledger import open_ledger
    from tracing.lots import axis_of, settled_legs
    from tracing.result import Parameters
    from tracing.trace import links_for, traced_by, way_of

    ledger, parameters = open_ledger(folder), Parameters(method="lifo" if "lifo" in way else "fifo")
    if way.startswith("stored"):
        axis, links = links_for(ledger, parameters)
        return ledger, axis, links, traced_by(ledger, axis, links, parameters)
    settled = settled_legs(ledger)
    axis = axis_of(ledger, settled)
    links_made = way_of(axis, settled, parameters.method)
    return ledger, settled, axis, links_made, traced_by(ledger, axis, links_made, parameters)


if __name__ == "__main__":
    main()
