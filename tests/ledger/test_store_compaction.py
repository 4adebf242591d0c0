"""Compaction: fewer files, the same ledger row for row, and every digest as provable as before."""

from pathlib import Path

import pytest

from ledger import Ledger, open_ledger, verify_store
from ledger.ingest import ingest
from ledger.problems import LiushuiError
from ledger.records import TRANSFERS
from ledger.store.compaction import compact
from ledger.store.content import RowsDigest, state_content
from ledger.store.manifest import read_state
from tests.ledger.folders import bank, put

REPORTS = "report,victim,transfer,amount,reported\nR{n},victim,{id},1.00,2025-03-02T12:00:00+08:00\n"


@pytest.fixture
def many(tmp_path: Path, manifest: str | None) -> Path:
    """A ledger of five batches whose rows lie among each other in time."""
    folder = tmp_path / "ledger"
    for n in range(5):
        files = {
            "bank_csv": bank(40, f"B{n}-", 5 + n),
            "accounts_csv": f"account,kind,holder_name\n62220000{n},bank,李{n}\nsame,bank,name {n}\n",
            "reports_csv": REPORTS.format(n=n, id=f"B{n}-3"),
            "links_csv": f"kind,identifier,account\ndevice,D{n},62220000{n}\n",
        }
        ingest(folder, [put(tmp_path / f"r{n}", **files)], manifest=manifest)
    return folder


def same(one: Ledger, other: Ledger) -> bool:
    frames = ("accounts", "reports", "links", "decisions")
    equal = all(getattr(one, name).equals(getattr(other, name)) for name in frames)
    return equal and one.transfers().equals(other.transfers()) and one.files == other.files


def faults(folder: Path) -> list[str]:
    return [f"{check.name}: {check.detail}" for check in verify_store(folder) if not check.sound]


def test_the_ledger_is_the_same_before_and_after(many: Path) -> None:
    before, content = open_ledger(many), state_content(many, read_state(many))
    done = compact(many)
    state = read_state(many)
    assert (done.batch, done.segments_before, done.segments_after) == (6, 20, 4)
    assert sorted(segment.kind for segment in state.live) == ["accounts", "links", "reports", "transfers"]
    assert same(open_ledger(many), before)
    assert state.batches[-1].content == content == state_content(many, state)
    assert faults(many) == []


def test_the_past_still_opens_bit_for_bit(many: Path) -> None:
    before = {n: open_ledger(many, n) for n in range(1, 6)}
    compact(many)
    for n, ledger in before.items():
        again = open_ledger(many, n)
        assert (again.digest, again.batch) == (ledger.digest, n)
        assert same(again, ledger)


def test_batches_after_a_compaction_are_added_to_it_and_compacted_in_turn(many: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    for n in range(5):
        ingest(plain, [tmp_path / f"r{n}"])
    compact(many)
    later = put(tmp_path / "later", bank_csv=bank(20, "L"), accounts_csv="account,kind,holder_name\nsame,bank,later\n")
    for folder in (many, plain):
        ingest(folder, [later])
    assert same(open_ledger(many), open_ledger(plain))
    compact(many)
    assert same(open_ledger(many), open_ledger(plain))
    assert ingest(many, [tmp_path / "r3", later]).batch is None
    assert faults(many) == []


def test_a_second_compaction_finds_nothing_to_do(many: Path) -> None:
    compact(many)
    again = compact(many)
    assert (again.batch, again.segments_before, again.segments_after) == (None, 4, 4)


def test_files_are_dropped_only_after_the_grace_time_and_only_when_asked(many: Path) -> None:
    first = compact(many, drop=True)
    assert first.removed_files == 0
    assert first.waiting is not None
    assert 3500 < first.waiting <= 3600
    assert compact(many, grace_seconds=-1).removed_files == 0
    assert len(list(many.glob("segments/*.parquet"))) == 24
    before = open_ledger(many)
    done = compact(many, drop=True, grace_seconds=-1)
    assert (done.removed_files, done.waiting, done.kept_from) == (20, None, 6)
    assert len(list(many.glob("segments/*.parquet"))) == 4
    assert same(open_ledger(many), before)


def test_what_was_dropped_is_still_proven_by_the_chain_and_told_when_asked_for(many: Path) -> None:
    digests = [batch.digest for batch in read_state(many).batches]
    compact(many)
    compact(many, drop=True, grace_seconds=-1)
    assert faults(many) == []
    assert [batch.digest for batch in read_state(many).batches[:5]] == digests
    with pytest.raises(LiushuiError, match="dropped after a compaction; the earliest batch still kept is 6") as told:
        open_ledger(many, 5)
    assert told.value.code == "LDG-batch-dropped"
    assert open_ledger(many, 6).transfer_count == 200


def test_a_file_that_went_without_being_dropped_is_missing(many: Path) -> None:
    compact(many)
    path = sorted(many.glob("segments/000002-*"))[0]
    path.unlink()
    (found,) = faults(many)
    assert f"{path} is missing; restore the file from a backup; the rows themselves stand in the compaction" in found
    assert open_ledger(many).transfer_count == 200


def test_a_compaction_of_other_rows_is_found(many: Path) -> None:
    """Somebody puts together a compaction of their own, with digests and seals that fit."""
    from ledger.store.chain import Batch, chain_digest, upkeep_of
    from ledger.store.manifest import create, publish
    from ledger.store.segments import read_columns, write_segment

    state, engine = read_state(many), create(many)
    rows = read_columns(many, state.of_kind("transfers")[0], TRANSFERS.names)
    segments = [write_segment(many, 6, "transfers", rows)]
    plan = Batch(6, "2025-03-01T00:00:00+00:00", "test", "", state.digest, 1, 0, "0" * 64)
    digest = chain_digest(state.digest, segments, (), upkeep_of(plan))
    publish(engine, Batch(6, plan.created, "test", digest, state.digest, 1, 0, "0" * 64), segments, ())
    engine.dispose()
    assert any("does not hold the rows the compaction in batch 6 tells of" in fault for fault in faults(many))


def test_a_content_digest_does_not_depend_on_pieces_or_dictionaries_but_on_every_value() -> None:
    import pyarrow as pa

    texts = pa.chunked_array([["a", None, ""], ["bc", "d"]])
    numbers = pa.chunked_array([[1, 2, None], [4, 5]])
    table = pa.table({"t": texts, "n": numbers})

    def digest(*pieces: pa.Table) -> str:
        made = RowsDigest()
        for piece in pieces:
            made.add(piece)
        return made.hexdigest()

    whole = digest(table)
    assert whole == digest(table.slice(0, 1), table.slice(1, 3), table.slice(4, 1)) == digest(table.select(["n", "t"]))
    assert whole == digest(table.set_column(0, "t", texts.dictionary_encode()))
    others = [["a", "", None, "bc", "d"], ["a", None, "", "b", "cd"], ["a", None, "", "bc", "e"]]
    assert all(whole != digest(table.set_column(0, "t", pa.chunked_array([other]))) for other in others)
    assert whole != digest(table.set_column(1, "n", pa.chunked_array([[1, 2, 0, 4, 5]])))


def test_a_folder_that_is_no_ledger_is_not_made_one(tmp_path: Path) -> None:
    with pytest.raises(LiushuiError, match="is not a ledger"):
        compact(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
