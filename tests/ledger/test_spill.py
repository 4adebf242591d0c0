"""Rows that wait on the disk: what is published is the same, and nothing of them is left behind."""

import gzip
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import open_ledger, verify_store
from ledger.batch.dealing import in_order, regrouped
from ledger.batch.loose import WORDS
from ledger.batch.names import Names, new_key, occurring
from ledger.batch.spill import Room, Shelf
from ledger.containers import Limits
from ledger.ingest import IngestResult, ingest
from tests.ledger.folders import BANK, bank, put

NO_MEMORY = Limits(rows_bytes=0)
ROWS = 20_000


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """All kinds, packed files, ids repeated within and across files, rows in no order."""
    chance = random.Random(3)
    lines = bank(ROWS).splitlines()[1:]
    chance.shuffle(lines)
    again = [line.replace(",1.", ",2.") if number % 3 else line for number, line in enumerate(lines[:50])]
    more = f"{BANK},status,channel,reverses,reference,remark,branch\n" + "".join(
        f"{line.replace('T', 'U', 1)},{chance.choice(['done', 'failed', 'reversed', ''])},c{number % 7},"
        f"{f'U{number}' if number % 11 == 0 else ''},{f'R{number % 500}' if number % 2 else ''},r{number},b\n"
        for number, line in enumerate(lines[:5000])
    )
    return put(
        tmp_path / "records",
        a_csv="\n".join([BANK, *lines[: ROWS // 2], *again]) + "\n",
        **{"b.csv_gz": gzip.compress("\n".join([BANK, *lines[ROWS // 2 :]]).encode())},
        c_csv=more,
        w_csv=f"{BANK},operation\n" + "".join(f"{line.replace('T', 'W', 1)},refund\n" for line in lines[:300]),
        g_csv="event,time,operation,card,issuer,face,amount,account\n"
        "G1,2025-03-01T09:00:00+08:00,purchase,C1,suning,1000,1000,622200003\n"
        "G2,2025-03-01T09:10:00+08:00,redemption,C1,,,970,recycler\n",
        q_csv="event,time,operation,qq,quantity,amount,account\nQ1,2025-03-02T09:05:00+08:00,purchase,1,50,48.50,622200003\n",
        acc_csv="account,kind,holder_name\n622200003,bank,李四\n",
        rep_csv="report,victim,transfer\nR1,v,T7\nR2,v,U9\nR3,v,nothing\n",
    )


def test_a_spilled_ingest_publishes_the_same_bytes(tmp_path: Path, mixed: Path) -> None:
    plain = ingest(tmp_path / "plain", [mixed])
    spilled = ingest(tmp_path / "spilled", sorted(mixed.iterdir(), reverse=True), limits=NO_MEMORY)
    assert plain.transfers > ROWS + 5000
    assert spilled == plain
    segments = [sorted((p.name, p.read_bytes()) for p in (tmp_path / n / "segments").iterdir()) for n in ("plain", "spilled")]
    assert segments[0] == segments[1]
    assert not (tmp_path / "spilled" / ".scratch").exists()


def test_a_later_spilled_batch_finds_the_same_repeats(tmp_path: Path, mixed: Path) -> None:
    later = put(tmp_path / "later", z_csv=bank(ROWS + 10).replace("T5,", "T5 ,"), y_csv=bank(40).replace(",1.0", ",7.0"))
    results: list[IngestResult] = []
    for name, limits in (("plain", Limits()), ("spilled", NO_MEMORY)):
        ingest(tmp_path / name, [mixed], limits=limits)
        results.append(ingest(tmp_path / name, [later], limits=limits))
    assert results[0] == results[1]
    assert results[0].transfers == 10


def test_rows_are_in_ledger_order_whatever_the_memory(tmp_path: Path, mixed: Path) -> None:
    ingest(tmp_path / "ledger", [mixed], limits=NO_MEMORY)
    rows = open_ledger(tmp_path / "ledger").transfers("time", "line", "transfer")
    told = list(zip(rows["time"], rows["line"], rows["transfer"], strict=True))
    assert told == sorted(told)


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    bucket=st.integers(1, 12),
    memory=st.sampled_from([0, 60, 1 << 20]),
    data=st.data(),
)
@settings(deadline=None)
def test_dealt_rows_come_in_the_order_asked_for(sizes: list[int], bucket: int, memory: int, data: st.DataObject) -> None:
    count = sum(sizes)
    left = data.draw(st.permutations(range(count)))[data.draw(st.integers(0, count)) :]
    starts = np.cumsum([0, *sizes])
    pieces = [
        pa.table({"row": np.arange(start, start + size), **({"text": [f"x{start}"] * size} if size % 2 else {})})
        for start, size in zip(starts, sizes, strict=False)
    ]
    with tempfile.TemporaryDirectory() as folder:
        names = iter(range(1000))
        room = Room(lambda: Path(folder) / str(next(names)), memory)
        got = list(in_order(pieces, np.array(left, np.int64), count, room, bucket))
        assert [row for table in got for row in table["row"].to_pylist()] == left
        assert all(table.num_rows == bucket for table in got[:-1])
        assert (room.used_bytes, list(Path(folder).iterdir())) == (0, [])


@given(sizes=st.lists(st.integers(0, 9), max_size=6), bucket=st.integers(1, 12))
def test_regrouped_rows_keep_their_order(sizes: list[int], bucket: int) -> None:
    starts = np.cumsum([0, *sizes])
    pieces = [pa.table({"row": np.arange(start, start + size)}) for start, size in zip(starts, sizes, strict=False)]
    got = list(regrouped(pieces, bucket))
    assert [row for table in got for row in table["row"].to_pylist()] == list(range(sum(sizes)))
    assert all(table.num_rows == bucket for table in got[:-1])


TEXTS = st.lists(st.one_of(st.sampled_from(["", "a", "12345678", "123456789", "长"]), st.text(max_size=20)), max_size=30)


@given(texts=TEXTS, more=TEXTS)
@settings(deadline=None)  # the first call may compile
def test_names_give_every_text_one_code(texts: list[str], more: list[str]) -> None:
    names, told = Names(new_key()), [*texts, *more]
    codes = [*names.codes(pa.array(texts, pa.string())), *names.codes(pa.array(["x", *more], pa.string()).slice(1))]
    assert names.texts().to_pylist() == list(dict.fromkeys(told))
    assert [names.texts()[int(code)].as_py() for code in codes] == told
    assert names.named(np.array([*codes, -1], np.int32)).to_pylist() == [*told, None]


def test_a_few_texts_are_found_in_a_long_column() -> None:
    texts = pa.array([f"T{number}" for number in range(700_000)])
    column = pa.chunked_array([texts, texts.slice(5), pa.array([None], pa.string())])
    found = occurring(column, pa.array(["T4", "T699999", "U"]))
    assert np.flatnonzero(found).tolist() == [4, 699_999, 1_399_994]


def test_texts_that_share_a_hash_keep_codes_of_their_own() -> None:
    names = Names(np.zeros(4, np.uint64))  # under this key all hashes are equal
    texts = ["a", "b", "", "12345678", "12345679", "b", "a"]
    assert names.codes(pa.array(texts)).tolist() == [0, 1, 2, 3, 4, 1, 0]


def test_names_grow_beyond_their_first_table() -> None:
    names = Names(new_key())
    texts = [f"{number:x}" * (number % 40) for number in range(30_000)]
    codes = names.codes(pa.array(texts))
    assert names.texts().take(pa.array(codes)).to_pylist() == texts
    assert names.count == len(set(texts))


def test_a_shelf_gives_back_what_was_put_there(tmp_path: Path) -> None:
    shelf = Shelf(Room(lambda: tmp_path / "file", 100))
    tables = [pa.table({"a": list(range(size))}) for size in (5, 100, 0, 3)]
    kept = [shelf.put(table) for table in tables]
    assert [one.read() for one in kept] == tables
    assert list(shelf.taken()) == tables
    assert (list(tmp_path.iterdir()), shelf.room.used_bytes) == ([], 0)


CHILD = """
import sys
from pathlib import Path
from ledger.containers import Limits
from ledger.ingest import ingest
from ledger.problems import LiushuiError
try:
    ingest(Path(sys.argv[1]), [Path(sys.argv[2])], limits=Limits(rows_bytes=int(sys.argv[3])))
except LiushuiError as error:
    sys.exit(f"{error.code}: {error}")
"""


@pytest.mark.parametrize(("memory", "most"), [(0, 200_000), (1 << 30, 100_000)])
def test_a_full_disk_is_a_clear_error_and_leaves_nothing(tmp_path: Path, memory: int, most: int) -> None:
    """No file may grow beyond so many bytes: what waits, or else the segment, does not fit."""
    records, home = put(tmp_path / "records", bank_csv=bank(3 * ROWS)), tmp_path / "ledger"
    ingest(home, [put(tmp_path / "first", bank_csv=bank(3, "A"))])
    before = open_ledger(home).digest
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(home), str(records), str(memory)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )
    assert child.stderr.strip().splitlines()[-1].startswith("LDG-not-writable: ")
    assert "Traceback" not in child.stderr
    assert open_ledger(home).digest == before
    assert all(check.sound for check in verify_store(home))
    assert not (home / ".scratch").exists()
    assert not list((home / "segments").glob(".*"))


def test_every_word_column_of_a_transfer_is_coded() -> None:
    assert set(WORDS) == {"currency", "operation", "channel", "status", "witness"}
