"""`liushui explain` as its users run it."""

import csv
import json

import pytest

from tests.api.small import here, told_here, write_records
from tracing.result import ALLOCATING

CARD = "6222000000000000033"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    here("ingest", folder / "ledger", write_records(folder / "records"))
    return folder / "ledger"


def test_every_line_has_its_record_and_the_last_one_is_the_sum(ledger):
    lines = here("explain", ledger, "--account", CARD, "--report", "R1")[0].splitlines()
    assert lines[0] == f"R1, 50,000.00 CNY: 30,470.00 of it rests at {CARD}"
    assert sum("[bank.csv line " in line or "[gift_card.csv line " in line for line in lines) == 5 + 3 + 3 + 2 + 2
    assert any("(fen 3000000 to 3097000) [gift_card.csv line 3]" in line for line in lines)
    assert lines[-1] == f"check: 29,500.00 + 970.00 = 30,470.00 held at {CARD}, as the trace finds"


@pytest.mark.parametrize("method", ALLOCATING)
def test_every_method_ends_with_what_its_trace_holds(ledger, tmp_path, method):
    here("trace", ledger, "--out", tmp_path, "--method", method)
    held = {
        (row["claim"], row["account"]): row["held"]
        for row in csv.DictReader((tmp_path / "held.csv").read_text("utf-8").splitlines())
    }
    found = {}
    for claim, account in held:
        found[claim, account] = told_here("explain", ledger, "--account", account, "--report", claim, "--method", method)[
            "held"
        ]
    assert found == held


def test_holders_and_inferred_links_are_asked_for_as_in_a_trace(ledger, tmp_path):
    words = ("--account", CARD, "--report", "R1", "--level", "holder", "--inferred", "--probability", "0.95")
    found = told_here("explain", ledger, *words)
    assert (found["parameters"]["level"], found["parameters"]["probability"]) == ("holder", "0.9500")
    trace = told_here("trace", ledger, "--out", tmp_path, "--level", "holder", "--inferred", "--probability", "0.95")
    assert trace["totals"]["identity"]
    rows = csv.DictReader((tmp_path / "held.csv").read_text("utf-8").splitlines())
    assert found["held"] in {row["held"] for row in rows if (row["claim"], row["account"]) == ("R1", CARD)}
    assert "as the trace finds" in here("explain", ledger, *words)[0].splitlines()[-1]


def test_an_overdraft_opened_again_is_refused_with_the_reason(ledger):
    told = here("explain", ledger, "--account", CARD, "--report", "R1", "--overdraft", "backward", status=2)[1]
    assert "no page in order of time shows that" in " ".join(told.split())


@pytest.mark.parametrize("suffix", [".txt", ".csv", ".json"])
def test_a_file_holds_it_too_with_the_same_bytes_twice(ledger, tmp_path, suffix):
    for name in ("a", "b"):
        text = here("explain", ledger, "--account", CARD, "--report", "R1", "--out", tmp_path / f"{name}{suffix}")[0]
    content = (tmp_path / f"a{suffix}").read_bytes()
    assert content == (tmp_path / f"b{suffix}").read_bytes()
    if suffix == ".txt":
        assert content.decode() == text
    elif suffix == ".json":
        assert json.loads(content) == told_here("explain", ledger, "--account", CARD, "--report", "R1")
    else:
        rows = list(csv.DictReader(content.decode().splitlines()))
        assert [(row["transfer"], row["file"], row["line"]) for row in rows if row["account"] == "card:SN001"] == [
            ("G1", "gift_card.csv", "2"),
            ("G2", "gift_card.csv", "3"),
        ]


def test_long_lists_are_cut_with_the_number_of_what_is_left_out(tmp_path):
    rounds = "".join(
        f"T{n},2025-03-01T10:{n // 60:02d}:{n % 60:02d}+08:00,{'a,b' if n % 2 else 'b,a'},60.00,,\n" for n in range(1, 201)
    )
    (tmp_path / "bank.csv").write_text(
        f"transfer,time,source,target,amount,channel,remark\nT0,2025-03-01T09:00:00+08:00,v,a,100.00,,\n{rounds}"
    )
    (tmp_path / "reports.csv").write_text("report,victim,transfer\nR1,v,T0\n")
    here("ingest", tmp_path / "ledger", tmp_path / "bank.csv", tmp_path / "reports.csv")
    words = ("explain", tmp_path / "ledger", "--account", "a", "--report", "R1")
    short, whole = here(*words)[0], here(*words, "--all")[0]
    assert "… 161 more payments; --all shows them" in short
    assert len(short.splitlines()) < 150 < 600 < len(whole.splitlines())
    assert short.splitlines()[-1].endswith("= 100.00 held at a, as the trace finds")


def test_names_cannot_steer_a_terminal(tmp_path):
    (tmp_path / "bank.csv").write_text(
        "transfer,time,source,target,amount,channel,remark\nT0,2025-03-01T09:00:00+08:00,v,\x1b[31ma,100.00,,\n"
    )
    (tmp_path / "reports.csv").write_text("report,victim,transfer\nR1,v,T0\n")
    here("ingest", tmp_path / "ledger", tmp_path / "bank.csv", tmp_path / "reports.csv")
    out = tmp_path / "x.txt"
    text = here("explain", tmp_path / "ledger", "--account", "\x1b[31ma", "--report", "R1", "--out", out)[0]
    assert "100.00" in text
    assert "\x1b" not in text + out.read_text("utf-8")


@pytest.mark.parametrize(
    "words",
    [
        ("--account", "nobody", "--report", "R1"),
        ("--account", CARD, "--report", "R9"),
        ("--account", CARD, "--report", "R1", "--method", "poison"),
        ("--account", CARD, "--report", "R1", "--out", "x.docx"),
        ("--account", CARD, "--report", "R1", "--overdraft", "backward"),
    ],
)
def test_unusable_arguments_exit_with_2(ledger, words):
    assert here("explain", ledger, *words, status=2)[0] == ""
