"""What decisions do to an opened ledger: nothing is overwritten, everything can be switched off, the past stays."""

import csv
from pathlib import Path

import pytest

from ledger import LiushuiError, open_ledger
from ledger.ingest import ingest
from ledger.reconcile.decisions import decision_rows, switch, write_reconciliation
from ledger.store.locking import writing
from ledger.store.manifest import create, state_of
from ledger.store.publishing import publish_tables
from tests.ledger.folders import put

HEADER = "transfer,time,source,target,amount,reference,source_balance,target_balance,remark\n"
SENDER = HEADER + "A1,2025-03-01T00:00:00+08:00,6222A,6222****9999,100.00,,900.00,,rent\n"
RECEIVER = (
    HEADER
    + "B1,2025-03-01T14:30:00+08:00,unknown:Li,62220000009999,100.00,S77,,350.00,\n"
    + "B2,2025-03-01T14:35:00+08:00,62220000009999,6222C,80.00,,270.00,,\n"
    + "B4,2025-03-01T15:00:00+08:00,6222C,62225555559999,1.00,,,,\n"
    + "B3,2025-03-02T09:00:00+08:00,6222C,62220000009999,80.00,,,350.00,退回\n"
)
REPORTS = "report,victim,transfer\nR1,6222****9999,B1\n"
WITNESS = {
    "decision": "w1",
    "kind": "both_sides",
    "state": "applied",
    "transfer": "A1",
    "other": "B1",
    "evidence": "same amount",
}
MASK = {
    "decision": "m1",
    "kind": "masked_account",
    "state": "applied",
    "account": "62220000009999",
    "other_account": "6222****9999",
    "evidence": "the only account that fits",
}
BACK = {
    "decision": "r1",
    "kind": "reversal",
    "state": "applied",
    "transfer": "B3",
    "other": "B2",
    "evidence": "same amount back",
}


