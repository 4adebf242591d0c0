"""The command line as its users run it: a process each, on a small ledger of real files."""

import csv
import json
import re
import subprocess
import sys
from decimal import Decimal

import pytest

from tests.api.small import FILES, ROOT, here, liushui, told, told_here, write_records
from tracing.result import METHODS

COMMANDS = (
    "demo",
    "generate",
    "ingest",
    "inspect",
    "sources",
    "reconcile",
    "compact",
    "trace",
    "rank",
    "freeze",
    "calibrate",
    "diagram",
    "rings",
    "explain",
    "returns",
    "watch",
    "serve",
    "verify",
)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    made = told("ingest", folder / "ledger", write_records(folder / "records"))
    assert (made["published"], made["rows"]) == (True, {"accounts": 7, "transfers": 7, "reports": 2})
    return folder / "ledger"


def test_help_imports_nothing_heavy():
    script = (
        "import sys; sys.argv=['liushui','--help']\n"
        "from api.cli import main\n"
        "try:\n main()\nexcept SystemExit: pass\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = set(done.stdout.rpartition("\n\n")[2].split())
    heavy = {"pandas", "numpy", "pyarrow", "igraph", "statsmodels", "numba", "scipy", "fastapi", "sqlalchemy", "pydantic"}
    assert "typer" in loaded
    assert loaded & heavy == set()


def test_help_lists_every_command_and_no_other():
    listed = re.findall(r"^  (\w+)  ", liushui("--help").stdout.partition("Commands:")[2], re.M)
    assert tuple(listed) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_an_example_and_takes_json(command):
    text = here(command, "--help")[0]
    assert "Example: `liushui " + command in " ".join(text.split())
    assert "--json" in text


def test_every_method_at_once_lies_in_folders_of_its_own_under_one_envelope(ledger, tmp_path):
    told_all = told("trace", ledger, "--out", tmp_path, "--method", "all")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*METHODS, "envelope.csv"])
    rows = list(csv.DictReader((tmp_path / "envelope.csv").read_text("utf-8").splitlines()))
    assert len(rows) == told_all["envelope"]["holdings"] == 4
    found = [[Decimal(row[name]) for name in ("least", "chosen", "most", "poison")] for row in rows]
    assert found == [sorted(amounts) for amounts in found]


def test_poison_names_no_identity(ledger, tmp_path):
    found = told("trace", ledger, "--out", tmp_path, "--method", "poison")
    assert found["totals"]["identity"] is None
    assert "an upper bound" in here("trace", ledger, "--out", tmp_path, "--method", "poison")[0]


def test_the_version_is_told():
    assert here("--version")[0].startswith("liushui ")


def test_trace_conserves_and_says_so(ledger, tmp_path):
    found = told("trace", ledger, "--out", tmp_path)
    assert found["totals"] == {"claims": 2, "amount": "55000.00", "held": "54500.00", "sinks": "500.00", "identity": True}
    assert found["reach"] == {
        "transfers": 7,
        "hops": 4,
        "accounts": 5,
        "resting": 3,
        "terminals": 1,
        "terminal_amount": "500.00",
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "frontier.csv",
        "held.csv",
        "sinks.csv",
        "trace.json",
        "traced.csv",
    ]


def test_the_summary_for_people_names_sums_sinks_and_terminals(ledger, tmp_path):
    lines = here("trace", ledger, "--out", tmp_path)[0]
    for part in (
        "2 claims, 55,000.00 CNY, by fifo",
        "held  54,500.00 in 3 accounts",
        "merchant 500.00",
        "1 terminal take",
        "4 hops",
    ):
        assert part in lines


def test_a_limit_that_was_hit_is_named(ledger, tmp_path):
    found = told_here("trace", ledger, "--out", tmp_path, "--max-hops", 2)
    assert [(limit["name"], limit["value"]) for limit in found["limits"]] == [("max_hops", "2")]
    assert found["totals"]["identity"]


