"""Verify finds whatever was changed behind the ledger's back, names the place, and says what to do."""

import random
import shutil
import sqlite3
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from ledger import verify_store
from ledger.ingest import ingest
from ledger.store.compaction import compact
from ledger.store.database import address_of, postgres_engine, sqlite_engine
from ledger.store.manifest import MANIFEST, read_state
from tests.ledger.folders import bank, put

TABLES = {"batch": "number", "segment": "batch, kind", "source": "number"}


@pytest.fixture
def stored(tmp_path: Path, manifest: str | None) -> Path:
    """A ledger of two batches of records and a compaction."""
    folder = tmp_path / "ledger"
    accounts = "account,kind,holder_name\nA1,bank,李四\n"
    ingest(folder, [put(tmp_path / "one", bank_csv=bank(40), accounts_csv=accounts)], manifest=manifest)
    ingest(folder, [put(tmp_path / "two", more_csv=bank(30, "M"))])
    compact(folder)
    return folder


def faults(folder: Path) -> dict[str, str]:
    return {check.name: check.detail for check in verify_store(folder) if not check.sound}


def change(folder: Path, statement: str, **values: object) -> None:
    """Change the manifest as somebody with a database tool would: the triggers are taken away first."""
    address = address_of(folder)
    engine = sqlite_engine(folder / MANIFEST) if address is None else postgres_engine(address)
    with engine.connect() as connection:
        for table in TABLES:
            names = [f"{table}_UPDATE", f"{table}_DELETE"] if address is None else [f"{table}_keeps"]
            for name in names:
                connection.exec_driver_sql(f"DROP TRIGGER {name}" + (f" ON {table}" if address else ""))
        if address is None:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")  # as a superuser may: no foreign keys
        connection.execute(sa.text(statement), values)
        connection.commit()
    engine.dispose()


def test_a_sound_ledger_is_sound(stored: Path) -> None:
    names = [check.name for check in verify_store(stored)]
    assert faults(stored) == {}
    assert names[:3] == ["batch 1", "batch 2", "batch 3"]
    assert names[-1] == "compaction 3"
    assert len(names) == 3 + 5 + 1


def test_a_flipped_byte_of_any_segment_is_found_and_named(stored: Path) -> None:
    chance = random.Random(11)
    paths = sorted((stored / "segments").iterdir())
    for path in paths:
        sound = path.read_bytes()
        places = {0, len(sound) - 1, len(sound) - 6, *(chance.randrange(len(sound)) for _ in range(12))}
        for place in sorted(places):
            spoilt = bytearray(sound)
            spoilt[place] ^= 1 << chance.randrange(8)
            path.write_bytes(spoilt)
            ((name, detail),) = faults(stored).items()
            assert name == f"segments/{path.name}"
            assert "has SHA-256" in detail
            assert "restore the file from a backup" in detail
        path.write_bytes(sound)
    assert faults(stored) == {}


@pytest.mark.parametrize("table", TABLES)
def test_any_changed_value_of_the_manifest_is_found_and_named(stored: Path, table: str) -> None:
    """Every value of every row, one at a time; a copy of the database tells what it was."""
    state = read_state(stored)
    rows = {"batch": state.batches, "segment": state.segments, "source": state.sources}[table]
    before = [{name: value for name, value in vars(row).items() if name in row.__dataclass_fields__} for row in rows]
    first = True
    for row in before:
        keys = {f"key_{name}": row[name] for name in TABLES[table].split(", ")}
        for name, value in row.items():
            changed = value + 7 if isinstance(value, int) else _other(value)
            where = " AND ".join(f"{key} = :key_{key}" for key in TABLES[table].split(", "))
            change_once = change if first else _update
            change_once(stored, f"UPDATE {table} SET {name} = :changed WHERE {where}", changed=changed, **keys)
            first = False
            found = faults(stored)
            assert found, (table, row, name)
            number = row["number"] if table == "batch" else row["batch"]
            assert any(str(number) in one or str(changed) in found[one] for one in found), (name, found)
            moved = {f"key_{key}": changed if key == name else row[key] for key in TABLES[table].split(", ")}
            _update(stored, f"UPDATE {table} SET {name} = :changed WHERE {where}", changed=value, **moved)
    assert faults(stored) == {}


def _other(text: str) -> str:
    return ("f" if text[:1] != "f" else "e") + text[1:]


def _update(folder: Path, statement: str, **values: object) -> None:
    address = address_of(folder)
    if address is None:
        with sqlite3.connect(folder / MANIFEST) as connection:  # without foreign keys
            connection.execute(statement, values)
        connection.close()
        return
    engine = postgres_engine(address)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET session_replication_role = replica")
        connection.execute(sa.text(statement), values)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("DELETE FROM batch WHERE number = 1", "batch 2"),
        ("DELETE FROM batch WHERE number = 3", "batch 3"),
        ("DELETE FROM source WHERE number = 2", "batch 2"),
        ("DELETE FROM segment WHERE batch = 1 AND kind = 'accounts'", "batch 1"),
        (
            "INSERT INTO segment SELECT batch, 'links', path, rows, bytes, sha256 FROM segment WHERE batch = 2 LIMIT 1",
            "batch 2",
        ),
        ("INSERT INTO source SELECT 9, '', name, format, bytes, rows, problems, 1 FROM source WHERE number = 1", "batch 1"),
        ("INSERT INTO source SELECT 9, '', name, format, bytes, rows, problems, 8 FROM source WHERE number = 1", "batch 8"),
    ],
)
def test_rows_added_or_removed_are_found(stored: Path, statement: str, named: str) -> None:
    change(stored, statement)
    assert named in faults(stored)


def test_the_manifest_of_an_earlier_day_is_found_older_than_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    ingest(folder, [put(tmp_path / "one", bank_csv=bank(4))])
    shutil.copy(folder / MANIFEST, tmp_path / "backup")
    for name in ("A", "B"):
        ingest(folder, [put(tmp_path / name, more_csv=bank(3, name))])
    shutil.copy(tmp_path / "backup", folder / MANIFEST)
    assert any("older than the folder" in detail for detail in faults(folder).values())


def test_missing_cut_and_foreign_segments_are_told_apart(stored: Path) -> None:
    paths = sorted(stored.glob("segments/*-transfers-*.parquet"))
    paths[0].rename(stored / "away")
    paths[1].write_bytes(paths[1].read_bytes()[:-9])
    table = pq.read_table(paths[2])
    pq.write_table(table.slice(0, 1), stored / "more")
    shutil.copy(sorted(stored.glob("segments/000003-accounts-*"))[0], paths[2])
    found = faults(stored)
    assert "is missing; restore the file" in found[f"segments/{paths[0].name}"]
    assert "bytes, the manifest says" in found[f"segments/{paths[1].name}"]
    assert "bytes, the manifest says" in found[f"segments/{paths[2].name}"]
    assert "read from bank.csv" not in found[f"segments/{paths[2].name}"]


def test_verify_tells_how_far_it_is(stored: Path) -> None:
    told: list[tuple[str, int, int]] = []
    verify_store(stored, lambda *step: told.append(step))
    assert [stage for stage, _, _ in told] == ["segments"] * 5
    assert all(0 <= done < total for _, done, total in told)
