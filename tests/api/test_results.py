"""The result files of a trace."""

import csv
import hashlib
import io
import json

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.csv_tables import csv_bytes, decimals, instant
from api.pipeline import trace_to_keep
from api.result_columns import COLUMNS
from api.results import duration, money, store_trace, trace_id, write_trace
from api.verification import stored_trace
from ledger.formulas import guarded_texts
from tests.story import story
from tracing.result import Parameters
from tracing.trace import trace_claims

CONTRACT = {
    "traced.csv": "claim,transfer,hop,time,source,target,amount,traced,basis,made_by",
    "held.csv": "claim,account,tier,held,basis,balance,opening,opening_source",
    "sinks.csv": "claim,sink,account,amount",
    "frontier.csv": "account,institution,from_time,to_time,traced,why",
}


def sample():
    ledger = story("""
        opening mule 100
        account shop merchant institution=CCB
        09:00 victim -> mule 50000 # claim
        09:04 mule -> card:1 1000 gift_card
        09:05 card:1 -> recycler 1000=>970
        09:06 mule -> =cmd() 20
        09:07 mule -> shop 20
        09:08 other -> mule 7 # claim
    """)
    return ledger, trace_claims(ledger, Parameters())


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_every_file_has_exactly_the_columns_of_the_contract(tmp_path):
    ledger, trace = sample()
    write_trace(ledger, trace, tmp_path)
    assert {name: (tmp_path / name).read_text().partition("\n")[0] for name in CONTRACT} == CONTRACT
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*CONTRACT, "trace.json"])


def test_flags_close_the_files_with_amounts_where_money_may_be_flagged(tmp_path):
    ledger = sample()[0]
    write_trace(ledger, trace_claims(ledger, Parameters(overdraft="backward")), tmp_path)
    for name in ("traced.csv", "held.csv", "sinks.csv"):
        assert (tmp_path / name).read_text().partition("\n")[0] == f"{CONTRACT[name]},flags"


def test_amounts_and_times_are_written_exactly(tmp_path):
    ledger, trace = sample()
    write_trace(ledger, trace, tmp_path)
    first = rows(tmp_path / "traced.csv")[0]
    assert (first["amount"], first["traced"], first["time"]) == ("50000.00", "50000.00", "2025-03-01T01:00:00+00:00")
    recycler = next(row for row in rows(tmp_path / "held.csv") if row["account"] == "recycler")
    assert (recycler["held"], recycler["basis"], recycler["balance"]) == ("873.00", "900.00", "970.00")


def test_the_description_carries_totals_identity_and_digests(tmp_path):
    ledger, trace = sample()
    write_trace(ledger, trace, tmp_path)
    told = json.loads((tmp_path / "trace.json").read_text())
    assert told["totals"] == {"claims": 2, "amount": "50007.00", "held": "49987.00", "sinks": "20.00", "identity": True}
    assert told["ledger_digest"] == ledger.digest
    assert told["files"] == {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in CONTRACT}


def test_ties_are_a_file_only_where_they_matter(tmp_path):
    ledger = story("""
        opening mule 100
        09:00 mule -> shop 100
        09:00 victim -> mule 100   # claim
    """)
    parameters = Parameters(method="lifo")
    write_trace(ledger, trace_to_keep(ledger, parameters), tmp_path)
    assert rows(tmp_path / "ties.csv")[1] == {
        "claim": "C1", "account": "shop", "what": "held", "ledger": "0.00", "credit_first": "100.00", "debit_first": "0.00",
        "least": "0.00", "most": "100.00",
    }  # fmt: skip
    assert stored_trace(tmp_path)["ok"]
    assert "ties.csv" in json.loads((tmp_path / "trace.json").read_text())["files"]
    write_trace(*sample(), tmp_path)
    assert not (tmp_path / "ties.csv").exists()


def test_the_same_trace_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_trace(*sample(), tmp_path / name)
    assert [path.read_bytes() for path in sorted((tmp_path / "a").iterdir())] == [
        path.read_bytes() for path in sorted((tmp_path / "b").iterdir())
    ]


