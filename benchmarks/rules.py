"""Rules over a whole ledger: seconds per rule and peak memory; and how precise each is on generated rings.

`python -m benchmarks.rules [--transfers 1000000 --transfers 10000000] [--folder DIR] [--out FILE]` for the first,
`python -m benchmarks.rules --precision [--seed 1 --seed 2]` for the second.
"""

import argparse
import csv
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import measured
from benchmarks.world import world, write_records

INNOCENT = ("", "innocent", "victim", "own_account", "hub", "end_buyer", "good_faith_recipient")
"""Roles of the truth that a finding about is a false one, in the sense of the score: they must not be taken for a ring."""
HEADER = "| rule | seconds | processor seconds | findings |\n|---|---:|---:|---:|"
PRECISE = "| rule | ring | victims | innocents | precision | found in scenarios |\n|---|---:|---:|---:|---:|---|"


def main() -> None:
    """Print the table asked for."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--transfers", type=int, action="append", help="size of the ledger; may be given several times")
    words.add_argument("--precision", action="store_true", help="count findings on ring members and on innocents instead")
    words.add_argument("--seed", type=int, action="append", help="seeds of the generated ledgers (default: 1 to 5)")
    words.add_argument("--folder", type=Path, help="where ledgers are made (default: a temporary folder)")
    words.add_argument("--out", type=Path, help="also write the table to this file")
    words.add_argument("--pass", dest="one", type=Path, help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.one:
        print(json.dumps(one_pass(asked.one)))
        return
    base = asked.folder or Path(tempfile.mkdtemp(prefix="liushui-rules-"))
    try:
        if asked.precision:
            text = precision(base, asked.seed or [1, 2, 3, 4, 5], (asked.transfers or [20_000])[0])
        else:
            text = "\n".join(timed(base, transfers) for transfers in asked.transfers or [1_000_000, 10_000_000])
    finally:
        if asked.folder is None:
            shutil.rmtree(base, ignore_errors=True)
    print(text)
    if asked.out:
        asked.out.write_text(text + "\n", encoding="utf-8")


def timed(base: Path, transfers: int) -> str:
    """The table of one size; the pass is a process of its own, so that its peak memory is its own."""
    folder = base / f"rules-{transfers}"
    if not (folder / "ledger").exists():
        from ledger.ingest import ingest

        print(f"{transfers:,} transfers: making the ledger", file=sys.stderr, flush=True)
        bank = write_records(world(transfers), folder / "records")
        ingest(folder / "ledger", [bank, bank.parent / "reports.csv"])
    warm = base / "rules-warm"
    if not warm.exists():
        from ledger.ingest import ingest

        bank = write_records(world(1000), warm / "records")
        ingest(warm / "ledger", [bank, bank.parent / "reports.csv"])
    measured("benchmarks.rules", "--pass", str(warm / "ledger"))
    job = measured("benchmarks.rules", "--pass", str(folder / "ledger"))
    if job.failed:
        return f"{transfers:,} transfers: {job.failed}"
    rows = [f"| {name} | {wall:.2f} | {cpu:.2f} | {count:,} |" for name, wall, cpu, count in job.answer["rows"]]
    whole, cpu = (sum(row[k] for row in job.answer["rows"]) for k in (1, 2))
    told = f"{transfers:,} transfers: {whole:.1f} s in all ({cpu:.1f} s of processor), peak {job.peak_mb:,} MB"
    return "\n".join([told, "", HEADER, *rows, ""])


def one_pass(folder: Path) -> dict[str, list[tuple[str, float, float, int]]]:
    """Every rule over the ledger: name, seconds, processor seconds, findings.

    What several rules share is counted where it is first asked for.
    """
    from ledger.store.opening import open_ledger
    from rules.catalogue import RULES, with_counter_evidence
    from rules.scope import scope_of

    ledger = open_ledger(folder)
    begin = clock()
    scope = scope_of(ledger)
    rows = [("view of the ledger", *spent(begin), 0)]
    findings = []
    for rule in RULES:
        begin = clock()
        found, _ = rule.evaluate(scope)
        rows.append((rule.code, *spent(begin), len(found)))
        findings += found
    begin = clock()
    with_counter_evidence(scope, findings)
    rows.append(("counter-evidence", *spent(begin), 0))
    return {"rows": rows}


def clock() -> tuple[float, float]:
    """Wall and processor seconds now."""
    return time.perf_counter(), time.process_time()


def spent(begin: tuple[float, float]) -> tuple[float, float]:
    """Wall and processor seconds since."""
    return clock()[0] - begin[0], clock()[1] - begin[1]


def precision(base: Path, seeds: list[int], transfers: int) -> str:
    """Findings of every rule over whole generated ledgers: on members of a ring, on victims, on innocents.

    And the scenarios, each a small ledger of its own with a trace, in which the rule names members of the ring.
    """
    from ledger.generate import scenario_names
    from rules.catalogue import RULES

    counts: dict[str, Counter[str]] = {rule.code: Counter() for rule in RULES}
    for seed in seeds:
        for code, whose in findings_in(base / f"precision-{seed}", "demo", seed, transfers):
            counts[code][whose] += 1
    named: dict[str, list[str]] = {rule.code: [] for rule in RULES}
    for scenario in scenario_names():
        for code, whose in sorted(set(findings_in(base / scenario, scenario, seeds[0], None))):
            named[code] += [scenario] if whose == "ring" else []
    rows = []
    for rule in RULES:
        ring, victims, innocents = (counts[rule.code][name] for name in ("ring", "victim", "innocent"))
        share = f"{ring / (ring + victims + innocents):.2f}" if ring + victims + innocents else "–"
        where = (
            f"{len(named[rule.code])} of {len(scenario_names())}: {', '.join(named[rule.code])}" if named[rule.code] else "none"
        )
        rows.append(f"| `{rule.code}` | {ring} | {victims} | {innocents} | {share} | {where} |")
    return "\n".join([PRECISE, *rows])


def findings_in(folder: Path, scenario: str, seed: int, transfers: int | None) -> Iterator[tuple[str, str]]:
    """The rule of every finding in a generated ledger, and whose account it is about; with a trace where no size is given."""
    from ledger.generate import generate
    from ledger.ingest import ingest
    from ledger.store.opening import open_ledger
    from rules.catalogue import apply_rules
    from tracing import trace_claims

    generate(folder / "records", scenario, seed, transfers)
    ingest(folder / "ledger", sorted(path for path in (folder / "records").iterdir() if path.is_file()))
    with (folder / "records" / "truth" / "roles.csv").open(encoding="utf-8") as file:
        roles = {row["account"]: row["role"] for row in csv.DictReader(file)}
    ledger = open_ledger(folder / "ledger")
    names = ledger.accounts["account"].astype(str).tolist()
    for finding in apply_rules(ledger, None if transfers else trace_claims(ledger))[0]:
        yield finding.rule, side(roles.get(names[finding.account_code], ""))


def side(role: str) -> str:
    """Whose finding it is."""
    if role in ("victim", "own_account"):
        return "victim"
    return "innocent" if role in INNOCENT else "ring"


if __name__ == "__main__":
    main()
