"""The freeze batch: contract columns, acts and their clocks, missing fields, hostile text, digests, atomic and repeatable."""

import csv
import hashlib
import io
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from api.freezing import BatchSummary, write_freeze_batch
from api.freezing.acts import ACTS, act_named, valid_until
from api.freezing.request import COLUMNS
from ledger.problems import LiushuiError
from tests.story import story
from tracing.trace import trace_claims

CHINA = timezone(timedelta(hours=8))
NOW = datetime(2025, 8, 31, 10, 0, tzinfo=CHINA)
LEDGER = story("09:00 victim -> mule 50000 # claim R1\n09:04 mule -> card:8801 1000")
TRACE = trace_claims(LEDGER)
LINE = {
    "act": "stop_payment",
    "target_kind": "account",
    "target": "6217000000000000022",
    "account_code": 1,
    "institution": "ICBC",
    "holder_name": "李强",
    "lien_fen": 49_000_00,
    "currency": "CNY",
    "reports": "R1",
    "payer_account": "6217000000000000011",
    "payment_time_us": 1_740_790_800_000_000,
    "payment_amount_fen": 50_000_00,
    "channel": "mobile",
    "reference": "",
    "evidence": "T1",
    "reason": "49,000.00 of 50,000.00 still there",
    "priority": 1,
    "expected_recovery_fen": 40_000_00,
}
CARD = {
    "target_kind": "card",
    "target": "8801",
    "institution": "Suning",
    "holder_name": "",
    "channel": "",
    "lien_fen": 1_000_00,
}


def lines(*changes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([LINE | {"priority": i + 1} | change for i, change in enumerate(changes)])


def write(out: Path, *changes: dict[str, Any], now: datetime = NOW, case: str = "Case 7") -> BatchSummary:
    return write_freeze_batch(out, LEDGER, TRACE, lines(*changes), now=now, case=case)


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def requests(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_bytes())["requests"])


def test_every_institution_gets_three_files(tmp_path: Path) -> None:
    write(tmp_path / "b", {}, CARD)
    names = sorted(path.name for path in (tmp_path / "b").iterdir())
    assert names == ["ICBC.csv", "ICBC.json", "ICBC.xlsx", "Suning.csv", "Suning.json", "Suning.xlsx", "batch.json"]


def test_columns_are_those_of_the_contract_in_its_order(tmp_path: Path) -> None:
    write(tmp_path / "b", {})
    header = (tmp_path / "b" / "ICBC.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == (
        "request_id,act,target_kind,target,holder_name,lien_amount,currency,victim_reports,payer_account,payment_time,"
        "payment_amount,channel,reference,evidence_transfers,reason,legal_basis,valid_from,valid_until,"
        "missing_mandatory_fields,priority"
    )


def test_a_row_says_what_the_line_says(tmp_path: Path) -> None:
    write(tmp_path / "b", {})
    (row,) = rows(tmp_path / "b" / "ICBC.csv")
    assert (row["target"], row["lien_amount"], row["payment_amount"]) == ("6217000000000000022", "49000.00", "50000.00")
    assert (row["payment_time"], row["victim_reports"], row["holder_name"]) == ("2025-03-01T09:00:00+08:00", "R1", "李强")


@pytest.mark.parametrize(
    ("act", "until"),
    [
        ("stop_payment", "2025-09-02T10:00:00+08:00"),
        ("freeze", "2026-02-28T10:00:00+08:00"),
        ("watch", "2025-09-30T10:00:00+08:00"),
    ],
)
def test_each_act_runs_its_own_time(tmp_path: Path, act: str, until: str) -> None:
    write(tmp_path / "b", {"act": act})
    (row,) = rows(tmp_path / "b" / "ICBC.csv")
    assert (row["valid_from"], row["valid_until"]) == ("2025-08-31T10:00:00+08:00", until)


def test_six_months_reach_the_29th_of_a_leap_february() -> None:
    assert valid_until(act_named("freeze"), datetime(2027, 8, 30, tzinfo=CHINA)) == datetime(2028, 2, 29, tzinfo=CHINA)


def test_six_months_cross_the_year() -> None:
    assert valid_until(act_named("freeze"), datetime(2025, 12, 15, tzinfo=CHINA)) == datetime(2026, 6, 15, tzinfo=CHINA)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_every_act_has_a_legal_basis_and_a_term(act: Any) -> None:
    assert act.legal_basis
    assert valid_until(act, NOW) > NOW


