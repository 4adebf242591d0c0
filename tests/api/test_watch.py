"""`liushui watch`: a ledger others publish to, followed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from api.watching import watch
from ledger.store.opening import open_ledger
from tests.api.small import ROOT, here, liushui, write_records
from tracing.result import Parameters
from tracing.trace import trace_claims

HEAD = "transfer,time,source,target,amount,channel,remark\n"
MORE = """T6,2025-03-01T10:20:00+08:00,6222000000000000033,6217000000000000099,29000.00,mobile,
T7,2025-03-01T10:30:00+08:00,6217000000000000022,shop-1,900.00,pos,
"""
LATE = "T8,2025-03-01T08:59:00+08:00,6217000000000000099,6217000000000000022,1000.00,mobile,\n"
CORRECTED = "T7,2025-03-01T10:30:00+08:00,6217000000000000022,shop-1,800.00,pos,\n"
REPORT = "report,victim,transfer,amount,reported,scam\nR3,6217000000000000055,T5,,2025-03-01T13:00:00+08:00,\n"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    here("ingest", tmp_path / "ledger", write_records(tmp_path / "records"))
    return tmp_path / "ledger"


def publish(ledger: Path, name: str, text: str, *words: str) -> None:
    path = ledger.parent / name
    path.write_text(text, encoding="utf-8")
    here("ingest", ledger, path, *words)


def test_once_tells_what_moved_since_a_batch(ledger: Path) -> None:
    publish(ledger, "more.csv", HEAD + MORE)
    lines = [json.loads(line) for line in here("watch", ledger, "--once", "--since-batch", 1, "--json")[0].splitlines()]
    assert [(line["event"], line["batch"]) for line in lines] == [("watching", 1), ("batch", 2), ("moved", 2), ("moved", 2)]
    assert (lines[2]["claim"], lines[2]["amount"], lines[2]["held_after"], lines[2]["new_account"]) == (
        "R1",
        "29000.00",
        "1470.00",
        True,
    )
    assert lines[2]["next"] == "stop payment of 29000.00 at 6217000000000000099"
    assert (lines[3]["sink"], lines[3]["target_held"]) == ("merchant", "0.00")
    text = here("watch", ledger, "--once", "--since-batch", 1)[0]
    assert "1,470.00 of 30,470.00 left at 6222000000000000033" in text


def test_nothing_new_is_no_event(ledger: Path) -> None:
    assert here("watch", ledger, "--once")[0].splitlines() == [f"watching {ledger} from batch 1 on"]


def test_batches_leave_what_a_trace_of_the_ledger_finds_and_say_when_they_were_matched_again(ledger: Path) -> None:
    watching = watch(ledger, Parameters())
    steps = [("more.csv", HEAD + MORE, ()), ("late.csv", HEAD + LATE, ()), ("report.csv", REPORT, ())]
    rebuilt = []
    for name, text, words in [*steps, ("corrected.csv", HEAD + CORRECTED, ("--supersede",))]:
        publish(ledger, name, text, *words)
        found = watching.look()
        assert found is not None
        rebuilt.append(found["rebuilt"])
        ours, other = watching.live.trace(), trace_claims(open_ledger(ledger))
        for table in ("claims", "traced", "held", "sinks", "frontier"):
            pd.testing.assert_frame_equal(getattr(ours, table), getattr(other, table), check_dtype=False)
    assert rebuilt == [None, None, None, "records were corrected"]
    here("compact", ledger)
    found = watching.look()
    assert found is not None
    assert (found["transfers"], found["events"], found["rebuilt"]) == (0, [], None)


def test_a_watch_sees_what_another_process_publishes_and_ends_with_ctrl_c(ledger: Path) -> None:
    command = [sys.executable, "-m", "api", "watch", str(ledger), "--json", "--interval", "0.1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["event"] == "watching"
        more = ledger.parent / "more.csv"
        more.write_text(HEAD + MORE, encoding="utf-8")
        liushui("ingest", ledger, more)
        seen = [json.loads(running.stdout.readline()) for _ in range(3)]
        running.send_signal(signal.SIGINT)
        try:
            assert running.wait(timeout=60) == 0
        finally:
            running.kill()  # a watch that went on would be waited for without end
    assert [(line["event"], line.get("transfer")) for line in seen] == [("batch", None), ("moved", "T6"), ("moved", "T7")]
