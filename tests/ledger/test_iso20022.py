"""camt.052, 053, 054 and pacs.008: who paid whom, to the minor unit, and what becomes of everything that is not plainly so."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ledger import open_ledger
from ledger.ingest import ingest
from tests.ledger.folders import codes, put, shared
from tests.ledger.messages import OWN, balance, detail, document, entry, read, rows, statement, told

BIG = 9 << 20


def test_every_sample_is_read_as_its_reviewed_golden_file_says(golden: Callable[[str, bytes], None]) -> None:
    files = sorted(shared("iso20022").glob("*.xml"))
    assert len(files) == 10
    for file in files:
        golden(f"iso20022/{file.stem}.txt", told([read(file)]))


def test_the_wrong_sample_is_a_problem_and_the_rest_of_the_folder_lands(tmp_path: Path) -> None:
    result = ingest(tmp_path / "ledger", [shared("iso20022")])
    errors = [(problem.file, problem.code) for problem in result.problems if problem.severity == "error"]
    assert errors == [
        ("LICENSE", "LDG-unknown-header"),
        ("camt053.v2.wrong.xml", "LDG-no-statement"),
        ("camt053.v8.xml", "LDG-duplicate-other-content"),  # the entry of camt053.v4.xml, there with a date alone
    ]
    assert len(open_ledger(tmp_path / "ledger").transfers("transfer")) == 9
    (refused,) = (tmp_path / "ledger" / "quarantine").glob("*-camt053.v8.xml")
    assert b"<DtTm>2014-12-31T13:15:00+01:00</DtTm>" in refused.read_bytes()


def test_a_debit_is_paid_by_the_own_account_and_a_credit_to_it(tmp_path: Path) -> None:
    to = detail(RltdPties__Cdtr__Pty__Nm="Anna", RltdPties__CdtrAcct__Id__IBAN="DE02 1203 0000 0000 2020 51")
    by = detail(RltdPties__Dbtr__Nm="Bert")
    content = document(
        statement(entry("8.85", "DBIT", f"<NtryDtls>{to}</NtryDtls>"), entry("7.00", "CRDT", f"<NtryDtls>{by}</NtryDtls>"))
    )
    found = read(tmp_path / "a.xml", content)
    assert rows(found, "source", "target", "amount", "witness") == [
        (OWN, "DE02120300000000202051", "8.85", "source"),
        ("unknown:Bert", OWN, "7.00", "target"),
    ]


def test_details_that_add_up_are_rows_of_their_own(tmp_path: Path) -> None:
    details = "".join(detail(amount, Refs__EndToEndId=f"E{amount}") for amount in ("3.10", "3.20", "3.70"))
    found = read(
        tmp_path / "a.xml", document(statement(entry("10.00", "DBIT", f"<NtryDtls>{details}</NtryDtls>", AcctSvcrRef="B7")))
    )
    assert rows(found, "transfer", "amount", "reference", "line") == [
        (f"camt:{OWN}/B7/1", "3.10", "E3.10", 1),
        (f"camt:{OWN}/B7/2", "3.20", "E3.20", 1),
        (f"camt:{OWN}/B7/3", "3.70", "E3.70", 1),
    ]
    assert (found.data_lines, found.derived) == (1, 2)


def test_details_that_do_not_add_up_leave_one_row_and_are_told(tmp_path: Path) -> None:
    details = "".join(detail(amount) for amount in ("3.10", "3.20"))
    found = read(tmp_path / "a.xml", document(statement(entry("10.00", "DBIT", f"<NtryDtls>{details}</NtryDtls>"))))
    assert rows(found, "target", "amount") == [(f"unknown:{OWN}", "10.00")]
    assert "LDG-details-differ" in codes(found.complaints.problems())


def test_a_batch_with_a_return_in_it_gives_the_return_the_other_direction(tmp_path: Path) -> None:
    details = detail("12.00") + detail("2.00", CdtDbtInd="CRDT")
    found = read(tmp_path / "a.xml", document(statement(entry("10.00", "DBIT", f"<NtryDtls>{details}</NtryDtls>"))))
    assert rows(found, "source", "amount") == [(OWN, "12.00"), (f"unknown:{OWN}", "2.00")]


def test_a_reversal_keeps_its_direction_and_the_parties_of_its_original(tmp_path: Path) -> None:
    parties = detail(RltdPties__Dbtr__Nm="Own", RltdPties__Cdtr__Nm="Shop", Refs__EndToEndId="E1")
    found = read(
        tmp_path / "a.xml", document(statement(entry("5.00", "CRDT", f"<NtryDtls>{parties}</NtryDtls>", RvslInd="true")))
    )
    assert rows(found, "source", "target", "operation", "reference") == [("unknown:Shop", OWN, "refund", "E1")]


@pytest.mark.parametrize("state", ["PDNG", "FUTR", "INFO"])
def test_an_announced_entry_is_told_and_moves_nothing(tmp_path: Path, state: str) -> None:
    found = read(tmp_path / "a.xml", document(statement(entry(Sts=f"<Cd>{state}</Cd>"), entry(Sts="BOOK"))))
    assert [bad.code for bad in found.bad] == ["LDG-not-booked"]
    assert found.rows == 1


def test_balances_are_counted_on_from_the_opening_one_when_they_meet_the_closing_one(tmp_path: Path) -> None:
    entries = (balance("OPBD", "18.15"), balance("CLBD", "20.00"), entry("8.85"), entry("7.00", "DBIT"))
    found = read(tmp_path / "a.xml", document(statement(*entries)))
    assert rows(found, "source_balance", "target_balance") == [(None, "27.00"), ("20.00", None)]


def test_entries_that_miss_the_closing_balance_are_told_and_get_none(tmp_path: Path) -> None:
    found = read(
        tmp_path / "a.xml", document(statement(balance("OPBD", "1.00", "DBIT"), balance("CLBD", "9.50"), entry("10.00")))
    )
    assert rows(found, "target_balance") == [(None,)]
    (message,) = [p.message for p in found.complaints.problems() if p.code == "LDG-balance-chain"]
    assert "opening -1.00 and entries of 10.00 make 9.00, not 9.50" in message


def test_a_statement_that_stands_newest_first_is_read_from_its_end(tmp_path: Path) -> None:
    days = [entry("1.00", BookgDt=f"<Dt>2025-01-{day:02d}</Dt>", AcctSvcrRef=f"B{day}-{n}") for day in (3, 2) for n in (2, 1)]
    found = read(tmp_path / "a.xml", document(statement(balance("OPBD", "0"), balance("CLBD", "4.00"), *days)))
    assert rows(found, "transfer", "target_balance") == [
        (f"camt:{OWN}/B3-2", "4.00"),
        (f"camt:{OWN}/B3-1", "3.00"),
        (f"camt:{OWN}/B2-2", "2.00"),
        (f"camt:{OWN}/B2-1", "1.00"),
    ]


def test_a_charge_the_amount_includes_is_split_off(tmp_path: Path) -> None:
    charge = '<Chrgs><Rcrd><Amt Ccy="EUR">1.50</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>'
    found = read(tmp_path / "a.xml", document(statement(entry("100.00", "DBIT", charge, AcctSvcrRef="B1"))))
    assert rows(found, "transfer", "target", "amount", "channel") == [
        (f"camt:{OWN}/B1", f"unknown:{OWN}", "98.50", None),
        (f"camt:{OWN}/B1/fee", f"fees:{OWN}", "1.50", "fee"),
    ]
    assert [(decision["kind"], decision["other"]) for decision in found.decisions] == [("fee", f"camt:{OWN}/B1")]


def test_a_time_keeps_its_offset_and_a_date_is_midnight_in_china(tmp_path: Path) -> None:
    times = (
        "<DtTm>2025-01-02T13:15:00.250+01:00</DtTm>",
        "<Dt>2025-01-02</Dt>",
        "<DtTm>2025-01-02T09:00:00</DtTm>",
        "<Dt>2025-01-02Z</Dt>",
    )
    found = read(tmp_path / "a.xml", document(statement(*(entry(BookgDt=time) for time in times))))
    assert [time for (time,) in rows(found, "time")] == [
        "2025-01-02T12:15:00.250000+00:00",
        "2025-01-01T16:00:00+00:00",
        "2025-01-02T01:00:00+00:00",
        "2025-01-02T00:00:00+00:00",
    ]


def test_an_entry_that_cannot_be_read_is_a_problem_with_its_number_and_line(tmp_path: Path) -> None:
    bad = (entry("1.005"), entry("-1"), entry("x"), entry(CdtDbtInd="UP"), entry(BookgDt="<Dt>2025-02-30</Dt>"), entry(Sts=""))
    found = read(tmp_path / "a.xml", document(statement(entry(), *bad)))
    assert [(line.line, line.code) for line in found.bad] == [
        (2, "LDG-amount-decimals"),
        (3, "LDG-amount-not-positive"),
        (4, "LDG-bad-amount"),
        (5, "LDG-unknown-word"),
        (6, "LDG-bad-time"),
        (7, "LDG-missing-value"),
    ]
    assert "(line 4 of the file)" in found.bad[0].cause
    assert found.rows == 1


def test_two_equal_entries_of_one_statement_are_two_and_of_two_statements_one(tmp_path: Path) -> None:
    twice = document(statement(entry(), entry()), statement(entry(), entry(), name="S2"))
    found = read(tmp_path / "a.xml", twice)
    ids = [str(name) for (name,) in rows(found, "transfer")]
    assert len(set(ids)) == 2
    assert ids[1] == f"{ids[0]}#2"
    result = ingest(tmp_path / "ledger", [put(tmp_path / "in", a_xml=twice)])
    assert result.transfers == 2


def test_uetr_goes_before_the_end_to_end_id_and_no_reference_is_none(tmp_path: Path) -> None:
    both = detail(Refs__EndToEndId="E1", Refs__UETR="255ae394-9965-4438-ac86-f406feada396")
    none = detail(Refs__EndToEndId="NOTPROVIDED")
    found = read(
        tmp_path / "a.xml", document(statement(*(entry("1", more=f"<NtryDtls>{one}</NtryDtls>") for one in (both, none))))
    )
    assert rows(found, "reference") == [("255ae394-9965-4438-ac86-f406feada396",), (None,)]


def test_payments_between_banks_name_both_sides(tmp_path: Path) -> None:
    parties = "<Dbtr><Nm>Anna</Nm></Dbtr><DbtrAcct><Id><IBAN>DE1</IBAN></Id></DbtrAcct>"
    parties += "<CdtrAcct><Id><Othr><Id>77</Id></Othr></Id></CdtrAcct>"
    ids = "<PmtId><EndToEndId>E1</EndToEndId><UETR>u-1</UETR></PmtId>"
    amount = '<IntrBkSttlmAmt Ccy="USD">5000</IntrBkSttlmAmt><AccptncDtTm>2025-01-02T00:00:00Z</AccptncDtTm>'
    payment = f"<CdtTrfTxInf>{ids}{amount}{parties}</CdtTrfTxInf>"
    found = read(tmp_path / "a.xml", document(payment, body="FIToFICstmrCdtTrf"))
    assert rows(found, "transfer", "source", "target", "amount", "currency", "witness") == [
        ("pacs:u-1", "DE1", "77", "5000.00", "USD", None)
    ]


@pytest.mark.parametrize("body", ["PmtRtr", "FIToFIPmtCxlReq", "RsltnOfInvstgtn", "Unheard"])
def test_a_message_that_is_not_read_says_what_it_is(tmp_path: Path, body: str) -> None:
    found = read(tmp_path / "a.xml", document("<TxInf/>", body=body))
    assert codes(found.complaints.problems()) == ["LDG-no-statement"]


def test_the_period_of_a_statement_is_kept_for_its_gaps(tmp_path: Path) -> None:
    period = "<FrToDt><FrDt>2025-01-01</FrDt><ToDt>2025-01-31</ToDt></FrToDt>"
    found = read(tmp_path / "a.xml", document(statement(period, entry())))
    ((account, start, end),) = found.periods
    assert account == OWN
    assert end - start == 31 * 86_400_000_000 - 1
