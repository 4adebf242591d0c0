"""Archives and workbooks: what lies in them is read like any file, and the archive itself is known the next time."""

import gzip
import io
import stat
import subprocess
import sys
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from ledger import open_ledger
from ledger.containers.scratch import SCRATCH
from ledger.ingest import IngestResult, ingest
from ledger.store.manifest import read_state
from tests.ledger.folders import BANK, bank, codes, land, put
from tests.outside import outside

HEADER = ["transfer", "time", "source", "target", "amount"]
TIME = "2025-03-01T09:00:00+08:00"
ROOT = Path(__file__).resolve().parents[2]


def zipped(**members: str | bytes) -> bytes:
    """A zip archive; in names `__` stands for a slash and the last underscore for a dot."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(".".join(name.replace("__", "/").rsplit("_", 1)), content)
    return sink.getvalue()


def workbook(**sheets: list[list[Any]]) -> bytes:
    """A workbook with those sheets; one whose name begins with `hidden` is hidden."""
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name.startswith("hidden"):
                sheet.hide()
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return sink.getvalue()


def ids(folder: Path) -> list[str]:
    return sorted(open_ledger(folder / "ledger").transfers("transfer")["transfer"])


def told(result: IngestResult) -> list[tuple[str, str]]:
    return [(problem.file, problem.code) for problem in result.problems]


def row(name: str, amount: Any = "5.00") -> list[Any]:
    return [name, TIME, "a", "b", amount]


def test_every_file_of_an_archive_is_read_under_the_name_of_both(tmp_path: Path) -> None:
    inner = zipped(deep_csv=bank(2, "D"))
    book = workbook(S=[HEADER, row("X")])
    result = land(tmp_path, records_zip=zipped(march__bank_csv=bank(3), wallet_zip=inner, book_xlsx=book))
    assert ids(tmp_path) == ["D0", "D1", "T0", "T1", "T2", "X"]
    assert codes(result.problems) == []
    assert [(source.name, source.format, source.lines) for source in result.sources] == [
        ("records.zip", "zip", 0),
        ("records.zip/book.xlsx", "xlsx", 0),
        ("records.zip/book.xlsx/S", "csv", 1),
        ("records.zip/march/bank.csv", "csv", 3),
        ("records.zip/wallet.zip", "zip", 0),
        ("records.zip/wallet.zip/deep.csv", "csv", 2),
    ]
    assert not (tmp_path / "ledger" / SCRATCH).exists()


def test_the_same_archive_again_is_known_by_its_own_bytes(tmp_path: Path) -> None:
    first = land(tmp_path, records_zip=zipped(bank_csv=bank(3)))
    again = ingest(tmp_path / "ledger", [tmp_path / "records"])
    assert told(again) == [("records.zip", "LDG-already-there")]
    assert (again.batch, again.known, again.landed, again.digest) == (None, ("records.zip",), True, first.digest)


def test_a_file_that_came_alone_before_is_known_inside_an_archive(tmp_path: Path) -> None:
    land(tmp_path, bank_csv=bank(3))
    result = ingest(tmp_path / "ledger", [put(tmp_path / "more", all_zip=zipped(bank_csv=bank(3), new_csv=bank(2, "N")))])
    assert told(result) == [("all.zip/bank.csv", "LDG-already-there")]
    assert result.transfers == 2


def test_the_same_file_inside_and_beside_an_archive_is_read_once_in_any_order(tmp_path: Path) -> None:
    text = bank(3)
    for name in ("a", "z"):
        home = tmp_path / name
        result = ingest(home / "ledger", [put(home / "records", m_zip=zipped(bank_csv=text), **{f"{name}_csv": text})])
        assert (result.transfers, codes(result.problems)) == (3, ["LDG-already-there"])


def test_an_archive_with_a_file_no_profile_fits_is_looked_into_again(tmp_path: Path) -> None:
    content = zipped(bank_csv=bank(2), odd_csv="a,b,c\n1,2,3\n")
    assert told(land(tmp_path, records_zip=content)) == [("records.zip/odd.csv", "LDG-unknown-header")]
    again = ingest(tmp_path / "ledger", [tmp_path / "records"])
    assert told(again) == [("records.zip/bank.csv", "LDG-already-there"), ("records.zip/odd.csv", "LDG-unknown-header")]


def test_problems_of_parts_stay_with_an_archive_that_landed(tmp_path: Path) -> None:
    land(tmp_path, records_zip=zipped(bank_csv=bank(2), scan_pdf=b"%PDF-1.7\n\0"))
    ingest(tmp_path / "ledger", [tmp_path / "records"])
    listed = (tmp_path / "ledger" / "problems.csv").read_text()
    assert "records.zip/scan.pdf" in listed
    assert "the file is a PDF document" in listed


def test_refused_lines_of_parts_stand_in_the_quarantine(tmp_path: Path) -> None:
    lines = bank(2) + "bad line\n" + "T0,2025-03-01T09:00:00+08:00,other,b,7\n"
    result = land(tmp_path, records_zip=zipped(bank_csv=lines), book_xlsx=workbook(S=[HEADER, row("X"), row("Y", "much")]))
    assert codes(result.problems, "error") == ["LDG-bad-amount", "LDG-wrong-columns", "LDG-duplicate-other-content"]
    kept = {path.name[9:]: path.read_text() for path in (tmp_path / "ledger" / "quarantine").iterdir()}
    assert kept == {
        "records.zip-bank.csv": "bad line\nT0,2025-03-01T09:00:00+08:00,other,b,7\n",
        "book.xlsx-S": f"Y,{TIME},a,b,much\n",
    }


def test_packed_files_that_are_no_text_are_unpacked_first(tmp_path: Path) -> None:
    table = pa.table({name: pa.array([value]) for name, value in zip(HEADER[:4], ["P", TIME, "a", "b"], strict=True)})
    sink = io.BytesIO()
    pq.write_table(table.append_column("amount", pa.array([700])), sink)
    land(
        tmp_path,
        columns_gz=gzip.compress(sink.getvalue()),
        book_gz=gzip.compress(workbook(S=[HEADER, row("X")])),
        zip_gz=gzip.compress(zipped(bank_csv=bank(1))),
        text_gz=gzip.compress(bank(1, "G").encode()),
    )
    assert ids(tmp_path) == ["G0", "P", "T0", "X"]
    sources = {source.name: source.format for source in read_state(tmp_path / "ledger").sources}
    assert sources["columns.gz/columns"] == "parquet"
    assert sources["text.gz"] == "csv"


def test_cells_of_a_workbook_keep_their_value(tmp_path: Path) -> None:
    rows = [
        [*HEADER, "remark", "reference"],
        ["T1", TIME, 622202, "b", 0.1 + 0.2, "two\nlines", 123456789012345],
        ["T2", TIME, "a", "b", 1234567.1, True, 10**18 + 7],
        [None] * 7,
        ["T3", TIME, "a", "b", 5, datetime(2025, 3, 1, 9, 4, 5), date(2025, 3, 1)],  # noqa: DTZ001
    ]
    result = land(tmp_path, book_xlsx=workbook(S=rows))
    ledger = open_ledger(tmp_path / "ledger")
    found = ledger.transfers("transfer", "amount_fen", "line", "remark", "reference").astype(object)
    assert [tuple(one) for one in found.fillna("").itertuples(index=False)] == [
        ("T1", 30, 2, "two lines", "123456789012345"),
        ("T2", 123456710, 3, "TRUE", ""),
        ("T3", 500, 5, "2025-03-01 09:04:05", "2025-03-01"),
    ]
    assert "622202" in set(ledger.accounts["account"])
    assert [(one.code, one.line) for one in result.problems] == [("LDG-optional-ignored", 3)]


@pytest.mark.parametrize("spoilt", [6222020200012345678, "6.22E+18"])
def test_a_card_number_that_a_spreadsheet_has_cut_is_a_problem(tmp_path: Path, spoilt: object) -> None:
    rows = [HEADER, ["T1", TIME, spoilt, "b", 5], row("T2")]
    text = f"{BANK}\n" + ",".join(str(cell) for cell in ["C1", TIME, "6.22202E+18", "b", 5]) + f"\n6.22E+18,{TIME},a,b,5\n"
    result = land(tmp_path, book_xlsx=workbook(S=rows), plain_csv=text + bank(1).split("\n")[1])
    assert [(one.code, one.line) for one in result.problems] == [("LDG-damaged-id", line) for line in (2, 2, 3)]
    assert ids(tmp_path) == ["T0", "T2"]


def test_hidden_and_empty_sheets_are_told(tmp_path: Path) -> None:
    content = workbook(empty=[], S=[HEADER, row("X")], hidden=[HEADER, row("H")])
    result = land(tmp_path, book_xlsx=content)
    assert sorted(codes(result.problems)) == ["LDG-hidden-sheet", "LDG-no-rows"]
    assert ids(tmp_path) == ["H", "X"]


def test_a_header_merged_over_two_rows_is_found_in_the_second(tmp_path: Path) -> None:
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        sheet = book.add_worksheet("S")
        for column, name in enumerate(["交易时间", "交易卡号", "对方账号"]):
            sheet.merge_range(0, column, 1, column, name)
        sheet.merge_range(0, 3, 0, 4, "收支情况")
        sheet.write_row(1, 3, ["借方金额", "贷方金额"])
        sheet.write_row(2, 0, ["2025-03-01 09:00:00", "6222020200000000001", "6222020200000000002", 12.5, ""])
    result = land(tmp_path, book_xlsx=sink.getvalue())
    assert codes(result.problems, "error", "warning") == []
    rows = open_ledger(tmp_path / "ledger").transfers("amount_fen", "line")
    assert [tuple(row) for row in rows.to_numpy()] == [(1250, 3)]


def test_an_older_workbook_of_a_bank_is_read_through_its_sheets(tmp_path: Path) -> None:
    source = outside("statements") / "spdb_debit" / "example-spdb_debit-records.xls"
    book, sheet = ingest(tmp_path / "ledger", [source]).sources
    assert (book.name, book.format, book.lines) == (source.name, "xls", 0)
    assert (sheet.name, sheet.published, sheet.rejected) == (f"{source.name}/sheet", 4, 0)


def test_names_in_archives_never_lead_anywhere(tmp_path: Path) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for number, name in enumerate(["../../up.csv", "/etc/root.csv", "C:\\win\\drive.csv", "a\x1b[2Jb.csv", "same.csv"]):
            archive.writestr(name, bank(1, f"N{number}"))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("same.csv", bank(1, "N5"))
        link = zipfile.ZipInfo("link.csv")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr(".hidden.csv", "x")
        archive.writestr("__MACOSX/x.csv", "x")
        archive.writestr("truth/answers.csv", "x")
    result = land(tmp_path, odd_zip=sink.getvalue())
    assert ids(tmp_path) == ["N00", "N10", "N20", "N30", "N40", "N50"]
    assert told(result) == [
        ("odd.zip/etc/root.csv", "LDG-odd-name"),
        ("odd.zip/link.csv", "LDG-not-a-file"),
        ("odd.zip/truth", "LDG-truth-skipped"),
        ("odd.zip/up.csv", "LDG-odd-name"),
        ("odd.zip/win/drive.csv", "LDG-odd-name"),
    ]
    names = {source.name for source in read_state(tmp_path / "ledger").sources}
    assert {"odd.zip/a\ufffd[2Jb.csv", "odd.zip/same.csv", "odd.zip/same.csv#2"} <= names
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger", "records"]


def test_a_chinese_name_without_the_utf8_mark_is_read_as_gbk(tmp_path: Path) -> None:
    content = zipped(AAAA_csv=bank(1)).replace(b"AAAA.csv", "流水.csv".encode("gbk"))
    land(tmp_path, old_zip=content)
    assert "old.zip/流水.csv" in {source.name for source in read_state(tmp_path / "ledger").sources}


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    put(tmp_path / "records", all_zip=zipped(bank_csv=bank(3)))
    code = (
        "import os, sys; from pathlib import Path; import ledger.intake as intake; from ledger.ingest import ingest\n"
        "intake.read_file = lambda *_: os.kill(os.getpid(), 9)\n"
        "ingest(Path(sys.argv[1]), [Path(sys.argv[2])])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "ledger", tmp_path / "records"], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert list((tmp_path / "ledger" / SCRATCH).iterdir())
    assert ingest(tmp_path / "ledger", [tmp_path / "records"]).transfers == 3
    assert not (tmp_path / "ledger" / SCRATCH).exists()
