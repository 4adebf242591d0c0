"""Print the benchmark table: `python -m benchmarks [--transfers 1000000 --transfers 10000000] [--folder DIR] [--out FILE]`."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Measured, measured
from benchmarks.world import CLAIMS, world, write_records

COMPARED = ("pandas", "pandas-pyarrow", "ingest")
ROUNDS = 3
"""What is compared by its seconds takes turns, and the median counts: single times move with the machine."""
AFTERWARDS = ("again", "open")
TRACING = ("trace", "deques", "duckdb")
MOST_COMPARED = 20_000_000
"""Beyond it only loading is measured: the replay alone would take minutes and ten gigabytes."""
HEADER = "| transfers | job | seconds | peak MB | ratio | note |\n|---:|---|---:|---:|---|---|"


def main() -> None:
    """Measure every size asked for and print the table."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--transfers", type=int, action="append", help="size of the ledger; may be given several times")
    words.add_argument("--folder", type=Path, help="where the records and ledgers are made (default: a temporary folder)")
    words.add_argument("--out", type=Path, help="also write the table to this file")
    asked = words.parse_args()
    base = asked.folder or Path(tempfile.mkdtemp(prefix="liushui-benchmark-"))
    lines = [HEADER]
    note("warming up: loops are compiled once per installation")
    rows(base / "warm", 1000)
    try:
        for transfers in asked.transfers or [1_000_000, 10_000_000]:
            lines += rows(base / str(transfers), transfers)
    finally:
        if asked.folder is None:
            shutil.rmtree(base, ignore_errors=True)
    text = "\n".join(lines) + "\n"
    print(text)
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")


def rows(folder: Path, transfers: int) -> list[str]:
    """The table rows of one size."""
    note(f"{transfers:,} transfers: making the records")
    write_records(world(transfers), folder)
    jobs: dict[str, list[Measured]] = {}
    many = transfers <= MOST_COMPARED
    for name in COMPARED * ROUNDS if many else COMPARED:
        jobs.setdefault(name, []).append(run(name, folder, transfers))
    for name in (*AFTERWARDS, *TRACING) if many else AFTERWARDS:
        jobs[name] = [run(name, folder, transfers)]
    shutil.rmtree(folder)
    return [row(transfers, *cells) for cells in told({name: middle(several) for name, several in jobs.items()})]


def run(name: str, folder: Path, transfers: int) -> Measured:
    """One job in a process of its own."""
    note(f"{transfers:,} transfers: {name}")
    return measured("benchmarks.contenders", name, str(folder), str(transfers))


def middle(several: list[Measured]) -> Measured:
    """The measurement with the median time; one that failed when any did."""
    failed = [one for one in several if one.failed]
    return failed[0] if failed else sorted(several, key=lambda one: one.answer["seconds"])[len(several) // 2]


def told(jobs: dict[str, Measured]) -> list[tuple[str, Measured, float | None, str, str]]:
    """Job, its measurement, seconds, ratio and note, in reading order."""
    return loading(jobs) + (tracing(jobs) if "trace" in jobs else [])


def loading(jobs: dict[str, Measured]) -> list[tuple[str, Measured, float | None, str, str]]:
    """Getting records in: parse, ingest, ingest again, open."""
    seconds = {name: job.answer.get("seconds") for name, job in jobs.items()}
    ingest, again, opened = jobs["ingest"].answer, jobs["again"].answer, jobs["open"].answer
    hashed = f"{ratio(seconds['again'], again.get('hashed'))} × hashing"
    told_hash = f"SHA-256 of the file alone {again['hashed']:.3f} s" if again else ""
    known = f"{opened['accounts']:,} accounts, lot index mapped" if opened else ""
    size = (
        f"ledger {ingest['bytes'] / 1e6:.0f} MB, {100 * ingest['bytes'] / ingest['csv_bytes']:.1f} % of the CSV"
        if ingest
        else ""
    )
    parse = [f"{ratio(seconds['ingest'], seconds[name])} × {name}" for name in ("pandas", "pandas-pyarrow")]
    return [
        ("pandas.read_csv, parse only", jobs["pandas"], seconds["pandas"], "1", ""),
        ("pandas.read_csv(engine='pyarrow'), parse only", jobs["pandas-pyarrow"], seconds["pandas-pyarrow"], "", ""),
        ("liushui ingest, all checks, lot index", jobs["ingest"], seconds["ingest"], ", ".join(parse), size),
        ("liushui ingest of the same file again", jobs["again"], seconds["again"], hashed, told_hash),
        ("liushui open", jobs["open"], seconds["open"], "", known),
    ]


def tracing(jobs: dict[str, Measured]) -> list[tuple[str, Measured, float | None, str, str]]:
    """Following the money."""
    seconds = {name: job.answer.get("seconds") for name, job in jobs.items()}
    trace, deques = jobs["trace"].answer, jobs["deques"].answer
    alone = trace.get("alone")
    same = "the same fen as the replay" if trace and trace["checksum"] == deques.get("checksum") else "DIFFERS FROM THE REPLAY"
    faster = [f"{ratio(seconds['deques'], own)} × as fast as the replay" for own in (seconds["trace"], alone)]
    return [
        (f"plain-Python deque replay, {CLAIMS:,} claims", jobs["deques"], seconds["deques"], "1", "arrays in memory before"),
        ("DuckDB recursive CTE", jobs["duckdb"], seconds["duckdb"], "", "reachable accounts only, tables loaded before"),
        ("liushui open + trace", jobs["trace"], seconds["trace"], faster[0], same),
        ("liushui trace alone", jobs["trace"], alone, faster[1], same),
    ]


def row(transfers: int, name: str, job: Measured, seconds: float | None, compared: str, remark: str) -> str:
    """One line of the table."""
    shown = job.failed if seconds is None else f"{seconds:.3f}"
    return f"| {transfers:,} | {name} | {shown} | {job.peak_mb:,} | {compared} | {remark} |"


def ratio(one: float | None, other: float | None) -> str:
    """one / other with three digits; a dash where either is missing."""
    return f"{one / other:.3g}" if one and other else "–"


def note(text: str) -> None:
    """Progress on standard error."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
