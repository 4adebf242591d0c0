"""Statements of several banks become one ledger: what one run decides, a later one completes, and an officer can undo."""

from pathlib import Path

import pytest

from ledger import open_ledger
from ledger.ingest import ingest
from ledger.reconcile.decisions import switch
from tests.ledger.folders import put
from tests.ledger.test_decisions import told
from tracing.trace import trace_claims

COLUMNS = "交易时间,收付标志,交易金额,余额,对方账号,对方户名,摘要,流水号\n"
PAYER = "卡号：6222020000000001\n" + COLUMNS + "2025-03-01 09:00:00,出,100.00,900.00,6222020000000002,李四,转账,S1\n"
PAYEE = (
    "卡号：6222020000000002\n"
    + COLUMNS
    + "2025-03-01 09:00:03,进,100.00,100.00,6222020000000001,张三,转账,S1\n"
    + "2025-03-01 09:05:00,出,60.00,40.00,6222020000000003,王五,转账,S2\n"
)


def ids(folder: Path) -> list[str]:
    return [str(row[0]) for row in told(folder, "transfer")]


def states(folder: Path, kind: str) -> list[str]:
    decisions = open_ledger(folder).decisions
    return decisions[(decisions["kind"].astype(object) == kind).to_numpy(dtype=bool)]["state"].tolist()


def landed(tmp_path: Path, **files: str) -> Path:
    ingest(tmp_path / "ledger", [put(tmp_path / "records", **files)])
    return tmp_path / "ledger"


def test_one_transfer_from_both_statements_is_one_transfer_with_two_witnesses(tmp_path: Path) -> None:
    ledger = landed(tmp_path, a_csv=PAYER, b_csv=PAYEE)
    rows = told(ledger, "source", "target", "amount_fen", "source_balance_fen", "target_balance_fen", "witness")
    assert rows == [
        ("6222020000000001", "6222020000000002", 100_00, 900_00, 100_00, "both"),
        ("6222020000000002", "6222020000000003", 60_00, 40_00, None, "source"),
    ]


def test_the_second_statement_may_come_later_and_the_first_answer_can_still_be_opened(tmp_path: Path) -> None:
    ledger = landed(tmp_path / "late", a_csv=PAYER)
    ingest(ledger, [put(tmp_path / "more", b_csv=PAYEE)])
    together = landed(tmp_path / "once", a_csv=PAYER, b_csv=PAYEE)
    columns = ("transfer", "source", "target", "amount_fen", "target_balance_fen", "witness")
    assert told(ledger, *columns) == told(together, *columns)
    assert told(ledger, "witness", as_of_batch=1) == [("source",)]


def test_a_match_switched_off_is_two_rows_again_and_stays_off(tmp_path: Path) -> None:
    ledger = landed(tmp_path, a_csv=PAYER, b_csv=PAYEE)
    switch(ledger, off=["both_sides"])
    ingest(ledger, [put(tmp_path / "more", c_csv=PAYEE.replace("S2", "S9").replace("60.00,40.00", "70.00,30.00"))])
    assert [row[0] for row in told(ledger, "witness")] == ["source", "target", "source", "source"]


def test_two_payments_that_could_each_be_the_one_are_left_apart_and_named(tmp_path: Path) -> None:
    payer = PAYER.replace("6222020000000002,李四,转账,S1", ",李四,转账,")
    again = payer + "2025-03-01 09:00:05,出,100.00,800.00,,李四,转账,\n"
    ledger = landed(tmp_path, a_csv=again, b_csv=PAYEE.replace("6222020000000001,张三,转账,S1", "6222020000000001,张三,转账,"))
    assert "applied" not in states(ledger, "both_sides")
    assert len(ids(ledger)) == 4


def test_a_masked_number_is_the_account_when_no_other_fits(tmp_path: Path) -> None:
    ledger = landed(tmp_path, a_csv=PAYER.replace("6222020000000002", "6222****0002"), b_csv=PAYEE)
    assert states(ledger, "masked_account") == ["applied"]
    assert told(ledger, "target")[0] == ("6222020000000002",)


def test_a_mask_that_fits_two_accounts_stays_a_mask(tmp_path: Path) -> None:
    other = PAYEE.replace("6222020000000002", "6222990000000002").replace("S1", "S5").replace("100.00,", "77.00,")
    ledger = landed(
        tmp_path, a_csv=PAYER.replace("6222020000000002", "6222****0002").replace("S1", ""), b_csv=PAYEE, c_csv=other
    )
    assert "applied" not in states(ledger, "masked_account")


@pytest.mark.parametrize("report", ["payer's", "payee's"])
def test_a_report_of_either_witness_follows_the_money_through_the_other_bank(tmp_path: Path, report: str) -> None:
    ledger = landed(tmp_path, a_csv=PAYER)
    first = ids(ledger)[0]
    ingest(ledger, [put(tmp_path / "more", b_csv=PAYEE)])
    switch(ledger, off=["both_sides"])
    second = ids(ledger)[1]
    switch(ledger, on=["both_sides"])
    disputed = first if report == "payer's" else second
    ingest(ledger, [put(tmp_path / "reports", r_csv=f"report,victim,transfer\nR1,6222020000000001,{disputed}\n")])
    trace = trace_claims(open_ledger(ledger))
    held = {row.account: row.held_fen for row in trace.held.itertuples()}
    assert held == {"6222020000000002": 40_00, "6222020000000003": 60_00}
