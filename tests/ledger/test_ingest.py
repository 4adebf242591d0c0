"""What a desk sees of an ingest: good lines land, bad lines are told, nothing is lost and nothing doubled."""

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from ledger import open_ledger, verify_store
from ledger.ingest import ingest
from ledger.problems import LiushuiError
from ledger.store.locking import writing
from tests.ledger.folders import BANK, bank, codes, land, put

GOOD = "T1,2025-03-01T09:00:00+08:00,victim,mule,500.00"

CARDS = """event,time,operation,card,issuer,face,amount,account,order
G1,2025-03-01T09:00:00+08:00,purchase,C1,suning,1000.00,1000.00,mule,O1
G2,2025-03-01T09:10:00+08:00,redemption,C1,,,970.00,recycler,
"""


def test_every_canonical_kind_lands(tmp_path: Path) -> None:
    result = land(
        tmp_path,
        bank_csv=f"{BANK}\n{GOOD}\n",
        wallet_csv=f"{BANK},operation\nW1,2025-03-01T09:01:00+08:00,mule,w:mule,20,top_up\n",
        cards_csv=CARDS,
        coins_csv="event,time,operation,qq,quantity,amount,account\nQ1,2025-03-01T09:05:00+08:00,purchase,10001,50,48.50,mule\n",
        accounts_csv="account,kind,holder_name,hub,opening_balance\nmule,bank,李四,false,-3.50\nshop,merchant,店,true,\n",
        reports_csv="report,victim,transfer,amount,reported\nR1,victim,T1,500.00,2025-03-01T12:00:00+08:00\n",
        links_csv="kind,identifier,account\ndevice,D1,mule\n",
    )
    ledger = open_ledger(tmp_path / "ledger")
    assert (result.transfers, result.reports, codes(result.problems)) == (5, 1, [])
    names = ledger.accounts["account"].to_numpy()
    rows = ledger.transfers("transfer", "source", "target", "amount_fen", "received_fen", "kind", "operation")
    told = [
        (row.transfer, names[row.source], names[row.target], row.amount_fen, row.received_fen, row.kind)
        for row in rows.itertuples()
    ]
    assert told == [
        ("G1", "mule", "card:C1", 100000, 100000, "gift_card"),
        ("T1", "victim", "mule", 50000, 50000, "bank"),
        ("W1", "mule", "w:mule", 2000, 2000, "wallet"),
        ("Q1", "mule", "qq:10001", 4850, 5000, "q_coin"),
        ("G2", "card:C1", "recycler", 100000, 97000, "gift_card"),
    ]
    kinds = dict(zip(names, ledger.accounts["kind"], strict=True))
    assert kinds["card:C1"] == "card"
    assert kinds["qq:10001"] == "q_coin"
    assert kinds["w:mule"] == "wallet"
    assert kinds["recycler"] == "bank"
    mule = ledger.accounts.iloc[list(names).index("mule")]
    assert (mule["holder_name"], mule["opening_fen"], bool(mule["declared"])) == ("李四", -350, True)
    assert len(ledger.links) == 1


def test_a_card_takes_its_institution_from_the_issuer(tmp_path: Path) -> None:
    land(tmp_path, cards_csv=CARDS)
    accounts = open_ledger(tmp_path / "ledger").accounts.set_index("account")
    assert accounts.loc["card:C1", "institution"] == "suning"


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet", "jsonl", "jsonl.gz"])
def test_every_format_gives_the_same_transfers(tmp_path: Path, form: str) -> None:
    text = bank(50)
    table = pyarrow.csv.read_csv(
        pa.BufferReader(text.encode()),
        convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(BANK.split(","), pa.string())),
    )
    folder = put(tmp_path / "records")
    lines = "".join(json.dumps(row) + "\n" for row in table.to_pylist())
    if form == "parquet":
        fen = [int(amount.replace(".", "")) for amount in table["amount"].to_pylist()]
        times = table["time"].cast(pa.timestamp("us", "UTC"))
        pq.write_table(table.set_column(4, "amount", pa.array(fen)).set_column(1, "time", times), folder / "bank.parquet")
    else:
        content = (text if form.startswith("csv") else lines).encode()
        (folder / f"bank.{form}").write_bytes(gzip.compress(content) if form.endswith("gz") else content)
    result = ingest(tmp_path / "ledger", [folder])
    plain = land(tmp_path / "plain", bank_csv=text)
    columns = ("transfer", "time", "source", "target", "amount_fen", "currency", "status")
    assert codes(result.problems) == []
    assert plain.transfers == 50
    got, wanted = (open_ledger(home / "ledger").transfers(*columns) for home in (tmp_path, tmp_path / "plain"))
    assert got.astype("string").equals(wanted.astype("string"))


