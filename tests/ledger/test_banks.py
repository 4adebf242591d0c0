"""Statements of Chinese banks through the shipped profiles; the golden files were compared with the samples by eye."""

import csv
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from ledger import open_ledger
from tests.ledger.bankbook import Text, laid_out, read
from tests.ledger.folders import codes, put
from tests.ledger.statements import ALIASES, BOC_DEBIT, CCB_CORPORATE, CMB_WEB, STATEMENTS, TWO_COLUMNS, Statement
from tests.outside import outside

SAMPLES = {
    "icbc_credit": ("icbc/credit/example-icbc-credit-records.csv", 9),
    "icbc_debit_v1": ("icbc/debit-v1/example-icbc-debit-v1-records.csv", 11),
    "icbc_debit_v2": ("icbc/debit-v2/example-icbc-debit-v2-records.csv", 11),
    "cmb_credit": ("cmb/credit/example-cmb-records.csv", 6),
    "cmb_debit": ("cmb/debit/example-cmb-records.csv", 5),
    "bocom_debit": ("bocom_debit/example-bocom_debit-records.csv", 6),
    "spdb_debit": ("spdb_debit/example-spdb_debit-records.xls", 4),
}
"""A sample of each statement, and how many entries a reader counts in it."""


@pytest.mark.parametrize("name", SAMPLES)
def test_every_entry_of_a_sample_lands_as_the_golden_file_says(
    name: str, tmp_path: Path, golden: Callable[[str, bytes], None]
) -> None:
    path, entries = SAMPLES[name]
    result, rows = read(tmp_path, outside("statements") / path)
    assert len(rows) == entries
    golden(f"banks/{name}.csv", laid_out(result, rows, tmp_path / "ledger"))


def _handed_in(tmp_path: Path, statement: Statement) -> Path:
    path = tmp_path / statement.file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(statement.text.encode(statement.encoding))
    return path


def _by_time(tmp_path: Path, statement: Statement) -> list[Text]:
    return read(tmp_path, _handed_in(tmp_path, statement))[1]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: f"{s.profile}-{s.file}")
def test_a_statement_is_read_by_its_profile_row_by_row(statement: Statement, tmp_path: Path) -> None:
    result, rows = read(tmp_path, _handed_in(tmp_path, statement))
    (source,) = result.sources
    assert source.format == f"profile:{statement.profile}"
    assert tuple((row["time"], row["source"], row["target"], row["amount"]) for row in rows) == statement.rows
    errors = [(p.line, p.code) for p in result.problems if p.severity == "error"]
    assert errors == list(statement.refused)
    (header,) = [p.line for p in result.problems if p.code == "LDG-profile-used"]
    assert source.lines == statement.text.count("\n") - header


def test_what_a_row_is_stands_in_its_operation_status_and_channel(tmp_path: Path) -> None:
    rows = {row["reference"]: row for row in _by_time(tmp_path / "a", CCB_CORPORATE)}
    assert (rows["8001-A1"]["operation"], rows["8002-A2"]["operation"]) == ("transfer", "reversal")
    assert [row["status"] for row in _by_time(tmp_path / "b", ALIASES)] == ["done", "done", "failed"]
    assert [row["channel"] for row in _by_time(tmp_path / "c", CMB_WEB)] == ["", "interest", ""]
    boc = _by_time(tmp_path / "d", BOC_DEBIT)
    assert [row["channel"] for row in boc] == ["卡组织线上/无卡交易", "手机银行", "cash", "手机银行"]
    assert [row["currency"] for row in boc] == ["CNY", "CNY", "CNY", "USD"]
    assert [row["witness"] for row in boc] == ["target", "source", "source", "source"]


def test_accounts_get_their_holder_bank_and_kind_from_the_statement(tmp_path: Path) -> None:
    _by_time(tmp_path, CCB_CORPORATE)
    told = _accounts(tmp_path)
    assert told["53001905000000000001"] == ("bank", "某公司", "CCB", False)
    assert told["6222020000000001"] == ("bank", "供应商", "甲行", False)
    _by_time(tmp_path / "boc", BOC_DEBIT)
    assert _accounts(tmp_path / "boc")["cash:BOC"] == ("cash", "", "BOC", True)