def test_one_report_can_be_traced_alone_and_as_of_a_moment(ledger, tmp_path):
    found = told_here("trace", ledger, "--out", tmp_path, "--report", "R1", "--as-of", "2025-03-01T09:05:00+08:00")
    assert [(claim["claim"], claim["amount"]) for claim in found["claims"]] == [("R1", "50000.00")]
    assert found["reach"]["transfers"] == 2
    assert found["parameters"]["as_of"] == "2025-03-01T01:05:00+00:00"


def test_a_report_made_after_as_of_counts_when_its_payment_is_before(ledger, tmp_path):
    found = told_here("trace", ledger, "--out", tmp_path, "--as-of", "2025-03-01T10:30:00+08:00")
    assert found["totals"]["claims"] == 2
    earlier = told_here("trace", ledger, "--out", tmp_path, "--as-of", "2025-03-01T09:30:00+08:00")
    assert (earlier["totals"]["claims"], len(earlier["warnings"])) == (1, 1)


@pytest.mark.parametrize(
    "words",
    [
        ("--method", "lilo"),
        ("--as-of", "2025-03-01T10:00:00"),
        ("--as-of", "yesterday"),
        ("--hop-window", "3 days"),
        ("--hop-window", "PT0H"),
        ("--min-amount", "1.001"),
        ("--min-amount", "-1"),
        ("--min-amount", "NaN"),
        ("--opening", "guess"),
        ("--max-hops", "0"),
        ("--direction", "sideways"),
        ("--account", "mule"),
        ("--transfer", "T1"),
        ("--direction", "backward", "--account", "nobody"),
        ("--direction", "backward", "--transfer", "T999"),
        ("--direction", "backward", "--method", "poison", "--max-hops", "2"),
        ("--direction", "backward", "--method", "all"),
        ("--direction", "backward", "--method", "pro_rata", "--overdraft", "backward"),
    ],
)
def test_unusable_arguments_exit_with_2_and_one_clear_message(ledger, tmp_path, words):
    done = here("trace", ledger, "--out", tmp_path, *words, status=2)
    assert "Traceback" not in done[1]
    assert done[0] == ""


def test_backward_says_whose_money_a_balance_is(ledger, tmp_path):
    lines = here("trace", ledger, "--out", tmp_path, "--direction", "backward", "--account", "6222000000000000033")[0]
    assert "account:6222000000000000033: " in lines
    assert "claim R1" in lines
    assert "held + sinks = start for every start" in lines
    assert (tmp_path / "origins.csv").read_text().startswith("start,origin,claim,account,transfer,amount")
    found = told_here("trace", ledger, "--out", tmp_path, "--direction", "backward")
    assert found["totals"]["identity"]
    assert [claim["claim"] for claim in found["claims"]] == ["R1", "R2"]
    assert told_here("verify", ledger)["ok"]


def test_backward_by_poison_says_which_reports_money_may_be_there(ledger, tmp_path):
    words = ("--direction", "backward", "--method", "poison", "--account", "6222000000000000033")
    lines = here("trace", ledger, "--out", tmp_path, *words)[0].splitlines()
    assert lines[1:3] == ["account:6222000000000000033: money of 1 claim may be there", "  claim R1  at most 30,470.00"]
    assert "an upper bound" in lines[-2]
    assert (tmp_path / "sinks.csv").read_text() == "claim,sink,account,amount\n"


def test_verify_tells_of_a_kept_trace_by_poison(ledger, tmp_path):
    here("trace", ledger, "--out", tmp_path, "--method", "poison")
    assert "poison is an upper bound" in here("verify", ledger)[0]


def test_a_refused_method_names_those_there_are(ledger, tmp_path):
    assert "there is: fifo" in here("trace", ledger, "--out", tmp_path, "--method", "rising_tide", status=2)[1]


def test_a_missing_ledger_is_one_line_and_exit_1(tmp_path):
    done = liushui("trace", tmp_path / "nothing", "--out", tmp_path / "out", status=1)
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("liushui: ")


def test_a_failure_with_json_is_one_document(tmp_path):
    error = told("verify", tmp_path / "nothing", status=1)
    assert error


def test_an_unwritable_place_is_one_line_and_exit_1(ledger, tmp_path):
    (tmp_path / "file").write_text("")
    done = here("trace", ledger, "--out", tmp_path / "file" / "below", status=1)
    assert len(done[1].splitlines()) == 1


