"""MT940: every tag 61 is a row or a problem; what the mt-940 library reads rightly we read alike."""

import logging
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import mt940
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.messages.mt940_details import read_details
from tests.ledger.folders import codes, land
from tests.ledger.messages import read, rows, told

GERMAN = """\
:20:STARTUMS
:25:10020030/1234567
:28C:00001/001
:60F:C241231EUR1000,00
:61:2501020102D12,50N051NONREF//BANK1
:86:166?00UEBERWEISUNG?109310?20EREF+E2E-1?21KREF+K1?22SVWZ+Invoic
e 7?30COBADEFFXXX?31DE02120300000000202051?32Anna?33 Example
:61:2501030103C0,5N051NONREF
:86:166?00GUTSCHRIFT?20EREF+NOTPROVIDED?21SVWZ+Rent?32Bert
:62F:C250103EUR988,00
-
"""
DUTCH = """\
{1:F01INGBNL2ABXXX0000000000}{2:I940INGBNL2AXXXXN}{4:
:20:P250102000000001
:25:NL69INGB0123456789EUR
:28C:00002
:60F:D250101EUR5,00
:61:2501020102RC3,00NTRFEREF//00000000001005
/TRCD/00200/
:86:/EREF/EV-1//CNTP/NL32INGB0000012345/INGBNL2A/ING Bank N.V. ///
REMI/USTD//returned/
:61:2412310102RD7,NTRFNONREF
:86:written by hand
in two lines
:62F:D250102EUR1,00
-}
"""
OTHERS = """\
:20:ODD
:25:555
:28C:1
:60F:C250101USD0,00
:61:250102EC5,00NTRFX
:61:250230D5,00NTRFX
:61:2501021.5
:61:250102D0,00NTRFX
:61:250102D1,005NTRFX
:61:250102C4,00NTRFX
:62F:C250102USD4,00
-
left over
:20:NOACCOUNT
:60F:C250101USD0,00
:61:250102C4,00NTRFX
"""


def test_our_examples_are_read_as_their_reviewed_golden_file_says(tmp_path: Path, golden: Callable[[str, bytes], None]) -> None:
    readings = [read(tmp_path / f"{name}.sta", text) for name, text in (("german", GERMAN), ("dutch", DUTCH), ("odd", OTHERS))]
    golden("mt940.txt", told(readings))


def test_a_reversed_credit_goes_out_and_a_reversed_debit_comes_in(tmp_path: Path) -> None:
    found = read(tmp_path / "a.sta", DUTCH)
    own = "NL69INGB0123456789"
    assert rows(found, "source", "target", "amount", "operation") == [
        (own, "NL32INGB0000012345", "3.00", "refund"),
        (f"unknown:{own}", own, "7.00", "refund"),
    ]
    assert rows(found, "source_balance", "target_balance") == [("-8.00", None), (None, "-1.00")]


def test_one_bad_line_costs_no_other(tmp_path: Path) -> None:
    found = read(tmp_path / "a.sta", OTHERS)
    assert sorted((bad.line, bad.code) for bad in found.bad) == [
        (5, "LDG-not-booked"),
        (6, "LDG-bad-statement"),
        (7, "LDG-bad-statement"),
        (8, "LDG-amount-not-positive"),
        (9, "LDG-amount-decimals"),
        (13, "LDG-bad-statement"),
        (16, "LDG-missing-value"),
    ]
    assert rows(found, "amount") == [("4.00",)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_umlauts_are_read_in_either_encoding(tmp_path: Path, encoding: str) -> None:
    found = read(tmp_path / "a.sta", GERMAN.replace("Bert", "Jürgen").encode(encoding))
    assert rows(found, "source")[1] == ("unknown:Jürgen",)


def test_the_envelope_does_not_make_it_json(tmp_path: Path) -> None:
    result = land(tmp_path, a_sta=DUTCH.replace("\n", "\r\n"))
    assert codes(result.problems) == ["LDG-statement-read"]
    assert result.transfers == 2


def test_two_exports_that_overlap_double_nothing(tmp_path: Path) -> None:
    later = GERMAN.replace("STARTUMS", "OTHER").replace("00001/001", "00009/001")
    assert land(tmp_path, a_sta=GERMAN, b_sta=later).transfers == 2


def test_numbered_slashed_and_free_details() -> None:
    numbered = read_details(["166?00GUTSCHRIFT?20EREF+E 1?21MREF+M1?22SVWZ+Thanks?30BIC?31DE 02?32An", "na"])
    assert (numbered.account, numbered.name, numbered.end_to_end, numbered.remark) == ("DE02", "Anna", "E 1", "Thanks")
    slashed = read_details(["/EREF/E2/IBAN/NL1/BIC/ABNA/NAME/Piet/REMI/huur/"])
    assert (slashed.account, slashed.agent, slashed.name, slashed.remark) == ("NL1", "ABNA", "Piet", "huur")
    assert read_details([" just ", "text "]).remark == "just text"


def test_our_lines_are_those_of_the_library_where_it_is_right(tmp_path: Path) -> None:
    logging.getLogger("mt940").setLevel(logging.CRITICAL)
    for text in (GERMAN, DUTCH):
        theirs = mt940.parse(text)
        ours = read(tmp_path / "a.sta", text)
        days = [
            (row[0] + timedelta(hours=8)).date()
            for chunk in ours.chunks
            for row in chunk.select(["time"]).to_pandas().to_numpy()
        ]
        assert days == [line.data["entry_date"] for line in theirs]
        assert [amount for (amount,) in rows(ours, "amount")] == [f"{abs(line.data['amount'].amount):.2f}" for line in theirs]


LINES = (GERMAN + DUTCH).splitlines(keepends=True)
STRANGE = st.sampled_from(
    [":61:", ":86:", ":20:", "-", "\0", "\x1a", "{", "é", ":61:2501020102C1,00NTRF\n", ",", "\n", "9" * 40, ":62F:X\n"]
)


@settings(max_examples=150, deadline=None)
@given(
    line=st.integers(0, len(LINES) - 1), at=st.integers(0, 30), piece=STRANGE, drop=st.integers(0, 9), cut=st.integers(1, 2000)
)
def test_a_spoilt_file_gives_rows_and_problems_and_never_an_exception(
    line: int, at: int, piece: str, drop: int, cut: int
) -> None:
    lines = list(LINES)
    lines[line] = lines[line][:at] + piece + lines[line][at + drop :]
    with tempfile.TemporaryDirectory() as home:
        found = read(Path(home) / "a.sta", "".join(lines)[:cut])
    assert found.rows or found.complaints.problems()
