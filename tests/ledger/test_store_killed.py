"""Kill -9 while batches are published and compacted, on both manifests: whole batches stay, and the work goes on."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger import open_ledger, verify_store
from ledger.ingest import ingest
from ledger.store.compaction import compact
from ledger.store.content import state_content
from ledger.store.manifest import is_ledger, read_state
from tests.ledger.folders import bank, put

CHILD = """
import sys
from pathlib import Path
import pyarrow.csv, pyarrow.parquet, pandas, sqlalchemy, psycopg
import ledger.batch.assemble
from ledger.store.compaction import compact
from ledger.ingest import ingest
folder, records, url, upkeep = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] or None, sys.argv[4] == "upkeep"
print("ready", flush=True)
sys.stdin.readline()
for number, path in enumerate(sorted(records.iterdir())):
    ingest(folder, [path], manifest=url)
    if upkeep:
        compact(folder, drop=number % 2 == 0, grace_seconds=-1)
"""
KILLS = 8
FILES = 16
ROWS = 30


def _child(*words: object) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", CHILD, *map(str, words)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _killed(child: "subprocess.Popen[bytes]", wait: float) -> bool:
    """Let the child work for so many seconds, then kill it; False when it was done before."""
    with child:
        assert child.stdin
        assert child.stdout
        assert child.stderr
        assert child.stdout.readline() == b"ready\n"
        child.stdin.write(b"go\n")
        child.stdin.flush()
        time.sleep(wait)
        child.kill()
        told = child.stderr.read()
    assert child.returncode in (-9, 0), told.decode()
    return child.returncode == -9


def _records(tmp_path: Path) -> Path:
    names = {f"f{number:02d}_csv": bank(ROWS, f"F{number}-", 5 + number % 4) for number in range(FILES)}
    return put(tmp_path / "records", **names)


def _batches(folder: Path) -> int:
    """How many files are in the ledger, every one of them whole."""
    if not is_ledger(folder) or not read_state(folder).batches:
        return 0
    ledger = open_ledger(folder)
    assert ledger.transfer_count == len(ledger.transfers("transfer")) == ROWS * len(ledger.files)
    return len(ledger.files)


@pytest.mark.parametrize("work", ["plain", "upkeep"])
def test_kills_leave_whole_batches_and_lose_nothing(tmp_path: Path, manifest: str | None, work: str) -> None:
    folder, records, chance = tmp_path / "ledger", _records(tmp_path), random.Random(23)
    reference = tmp_path / "reference"
    for path in sorted(records.iterdir()):
        ingest(reference, [path])
    killed, landed = 0, 0
    following = _child(folder, records, manifest or "", work)
    for number in range(KILLS):
        current, following = following, _child(folder, records, manifest or "", work) if number + 1 < KILLS else following
        killed += _killed(current, chance.uniform(0.0, 0.4))
        before, landed = landed, _batches(folder)
        assert landed >= before
    assert killed >= KILLS // 2
    for path in sorted(records.iterdir()):
        ingest(folder, [path], manifest=manifest)
    assert [check for check in verify_store(folder) if not check.sound] == []
    assert open_ledger(folder).transfers().equals(open_ledger(reference).transfers())
    if work == "plain":
        assert open_ledger(folder).digest == open_ledger(reference).digest
    compact(folder)
    assert state_content(folder, read_state(folder)) == state_content(reference, read_state(reference))