@pytest.mark.parametrize(
    ("line", "code", "cause"),
    [
        ("T9,2025-03-01 09:00:00,a,b,5", "LDG-no-offset", "has no offset"),
        ("T9,2025-03-01,a,b,5", "LDG-no-offset", "has no offset"),
        ("T9,yesterday,a,b,5", "LDG-bad-time", "not an ISO 8601"),
        ("T9,2025-13-41T09:00:00Z,a,b,5", "LDG-bad-time", "not an ISO 8601"),
        ("T9,2569-01-01T09:00:00Z,a,b,5", "LDG-bad-time", "between 1900 and 2200"),
        ("T9,2025-03-01T09:00:00Z,a,b,5.001", "LDG-amount-decimals", "'5.001' has more than two"),
        ("T9,2025-03-01T09:00:00Z,a,b,abc", "LDG-bad-amount", "'abc' is not a decimal"),
        ("T9,2025-03-01T09:00:00Z,a,b,0.00", "LDG-amount-not-positive", "above zero"),
        ("T9,2025-03-01T09:00:00Z,a,b,-1", "LDG-amount-not-positive", "above zero"),
        ("T9,2025-03-01T09:00:00Z,a,b,920000000000000.01", "LDG-amount-too-big", "is above"),
        ("T9,2025-03-01T09:00:00Z,a,b,6.22E+18", "LDG-amount-too-big", "is above"),
        ("T9,2025-03-01T09:00:00Z,a,b,1e99", "LDG-amount-too-big", "is above"),
        ("T9,2025-03-01T09:00:00Z,,b,5", "LDG-missing-value", "source"),
        (",2025-03-01T09:00:00Z,a,b,5", "LDG-missing-value", "transfer"),
        ("T9,2025-03-01T09:00:00Z,a,b", "LDG-wrong-columns", "4 fields where the header has 5"),
        ("T9,2025-03-01T09:00:00Z,a,b,5,6", "LDG-wrong-columns", "6 fields where the header has 5"),
        ('"T9,2025-03-01T09:00:00Z,a,b,5', "LDG-unclosed-quote", "never closes"),
        ("T9,2025-03-01T09:00:00Z,a\0,b,5", "LDG-undecodable", "NUL"),
    ],
)
def test_a_bad_line_is_told_with_file_line_and_cause(tmp_path: Path, line: str, code: str, cause: str) -> None:
    result = land(tmp_path, bank_csv=f"{BANK}\n{GOOD}\n\n{line}\n{GOOD.replace('T1', 'T2')}\n")
    (problem,) = [problem for problem in result.problems if problem.severity == "error"]
    assert (problem.file, problem.line, problem.code) == ("bank.csv", 4, code)
    assert cause in problem.message
    assert list(open_ledger(tmp_path / "ledger").transfers("transfer")["transfer"]) == ["T1", "T2"]
    (quarantined,) = (tmp_path / "ledger" / "quarantine").glob("*-bank.csv")
    assert quarantined.read_text() == line + "\n"


def test_words_outside_the_vocabulary_are_refused(tmp_path: Path) -> None:
    lines = [f"{GOOD.replace('T1', f'T{n}')},{word}" for n, word in enumerate(["done", "lost", "failed", ""])]
    result = land(tmp_path, bank_csv="\n".join([BANK + ",status", *lines]))
    assert [(problem.line, problem.code) for problem in result.problems] == [(3, "LDG-unknown-word")]
    assert list(open_ledger(tmp_path / "ledger").transfers("status")["status"]) == ["done", "failed", "done"]