def test_ingest_again_changes_nothing_and_exits_0(ledger, tmp_path):
    again = told_here("ingest", ledger, write_records(tmp_path))
    assert (again["published"], again["usable"], len(again["known"])) == (False, True, len(FILES))


def test_strict_makes_any_problem_exit_1(tmp_path):
    records = write_records(tmp_path / "records")
    with (records / "bank.csv").open("a") as file:
        file.write("T9,2025-03-01T09:00:00+08:00,a,b,nonsense,,\n")
    made = told_here("ingest", tmp_path / "one", records)
    assert [(problem["file"], problem["line"]) for problem in made["problems"] if problem["severity"] == "error"] == [
        ("bank.csv", 7)
    ]
    here("ingest", tmp_path / "two", records, "--strict", status=1)


def test_ingest_of_nothing_usable_exits_1(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    here("ingest", tmp_path / "ledger", tmp_path / "x.csv", status=1)


PROFILE = """
name = "chain"
title = "A chain's export"
kind = "bank"
encodings = ["utf-8"]
header_lines = 1
zone = "UTC"
time_formats = ["%Y-%m-%d %H:%M:%S"]
amount_sign = "two_sided"
currency = "USD"
id = ["{id}"]

[columns]
id = "hash"
time = "when"
source = "sender"
target = "receiver"
amount = "dollars"
"""


def test_a_profile_reads_another_banks_export(tmp_path):
    (tmp_path / "chain.csv").write_text("hash,when,sender,receiver,dollars\nh1,2025-03-01 09:00:00,a,b,10.00\n")
    (tmp_path / "chain.toml").write_text(PROFILE)
    made = told_here("ingest", tmp_path / "ledger", tmp_path / "chain.csv", "--profile", tmp_path / "chain.toml")
    assert made["rows"]["transfers"] == 1


def test_rank_writes_the_columns_of_the_contract(ledger, tmp_path):
    here("rank", ledger, "--out", tmp_path)
    head = (tmp_path / "ranking.csv").read_text().partition("\n")[0].replace('"', "")
    assert head == (
        "rank,account,institution,holder,role,tier,score,held,balance,recoverable,chance_still_there,"
        "expected_recovery,lien,findings,counter_evidence,q_value,explanation"
    )
    head = (tmp_path / "findings.csv").read_text().partition("\n")[0].replace('"', "")
    assert head == "account,rule,grade,strength,threshold,inputs,transfers,explanation"


def test_rank_is_the_same_at_any_time_of_day(ledger, tmp_path):
    for name in ("a", "b"):
        here("rank", ledger, "--out", tmp_path / name)
    assert (tmp_path / "a" / "ranking.csv").read_bytes() == (tmp_path / "b" / "ranking.csv").read_bytes()


def test_freeze_writes_a_batch_for_the_moment_asked(ledger, tmp_path):
    batch = told_here("freeze", ledger, "--out", tmp_path / "a", "--now", "2025-03-01T13:00:00+08:00")
    assert batch["now"].startswith("2025-03-01T13:00:00")
    again = told_here("freeze", ledger, "--out", tmp_path / "b", "--now", "2025-03-01T13:00:00+08:00")
    assert batch["files"] == again["files"]
    one = told_here("freeze", ledger, "--out", tmp_path / "c", "--now", "2025-03-01T13:00:00+08:00", "--limit", 1)
    assert one["totals"]["requests"] == 1


def test_diagram_is_drawn_and_an_unknown_format_is_refused(ledger, tmp_path):
    here("diagram", ledger, "--out", tmp_path / "flow.svg")
    assert (tmp_path / "flow.svg").read_text().lstrip().startswith("<")
    assert "svg" in here("diagram", ledger, "--out", tmp_path / "flow.docx", status=2)[1]


def test_verify_tells_every_check_and_finds_one_flipped_byte(tmp_path):
    ledger = tmp_path / "ledger"
    here("ingest", ledger, write_records(tmp_path / "records"))
    here("trace", ledger, "--out", tmp_path / "out")
    found = told("verify", ledger)
    names = [check["check"].split()[0] for check in found["checks"]]
    assert (found["ok"], names) == (True, ["records", "trace", "fresh"])
    assert found["checks"][-1]["mismatches"] == 0
    held = next((ledger / "traces").glob("*/held.csv"))
    held.write_bytes(held.read_bytes().replace(b"30470.00", b"30470.01", 1))
    assert "held.csv changed" in here("verify", ledger, status=1)[0]
    segment = max(ledger.rglob("*.parquet"), key=lambda path: path.stat().st_size)
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.chmod(0o644)
    segment.write_bytes(bytes(content))
    assert told_here("verify", ledger, status=1)["checks"][0]["ok"] is False


def test_without_a_report_there_is_nothing_to_rank_and_that_is_said(tmp_path):
    (tmp_path / "bank.csv").write_text(FILES["bank.csv"])
    here("ingest", tmp_path / "ledger", tmp_path / "bank.csv")
    assert told_here("trace", tmp_path / "ledger", "--out", tmp_path / "out")["totals"]["claims"] == 0
    for command in ("rank", "freeze"):
        assert "the ledger holds no reports" in here(command, tmp_path / "ledger", "--out", tmp_path / command, status=1)[1]


def test_serve_refuses_other_hosts_without_keys(tmp_path):
    assert "no keys are configured" in here("serve", tmp_path, "--host", "0.0.0.0", status=2)[1]


def test_the_documentation_lists_every_command_and_option_of_trace():
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^\| `liushui (\w+)", page, re.M)) == COMMANDS
    options = set(re.findall(r"^  (--[a-z-]+)", here("trace", "--help")[0], re.M))
    section = page.partition("## `trace`")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(--[a-z-]+)` \|", section, re.M)) == options - {"--help", "--json", "--out"}


def test_weights_of_a_desk_change_the_score_and_are_named_in_the_ranking(ledger, tmp_path):
    (tmp_path / "desk.toml").write_text("[roles]\nmule = 1\n", encoding="utf-8")
    shipped = told_here("rank", ledger, "--out", tmp_path / "a")
    mine = told_here("rank", ledger, "--out", tmp_path / "b", "--weights", tmp_path / "desk.toml")
    made = json.loads((tmp_path / "b" / "ranking.json").read_text("utf-8"))
    assert made["weights_digest"] == mine["weights_digest"] != shipped["weights_digest"]
    assert (made["weights"]["roles"]["mule"], made["latency_minutes"]) == (1, 30)
    assert "+1 for the role of mule." in (tmp_path / "b" / "ranking.csv").read_text("utf-8")
    assert told_here("freeze", ledger, "--out", tmp_path / "c", "--weights", tmp_path / "desk.toml")["totals"]


def test_weights_that_cannot_be_used_are_an_argument_error(ledger, tmp_path):
    (tmp_path / "desk.toml").write_text("[roles]\nking = 1\n", encoding="utf-8")
    for command in ("rank", "freeze"):
        done = liushui(command, ledger, "--out", tmp_path / "out", "--weights", tmp_path / "desk.toml", status=2)
        assert "desk.toml: roles.king: is not known" in done.stderr


def test_calibrate_says_when_the_labels_are_too_few_or_unreadable(ledger, tmp_path):
    (tmp_path / "labels.csv").write_text("account,label\n6217000000000000022,1\n", encoding="utf-8")
    done = liushui("calibrate", ledger, "--labels", tmp_path / "labels.csv", "--out", tmp_path / "out", status=1)
    assert "members 1, others 0" in done.stderr
    assert not (tmp_path / "out").exists()
    (tmp_path / "labels.csv").write_text("account,label\na,maybe\n", encoding="utf-8")
    done = liushui("calibrate", ledger, "--labels", tmp_path / "labels.csv", "--out", tmp_path / "out", status=2)
    assert "labels.csv, line 2" in done.stderr
    two = ("--labels", tmp_path / "labels.csv")
    done = liushui("calibrate", ledger, ledger, ledger, *two, *two, "--out", tmp_path / "out", status=2)
    assert "2 files for 3 ledgers" in done.stderr