def _accounts(tmp_path: Path) -> dict[str, tuple[object, ...]]:
    accounts = open_ledger(tmp_path / "ledger").accounts.astype(object)
    filled = accounts.where(accounts.notna(), "")
    told = filled[["account", "kind", "holder_name", "institution", "hub"]].to_numpy().tolist()
    return {str(account): tuple(rest) for account, *rest in told}


def test_what_strangers_write_makes_no_cash_no_fee_and_no_total(tmp_path: Path) -> None:
    text = """账号：6210980000000000001
交易时间,支出金额,收入金额,余额,对方账号,对方户名,摘要,附言
2025-03-01 09:00:00,,900.00,900.00,,李某,转账,ATM取款
2025-03-01 09:01:00,300.00,,600.00,6222020000000001,现金取款,手续费,合计
2025-03-01 09:02:00,200.00,,400.00,,手续费,转账,冲正
2025-03-01 09:03:00,100.00,,300.00,,,合计,合计
2025-03-01 09:04:00,100.00,,200.00,6222020000000002,,现金取款,
2025-03-01 09:05:00,100.00,,100.00,6222020000000003,,手续费,
"""
    rows = _by_time(tmp_path, Statement("bank_statement", "x.csv", text, ()))
    assert [(row["source"], row["target"]) for row in rows] == [
        ("unknown:李某", "6210980000000000001"),
        ("6210980000000000001", "6222020000000001"),
        ("6210980000000000001", "unknown:手续费"),
        ("6210980000000000001", "unknown:6210980000000000001"),
        ("6210980000000000001", "6222020000000002"),
        ("6210980000000000001", "6222020000000003"),
    ]


def test_a_date_that_has_lost_a_digit_is_told_and_not_guessed(tmp_path: Path) -> None:
    text = "账号：6210980000000000001\n交易日期,收入金额,支出金额,余额\n2024112,1.00,,1.00\n20240112,1.00,,2.00\n"
    result, rows = read(tmp_path, _handed_in(tmp_path, Statement("bank_statement", "x.csv", text, ())))
    assert [row["time"][:10] for row in rows] == ["2024-01-12"]
    assert [(p.line, p.code) for p in result.problems if p.severity == "error"] == [(3, "LDG-bad-time")]


def test_two_exports_of_one_account_that_overlap_hold_each_row_once(tmp_path: Path) -> None:
    head = "账号,6200000000001230\n顺序号,交易日期,交易类型,存入金额,取出金额,余额,交易对手名称,交易对手账号,附言\n"
    rows = [f"2025/01/0{n}  09:00:00,汇入,10.00,,{n}0.00,某某,6222020000000001,," for n in (1, 2, 3)]
    texts = {"a": rows[:2], "b": rows[1:]}
    files = {f"{name}_csv": head + "".join(f"{n},{r}\n" for n, r in enumerate(part, 1)) for name, part in texts.items()}
    _, landed = read(tmp_path, put(tmp_path / "records", **files))
    assert [row["time"][:10] for row in landed] == ["2025-01-01", "2025-01-02", "2025-01-03"]


def test_a_workbook_with_real_dates_and_numbers_lands_as_the_text_does(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    for cells in csv.reader(TWO_COLUMNS.text.splitlines()):
        sheet.append(cells)
    for row in sheet.iter_rows(min_row=4, max_row=5):
        row[0].value = datetime.fromisoformat(str(row[0].value))
        for cell in row[2:5]:
            cell.value = float(str(cell.value).replace(",", "")) if cell.value else None
    book.save(tmp_path / "flow.xlsx")
    _, rows = read(tmp_path, tmp_path / "flow.xlsx")
    assert tuple((row["time"], row["source"], row["target"], row["amount"]) for row in rows) == TWO_COLUMNS.rows
    assert [(row["source_balance"], row["target_balance"]) for row in rows] == [("", "5000.00"), ("1.00", "")]


def test_a_file_that_names_no_account_says_so_and_is_kept_apart_from_other_files(tmp_path: Path) -> None:
    text = "记账日期,货币,交易金额,联机余额,交易摘要,对手信息,客户摘要\n2025-03-01,CNY,-5.00,1.00,转账,张三 6222020000000001,\n"
    result, rows = read(tmp_path, put(tmp_path / "records", one_csv=text, two_csv=text + "\n"))
    assert sorted(row["source"] for row in rows) == ["cmb:one", "cmb:two"]
    assert codes(result.problems, "warning") == ["LDG-own-account-unnamed"] * 2