def test_a_file_that_cannot_be_read_never_stops_the_others(tmp_path: Path) -> None:
    result = land(
        tmp_path,
        empty_csv=b"",
        garbage_csv=bytes(range(256)) * 9,
        strange_csv="a,b,c\n1,2,3\n",
        cut_gz=gzip.compress(bank(5000).encode())[:-400],
        whole_csv=bank(3, "W"),
    )
    found = {(problem.file, problem.code) for problem in result.problems if problem.severity == "error"}
    wanted = {
        ("empty.csv", "LDG-empty-file"),
        ("garbage.csv", "LDG-not-text"),
        ("strange.csv", "LDG-unknown-header"),
        ("cut.gz", "LDG-damaged-file"),
    }
    assert wanted <= found
    assert result.transfers > 3000


def test_a_header_without_rows_is_told(tmp_path: Path) -> None:
    result = land(tmp_path, bank_csv=BANK + "\n", other_csv=bank(1))
    assert [(problem.file, problem.code) for problem in result.problems] == [("bank.csv", "LDG-no-rows")]


def test_a_folder_without_records_and_a_missing_path_are_told(tmp_path: Path) -> None:
    result = ingest(tmp_path / "ledger", [put(tmp_path / "nothing"), tmp_path / "nowhere"])
    assert set(codes(result.problems)) == {"LDG-no-records", "LDG-missing-path"}
    assert not result.landed


def test_truth_and_hidden_files_are_no_records(tmp_path: Path) -> None:
    put(tmp_path / "records" / "truth", traced_csv=bank(3, "X"))
    put(tmp_path / "records" / "deeper", more_csv=bank(2, "Y"))
    (tmp_path / "records" / ".hidden.csv").write_text(bank(3, "H"))
    result = land(tmp_path, bank_csv=bank(3))
    assert result.transfers == 5
    assert codes(result.problems) == ["LDG-truth-skipped"]


def test_header_order_case_byte_order_mark_and_blanks_do_not_matter(tmp_path: Path) -> None:
    text = "\ufeffAmount, target ,Source,TIME,transfer\n5.5, mule ,victim,2025-03-01T09:00:00Z, T1\n"
    assert codes(land(tmp_path, bank_csv=text).problems) == []
    ledger = open_ledger(tmp_path / "ledger")
    assert list(ledger.accounts["account"]) == ["mule", "victim"]
    assert list(ledger.transfers("transfer")["transfer"]) == ["T1"]


def test_unknown_columns_are_kept_and_told_once(tmp_path: Path) -> None:
    text = f'{BANK},branch,"clerk ""X"""\n{GOOD},"a ""b""\n\tc",\\\n{GOOD.replace("T1", "T2")},,\n'
    result = land(tmp_path, bank_csv=text)
    assert codes(result.problems) == ["LDG-unknown-columns"]
    extra = list(open_ledger(tmp_path / "ledger").transfers("extra")["extra"])
    assert json.loads(extra[0]) == {"branch": 'a "b"\n\tc', 'clerk "X"': "\\"}
    assert str(extra[1]) == "<NA>"


def test_a_repeated_id_with_the_same_content_is_one_row(tmp_path: Path) -> None:
    result = land(tmp_path, a_csv=f"{BANK}\n{GOOD}\n", b_csv=f"{BANK}\n{GOOD}\n{GOOD.replace('T1', 'T2')}\n")
    assert codes(result.problems) == ["LDG-same-content"]
    assert result.transfers == 2
    assert [(source.published, source.already_there) for source in result.sources] == [(1, 0), (1, 1)]


def test_a_repeated_id_with_other_content_names_both_places(tmp_path: Path) -> None:
    other = GOOD.replace("500.00", "600.00")
    result = land(tmp_path, a_csv=f"{BANK}\n\n{GOOD}\n", b_csv=f"{BANK}\n{other}\n")
    (problem,) = result.problems
    assert problem.code == "LDG-duplicate-other-content"
    assert "a.csv:3" in problem.message
    assert "b.csv:2" in problem.message
    assert list(open_ledger(tmp_path / "ledger").transfers("amount_fen")["amount_fen"]) == [60000]
    (quarantined,) = (tmp_path / "ledger" / "quarantine").iterdir()
    assert quarantined.read_text() == GOOD + "\n"


