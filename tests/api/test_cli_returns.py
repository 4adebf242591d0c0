"""`liushui returns` as its users run it."""

import csv
import json

import pytest

from tests.api.small import here, told_here, write_records

MULE = "6217000000000000022"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    folder = tmp_path_factory.mktemp("returns")
    here("ingest", folder / "ledger", write_records(folder / "records"))
    return folder / "ledger"


def test_the_proposal_names_its_rule_and_the_range_over_the_methods(ledger, tmp_path):
    found = told_here("returns", ledger, "--account", MULE, "--out", tmp_path)
    assert (found["amount"], found["article_8"]["rule"]) == ("24000.00", "timestamps")
    assert [(one["claim"], one["least"], one["most"]) for one in found["claims"]] == [
        ("R1", "19000.00", "21818.18"),
        ("R2", "2181.82", "5000.00"),
    ]
    rows = list(csv.DictReader((tmp_path / "returns.csv").read_text("utf-8").splitlines()))
    assert [(row["method"], row["claim"], row["returned"]) for row in rows] == [
        ("art8", "R1", "19000.00"),
        ("art8", "R2", "5000.00"),
    ]
    assert json.loads((tmp_path / "returns.json").read_text("utf-8")) | {"out": str(tmp_path)} == found


def test_every_method_at_once_and_the_same_bytes_twice(ledger, tmp_path):
    words = ("--account", MULE, "--method", "all", "--amount", "20000.00", "--returned", "R2=100.00")
    for name in ("a", "b"):
        here("returns", ledger, *words, "--out", tmp_path / name)
    for file in ("returns.csv", "returns.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    rows = list(csv.DictReader((tmp_path / "a" / "returns.csv").read_text("utf-8").splitlines()))
    assert len(rows) == 10
    assert {row["already_returned"] for row in rows if row["claim"] == "R2"} == {"100.00"}


def test_with_inferred_links_a_column_says_what_rests_on_them(ledger, tmp_path):
    found = told_here("returns", ledger, "--account", MULE, "--out", tmp_path, "--inferred", "--level", "holder")
    assert [one["inferred"] for one in found["claims"]] == ["0.00", "0.00"]
    assert found["one_balance"][0] == MULE
    assert (tmp_path / "returns.csv").read_text("utf-8").splitlines()[0].endswith(",notice_days,inferred")
    assert (found["parameters"]["inferred"], found["parameters"]["level"]) == (True, "holder")


def test_the_text_for_people_shows_the_steps(ledger, tmp_path):
    text = here("returns", ledger, "--account", MULE, "--method", "pro_rata", "--out", tmp_path, "--amount", "30000")[0]
    assert "pro_rata: 30,000.00 to return, 0.00 stays frozen" in text
    assert "30,000.00 × 50,000.00 / 55,000.00" in text
    assert "warning: the amount 30000.00 is more than the 27000.00" in text


@pytest.mark.parametrize(
    "words",
    [
        ("--account", "nobody"),
        ("--account", MULE, "--method", "fifo"),
        ("--account", MULE, "--trace-method", "poison"),
        ("--account", MULE, "--returned", "R1"),
        ("--account", MULE, "--returned", "R1=-5"),
        ("--account", MULE, "--amount", "1.001"),
        ("--account", MULE, "--overdraft", "backward"),
        ("--account", MULE, "--level", "house"),
    ],
)
def test_unusable_arguments_exit_with_2(ledger, tmp_path, words):
    assert here("returns", ledger, *words, "--out", tmp_path, status=2)[0] == ""
