"""Checks of a ledger folder: store digests, audit chain, stored traces, inferred links, and conservation of a fresh trace."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from api import pipeline
from api.reestimation import estimated_again
from api.result_columns import ON_OCCASION
from api.results import money
from api.service import TRACES
from api.storage.store import FILE
from ledger.formulas import guarded_texts
from tracing.result import ALLOCATING, Parameters

Check = dict[str, Any]
RESULT_FILES = ("traced.csv", "held.csv", "sinks.csv", "frontier.csv")


def verify_folder(folder: Path, show: Callable[..., None] = lambda *_told: None) -> list[Check]:
    """Every check of the folder, each with `check`, `ok`, what it found and its problems."""
    show("records")
    count, problems = pipeline.store_problems(folder, show)
    told = f"{count} digests and links of the chain"
    checks: list[Check] = [{"check": "records", "ok": not problems, "told": told, "problems": problems[:20]}]
    if problems:
        return checks
    show("stored traces")
    stored = [path for path in sorted((folder / TRACES).glob("*")) if not path.name.startswith(".")]
    found = [stored_trace(path) for path in stored]
    checks += found
    show("inferred links")
    checks += estimated_again(folder, [path for path, one in zip(stored, found, strict=True) if one["ok"]])
    if (folder / FILE).exists():
        checks += service_checks(folder)
    show("fresh trace")
    return [*checks, fresh_trace(folder)]


def stored_trace(folder: Path) -> Check:
    """A stored trace: its files have the digests of trace.json, and held + sinks = amount for every claim, from the files."""
    name = f"trace {folder.name}"
    try:
        told = json.loads((folder / "trace.json").read_text(encoding="utf-8"))
        known = [f"{name}.csv" for name in ON_OCCASION]
        files = [*RESULT_FILES, *(file for file in known if file in told["files"])]
        problems = [f"{file} changed" for file in files if digest(folder / file) != told["files"].get(file)]
        if problems:
            return {"check": name, "ok": False, "problems": problems}
        names = guarded_texts(pa.array([row["claim"] for row in told["claims"]], pa.string())).to_pylist()
        amounts = dict(zip(names, [fen(row["amount"]) for row in told["claims"]], strict=True))
        held, sunk = summed(folder / "held.csv", "basis"), summed(folder / "sinks.csv", "amount")
        allocates = told["parameters"]["method"] in ALLOCATING
    except (OSError, ValueError, KeyError, TypeError) as error:
        return {"check": name, "ok": False, "problems": [f"cannot be read: {type(error).__name__}"]}
    if not allocates:
        return {
            "check": name,
            "ok": True,
            "claims": len(amounts),
            "told": "poison is an upper bound: only its files are checked",
        }
    return conservation(name, amounts, held, sunk)


def conservation(name: str, amounts: dict[str, int], held: dict[str, int], sunk: dict[str, int]) -> Check:
    """held + sinks = amount for every claim, and no money of a claim that does not exist."""
    bad = sorted(claim for claim in {*amounts, *held, *sunk} if held.get(claim, 0) + sunk.get(claim, 0) != amounts.get(claim))
    return {
        "check": name,
        "ok": not bad,
        "claims": len(amounts),
        "lost": money(sum(amounts.values())),
        "held": money(sum(held.values())),
        "sinks": money(sum(sunk.values())),
        "mismatches": len(bad),
        "problems": [f"claim {claim}: held + sinks is not the claim" for claim in bad[:20]],
    }


def fresh_trace(folder: Path) -> Check:
    """Every claim traced anew, with the defaults."""
    trace = pipeline.trace_ledger(pipeline.open_ledger(folder), Parameters())
    totals = trace.totals()
    columns = [
        {str(claim): int(value) for claim, value in totals[name].items()} for name in ("claim_fen", "held_fen", "sinks_fen")
    ]
    return conservation("fresh trace", columns[0], columns[1], columns[2])


def service_checks(folder: Path) -> list[Check]:
    """The audit chain, and the files of the service's traces and freeze batches."""
    from sqlalchemy import select

    from api.service import VIEWS
    from api.storage.audit import broken_links, chain_head
    from api.storage.store import open_store
    from api.storage.tables import FREEZE_BATCHES
    from api.storage.tables import TRACES as TRACE_ROWS

    store = open_store(folder)
    with store.reading() as connection:
        broken, (count, head) = broken_links(connection), chain_head(connection)
        traces = list(connection.execute(select(TRACE_ROWS)))
        batches = list(connection.execute(select(FREEZE_BATCHES)))
    store.close()
    changed = []
    for row in traces:
        for name, told in row.files.items():
            path = (
                folder
                / (Path(TRACES, row.folder) if (folder / TRACES / row.folder / name).exists() else Path(VIEWS, row.views))
                / name
            )
            changed += [f"trace-{row.number} {name} changed"] if digest(path) != told else []
    changed += [
        f"batch-{row.number} changed" for row in batches if digest(folder / VIEWS / row.folder / "batch.json") != row.digest
    ]
    chain = {
        "check": "audit chain",
        "ok": not broken,
        "told": f"{count} rows, head {head[:16]}",
        "problems": [f"row {n}" for n in broken[:20]],
    }
    told = f"{len(traces)} traces, {len(batches)} batches"
    return [chain, {"check": "service files", "ok": not changed, "told": told, "problems": changed[:20]}]


def summed(path: Path, column: str) -> dict[str, int]:
    """Fen per claim in a result file."""
    names = path.read_text(encoding="utf-8").partition("\n")[0].split(",")
    options = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    table = csv.read_csv(path, parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=options)
    digits = pc.cast(pc.replace_substring(table[column], ".", ""), pa.int64())
    grouped = pa.table({"claim": table["claim"], "fen": digits}).group_by("claim").aggregate([("fen", "sum")])
    return dict(zip(grouped["claim"].to_pylist(), grouped["fen_sum"].to_pylist(), strict=True))


def fen(amount: str) -> int:
    """A decimal string with two decimals as fen."""
    return int(amount.replace(".", ""))


def digest(path: Path) -> str:
    """SHA-256 of a file; empty for one that is gone."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