def decided(folder: Path, *rows: dict[str, object]) -> None:
    """Publish decisions as a reconciliation would."""
    with writing(folder):
        engine = create(folder)
        publish_tables(folder, engine, state_of(engine), {"reconciliation": decision_rows(rows)})
        engine.dispose()


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A sender's and a receiver's record that tell one transfer twice, and nothing decided about them."""
    ingest(tmp_path / "ledger", [put(tmp_path / "records", a_csv=SENDER, b_csv=RECEIVER, c_csv=REPORTS)])
    return tmp_path / "ledger"


def told(folder: Path, *columns: str, as_of_batch: int | None = None) -> list[tuple[object, ...]]:
    """Rows of the opened ledger, accounts by name, nulls as None."""
    opened = open_ledger(folder, as_of_batch)
    table = opened.read(columns).to_pydict()
    names = opened.accounts["account"].tolist()
    for side in {"source", "target"} & set(columns):
        table[side] = [names[code] for code in table[side]]
    return list(zip(*(table[name] for name in columns), strict=True))


def test_two_witnesses_of_one_transfer_are_one_transfer_with_what_both_know(ledger: Path) -> None:
    decided(ledger, WITNESS)
    rows = told(ledger, "transfer", "target", "reference", "source_balance_fen", "target_balance_fen", "witness")
    assert rows[0] == ("A1", "6222****9999", "S77", 900_00, 350_00, "both")
    assert [row[0] for row in rows] == ["A1", "B2", "B4", "B3"]


def test_a_statement_without_a_clock_takes_the_time_of_the_one_with_a_clock(ledger: Path) -> None:
    decided(ledger, WITNESS)
    opened = open_ledger(ledger)
    assert opened.transfers("time")["time"].iloc[0].isoformat() == "2025-03-01T06:30:00+00:00"


def test_the_target_that_only_one_side_names_is_confirmed_by_the_other(tmp_path: Path) -> None:
    one_sided = SENDER.replace("6222****9999", "unknown:Wang")
    ingest(tmp_path / "ledger", [put(tmp_path / "records", a_csv=one_sided, b_csv=RECEIVER)])
    decided(tmp_path / "ledger", WITNESS)
    assert told(tmp_path / "ledger", "target")[0] == ("unknown:Wang",)  # a record of both sides is believed as it stands


def test_a_masked_number_is_the_account_it_was_found_to_be_everywhere(ledger: Path) -> None:
    decided(ledger, MASK)
    assert told(ledger, "target")[0] == ("62220000009999",)
    assert open_ledger(ledger).reports["victim"].tolist() == ["62220000009999"]


def test_a_report_of_the_second_witness_disputes_the_transfer_that_stays(ledger: Path) -> None:
    decided(ledger, WITNESS)
    assert open_ledger(ledger).reports["transfer"].tolist() == ["A1"]


def test_a_reversal_found_later_gives_back_its_original(ledger: Path) -> None:
    decided(ledger, BACK)
    assert dict(told(ledger, "transfer", "reverses"))["B3"] == "B2"


def test_rows_are_fetched_as_they_are_read(ledger: Path) -> None:
    decided(ledger, WITNESS, MASK, BACK)
    opened = open_ledger(ledger)
    columns = ("transfer", "time", "source", "target", "amount_fen", "reverses", "witness", "target_balance_fen")
    assert opened.rows([2, 0, 1], *columns).equals(opened.transfers(*columns).iloc[[2, 0, 1]].reset_index(drop=True))


@pytest.mark.parametrize("name", ["w1", "both_sides"])
def test_a_decision_switched_off_leaves_the_rows_as_they_came(ledger: Path, name: str) -> None:
    before = told(ledger, "transfer", "time", "target", "reference")
    decided(ledger, WITNESS)
    merged = told(ledger, "transfer", "time", "target", "reference")
    assert switch(ledger, off=[name]).batch == 3
    assert told(ledger, "transfer", "time", "target", "reference") == before
    switch(ledger, on=[name])
    assert told(ledger, "transfer", "time", "target", "reference") == merged


def test_an_earlier_batch_opens_bit_for_bit_as_it_was(ledger: Path) -> None:
    first = open_ledger(ledger)
    everything = told(ledger, "transfer", "time", "source", "target", "amount_fen", "reference")
    decided(ledger, WITNESS, MASK)
    again = open_ledger(ledger, as_of_batch=1)
    assert (again.digest, again.batch) == (first.digest, 1)
    assert told(ledger, "transfer", "time", "source", "target", "amount_fen", "reference", as_of_batch=1) == everything


def test_a_batch_that_does_not_exist_is_named(ledger: Path) -> None:
    with pytest.raises(LiushuiError, match="no batch 9; the last one is 1"):
        open_ledger(ledger, as_of_batch=9)


def test_switching_the_same_twice_publishes_nothing(ledger: Path) -> None:
    decided(ledger, WITNESS)
    switch(ledger, off=["w1"])
    assert switch(ledger, off=["w1"]).batch is None


def test_a_name_that_is_no_decision_is_refused(ledger: Path) -> None:
    with pytest.raises(LiushuiError, match="neither a decision of this ledger nor one of the kinds"):
        switch(ledger, off=["nonsense"])


def test_every_decision_stands_in_the_file_with_the_lines_of_its_rows(ledger: Path) -> None:
    decided(ledger, WITNESS | {"evidence": "=HYPERLINK(1)"}, MASK)
    write_reconciliation(ledger)
    rows = list(csv.DictReader((ledger / "reconciliation.csv").read_text("utf-8").splitlines()))
    found = {row["decision"]: (row["kind"], row["transfer_at"], row["other_at"]) for row in rows}
    assert found["w1"] == ("both_sides", "a.csv:2", "b.csv:2")
    assert found["m1"] == ("masked_account", "", "")
    assert {row["evidence"] for row in rows if row["decision"] == "w1"} == {"'=HYPERLINK(1)"}
