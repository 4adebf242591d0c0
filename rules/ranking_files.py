"""The ranking as files: ranking.csv and findings.csv."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from ledger.formulas import guarded
from rules.catalogue import findings_frame
from rules.score import RankingResult
from rules.wording import ratio, yuan

RANKING_COLUMNS = (
    "rank", "account", "institution", "holder", "role", "tier", "score", "held", "balance", "recoverable", "chance_still_there",
    "expected_recovery", "lien", "findings", "counter_evidence", "q_value", "explanation",
)  # fmt: skip
FINDINGS_COLUMNS = ("account", "rule", "grade", "strength", "threshold", "inputs", "transfers", "explanation")


def write_ranking(result: RankingResult, out: Path) -> tuple[Path, Path]:
    """Write ranking.csv and findings.csv into a folder that is made where it does not exist; returns their paths.

    Money and shares are decimal strings, an unknown is empty, and text that a spreadsheet would run is quoted.
    """
    out.mkdir(parents=True, exist_ok=True)
    ranking, findings = out / "ranking.csv", out / "findings.csv"
    write_rows(ranking, RANKING_COLUMNS, (ranking_row(row) for row in result.frame.to_dict("records")))
    table = findings_frame(result.ledger, result.findings)
    rows = (row | {"strength": ratio(row["strength"])} for row in table.to_dict("records"))
    write_rows(findings, FINDINGS_COLUMNS, rows)
    return ranking, findings


def ranking_row(row: dict[Any, Any]) -> dict[str, Any]:
    """One account as text."""

    def amount(name: str) -> str:
        value = row[name]
        return "" if pd.isna(value) else yuan(int(str(value)))

    chance, q_value, tier = row["chance_bp"], row["q_value"], row["tier"]
    return {
        **{
            name: row[name]
            for name in ("rank", "account", "institution", "role", "score", "findings", "counter_evidence", "explanation")
        },
        "holder": row["holder_name"] or row["holder"],
        "tier": tier or "",
        "held": amount("held_fen"),
        "balance": amount("balance_fen"),
        "recoverable": amount("recoverable_fen"),
        "chance_still_there": "" if pd.isna(chance) else ratio(int(str(chance))),
        "expected_recovery": amount("expected_recovery_fen"),
        "lien": amount("lien_fen"),
        "q_value": "" if pd.isna(q_value) else f"{float(str(q_value)):.6g}",
    }


def write_rows(path: Path, names: tuple[str, ...], rows: Iterable[dict[Any, Any]]) -> None:
    """Write rows as UTF-8 CSV with a header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)  # unquoted, a CR in a text would break its row
        writer.writerow(names)
        writer.writerows([cell(row[name], name) for name in names] for row in rows)


def cell(value: object, name: str) -> str:
    """Text that does not start a spreadsheet formula; a negative balance stays a number."""
    return str(value) if name == "balance" else guarded(str(value))
