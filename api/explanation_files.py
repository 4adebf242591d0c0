"""The files of an explanation: every line as text, CSV rows, or JSON, nothing cut short."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from api.csv_tables import COUNT, MONEY, TEXT, TIME, csv_bytes, instant
from api.explain import explanation_lines, parts_told
from api.results import json_bytes, money, parameters_told, share, write_whole
from tracing.explain import Entry, Explanation, Page, Record, Step
from tracing.purse import CLEAN, Part

COLUMNS = {
    "account": ("account", TEXT),
    "time": ("time_us", TIME),
    "transfer": ("transfer", TEXT),
    "direction": ("direction", TEXT),
    "other": ("other", TEXT),
    "amount": ("amount_fen", MONEY),
    "of_claim": ("of_claim_fen", MONEY),
    "parts": ("parts", TEXT),
    "balance": ("balance_fen", MONEY),
    "claim_left": ("own_fen", MONEY),
    "leads": ("leads", TEXT),
    "lines": ("lines", COUNT),
    "file": ("file", TEXT),
    "line": ("line", COUNT),
}
FORMATS = (".txt", ".csv", ".json")


def write_explanation(found: Explanation, path: Path, every: bool, clean: Callable[[str], str]) -> None:
    """Write it as text, CSV or JSON by the file's extension; `clean` takes control characters out of a line."""
    made = {
        ".txt": lambda: "".join(f"{clean(line)}\n" for line in explanation_lines(found, every)).encode(),
        ".csv": lambda: csv_bytes(entry_table(found), COLUMNS),
        ".json": lambda: json_bytes(explanation_told(found)),
    }
    content = made[path.suffix.lower()]()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def entry_table(found: Explanation) -> pd.DataFrame:
    """Every line of every page; a run of lines without the claim's money is one row that says how many they are."""
    rows = []
    for page in found.pages:
        for entry in page.entries:
            record = entry.record
            rows.append(
                {
                    "account": ";".join(page.accounts),
                    "time_us": None if record is None else record.time_us,
                    "transfer": None if record is None else record.transfer,
                    "direction": "both" if record is None else "in" if entry.incoming else "out",
                    "other": None if record is None else record.source if entry.incoming else record.target,
                    "amount_fen": entry.in_fen - entry.out_fen if record is None else sum(p.fen for p in entry.parts),
                    "of_claim_fen": sum(p.fen for p in entry.parts if is_own(found, p)),
                    "parts": parts_told(found, entry.parts, True),
                    "balance_fen": entry.balance_fen,
                    "own_fen": entry.own_fen,
                    "leads": "yes" if entry.leads else "",
                    "lines": entry.lines,
                    "file": None if record is None else record.file,
                    "line": None if record is None else record.line,
                }
            )
    return pd.DataFrame(rows, columns=[column for column, _ in COLUMNS.values()], dtype=object)


def is_own(found: Explanation, part: Part) -> bool:
    """Whether a part is money of the report explained."""
    return part.claim != CLEAN and found.claims[part.claim] == found.report


def explanation_told(found: Explanation) -> dict[str, Any]:
    """For machines: everything, nothing cut short."""
    return {
        "report": found.report,
        "account": found.account,
        "one_balance": list(found.accounts),
        "currency": found.currency,
        "claim": money(found.claim_fen),
        "held": money(found.held_fen),
        "ends": found.ends,
        "probability": share(found.probability_bp) if any(step.by_link for step in found.steps) else None,
        "parts": [part_told(found, part) for part in found.rests],
        "steps": [
            record_told(step.record)
            | {"hop": step.hop, "made_by": made_by(step)}
            | {"parts": [part_told(found, part) for part in step.parts], "ends_there_fen": [list(r) for r in step.ranges]}
            for step in found.steps
        ],
        "accounts": [page_told(found, page) for page in found.pages],
        "parameters": parameters_told(found.parameters),
        "ledger_digest": found.ledger_digest,
    }


def made_by(step: Step) -> str:
    """As in traced.csv."""
    if step.by_link:
        return "inferred"
    return "reference" if step.linked else "method"


def page_told(found: Explanation, page: Page) -> dict[str, Any]:
    """An account's page."""
    return {
        "account": page.accounts[0],
        "one_balance": list(page.accounts),
        "identified": page.identified,
        "inferred": share(page.probability_bp) if page.by_link else None,
        "opening": money(page.opening_fen),
        "opening_source": page.opening_source,
        "entries": [entry_told(found, entry) for entry in page.entries],
        "left": [part_told(found, part) for part in page.rests],
    }


def entry_told(found: Explanation, entry: Entry) -> dict[str, Any]:
    """A line of a page."""
    after = {"balance": money(entry.balance_fen), "of_report": money(entry.own_fen)}
    if entry.record is None:
        return {"passed_over": entry.lines, "in": money(entry.in_fen), "out": money(entry.out_fen)} | after
    told = record_told(entry.record) | {"direction": "in" if entry.incoming else "out", "leads": entry.leads}
    before = {"before": [part_told(found, part) for part in entry.before]} if entry.before else {}
    return told | {"parts": [part_told(found, part) for part in entry.parts]} | before | after


def record_told(record: Record) -> dict[str, Any]:
    """A transfer and where it was read."""
    return {
        "transfer": record.transfer,
        "time": instant(record.time_us),
        "source": record.source,
        "target": record.target,
        "amount": money(record.amount_fen),
        "received": money(record.received_fen),
        "file": record.file,
        "line": record.line,
    } | ({"exchanged": True} if record.exchanged else {})


def part_told(found: Explanation, part: Part) -> dict[str, Any]:
    """A part: whose, how much, and which fen of the disputed payment."""
    told: dict[str, Any] = {"claim": None if part.claim == CLEAN else found.claims[part.claim], "amount": money(part.fen)}
    if part.basis_from >= 0:
        told |= {"from_fen": part.basis_from, "until_fen": part.basis_from + part.basis}
    return told
