"""When the ground gives way: a full disk, a folder that cannot be written, spoilt or missing files. Nothing is lost."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger import open_ledger, verify_store
from ledger.ingest import ingest
from ledger.problems import LiushuiError
from ledger.store.compaction import compact
from ledger.store.database import MANIFEST
from ledger.store.manifest import read_state
from tests.ledger.folders import bank, put

LIMITED = """
import resource, sys
from pathlib import Path
from ledger.ingest import ingest
from ledger.problems import LiushuiError
limit = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    ingest(Path(sys.argv[1]), [Path(sys.argv[2])])
except LiushuiError as error:
    print(error.code, error)
"""
UNPRIVILEGED = """
import os, sys
from pathlib import Path
import numpy, pandas, pyarrow.parquet
import ledger.batch.assemble
from ledger import open_ledger
from ledger.ingest import ingest
from ledger.problems import LiushuiError
from ledger.store.verify import verify_store
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
folder = Path(sys.argv[1])
print(open_ledger(folder).transfer_count, all(check.sound for check in verify_store(folder)))
try:
    ingest(folder, [folder])
except LiushuiError as error:
    print(error.code)
"""


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    ingest(tmp_path / "ledger", [put(tmp_path / "records", bank_csv=bank(5))])
    return tmp_path / "ledger"


def refused(job: Callable[[], object], code: str, cause: str) -> None:
    """The job ends with one clear line."""
    with pytest.raises(LiushuiError, match=cause) as told:
        job()
    assert told.value.code == code
    assert "\n" not in str(told.value)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with little room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("mounting a small disk is not permitted here")
    yield disk
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    subprocess.run(["umount", "-l", str(disk)], check=True)  # segments may still be mapped into memory


def test_a_full_disk_is_told_and_the_same_command_completes_when_there_is_room(tmp_path: Path, small_disk: Path) -> None:
    folder = small_disk / "ledger"
    ingest(folder, [put(tmp_path / "records", bank_csv=bank(50))])
    more = put(tmp_path / "more", more_csv=bank(2000, "M"))
    digest, steps = open_ledger(folder).digest, 0
    room = _fill(small_disk)
    while not _lands(folder, more):
        assert read_state(folder).digest == digest
        assert open_ledger(folder).transfer_count == 50
        room.pop().unlink()
        steps += 1
    assert steps > 0
    assert open_ledger(folder).transfer_count == 2050
    assert all(check.sound for check in verify_store(folder))


def _fill(disk: Path) -> list[Path]:
    """Files that take all room, to be removed one by one."""
    files = []
    while True:
        files.append(disk / f"fill{len(files)}")
        try:
            files[-1].write_bytes(b"x" * 16384)
        except OSError:
            return files


def _lands(folder: Path, more: Path) -> bool:
    try:
        return ingest(folder, [more]).batch == 2
    except LiushuiError as error:
        told = (error.code, str(error).rpartition("; ")[2])
    assert told == ("LDG-not-writable", "nothing was published")
    return False


@pytest.mark.parametrize("limit", [0, 3_000, 20_000, 30_000])
def test_a_limit_on_the_size_of_files_is_told_like_a_full_disk(tmp_path: Path, stored: Path, limit: int) -> None:
    more = put(tmp_path / "more", more_csv=bank(9000, "M"))
    words = [sys.executable, "-c", LIMITED, str(stored), str(more), str(limit)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("LDG-not-writable"), done.stderr
    assert not list(stored.glob("segments/.*"))
    assert open_ledger(stored).transfer_count == 5
    assert ingest(stored, [more]).batch == 2
    assert open_ledger(stored).transfer_count == 9005


def test_a_ledger_on_a_read_only_disk_can_be_read_and_verified_but_not_written(tmp_path: Path, small_disk: Path) -> None:
    folder = small_disk / "ledger"
    ingest(folder, [put(tmp_path / "records", bank_csv=bank(5))])
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert open_ledger(folder).transfer_count == 5
    assert all(check.sound for check in verify_store(folder))
    refused(lambda: ingest(folder, [tmp_path / "records"]), "LDG-not-writable", "cannot be written: Read-only")
    refused(lambda: compact(folder), "LDG-not-writable", "cannot be written: Read-only")


def test_somebody_without_the_right_to_write_can_read_and_verify(tmp_path: Path) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)
        folder = Path(home) / "ledger"
        ingest(folder, [put(tmp_path / "records", bank_csv=bank(5))])
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        words = [sys.executable, "-c", UNPRIVILEGED, str(folder)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        folder.chmod(0o755)
        (folder / "segments").chmod(0o755)
    assert done.stdout.split() == ["5", "True", "LDG-not-writable"], done.stderr


def test_a_manifest_with_an_unfinished_log_is_not_half_read(tmp_path: Path, stored: Path, small_disk: Path) -> None:
    """A copy on read-only ground whose last batch stands in the write-ahead log only."""
    holder = sqlite3.connect(stored / MANIFEST)
    holder.execute("BEGIN")
    holder.execute("SELECT * FROM batch").fetchall()
    ingest(stored, [put(tmp_path / "more", more_csv=bank(5, "M"))])
    shutil.copytree(stored, small_disk / "copy", ignore=shutil.ignore_patterns("*-shm"))
    holder.close()
    assert open_ledger(small_disk / "copy").transfer_count == 10
    shutil.rmtree(small_disk / "copy")
    holder = sqlite3.connect(stored / MANIFEST)
    holder.execute("BEGIN")
    holder.execute("SELECT * FROM batch").fetchall()
    ingest(stored, [put(tmp_path / "third", third_csv=bank(5, "X"))])
    shutil.copytree(stored, small_disk / "copy", ignore=shutil.ignore_patterns("*-shm"))
    holder.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    refused(lambda: read_state(small_disk / "copy"), "LDG-manifest", "copy the folder to a disk that can be written")


@pytest.mark.parametrize("content", [b"", b"\0" * 8192, b"SQLite format 3\0" + b"\xff" * 4096, b"no database at all" * 99])
def test_a_spoilt_manifest_is_told_and_never_replaced(tmp_path: Path, stored: Path, content: bytes) -> None:
    (stored / MANIFEST).write_bytes(content)
    for job in (lambda: open_ledger(stored), lambda: ingest(stored, [tmp_path / "records"]), lambda: compact(stored)):
        refused(job, "LDG-manifest", "manifest")
    assert (stored / MANIFEST).read_bytes() == content
    assert [check.name for check in verify_store(stored) if not check.sound] == ["manifest"]


def test_any_flipped_byte_of_the_manifest_is_found_or_changes_nothing(stored: Path) -> None:
    """The free room of a database page holds nothing; all else is a value, or the form of the file."""
    path, chance = stored / MANIFEST, random.Random(5)
    sound, before = path.read_bytes(), read_state(stored)
    for _ in range(300):
        spoilt = bytearray(sound)
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
        path.write_bytes(spoilt)
        checks = verify_store(stored)
        assert not all(check.sound for check in checks) or read_state(stored) == before
        for left in stored.glob(f"{MANIFEST}-*"):
            left.unlink()


def test_a_missing_manifest_is_not_made_anew_where_there_are_segments(tmp_path: Path, stored: Path) -> None:
    (stored / MANIFEST).unlink()
    refused(lambda: open_ledger(stored), "LDG-no-ledger", "is not a ledger")
    refused(lambda: ingest(stored, [tmp_path / "records"]), "LDG-manifest", "holds segments but neither")
    assert len(list(stored.glob("segments/*.parquet"))) == 2


def test_a_manifest_set_back_refuses_to_write(tmp_path: Path, stored: Path) -> None:
    """Else the segments of the lost batches would be taken for what a crash left, and removed."""
    shutil.copy(stored / MANIFEST, tmp_path / "backup")
    for name in ("A", "B"):
        ingest(stored, [put(tmp_path / name, more_csv=bank(3, name))])
    shutil.copy(tmp_path / "backup", stored / MANIFEST)
    for path in stored.glob("segments/*"):
        os.utime(path, (0, 0))
    before = sorted(stored.glob("segments/*"))
    refused(lambda: ingest(stored, [tmp_path / "A"]), "LDG-manifest", "older than the folder, restore")
    assert sorted(stored.glob("segments/*")) == before


def test_a_manifest_another_program_has_locked_is_told(tmp_path: Path, stored: Path) -> None:
    other = sqlite3.connect(stored / MANIFEST)
    other.execute("BEGIN EXCLUSIVE")
    more = put(tmp_path / "more", more_csv=bank(5, "M"))
    assert open_ledger(stored).transfer_count == 5
    refused(lambda: ingest(stored, [more]), "LDG-manifest", "locked by another program")
    other.rollback()
    other.close()
    assert ingest(stored, [more]).batch == 2


def test_a_value_of_the_wrong_type_in_the_manifest_is_told(stored: Path) -> None:
    with sqlite3.connect(stored / MANIFEST) as connection:
        connection.execute("DROP TRIGGER segment_UPDATE")
        connection.execute("UPDATE segment SET rows = 'many'")
    connection.close()
    refused(lambda: open_ledger(stored), "LDG-manifest", "'many'.* wrong type")


def test_a_missing_segment_stops_the_opening_with_its_name(stored: Path) -> None:
    path = next(stored.glob("segments/*-transfers-*"))
    path.unlink()
    refused(lambda: open_ledger(stored), "LDG-segment", rf"{path.name} is missing; restore")
    assert any("is missing" in check.detail for check in verify_store(stored))


def test_a_segment_replaced_by_another_stops_the_opening(tmp_path: Path, stored: Path) -> None:
    ingest(tmp_path / "other", [put(tmp_path / "more", more_csv=bank(99))])
    path = next(stored.glob("segments/*-transfers-*"))
    shutil.copy(next((tmp_path / "other").glob("segments/*-transfers-*")), path)
    refused(lambda: open_ledger(stored), "LDG-segment", "bytes, the manifest says")


def test_a_damaged_segment_never_ends_in_a_traceback(stored: Path) -> None:
    """A flipped byte may go unnoticed until verify, but what is noticed is one clear line."""
    chance = random.Random(3)
    noticed = 0
    for path in sorted(stored.glob("segments/*")):
        sound = path.read_bytes()
        for _ in range(60):
            spoilt = bytearray(sound)
            spoilt[chance.randrange(len(sound))] ^= 1 << chance.randrange(8)
            path.write_bytes(spoilt)
            try:
                open_ledger(stored).transfers()
            except LiushuiError as error:
                noticed += error.code == "LDG-segment"
            assert not all(check.sound for check in verify_store(stored))
        path.write_bytes(sound)
    assert noticed > 20