def test_across_batches_the_published_row_stays(tmp_path: Path) -> None:
    land(tmp_path, bank_csv=f"{BANK}\n\n{GOOD}\n")
    result = land(tmp_path, later_csv=f"{BANK}\n{GOOD.replace('500', '600')}\nT2,2025-02-01T09:00:00Z,new,mule,7\n")
    assert codes(result.problems) == ["LDG-already-there", "LDG-duplicate-other-content"]
    ledger = open_ledger(tmp_path / "ledger")
    assert list(ledger.transfers("amount_fen")["amount_fen"]) == [700, 50000]
    assert list(ledger.accounts["account"]) == ["mule", "victim", "new"]
    assert list(ledger.rows(np.array([1, 0]), "transfer")["transfer"]) == ["T1", "T2"]


def test_an_account_declared_later_updates_its_attributes(tmp_path: Path) -> None:
    land(tmp_path, bank_csv=bank(3))
    land(tmp_path, accounts_csv="account,kind,hub\n622200000,courier,true\n")
    accounts = open_ledger(tmp_path / "ledger").accounts.set_index("account")
    assert tuple(accounts.loc["622200000", ["kind", "hub", "declared"]]) == ("courier", True, True)
    assert not accounts.loc["622200001", "declared"]


def test_a_report_of_an_unknown_transfer_is_a_warning(tmp_path: Path) -> None:
    result = land(tmp_path, reports_csv="report,victim,transfer\nR1,v,T0\nR2,v,T77\n", bank_csv=bank(3))
    assert [(problem.line, problem.code) for problem in result.problems] == [(3, "LDG-unknown-transfer")]
    assert result.reports == 2


def test_self_transfers_are_told_once_per_file(tmp_path: Path) -> None:
    own = GOOD.replace("mule", "victim")
    result = land(tmp_path, bank_csv=f"{BANK}\n{GOOD}\n{own.replace('T1', 'T2')}\n{own.replace('T1', 'T3')}\n")
    assert [(problem.line, problem.code) for problem in result.problems] == [(3, "LDG-self-transfer")]
    assert "2 transfers" in result.problems[0].message


def test_a_card_is_redeemed_once_and_after_its_purchase(tmp_path: Path) -> None:
    again = "G3,2025-03-01T08:00:00+08:00,redemption,C1,,,900.00,other,\nG4,2025-03-01T08:00:00+08:00,redemption,C2,,,,other,\n"
    result = land(tmp_path, cards_csv=CARDS + again)
    assert set(codes(result.problems)) == {"LDG-card-redeemed-twice", "LDG-redeemed-before-purchase", "LDG-no-value"}
    assert result.transfers == 3


def test_a_card_bought_in_an_earlier_batch_lends_its_face(tmp_path: Path) -> None:
    first, second = CARDS.splitlines(keepends=True)[:2], CARDS.splitlines(keepends=True)[2:]
    land(tmp_path, bought_csv="".join(first))
    result = land(tmp_path, redeemed_csv="".join([first[0], *second]))
    assert codes(result.problems) == ["LDG-already-there"]
    assert list(open_ledger(tmp_path / "ledger").transfers("amount_fen")["amount_fen"]) == [100000, 100000]


def test_reingest_changes_nothing_and_says_so(tmp_path: Path) -> None:
    first = land(tmp_path, bank_csv=bank(20))
    again = land(tmp_path)
    assert (again.batch, again.digest, again.known, again.landed) == (None, first.digest, ("bank.csv",), True)
    assert codes(again.problems) == ["LDG-already-there"]


def test_the_order_of_files_changes_nothing(tmp_path: Path) -> None:
    folder = put(
        tmp_path / "records",
        a_csv=bank(40),
        b_csv=bank(30, "U", 5),
        c_csv=CARDS,
        d_csv="account,kind\n622200000,bank\n",
        e_csv=bank(5).replace("T", "V"),
    )
    paths = sorted(folder.iterdir())
    results = [ingest(tmp_path / name, order) for name, order in (("x", paths), ("y", paths[::-1]), ("z", [folder]))]
    assert len({result.digest for result in results}) == 1
    segments = [sorted((p.name, p.read_bytes()) for p in (tmp_path / name / "segments").iterdir()) for name in "xyz"]
    assert segments[0] == segments[1] == segments[2]