def test_missing_mandatory_fields_are_named_and_hold_nothing_back(tmp_path: Path) -> None:
    write(tmp_path / "b", {"payer_account": "", "holder_name": "", "institution": "", "payment_time_us": pd.NA})
    (row,) = rows(tmp_path / "b" / "unknown-institution.csv")
    missing = "payer account;payment time;payee institution;holder name;case type;two officers;documents"
    assert row["missing_mandatory_fields"] == missing


def test_a_card_needs_no_holder_name(tmp_path: Path) -> None:
    write(tmp_path / "b", CARD)
    assert "holder" not in rows(tmp_path / "b" / "Suning.csv")[0]["missing_mandatory_fields"]


def test_a_freeze_needs_the_holders_id(tmp_path: Path) -> None:
    write(tmp_path / "b", {"act": "freeze"})
    assert "holder id" in requests(tmp_path / "b" / "ICBC.json")[0]["missing_mandatory_fields"]


def test_a_watch_of_a_known_account_lacks_nothing(tmp_path: Path) -> None:
    write(tmp_path / "b", {"act": "watch", "lien_fen": 0})
    assert requests(tmp_path / "b" / "ICBC.json")[0]["missing_mandatory_fields"] == []


def test_digests_in_the_list_are_those_of_the_files(tmp_path: Path) -> None:
    write(tmp_path / "b", {}, CARD)
    listed = json.loads((tmp_path / "b" / "batch.json").read_bytes())["files"]
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "b").iterdir()}
    assert listed == {name: digest for name, digest in found.items() if name != "batch.json"}


def test_the_list_carries_case_method_ledger_and_totals(tmp_path: Path) -> None:
    summary = write(tmp_path / "b", {}, CARD, {"act": "freeze", "target": "6217000000000000033"})
    told = json.loads((tmp_path / "b" / "batch.json").read_bytes())
    assert (told["id"], told["case"], told["method"], told["ledger_digest"]) == (summary.id, "Case 7", "fifo", LEDGER.digest)
    assert told["created"] == told["now"] == "2025-08-31T10:00:00+08:00"
    assert told["totals"] == {
        "requests": 3,
        "institutions": 2,
        "stop_payment": 2,
        "freeze": 1,
        "watch": 0,
        "lien_amount": {"CNY": "99000.00"},
    }
    assert summary.lien_fen == {"CNY": 99_000_00}


def test_same_plan_and_now_give_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "a", {}, CARD)
    write(tmp_path / "b", {}, CARD)
    assert {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()
    }


def test_the_order_of_the_lines_changes_nothing(tmp_path: Path) -> None:
    one, two = {"priority": 1}, CARD | {"priority": 2}
    assert write(tmp_path / "a", one, two).id == write(tmp_path / "b", two, one).id


@pytest.mark.parametrize("change", [{"target": "x"}, {"evidence": "T2"}, {"act": "freeze"}, {"reports": "R2"}])
def test_another_target_lot_act_or_report_is_another_request(tmp_path: Path, change: dict[str, Any]) -> None:
    write(tmp_path / "b", {}, change)
    first, second = rows(tmp_path / "b" / "ICBC.csv")
    assert first["request_id"] != second["request_id"]


def test_another_moment_or_case_is_another_batch(tmp_path: Path) -> None:
    ids = {
        write(tmp_path / "a", {}).id,
        write(tmp_path / "b", {}, now=NOW + timedelta(minutes=1)).id,
        write(tmp_path / "c", {}, case="Case 8").id,
    }
    assert len(ids) == 3


def test_writing_the_same_batch_again_changes_nothing(tmp_path: Path) -> None:
    first = write(tmp_path / "b", {})
    before = (tmp_path / "b" / "batch.json").stat().st_mtime_ns
    assert write(tmp_path / "b", {}) == first
    assert (tmp_path / "b" / "batch.json").stat().st_mtime_ns == before


def test_a_folder_with_another_batch_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "b", {})
    with pytest.raises(LiushuiError, match="already holds other files"):
        write(tmp_path / "b", CARD)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b"]


def test_a_folder_with_a_strange_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "b", {})
    (tmp_path / "b" / "note.txt").write_text("mine")
    with pytest.raises(LiushuiError, match="already holds other files"):
        write(tmp_path / "b", {})


