"""Which rules fire on what the generator's scenarios leave behind, and that they name no innocents there."""

import csv
from pathlib import Path

import pytest

from ledger.generate import generate
from ledger.ingest import ingest
from ledger.store.opening import open_ledger
from rules.catalogue import apply_rules
from tracing import trace_claims

MEMBERS = {
    "refund_impostor": {"RUL-LOAN-OUT", "RUL-VOUCHER-BURST", "RUL-VOUCHER-SPLIT", "RUL-RECYCLER-PAYOUT"},
    "micro_cod": {"RUL-MICRO-COLLECTOR"},
    "fake_loan": {"RUL-FEE-LADDER", "RUL-ROUND", "RUL-RESIDUE", "RUL-CRIMINAL-LINE"},
}
"""Rules that have to name members of the ring, by scenario."""


@pytest.mark.parametrize("scenario", MEMBERS)
def test_what_a_scheme_does_is_found_by_the_rules_made_for_it(scenario: str, tmp_path: Path) -> None:
    generate(tmp_path / "records", scenario)
    ingest(tmp_path / "ledger", sorted(path for path in (tmp_path / "records").iterdir() if path.is_file()))
    with (tmp_path / "records" / "truth" / "roles.csv").open(encoding="utf-8") as file:
        ring = {row["account"] for row in csv.DictReader(file) if row["ring"] and row["role"] not in ("victim", "own_account")}
    ledger = open_ledger(tmp_path / "ledger")
    names = ledger.accounts["account"].astype(str).tolist()
    found = {finding.rule for finding in apply_rules(ledger, trace_claims(ledger))[0] if names[finding.account_code] in ring}
    assert found >= MEMBERS[scenario]
