"""Files made to break a reader: each ends as a problem, in bounded memory, and its good neighbours land."""

import gzip
import io
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import open_ledger
from ledger.containers import Limits
from ledger.containers.scratch import SCRATCH
from ledger.ingest import IngestResult, ingest
from tests.ledger.folders import BANK, bank, codes, in_process, put
from tests.ledger.test_containers import HEADER, row, told, workbook, zipped

GOOD = bank(3, "GOOD")
MIB = 1 << 20


def beside_good(folder: Path, limits: Limits | None = None, **files: bytes) -> IngestResult:
    """Ingest hostile files beside a good one, which always lands whole."""
    result = ingest(folder / "ledger", [put(folder / "records", good_csv=GOOD, **files)], limits=limits)
    landed = set(open_ledger(folder / "ledger").transfers("transfer")["transfer"])
    assert {"GOOD0", "GOOD1", "GOOD2"} <= landed
    assert not (folder / "ledger" / SCRATCH).exists()
    return result


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TEXTS = (b"", b"\xff\xfe", b"<?xml ", b"{", b":20:", b"{1:", BANK.encode() + b"\n")
STARTS = (*TEXTS, b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", OLE, b"PAR1")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(noises=st.lists(st.tuples(st.sampled_from(STARTS), st.binary(max_size=400)), min_size=4, max_size=12))
def test_random_bytes_behind_any_magic_are_problems(noises: list[tuple[bytes, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        result = beside_good(Path(folder), **{f"noise{at}_bin": start + noise for at, (start, noise) in enumerate(noises)})
        named = {problem.file.split("/")[0] for problem in result.problems}
        # a header with blank lines below it is an export without transfers, nothing to complain of
        told = {
            f"noise{at}.bin" for at, (start, noise) in enumerate(noises) if not start.startswith(b"transfer") or noise.strip()
        }
        assert told <= named <= {f"noise{at}.bin" for at in range(len(noises))}


WHOLE = (
    workbook(S=[HEADER, row("X"), row("Y")]),
    zipped(a_csv=bank(400, "A"), b_csv=bank(400, "B")),
    gzip.compress(bank(400, "P").encode()),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shares=st.lists(st.floats(0.0, 0.999), min_size=3, max_size=3))
def test_a_container_cut_anywhere_is_told(shares: list[float]) -> None:
    cut = {f"cut{at}_bin": whole[: int(shares[at] * len(whole))] for at, whole in enumerate(WHOLE)}
    with tempfile.TemporaryDirectory() as folder:
        result = beside_good(Path(folder), **cut)
        assert {problem.file.split("/")[0] for problem in result.problems} == {"cut0.bin", "cut1.bin", "cut2.bin"}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(places=st.lists(st.floats(0.0, 0.999), min_size=3, max_size=3), byte=st.integers(1, 255))
def test_a_container_with_a_flipped_byte_never_stops_the_run(places: list[float], byte: int) -> None:
    spoilt = [bytearray(whole) for whole in WHOLE]
    for whole, place in zip(spoilt, places, strict=True):
        whole[int(place * len(whole))] ^= byte
    with tempfile.TemporaryDirectory() as folder:
        beside_good(Path(folder), **{f"spoilt{at}_bin": bytes(whole) for at, whole in enumerate(spoilt)})


def test_a_damaged_member_keeps_what_stood_before_the_damage_and_the_other_members(tmp_path: Path) -> None:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("a.csv", bank(50, "A"))
        archive.writestr("b.csv", bank(50, "B"))
    result = beside_good(tmp_path, all_zip=stored.getvalue().replace(b"A49,", b"A4x,"))
    assert told(result) == [("all.zip/a.csv", "LDG-damaged-file")]
    assert result.transfers == 102 + 1


@pytest.mark.parametrize("inside", ["flat", "nested", "packed"])
def test_a_bomb_is_stopped_and_costs_only_itself(tmp_path: Path, inside: str) -> None:
    zeros = zipped(good_csv=bank(2, "IN"), bomb_csv=(BANK + "\n").encode() + bytes(40 * MIB), late_csv=bank(2, "LATE"))
    content = {"flat": zeros, "nested": zipped(inner_zip=zeros), "packed": gzip.compress(b"PAR1" + bytes(40 * MIB))}[inside]
    result = beside_good(tmp_path, Limits(small_bytes=4 * MIB), bomb_zip=content)
    assert "LDG-archive-limit" in codes(result.problems, "error")
    ids = set(open_ledger(tmp_path / "ledger").transfers("transfer")["transfer"])
    assert ("IN0" in ids) == (inside != "packed")
    assert len(content) < MIB


def test_archives_are_opened_two_deep_and_then_told(tmp_path: Path) -> None:
    book = workbook(S=[HEADER, row("BOOK")])
    content = zipped(two_zip=zipped(three_zip=zipped(a_csv=bank(1)), book_xlsx=book))
    assert told(beside_good(tmp_path, one_zip=content)) == [("one.zip/two.zip/three.zip", "LDG-archive-limit")]
    assert "BOOK" in set(open_ledger(tmp_path / "ledger").transfers("transfer")["transfer"])


def test_too_many_members_and_too_long_a_list_of_them_are_told(tmp_path: Path) -> None:
    many = zipped(**{f"m{number}_csv": bank(1, f"M{number}") for number in range(9)})
    result = beside_good(tmp_path / "many", Limits(members=5), many_zip=many)
    assert ("many.zip", "LDG-archive-limit") in told(result)
    assert result.transfers == 3 + 5
    assert "LDG-archive-limit" in codes(beside_good(tmp_path / "long", Limits(directory_bytes=100), many_zip=many).problems)


def test_what_all_archives_unpack_to_and_what_stays_free_are_limits_too(tmp_path: Path) -> None:
    archive = zipped(a_csv=bank(400))
    for name, limits in {"all": Limits(unpacked_bytes=1000), "free": Limits(free_bytes=1 << 60)}.items():
        result = beside_good(tmp_path / name, limits, some_zip=archive)
        assert codes(result.problems) == ["LDG-archive-limit"]


def test_a_workbook_of_few_bytes_that_asks_for_half_a_terabyte_costs_one_sheet(tmp_path: Path) -> None:
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        for name, corner in {"one": (2, 0), "bomb": (1_048_575, 16_383), "two": (2, 0)}.items():
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, HEADER)
            sheet.write_row(1, 0, row(name))
            sheet.write(*corner, None if name != "bomb" else 1)
    result = beside_good(tmp_path, bomb_xlsx=sink.getvalue())
    assert told(result) == [("bomb.xlsx", "LDG-damaged-file")]
    assert "memory" in result.problems[0].message
    assert {"one", "two"} <= set(open_ledger(tmp_path / "ledger").transfers("transfer")["transfer"])


def test_passwords_are_told(tmp_path: Path) -> None:
    locked = bytearray(zipped(a_csv=bank(3)))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = locked.index(mark) + flags
        locked[at] |= 1
    ole = OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(400)
    result = beside_good(tmp_path, locked_zip=bytes(locked), locked_xlsx=ole)
    assert told(result) == [("locked.xlsx", "LDG-encrypted"), ("locked.zip/a.csv", "LDG-encrypted")]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"7z\xbc\xaf\x27\x1c\0\4", "a 7z archive"),
        (b"Rar!\x1a\x07\x01\0", "a RAR archive"),
        (b"%PDF-1.4\n%\xe2\xe3\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"\xff\xd8\xff\xe0", "a JPEG picture"),
        (OLE + bytes(600), "an older Office document"),
        (b"{\\rtf1 hello}\n", "an RTF document"),
        (b"<!DOCTYPE html><html><table></table></html>", "a web page"),
        ("transfer,time\n".encode("utf-16-le"), "UTF-16 text without a byte order mark"),
        (zipped(word__document_xml=b"<w/>"), "an Office document"),
    ],
)
def test_what_is_no_record_file_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    (problem,) = beside_good(tmp_path, strange_bin=content).problems
    assert (problem.code, what in problem.message) == ("LDG-not-text", True)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_with_its_mark_is_read(tmp_path: Path, encoding: str) -> None:
    text = bank(2000, "U").replace("62220000", "卡𝟙")
    content = (b"" if encoding == "utf-16" else "\ufeff".encode(encoding)) + text.encode(encoding)
    packed = gzip.compress(content.replace(b"U", b"P"))
    result = beside_good(tmp_path, wide_csv=content, packed_csv=packed, half_csv=content.replace(b"U", b"H") + b"\n")
    assert told(result) == [("half.csv", "LDG-damaged-file")]
    assert result.transfers == 3 + 3 * 2000
    assert "卡𝟙1" in set(open_ledger(tmp_path / "ledger").accounts["account"])


def test_half_a_character_of_utf_16_spoils_its_own_line_only(tmp_path: Path) -> None:
    lines = bank(3, "U").encode("utf-16").split("\n".encode("utf-16-le"))
    lines[2] = lines[2][:-4] + b"\x00\xd8" + lines[2][-4:]
    result = beside_good(tmp_path, wide_csv="\n".encode("utf-16-le").join(lines))
    assert [(one.line, one.code) for one in result.problems] == [(3, "LDG-undecodable")]


def test_mixed_encodings_and_nul_bytes_spoil_their_own_lines_only(tmp_path: Path) -> None:
    lines = bank(6, "M").encode().split(b"\n")
    lines[2] = lines[2].replace(b"62220000", "账".encode("gb18030"))
    lines[4] = lines[4].replace(b"62220000", b"\0")
    lines[5] = lines[5].replace(b"62220000", b"\xff\xfe")
    result = beside_good(tmp_path, mixed_csv=b"\n".join(lines))
    assert [(one.line, one.code) for one in result.problems] == [(line, "LDG-undecodable") for line in (3, 5, 6)]
    assert result.transfers == 3 + 3


def test_a_line_without_end_is_one_problem_in_bounded_memory(tmp_path: Path) -> None:
    folder = put(tmp_path / "records", good_csv=GOOD)
    with (folder / "long.csv").open("wb") as stream:
        stream.write(bank(2, "L").encode() + b"x")
        stream.seek(200 * MIB, 1)
        stream.write(b"\n" + bank(3, "L").encode().split(b"\n")[3] + b"\n")
    with (folder / "only.csv").open("wb") as stream:
        stream.truncate(1 << 30)
    found = in_process(tmp_path)
    assert found["told"] == [["long.csv", 4, "LDG-line-too-long"], ["only.csv", 0, "LDG-not-text"]]
    assert found["transfers"] == 6
    assert int(str(found["grown_mib"])) < 150


@pytest.mark.parametrize("form", ["jsonl", "profile"])
def test_a_line_without_end_in_other_formats_is_one_problem_too(tmp_path: Path, form: str) -> None:
    starts = {
        "jsonl": b'{"transfer":"J1","time":"2025-03-01T09:00:00Z","source":"a","target":"b","amount":"5"}\n{"a": "',
        "profile": "交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注\n"
        "2025-03-01 09:00:00,商户消费,店,/,支出,¥5.00,零钱,支付成功,100001,/,/\n2025-03-01 ".encode(),
    }
    result = beside_good(tmp_path, long_csv=starts[form] + b"x" * (20 * MIB))
    errors = [(one.file, one.line, one.code) for one in result.problems if one.severity == "error"]
    assert errors == [("long.csv", starts[form].count(b"\n") + 1, "LDG-line-too-long")]
    assert result.transfers == 4


def test_a_packed_text_made_to_burst_is_cut(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    folder = put(tmp_path / "records", good_csv=GOOD)
    with (folder / "bomb.gz").open("wb") as stream:
        stream.write(packer.compress(bank(3).encode()))
        for _ in range(400):
            stream.write(packer.compress((b" " * 99 + b"\n") * (MIB // 100)))
        stream.write(packer.flush())
    found = in_process(tmp_path)
    assert found["told"] == [["bomb.gz", 0, "LDG-damaged-file"]]
    assert found["transfers"] == 6
    assert int(str(found["grown_mib"])) < 300


def test_millions_of_bad_lines_wait_on_the_disk(tmp_path: Path) -> None:
    folder = put(tmp_path / "records", good_csv=GOOD)
    (folder / "bad.csv").write_bytes(bank(1).encode() + b"x\n" * 300_000 + bank(2).encode().split(b"\n")[2])
    found = in_process(tmp_path)
    assert found["transfers"] == 5
    assert int(str(found["grown_mib"])) < 500
    (kept,) = (tmp_path / "ledger" / "quarantine").iterdir()
    assert kept.read_bytes() == b"x\n" * 300_000


def test_a_zip_that_lies_about_the_length_of_its_list(tmp_path: Path) -> None:
    content = bytearray(zipped(a_csv=bank(3)))
    struct.pack_into("<I", content, content.rindex(b"PK\x05\x06") + 12, 0xFFFF_FFF0)
    assert codes(beside_good(tmp_path, lying_zip=bytes(content)).problems) == ["LDG-archive-limit"]
