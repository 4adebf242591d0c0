"""The page on reconciliation has a row for every kind of decision, and tells the thresholds the code has."""

import re
from pathlib import Path

from ledger.reconcile import candidates, pairing, periods, references, reversals, witnesses
from ledger.reconcile.masks import STRONG_DIGITS
from ledger.reconcile.rows import DAY_US, HOUR_US
from ledger.records import DECISION_KINDS, DECISION_STATES

PAGE = (Path(__file__).parents[3] / "docs" / "reconciliation.md").read_text("utf-8")


def test_every_kind_of_decision_has_its_row() -> None:
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| `")]
    assert [row[0].strip("`") for row in found] == list(DECISION_KINDS)
    assert all(len(row) == 5 and all(row) for row in found)


def test_every_state_is_explained() -> None:
    assert [state for state in DECISION_STATES if f"`{state}`" not in PAGE] == []


def test_the_thresholds_are_those_of_the_code() -> None:
    told = (
        f"within {candidates.WINDOW_US * 60 // HOUR_US} minutes",
        f"within {candidates.REFERENCE_US // DAY_US} days",
        f"within {reversals.LATEST_US // DAY_US} days",
        f"shorter than {references.TELLING} characters",
        f"fewer than {STRONG_DIGITS} digits",
        f"More than {pairing.MOST_PARTNERS} candidates",
        f"{witnesses.LISTED_ROWS} doubtful rows",
    )
    assert [text for text in told if text not in re.sub(r"\s+", " ", PAGE)] == []
    assert (candidates.RIVAL_US * 2, periods.LONGEST_SEAM_US) == (HOUR_US, DAY_US)