def test_an_unfinished_draft_of_a_crash_is_replaced(tmp_path: Path) -> None:
    (tmp_path / ".b.part").mkdir()
    (tmp_path / ".b.part" / "old.csv").write_text("half")
    write(tmp_path / "b", {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b"]


def test_an_empty_plan_is_a_batch_without_institutions(tmp_path: Path) -> None:
    summary = write_freeze_batch(tmp_path / "b", LEDGER, TRACE, lines({}).iloc[:0], now=NOW, case="x")
    assert (summary.requests, summary.files) == (0, ("batch.json",))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "＝1+1"])
def test_no_csv_cell_starts_a_formula(tmp_path: Path, text: str) -> None:
    write(tmp_path / "b", {"holder_name": text, "reason": text, "reference": text, "target": text})
    (row,) = rows(tmp_path / "b" / "ICBC.csv")
    assert row["holder_name"] == row["reason"] == row["reference"] == row["target"] == f"'{text}"


def sheet(path: Path) -> Any:
    return openpyxl.load_workbook(path)["requests"]


@pytest.mark.parametrize("text", ["=1+1", "http://evil.example/x", "6222000000000000033", "a\x00b", "王" * 40_000])
def test_xlsx_cells_are_text(tmp_path: Path, text: str) -> None:
    write(tmp_path / "b", {"holder_name": text, "target": text})
    cells = {
        cell.data_type for row in sheet(tmp_path / "b" / "ICBC.xlsx").iter_rows() for cell in row if cell.value is not None
    }
    assert cells == {"s"}


def test_xlsx_says_what_the_csv_says(tmp_path: Path) -> None:
    write(tmp_path / "b", {}, {"act": "freeze"})
    found = [[cell or "" for cell in row] for row in sheet(tmp_path / "b" / "ICBC.xlsx").iter_rows(values_only=True)]
    assert found == [list(COLUMNS), *(list(row.values()) for row in rows(tmp_path / "b" / "ICBC.csv"))]


def test_xlsx_header_is_frozen(tmp_path: Path) -> None:
    write(tmp_path / "b", {})
    assert sheet(tmp_path / "b" / "ICBC.xlsx").freeze_panes == "A2"


@pytest.mark.parametrize(
    ("institution", "name"),
    [
        ("", "unknown-institution"),
        ("中国工商银行", "中国工商银行"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b\\c:d", "a-b-c-d"),
        ("CON", "institution-CON"),
        ("batch", "institution-batch"),
        ("\u202e\x00", "unknown-institution"),
        ("x" * 300, "x" * 40),
    ],
)
def test_file_names_are_safe(tmp_path: Path, institution: str, name: str) -> None:
    write(tmp_path / "b", {"institution": institution})
    assert (tmp_path / "b" / f"{name}.csv").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b"]


def test_institutions_that_read_alike_get_files_of_their_own(tmp_path: Path) -> None:
    write(tmp_path / "b", {"institution": "ICBC"}, {"institution": "icbc"}, {"institution": "ICBC!"})
    assert len(list((tmp_path / "b").glob("*.csv"))) == 3


def test_reports_may_be_a_list(tmp_path: Path) -> None:
    write(tmp_path / "b", {"reports": ["R1", "R2"]})
    assert requests(tmp_path / "b" / "ICBC.json")[0]["victim_reports"] == ["R1", "R2"]


def test_a_trace_of_another_ledger_is_our_mistake(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="the trace is of this ledger"):
        write_freeze_batch(tmp_path / "b", story("09:00 a -> b 5"), TRACE, lines({}), now=NOW, case="x")


def test_suspected_lines_are_told_apart_in_the_totals(tmp_path: Path) -> None:
    write(tmp_path / "b", {}, CARD | {"suspected": True, "reports": "suspected:T2"})
    totals = json.loads((tmp_path / "b" / "batch.json").read_bytes())["totals"]
    assert totals["suspected"] == {"requests": 1, "lien_amount": {"CNY": "1000.00"}}
    assert totals["lien_amount"] == {"CNY": "50000.00"}
    assert requests(tmp_path / "b" / "Suning.json")[0]["victim_reports"] == ["suspected:T2"]


def test_without_suspected_lines_the_totals_do_not_speak_of_them(tmp_path: Path) -> None:
    write(tmp_path / "b", {"suspected": False})
    assert "suspected" not in json.loads((tmp_path / "b" / "batch.json").read_bytes())["totals"]
