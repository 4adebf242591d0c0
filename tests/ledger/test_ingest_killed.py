"""Kill -9 at any moment leaves whole batches, and the same command then completes the work."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger import open_ledger, verify_store
from ledger.ingest import ingest
from ledger.problems import LiushuiError
from ledger.store.manifest import MANIFEST, read_state
from tests.ledger.folders import bank, put

CHILD = """
import sys
from pathlib import Path
import pyarrow.csv, pyarrow.parquet, pandas, sqlalchemy
import ledger.batch.assemble, ledger.text.text_kernels
from ledger.containers import Limits
from ledger.ingest import ingest
print("ready", flush=True)
sys.stdin.readline()
ingest(Path(sys.argv[1]), [Path(sys.argv[2])], limits=Limits(rows_bytes=int(sys.argv[3])))
"""
ROWS = 200_000
KILLS = 10


def _child(home: Path, records: Path) -> subprocess.Popen[bytes]:
    """Every other ledger lets its rows wait on the disk."""
    memory = "0" if int(home.name[1:]) % 2 else str(1 << 30)
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(home), str(records), memory],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def test_kill_minus_nine_leaves_whole_batches(tmp_path: Path) -> None:
    """Every ledger is killed twice in its making, then completed by the same command."""
    records = put(tmp_path / "records", bank_csv=bank(ROWS, accounts=997))
    reference = ingest(tmp_path / "reference", [records])
    chance = random.Random(7)
    killed = 0
    following = _child(tmp_path / "k0", records)
    for number in range(KILLS):
        home, current = tmp_path / f"k{number // 2}", following
        following = _child(tmp_path / f"k{(number + 1) // 2}", records)
        killed += _killed(current, chance.uniform(0.0, 1.0))
        _is_whole(home)
        if number % 2:
            ingest(home, [records])
            assert open_ledger(home).digest == reference.digest
            assert all(check.sound for check in verify_store(home))
            assert not (home / ".scratch").exists()
    following.kill()
    following.communicate()
    assert killed >= KILLS // 2


def _killed(child: subprocess.Popen[bytes], wait: float) -> bool:
    """Let the child ingest for so many seconds, then kill it; False when it was done before."""
    with child:
        assert child.stdin
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
        child.stdin.write(b"go\n")
        child.stdin.flush()
        time.sleep(wait)
        child.kill()
    return child.returncode == -9


def _is_whole(home: Path) -> None:
    """Either nothing is published, or all of it."""
    if not (home / MANIFEST).exists() or not read_state(home).batches:
        return
    ledger = open_ledger(home)
    assert ledger.transfer_count == len(ledger.transfers("transfer")) == ROWS


def test_orphans_are_ignored_and_collected_after_a_grace_time(tmp_path: Path) -> None:
    import os

    records = put(tmp_path / "records", bank_csv=bank(3))
    home = tmp_path / "ledger"
    ingest(home, [records])
    young, old = home / "segments" / "000002-transfers-1.parquet", home / "segments" / ".000002-transfers.tmp"
    young.write_bytes(b"x")
    old.write_bytes(b"x")
    os.utime(old, (0, 0))
    ingest(home, [records])
    assert young.exists()
    assert not old.exists()
    assert open_ledger(home).transfer_count == 3


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LiushuiError, match="cannot be written"):
        ingest(tmp_path / "file", [tmp_path])