def test_ledger_order_is_time_line_and_id(tmp_path: Path) -> None:
    at = "2025-03-01T09:00:00Z,a,b,1"
    land(tmp_path, b_csv=f"{BANK}\nB,{at}\nA,{at}\n", a_csv=f"{BANK}\nD,{at}\nC,{at}\nE,2025-03-01T08:59:59Z,a,b,1\n")
    assert list(open_ledger(tmp_path / "ledger").transfers("transfer")["transfer"]) == ["E", "B", "D", "A", "C"]


def test_a_second_writer_gets_a_clear_error(tmp_path: Path) -> None:
    with writing(tmp_path / "ledger"), pytest.raises(LiushuiError, match="being written by another process"):
        land(tmp_path, bank_csv=bank(3))


def test_problems_csv_lists_published_batches_and_the_last_run(tmp_path: Path) -> None:
    land(tmp_path, bank_csv=f"{BANK}\n{GOOD}\nT2,soon,a,b,=1+1\n")
    land(tmp_path, empty_csv=b"", **{"=x_csv": "a,b\n"})
    with (tmp_path / "ledger" / "problems.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["code"] for row in rows] == ["LDG-unknown-header", "LDG-already-there", "LDG-bad-time", "LDG-empty-file"]
    assert rows[0]["file"] == "'=x.csv"


def test_beyond_the_cap_there_is_one_summary_with_the_exact_count(tmp_path: Path) -> None:
    bad = "".join(f"B{n},2025-03-01 09:00:00,a,b,1\n" for n in range(1500))
    result = land(tmp_path, bank_csv=f"{bank(2)}{bad}")
    assert codes(result.problems).count("LDG-no-offset") == 1000
    assert "1,500 problems" in next(p.message for p in result.problems if p.code == "LDG-more-of-these")
    (quarantined,) = (tmp_path / "ledger" / "quarantine").iterdir()
    assert quarantined.read_bytes().count(b"\n") == 1500


def test_an_unfit_optional_cell_keeps_the_row(tmp_path: Path) -> None:
    result = land(tmp_path, bank_csv=f"{BANK},source_balance\n{GOOD},about 5\n{GOOD.replace('T1', 'T2')},-0.01\n")
    assert [(problem.line, problem.code) for problem in result.problems] == [(2, "LDG-optional-ignored")]
    balances = open_ledger(tmp_path / "ledger").transfers("source_balance_fen")["source_balance_fen"]
    assert balances.isna().tolist() == [True, False]
    assert balances[1] == -1


def test_a_parquet_with_floats_or_naive_times_is_refused(tmp_path: Path) -> None:
    folder = put(tmp_path / "records")
    row = {"transfer": ["T1"], "time": ["2025-03-01T09:00:00Z"], "source": ["a"], "target": ["b"]}
    pq.write_table(pa.table(row | {"amount": [1.5]}), folder / "floats.parquet")
    naive = pa.array([0], pa.timestamp("us"))
    pq.write_table(pa.table(row | {"time": naive, "amount": [1]}), folder / "naive.parquet")
    result = ingest(tmp_path / "ledger", [folder])
    assert [(p.file, p.code) for p in result.problems] == [
        ("floats.parquet", "LDG-column-type"),
        ("naive.parquet", "LDG-column-type"),
    ]


def test_verify_finds_a_flipped_byte_and_a_missing_segment(tmp_path: Path) -> None:
    land(tmp_path, bank_csv=bank(50))
    home = tmp_path / "ledger"
    assert all(check.sound for check in verify_store(home))
    segment = next((home / "segments").glob("*transfers*"))
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content)
    assert [check.sound for check in verify_store(home)].count(False) == 1
    segment.unlink()
    assert "is missing" in next(check.detail for check in verify_store(home) if not check.sound)


def test_a_folder_that_is_no_ledger_is_told(tmp_path: Path) -> None:
    with pytest.raises(LiushuiError, match="is not a ledger"):
        open_ledger(tmp_path)
