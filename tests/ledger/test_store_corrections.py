"""A correction supersedes a published row and never overwrites it."""

from pathlib import Path

from ledger import open_ledger, verify_store
from ledger.ingest import IngestResult, ingest
from ledger.store.compaction import compact
from tests.ledger.folders import BANK, codes, put

NINE = "2025-03-01T09:00:00+08:00"
CARDS = "event,time,operation,card,issuer,face,amount,account,order\n"


def put_in(tmp_path: Path, name: str, *lines: str, supersede: bool = False) -> IngestResult:
    records = put(tmp_path / name, **{f"{name}_csv": "\n".join([BANK, *lines]) + "\n"})
    return ingest(tmp_path / "ledger", [records], supersede=supersede)


def amounts(tmp_path: Path, batch: int | None = None) -> dict[str, int]:
    rows = open_ledger(tmp_path / "ledger", batch).transfers("transfer", "amount_fen")
    return dict(zip(rows["transfer"], rows["amount_fen"], strict=True))


def test_without_the_option_other_content_is_refused(tmp_path: Path) -> None:
    put_in(tmp_path, "first", f"T1,{NINE},a,b,5.00", f"T2,{NINE},a,b,6.00")
    result = put_in(tmp_path, "second", f"T1,{NINE},a,b,7.00")
    assert codes(result.problems) == ["LDG-duplicate-other-content"]
    assert amounts(tmp_path) == {"T1": 500, "T2": 600}


def test_with_it_the_new_row_counts_and_the_old_one_can_still_be_opened(tmp_path: Path) -> None:
    put_in(tmp_path, "first", f"T1,{NINE},a,b,5.00", f"T2,{NINE},a,b,6.00")
    result = put_in(tmp_path, "second", f"T1,{NINE},a,c,7.00", f"T2,{NINE},a,b,6.00", f"T3,{NINE},a,b,8.00", supersede=True)
    (source,) = result.sources
    assert codes(result.problems) == ["LDG-same-content", "LDG-superseded"]
    assert (source.lines, source.published, source.already_there, source.rejected) == (3, 2, 1, 0)
    assert amounts(tmp_path) == {"T1": 700, "T2": 600, "T3": 800}
    assert amounts(tmp_path, 1) == {"T1": 500, "T2": 600}
    assert amounts(tmp_path, 2) == amounts(tmp_path)
    assert all(check.sound for check in verify_store(tmp_path / "ledger"))


def test_a_correction_can_be_corrected_and_even_taken_back(tmp_path: Path) -> None:
    for number, amount in enumerate(["5.00", "7.00", "9.00", "5.00"]):
        put_in(tmp_path, f"f{number}", f"T1,{NINE},a,b,{amount}", f"X{number},{NINE},a,b,1", supersede=True)
    told = [amounts(tmp_path, batch)["T1"] for batch in (1, 2, 3, 4)]
    assert told == [500, 700, 900, 500]
    assert len(amounts(tmp_path)) == 5


def test_what_counts_is_compared_with_the_last_correction(tmp_path: Path) -> None:
    put_in(tmp_path, "first", f"T1,{NINE},a,b,5.00")
    put_in(tmp_path, "second", f"T1,{NINE},a,b,7.00", supersede=True)
    again = put_in(tmp_path, "third", f"T1,{NINE},a,b,7.00", f"T2,{NINE},a,b,1.00")
    old = put_in(tmp_path, "fourth", f"T1,{NINE},a,b,5.00", f"T3,{NINE},a,b,1.00")
    assert codes(again.problems) == ["LDG-same-content"]
    assert codes(old.problems) == ["LDG-duplicate-other-content"]
    assert "at second.csv:2, which stays" in old.problems[0].message
    assert amounts(tmp_path) == {"T1": 700, "T2": 100, "T3": 100}


def test_of_two_corrections_in_one_run_the_lower_line_stays(tmp_path: Path) -> None:
    put_in(tmp_path, "first", f"T1,{NINE},a,b,5.00")
    lines = (f"T1,{NINE},a,b,5.00", f"T1,{NINE},a,b,7.00", f"T1,{NINE},a,b,9.00", f"T1,{NINE},a,b,7.00")
    result = put_in(tmp_path, "second", *lines, supersede=True)
    assert codes(result.problems, "error") == ["LDG-duplicate-other-content"]
    assert [(one.published, one.already_there, one.rejected) for one in result.sources] == [(1, 2, 1)]
    assert amounts(tmp_path) == {"T1": 700}


def test_a_first_ingest_with_the_option_is_as_without(tmp_path: Path) -> None:
    lines = (f"T1,{NINE},a,b,5.00", f"T1,{NINE},a,b,7.00", f"T1,{NINE},a,b,5.00")
    result = put_in(tmp_path, "first", *lines, supersede=True)
    assert codes(result.problems) == ["LDG-same-content", "LDG-duplicate-other-content"]
    assert amounts(tmp_path) == {"T1": 500}


def test_a_corrected_card_event_spends_the_card_once(tmp_path: Path) -> None:
    bought = f"G1,{NINE},purchase,C1,suning,1000.00,1000.00,mule,O1\n"
    spent = "G2,2025-03-01T10:00:00+08:00,redemption,C1,,,{},recycler,\n"
    ingest(tmp_path / "ledger", [put(tmp_path / "one", one_csv=CARDS + bought + spent.format("970.00"))])
    result = ingest(tmp_path / "ledger", [put(tmp_path / "two", two_csv=CARDS + spent.format("960.00"))], supersede=True)
    rows = open_ledger(tmp_path / "ledger").transfers("transfer", "received_fen")
    assert dict(zip(rows["transfer"], rows["received_fen"], strict=True)) == {"G1": 100000, "G2": 96000}
    assert "LDG-superseded" in codes(result.problems)


def test_corrections_survive_a_compaction(tmp_path: Path) -> None:
    put_in(tmp_path, "first", *(f"T{n},{NINE},a,b,{n + 1}.00" for n in range(9)))
    put_in(tmp_path, "second", *(f"T{n},{NINE},a,b,{n + 50}.00" for n in range(4)), supersede=True)
    put_in(tmp_path, "third", f"T2,{NINE},a,c,99.00", supersede=True)
    before = open_ledger(tmp_path / "ledger")
    compact(tmp_path / "ledger")
    after = open_ledger(tmp_path / "ledger")
    assert after.transfers().equals(before.transfers())
    assert amounts(tmp_path) == amounts(tmp_path, 3)
    assert amounts(tmp_path, 1)["T2"] == 300
    assert all(check.sound for check in verify_store(tmp_path / "ledger"))
    put_in(tmp_path, "fourth", f"T2,{NINE},a,c,77.00", supersede=True)
    assert amounts(tmp_path)["T2"] == 7700
