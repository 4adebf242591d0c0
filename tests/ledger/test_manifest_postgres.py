"""A manifest in PostgreSQL: where it is kept, who may write, and what happens when the database goes away."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger import open_ledger, verify_store
from ledger.ingest import ingest
from ledger.problems import LiushuiError
from ledger.store.database import ADDRESS, MANIFEST, Address, address_of, checked_url, keep_address, postgres_engine, translated
from ledger.store.locking import writing
from ledger.store.manifest import create, read_state, state_of
from tests.ledger.folders import bank, put
from tests.postgres import Server, new_server

WRITER = """
import sys
from pathlib import Path
from ledger.store.manifest import create
engine = create(Path(sys.argv[1]))
print("writing", flush=True)
sys.stdin.readline()
engine.dispose()
"""


@pytest.fixture
def stored(tmp_path: Path, postgres: Server) -> Path:
    ingest(tmp_path / "ledger", [put(tmp_path / "records", bank_csv=bank(5))], manifest=postgres.url)
    return tmp_path / "ledger"


@pytest.fixture
def fragile() -> Iterator[Server]:
    """A server that a test may stop; it is gone with its test."""
    server = new_server()
    yield server
    server.stop_if_running()
    shutil.rmtree(server.home)


def test_the_folder_remembers_where_its_manifest_is(stored: Path, postgres: Server) -> None:
    assert not (stored / MANIFEST).exists()
    assert address_of(stored) == Address(postgres.url, open_address(stored)["ledger"])
    assert open_ledger(stored).transfer_count == 5
    assert [check for check in verify_store(stored) if not check.sound] == []


def open_address(folder: Path) -> dict[str, str]:
    import tomllib

    return tomllib.loads((folder / ADDRESS).read_text("utf-8"))


def test_many_ledgers_share_a_database(tmp_path: Path, postgres: Server) -> None:
    """Also two of the same records: digests are unique in a ledger, not in the database."""
    records = put(tmp_path / "records", bank_csv=bank(5))
    results = [ingest(tmp_path / name, [records], manifest=postgres.url) for name in ("one", "two")]
    assert [(result.batch, result.digest) for result in results] == [(1, results[0].digest)] * 2
    ingest(tmp_path / "one", [put(tmp_path / "more", more_csv=bank(5, "M"))])
    assert [open_ledger(tmp_path / name).transfer_count for name in ("one", "two")] == [10, 5]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://desk:secret@db/fraud",
        "postgresql+psycopg://desk@db/fraud?password=secret",
        "postgresql+psycopg://db/fraud?sslpassword=secret",
        "mysql://db/fraud",
        "postgresql+psycopg2://db/fraud",
        "secret",
        "",
    ],
)
def test_a_url_with_a_password_or_of_another_database_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(LiushuiError) as told:
        ingest(tmp_path / "ledger", [put(tmp_path / "records", bank_csv=bank(5))], manifest=url)
    assert told.value.code == "LDG-manifest-url"
    assert "secret" not in str(told.value)
    assert not (tmp_path / "ledger" / ADDRESS).exists()


def test_a_ledger_keeps_the_manifest_it_was_begun_with(tmp_path: Path, stored: Path, postgres: Server) -> None:
    records = tmp_path / "records"
    ingest(tmp_path / "embedded", [records])
    with pytest.raises(LiushuiError, match=f"is {MANIFEST}; a ledger keeps the manifest it was begun with"):
        ingest(tmp_path / "embedded", [records], manifest=postgres.url)
    with pytest.raises(LiushuiError, match="a ledger keeps the manifest it was begun with"):
        ingest(stored, [records], manifest="postgresql://elsewhere/fraud")
    assert ingest(stored, [records], manifest=postgres.url).known == ("bank.csv",)


@pytest.mark.parametrize(
    "text", ["", "url = 3", 'url = "postgresql://db/x"', "]", 'url = "postgresql://db/x"\nledger = "x; DROP"']
)
def test_a_spoilt_manifest_toml_is_told(stored: Path, text: str) -> None:
    (stored / ADDRESS).write_text(text)
    for job in (read_state, create):
        with pytest.raises(LiushuiError, match=r"manifest\.toml"):
            job(stored)


def test_a_schema_that_is_gone_is_never_made_anew(tmp_path: Path, stored: Path, postgres: Server) -> None:
    address = address_of(stored)
    assert address
    keep_address(stored, Address(address.url, "0" * 32))
    for job in (read_state, create):
        with pytest.raises(LiushuiError, match="holds no manifest of this ledger"):
            job(stored)
    keep_address(stored, address)
    assert open_ledger(stored).transfer_count == 5


def test_a_writer_on_another_machine_keeps_this_one_out(tmp_path: Path, stored: Path) -> None:
    """The other machine has a folder of its own with the same manifest.toml: no lock file is shared."""
    other = tmp_path / "elsewhere"
    shutil.copytree(stored, other)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(other)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == "writing\n"
        records = put(tmp_path / "more", more_csv=bank(5, "M"))
        with pytest.raises(LiushuiError, match=rf"another process \(liushui \S+ {writer.pid}\)") as told:
            ingest(stored, [records])
        assert told.value.code == "LDG-locked"
        assert open_ledger(stored).transfer_count == 5
        writer.communicate("done\n")
    assert ingest(stored, [records]).batch == 2


def test_a_killed_writer_holds_no_lock(tmp_path: Path, stored: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(stored)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == b"writing\n"
        writer.kill()
    assert ingest(stored, [put(tmp_path / "more", more_csv=bank(5, "M"))]).batch == 2


def test_a_database_that_is_away_is_told_and_the_same_command_then_completes(tmp_path: Path, fragile: Server) -> None:
    folder, records = tmp_path / "ledger", put(tmp_path / "records", bank_csv=bank(5))
    ingest(folder, [records], manifest=fragile.url)
    more = put(tmp_path / "more", more_csv=bank(5, "M"))
    fragile.stop()
    for job in (lambda: ingest(folder, [more]), lambda: open_ledger(folder)):
        with pytest.raises(LiushuiError, match="cannot be reached") as told:
            job()
        assert told.value.code == "LDG-manifest"
        assert "\n" not in str(told.value)
    assert [check.name for check in verify_store(folder)] == ["manifest"]
    fragile.start()
    assert ingest(folder, [more]).batch == 2
    assert open_ledger(folder).transfer_count == 10


def test_a_database_that_goes_away_in_the_middle_loses_nothing(tmp_path: Path, fragile: Server) -> None:
    """It stops while the records are read, so the batch cannot be published."""
    folder, records = tmp_path / "ledger", put(tmp_path / "records", bank_csv=bank(5))
    ingest(folder, [records], manifest=fragile.url)
    more, stages = put(tmp_path / "more", more_csv=bank(5, "M")), []

    def stop(stage: str, *_told: object) -> None:
        stages.append(stage)
        if stage == "publishing":
            fragile.stop()

    with pytest.raises(LiushuiError, match="cannot be reached"):
        ingest(folder, [more], progress=stop)
    assert "publishing" in stages
    fragile.start()
    assert open_ledger(folder).transfer_count == 5
    assert ingest(folder, [more]).batch == 2
    assert [check for check in verify_store(folder) if not check.sound] == []


def test_a_restart_in_the_middle_of_an_ingest_is_not_even_noticed(tmp_path: Path, fragile: Server) -> None:
    folder, records = tmp_path / "ledger", put(tmp_path / "records", bank_csv=bank(5))

    def restart(stage: str, *_told: object) -> None:
        if stage == "publishing":
            fragile.stop()
            fragile.start()

    assert ingest(folder, [records], manifest=fragile.url, progress=restart).batch == 1
    assert open_ledger(folder).transfer_count == 5


def test_an_error_of_the_database_never_tells_values(stored: Path) -> None:
    """A source's name is written by whoever made the file; PostgreSQL quotes the whole row."""
    engine = create(stored)
    with pytest.raises(LiushuiError) as told, translated(engine), engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO source (number, name) VALUES (7, :name)"), {"name": "李四"})
    engine.dispose()
    assert "李四" in str(told.value.__cause__)
    assert "李四" not in str(told.value)


def test_the_lock_of_the_folder_counts_too(tmp_path: Path, stored: Path) -> None:
    with writing(stored), pytest.raises(LiushuiError, match="another process"):
        ingest(stored, [tmp_path / "records"])


def test_a_reader_needs_no_lock(stored: Path) -> None:
    writer = create(stored)
    address = address_of(stored)
    assert address
    assert state_of(postgres_engine(address)).batch == read_state(stored).batch == 1
    writer.dispose()


def test_a_url_is_kept_in_one_spelling() -> None:
    assert checked_url("postgresql://desk@db:5433/fraud?sslmode=require") == (
        "postgresql+psycopg://desk@db:5433/fraud?sslmode=require"
    )
