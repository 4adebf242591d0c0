"""`liushui freeze` as its users run it: where money narrows, and what is blocked already."""

import pytest

from tests.api.small import here, told_here, write_records

MULE, SECOND = "6217000000000000022", "6222000000000000033"
NOW = ("--now", "2025-03-01T13:00:00+08:00")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    folder = tmp_path_factory.mktemp("freeze")
    here("ingest", folder / "ledger", write_records(folder / "records"))
    return folder / "ledger"


def blocks(folder, text):
    path = folder / "blocked.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_freeze_says_what_left_and_the_places_it_passed(ledger, tmp_path):
    (cut,) = told_here("freeze", ledger, "--out", tmp_path / "a", *NOW)["cuts"]
    place = {"kind": "account", "source": SECOND, "target": SECOND, "sink": "", "amount": "500.00"}
    assert (cut["currency"], cut["exits"], cut["places"]) == ("CNY", {"merchant": "500.00"}, [place])
    assert cut["sentence"] in here("freeze", ledger, "--out", tmp_path / "b", *NOW)[0]


def test_what_is_blocked_is_not_asked_for_again(ledger, tmp_path):
    answers = blocks(tmp_path, f"account,since,blocked,note\n{MULE},2025-03-01T12:30:00+08:00,20000.00,first answer\n")
    whole = told_here("freeze", ledger, "--out", tmp_path / "a", *NOW)["totals"]["lien_amount"]["CNY"]
    beside = told_here("freeze", ledger, "--out", tmp_path / "b", "--blocked", answers, *NOW)
    assert float(whole) - float(beside["totals"]["lien_amount"]["CNY"]) == 20000
    assert "both beside 20000.00 that is blocked already" in next((tmp_path / "b").glob("ICBC.csv")).read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("account,blocked\n", "blocked.csv, line 1: lacks since"),
        (f"account,since,blocked\n{MULE},2025-03-01T12:30:00,5\n", "blocked.csv, line 2: '2025-03-01T12:30:00' has no offset"),
        (f"account,since,blocked\n{MULE},2025-03-01T12:30:00+08:00,-5\n", "line 2: '-5' is not an amount"),
        ("account,since,blocked\n,2025-03-01T12:30:00+08:00,5\n", "line 2: the account is empty"),
        ("account,since,blocked\n99,2025-03-01T12:30:00+08:00,5\n", "no account of the ledger: 99"),
    ],
)
def test_a_file_of_blocks_that_cannot_be_used_is_an_argument_error(ledger, tmp_path, text, cause):
    told = here("freeze", ledger, "--out", tmp_path / "a", "--blocked", blocks(tmp_path, text), *NOW, status=2)[1]
    assert cause in told
    assert "[API-blocks]" in told
