"""The store is the same whichever database keeps its manifest: publishing, known files, digests, one writer."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger import open_ledger, verify_store
from ledger.ingest import ingest
from ledger.problems import LiushuiError
from ledger.store.chain import NO_DIGEST, Batch, Segment, chain_digest, seal_of
from ledger.store.locking import LOCK, writing
from ledger.store.manifest import create, publish, read_state, state_of
from tests.ledger.folders import bank, put


def test_a_ledger_is_the_same_on_both_manifests(tmp_path: Path, manifest: str | None) -> None:
    records = put(tmp_path / "records", bank_csv=bank(50), more_csv=bank(20, "M"))
    here = ingest(tmp_path / "here", [records / "bank.csv"])
    there = ingest(tmp_path / "there", [records / "bank.csv"], manifest=manifest)
    assert there.digest == here.digest
    here, there = (ingest(tmp_path / name, [records]) for name in ("here", "there"))
    assert (there.batch, there.digest, there.known) == (2, here.digest, ("bank.csv",))
    assert open_ledger(tmp_path / "there").transfers().equals(open_ledger(tmp_path / "here").transfers())
    assert [check for check in verify_store(tmp_path / "there") if not check.sound] == []


def test_the_same_file_again_changes_nothing(tmp_path: Path, manifest: str | None) -> None:
    records = put(tmp_path / "records", bank_csv=bank(5))
    first = ingest(tmp_path / "ledger", [records], manifest=manifest)
    again = ingest(tmp_path / "ledger", [records], manifest=manifest)
    assert (again.batch, again.known, again.digest) == (None, ("bank.csv",), first.digest)
    assert [problem.code for problem in again.problems] == ["LDG-already-there"]


def test_a_second_writer_is_told_who_writes(tmp_path: Path, manifest: str | None) -> None:
    records = put(tmp_path / "records", bank_csv=bank(5))
    ingest(tmp_path / "ledger", [records], manifest=manifest)
    with writing(tmp_path / "ledger"), pytest.raises(LiushuiError, match=r"written by another process \(number \d+\)") as told:
        ingest(tmp_path / "ledger", [records])
    assert told.value.code == "LDG-locked"
    assert ingest(tmp_path / "ledger", [records]).known == ("bank.csv",)


def test_a_lock_file_of_a_dead_process_is_no_lock(tmp_path: Path, manifest: str | None) -> None:
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger" / LOCK).write_text("4194303")
    assert ingest(tmp_path / "ledger", [put(tmp_path / "records", bank_csv=bank(5))], manifest=manifest).batch == 1


def test_the_batch_of_a_writer_that_was_overtaken_is_refused_whole(tmp_path: Path, manifest: str | None) -> None:
    """Two writers whose locks did not see each other: the unique digest of the batch before lets only one in."""
    folder = tmp_path / "ledger"
    ingest(folder, [put(tmp_path / "records", bank_csv=bank(5))], manifest=manifest)
    before = read_state(folder)
    engine = create(folder)
    late = Batch(3, "2025-03-01T00:00:00+00:00", "test", chain_digest(before.digest, (), ()), before.digest)
    publish(engine, Batch(2, late.created, "test", "e" * 64, before.digest), (), ())
    with pytest.raises(LiushuiError, match="another writer") as told:
        publish(engine, late, (), ())
    assert told.value.code == "LDG-overtaken"
    assert len(state_of(engine).batches) == 2
    engine.dispose()


@pytest.mark.parametrize("change", ["UPDATE batch SET created = ''", "DELETE FROM source", "UPDATE segment SET rows = 0"])
def test_published_rows_refuse_to_be_changed(tmp_path: Path, manifest: str | None, change: str) -> None:
    folder = tmp_path / "ledger"
    ingest(folder, [put(tmp_path / "records", bank_csv=bank(5))], manifest=manifest)
    before, engine = read_state(folder), create(folder)
    with pytest.raises(sa.exc.DBAPIError, match="published rows never change"), engine.begin() as connection:
        connection.exec_driver_sql(change)
    engine.dispose()
    assert read_state(folder) == before


@pytest.mark.parametrize(
    "name", ["a b", "流水 账本", "what?mode=memory", "half#way", "100%20", "it's", 'quo"te', "back\\slash"]
)
def test_a_ledger_may_have_any_name(tmp_path: Path, name: str, manifest: str | None) -> None:
    records = put(tmp_path / "records", bank_csv=bank(5))
    ingest(tmp_path / name, [records], manifest=manifest)
    assert open_ledger(tmp_path / name).transfer_count == 5
    assert all(check.sound for check in verify_store(tmp_path / name))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["records", name])


def test_a_link_to_a_ledger_is_the_ledger(tmp_path: Path, manifest: str | None) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    ingest(tmp_path / "link", [put(tmp_path / "records", bank_csv=bank(5))], manifest=manifest)
    ingest(tmp_path / "real", [put(tmp_path / "more", more_csv=bank(5, "M"))])
    assert open_ledger(tmp_path / "link").transfer_count == 10
    with writing(tmp_path / "link"), pytest.raises(LiushuiError, match="another process"):
        ingest(tmp_path / "real", [tmp_path / "records"])


def test_a_clock_that_goes_back_harms_nothing(tmp_path: Path, manifest: str | None) -> None:
    import os

    folder = tmp_path / "ledger"
    ingest(folder, [put(tmp_path / "records", bank_csv=bank(5))], manifest=manifest)
    state, engine = read_state(folder), create(folder)
    publish(engine, Batch(2, "1999-01-01T00:00:00+00:00", "test", chain_digest(state.digest, (), ()), state.digest), (), ())
    engine.dispose()
    for path in (folder / "segments").iterdir():
        os.utime(path, (2**32, 2**32))
    ingest(folder, [put(tmp_path / "more", more_csv=bank(5, "M"))])
    assert open_ledger(folder).transfer_count == 10
    assert all(check.sound for check in verify_store(folder))


def test_a_reader_sees_one_state_though_a_batch_is_published_between_its_queries(tmp_path: Path, manifest: str | None) -> None:
    folder = tmp_path / "ledger"
    ingest(folder, [put(tmp_path / "records", bank_csv=bank(5))], manifest=manifest)
    engine, torn, done = create(folder), [], threading.Event()

    def read() -> None:
        while not done.is_set():
            state = read_state(folder)
            seals = [NO_DIGEST, *(batch.seal for batch in state.batches)]
            for batch, seal in zip(state.batches, seals[:-1], strict=True):
                sources = [source for source in state.sources if source.batch == batch.number]
                segments = [segment for segment in state.segments if segment.batch == batch.number]
                if batch.seal != seal_of(seal, batch, segments, sources):
                    torn.append(batch.number)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(2, 120):
            state = state_of(engine)
            rows = [Segment(number, kind, f"segments/{kind}", 1, 1, "0" * 64) for kind in ("accounts", "links", "transfers")]
            publish(engine, Batch(number, "", "test", chain_digest(state.digest, rows, ()), state.digest), rows, ())
    finally:
        done.set()
        reader.join()
        engine.dispose()
    assert torn == []
