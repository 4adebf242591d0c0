"""What a file would be taken for: told before anything is ingested, and without writing anything."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.containers import CONTAINERS
from ledger.inspect import HEAD_BYTES, Inspection, inspect_file
from ledger.problems import LiushuiError
from ledger.sources import SOURCES, Source, find_source
from ledger.statements.profile import load_profiles
from tests.ledger.folders import bank, codes, put
from tests.ledger.test_containers import HEADER, row, workbook, zipped

ROOT = Path(__file__).resolve().parents[2]
WECHAT = "交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注"
PAID = "2025-03-01 09:00:00,商户消费,店,茶,支出,¥5.00,零钱,支付成功,100001,/,/"


def seen(path: Path, rows: int = 5) -> Inspection:
    return inspect_file(path, load_profiles([]), rows)


def command(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "api", *words], cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_statement_is_told_with_its_profile_columns_and_first_rows(tmp_path: Path) -> None:
    text = f"微信昵称：[张三]\n{WECHAT},神秘\n{PAID},x\n{PAID.replace('100001', '100002')},\n"
    (file,) = seen(put(tmp_path, bill_csv=text.encode("gb18030")) / "bill.csv", rows=1).files
    assert (file.source, file.profile[0], file.kind) == ("profile", "wechat", "wallet")
    assert (file.encoding, file.header_line) == ("gb18030", 2)
    assert ("金额(元)", "amount") in file.columns
    assert file.unknown == ("神秘",)
    assert file.mapping["said: owner"] == "张三"
    assert (file.lines, file.taken, file.refused, file.whole) == (2, 2, 0, True)
    (first,) = file.rows
    wanted = {"line": "3", "time": "2025-03-01T01:00:00+00:00", "source": "wechat:张三/零钱", "amount": "5.00"}
    assert (wanted | {"witness": "source"}).items() <= first.items()


def test_a_profile_that_nearly_fits_is_named_with_what_it_misses(tmp_path: Path) -> None:
    text = f"{WECHAT}\n{PAID}\n".replace("支付方式", "怎么付").replace("金额(元)", "数目")
    found = seen(put(tmp_path, bill_csv=text) / "bill.csv")
    assert not found.readable
    near = {one.profile: one for one in found.files[0].nearly}
    assert near["wechat"].missing == ("金额(元)", "支付方式")
    assert near["wechat"].line == 1
    assert codes(found.files[0].problems) == ["LDG-unknown-header"]


def test_canonical_records_are_told_by_their_header(tmp_path: Path) -> None:
    (file,) = seen(put(tmp_path, bank_csv=bank(3).replace("amount", "Amount,colour")) / "bank.csv").files
    assert file.kind == "bank"
    assert file.unknown == ("colour",)
    assert file.refused == 3
    assert {one.code for one in file.problems} == {"LDG-wrong-columns", "LDG-unknown-columns"}


def test_every_part_of_an_archive_is_told(tmp_path: Path) -> None:
    book = workbook(S=[HEADER, row("X", 12.5)], hidden=[HEADER, row("H")])
    content = zipped(bank_csv=bank(2), book_xlsx=book, scan_pdf=b"%PDF-1\n")
    found = seen(put(tmp_path, all_zip=content) / "all.zip")
    assert found.containers == (("all.zip", "zip"), ("all.zip/book.xlsx", "xlsx"))
    assert [(file.name, file.taken) for file in found.files] == [
        ("all.zip/bank.csv", 2),
        ("all.zip/book.xlsx/S", 1),
        ("all.zip/book.xlsx/hidden", 1),
        ("all.zip/scan.pdf", 0),
    ]
    assert found.files[1].rows[0]["amount"] == "12.50"
    assert codes(found.problems) == ["LDG-hidden-sheet"]


@pytest.mark.parametrize("packed", [False, True])
def test_of_a_big_file_only_the_beginning_is_read(tmp_path: Path, packed: bool) -> None:
    text = bank(100_000).encode()
    assert len(text) > HEAD_BYTES
    (file,) = seen(put(tmp_path, big_csv=gzip.compress(text, 1) if packed else text) / "big.csv").files
    assert not file.whole
    assert 10_000 < file.taken < 100_000
    assert (file.refused, file.rows[0]["transfer"]) == (0, "T0")
    (small,) = seen(put(tmp_path, small_csv=bank(5)) / "small.csv").files
    assert (small.whole, small.taken) == (True, 5)


def test_nothing_is_written_and_a_missing_file_is_an_unusable_argument(tmp_path: Path) -> None:
    folder = put(tmp_path / "records", all_zip=zipped(bank_csv=bank(2)), note_txt="hello\n")
    done = command("inspect", folder / "all.zip", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["files"][0]["taken"] == 2
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["all.zip", "note.txt", "records"]
    assert command("inspect", folder / "note.txt").returncode == 1
    for missing in (tmp_path / "nothing.csv", folder):
        done = command("inspect", missing, "--json")
        assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (2, "LDG-missing-path")
    with pytest.raises(LiushuiError, match="no such file"):
        seen(tmp_path / "nothing.csv")


def test_what_an_attacker_wrote_does_not_steer_the_terminal(tmp_path: Path) -> None:
    nasty = "\x1b]0;owned\x07\x1b[2J\u202egnp"
    text = bank(1).replace("62220000", nasty).replace("amount", f"amount,{nasty}").replace("1.00", f"1.00,{nasty}")
    content = zipped(**{f"a{nasty}_csv": text})
    done = command("inspect", put(tmp_path, all_zip=content) / "all.zip")
    assert done.returncode == 0, done.stderr
    assert not set(done.stdout) & {"\x1b", "\x07", "\u202e"}
    assert "owned" in done.stdout


def test_sources_lists_every_format_container_and_profile() -> None:
    listed = json.loads(command("sources", "--json").stdout)
    assert [one["name"] for one in listed["formats"]] == [source.name for source in SOURCES]
    assert [one["name"] for one in listed["containers"]] == [kind.name for kind in CONTAINERS]
    profiles = {profile.name: profile for profile in load_profiles([])}
    assert {one["name"] for one in listed["profiles"]} == set(profiles)
    assert all(one["header"] and one["title"] and one["encodings"] for one in listed["profiles"])
    text = command("sources").stdout
    assert all(f"  {name}: " in text for name in profiles)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_the_example_of_every_source_is_taken_by_it_and_by_no_other(source: Source) -> None:
    assert source.title
    found, reader = find_source(source.example.encode() + b"\n", load_profiles([]))
    assert (found, bool(reader)) == (source, True)