def test_a_trace_without_claims_still_has_all_files(tmp_path):
    ledger, _ = sample()
    write_trace(ledger, trace_claims(ledger, Parameters(reports=())), tmp_path)
    assert {name: (tmp_path / name).read_text() for name in CONTRACT} == {name: line + "\n" for name, line in CONTRACT.items()}


def test_a_name_that_is_a_formula_is_made_inert(tmp_path):
    ledger, trace = sample()
    write_trace(ledger, trace, tmp_path)
    assert "'=cmd()" in {row["target"] for row in rows(tmp_path / "traced.csv")}


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r1", " =1", "＝1", "\x00=1", "\n=1"])
def test_every_way_to_begin_a_formula_is_guarded(text):
    assert guarded_texts(pa.array([text])).to_pylist() == ["'" + text.replace("\x00", "")]


def test_a_harmless_text_is_left_alone():
    assert guarded_texts(pa.array(["6217-1", "张三", "", None])).to_pylist() == ["6217-1", "张三", "", None]


@given(st.lists(st.integers(-(2**62), 2**62) | st.none(), min_size=1))
def test_money_is_formatted_alike_one_by_one_and_all_at_once(fen):
    assert decimals(pa.array(fen, pa.int64())).to_pylist() == [None if one is None else money(one) for one in fen]


@given(st.integers(-(2**62), 2**62))
def test_money_reads_back_to_the_fen(fen):
    assert int(money(fen).replace(".", "")) == fen


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_any_text_survives_the_csv(texts):
    frame = pd.DataFrame({"claim": texts, "sink": texts, "account": texts, "amount_fen": range(len(texts))})
    content = csv_bytes(frame, COLUMNS["sinks"]).decode()
    read = list(csv.DictReader(io.StringIO(content, newline="")))
    assert [row["account"] for row in read] == guarded_texts(pa.array(texts)).to_pylist()


def test_instants_and_durations_are_iso_8601():
    assert (instant(1_500_000), duration(72 * 3_600_000_000), duration(1_500_000)) == (
        "1970-01-01T00:00:01.500000+00:00",
        "PT72H",
        "PT1.500000S",
    )


def test_a_stored_trace_is_kept_once_under_the_name_of_its_content(tmp_path):
    ledger, trace = sample()
    folder = store_trace(ledger, trace, tmp_path)
    assert store_trace(ledger, trace, tmp_path) == folder == tmp_path / trace_id(trace)
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_other_parameters_make_another_trace():
    ledger, trace = sample()
    assert trace_id(trace) != trace_id(trace_claims(ledger, Parameters(max_hops=1)))


def test_a_stored_trace_proves_itself(tmp_path):
    folder = store_trace(*sample(), tmp_path)
    check = stored_trace(folder)
    assert (check["ok"], check["claims"], check["lost"], check["mismatches"]) == (True, 2, "50007.00", 0)


def test_one_changed_fen_in_a_stored_trace_is_found(tmp_path):
    folder = store_trace(*sample(), tmp_path)
    path = folder / "held.csv"
    path.write_text(path.read_text().replace("873.00", "873.01"))
    assert stored_trace(folder)["problems"] == ["held.csv changed"]


def test_a_stored_trace_whose_sums_do_not_hold_is_found_even_with_right_digests(tmp_path):
    folder = store_trace(*sample(), tmp_path)
    sinks = folder / "sinks.csv"
    sinks.write_text(sinks.read_text().replace("20.00", "19.99"))
    told = json.loads((folder / "trace.json").read_text())
    told["files"]["sinks.csv"] = hashlib.sha256(sinks.read_bytes()).hexdigest()
    (folder / "trace.json").write_text(json.dumps(told))
    assert stored_trace(folder)["mismatches"] == 1


def test_a_claim_named_like_a_formula_balances(tmp_path):
    ledger = story("09:00 victim -> mule 5 # claim =R1")
    assert stored_trace(store_trace(ledger, trace_claims(ledger, Parameters()), tmp_path))["ok"]
