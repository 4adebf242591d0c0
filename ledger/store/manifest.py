"""The manifest: which batches, segments and sources a ledger consists of. Segments count only once they stand here."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import astuple, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from ledger.problems import LiushuiError
from ledger.store.chain import NO_DIGEST, Batch, Segment, Source, State, chain_digest, seal_of
from ledger.store.database import (
    ADDRESS,
    MANIFEST,
    Address,
    address_of,
    cannot_write,
    checked_url,
    keep_address,
    new_address,
    postgres_engine,
    settle,
    sqlite_engine,
    translated,
)

__all__ = [
    "MANIFEST",
    "NO_DIGEST",
    "Batch",
    "Segment",
    "Source",
    "State",
    "chain_digest",
    "create",
    "is_ledger",
    "publish",
    "read_state",
    "state_of",
]

_META = sa.MetaData()
BATCH = sa.Table(
    "batch",
    _META,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("created", sa.String(32), nullable=False),
    sa.Column("engine", sa.String(32), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("previous", sa.String(64), nullable=False, unique=True),
    sa.Column("replaces", sa.Integer, nullable=False),
    sa.Column("drops", sa.Integer, nullable=False),
    sa.Column("content", sa.String(64), nullable=False),
    sa.Column("seal", sa.String(64), nullable=False, unique=True),
)
SEGMENT = sa.Table(
    "segment",
    _META,
    sa.Column("batch", sa.Integer, sa.ForeignKey("batch.number"), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("path", sa.String(200), nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
)
SOURCE = sa.Table(
    "source",
    _META,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("problems", sa.BigInteger, nullable=False),
    sa.Column("batch", sa.Integer, sa.ForeignKey("batch.number"), nullable=False),
)

Row = TypeVar("Row", Batch, Segment, Source)


def create(folder: Path, url: str | None = None) -> sa.Engine:
    """Open the manifest for writing, making it where there is none.

    Args:
        url: of a PostgreSQL database that is to hold the manifest of a new ledger. None: what the ledger has, else SQLite.
    Raises LiushuiError when the ledger keeps its manifest elsewhere, another process writes it, or the database is away.
    """
    address, path = address_of(folder), folder / MANIFEST
    if url is not None and (address is not None or path.exists()):
        _refuse_other(folder, address, checked_url(url))
    if address is None and not path.exists():
        _refuse_headless(folder)
        address = _make(folder, url)
    engine = sqlite_engine(path) if address is None else postgres_engine(address, writer=True)
    try:
        _refuse_older(folder, state_of(engine))
    except LiushuiError:
        engine.dispose()
        raise
    return engine


def _refuse_other(folder: Path, address: Address | None, url: str) -> None:
    if address is None or address.url != url:
        told = f"the manifest of {folder} is {MANIFEST}" if address is None else f"{folder / ADDRESS} says {address.url}"
        raise LiushuiError("LDG-manifest-url", f"{told}; a ledger keeps the manifest it was begun with")


def _refuse_headless(folder: Path) -> None:
    """Segments never come before their manifest: where there are some, it was lost, and a new one would orphan them."""
    if any((folder / "segments").glob("*.parquet")):
        cause = f"{folder} holds segments but neither {MANIFEST} nor {ADDRESS}; restore it from a backup"
        raise LiushuiError("LDG-manifest", cause)


def _refuse_older(folder: Path, state: State) -> None:
    """A crash leaves segments of the next batch at most; later ones mean that the manifest was set back."""
    later = sorted(
        path.name for path in (folder / "segments").glob("[0-9]*.parquet") if path.name[:6] > f"{state.batch + 1:06d}"
    )
    if later:
        cause = f"the manifest of {folder} ends with batch {state.batch} but segments/{later[0]} is of a later one"
        raise LiushuiError("LDG-manifest", f"{cause}; the manifest is older than the folder, restore the last backup of it")


def _make(folder: Path, url: str | None) -> Address | None:
    """An empty manifest appears whole or not at all."""
    if url is None:
        path = folder / MANIFEST
        temporary = path.with_name(f".{MANIFEST}.tmp")
        temporary.unlink(missing_ok=True)
        engine = sqlite_engine(temporary, "mode=rwc")
        with translated(engine):
            _fill(engine)
            with closing(engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA journal_mode=WAL")
        settle(temporary, path)
        return None
    address = new_address(url)
    engine = postgres_engine(address, writer=True)
    with translated(engine):
        _fill(engine, address.schema)
    engine.dispose()
    keep_address(folder, address)
    return address


def _fill(engine: sa.Engine, schema: str = "") -> None:
    """The empty tables, and triggers by which a published row refuses to be changed."""
    with engine.begin() as connection:
        if schema:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
            told = "BEGIN RAISE EXCEPTION 'published rows never change'; END"
            connection.exec_driver_sql(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {told} $$")
        _META.create_all(connection, checkfirst=False)
        for table in _META.tables:
            if schema:
                events = "UPDATE OR DELETE OR TRUNCATE"
                trigger = f"CREATE TRIGGER {table}_keeps BEFORE {events} ON {table} EXECUTE FUNCTION refuse()"
                connection.exec_driver_sql(trigger)
                continue
            for event in ("UPDATE", "DELETE"):
                refusal = "SELECT RAISE(ABORT, 'published rows never change');"
                connection.exec_driver_sql(f"CREATE TRIGGER {table}_{event} BEFORE {event} ON {table} BEGIN {refusal} END")


def is_ledger(folder: Path) -> bool:
    """True when the folder has a manifest."""
    return (folder / MANIFEST).is_file() or (folder / ADDRESS).is_file()


def read_state(folder: Path) -> State:
    """What is published. Raises LiushuiError where there is no ledger, or its manifest cannot be read."""
    address, path = address_of(folder), folder / MANIFEST
    if address is not None:
        return state_of(postgres_engine(address))
    if not path.is_file():
        raise LiushuiError("LDG-no-ledger", f"{folder} is not a ledger: it has no {MANIFEST}")
    try:
        return state_of(sqlite_engine(path))
    except LiushuiError as error:
        if not cannot_write(error.__cause__):
            raise
        return _read_still(path, error)


def _read_still(path: Path, cause: LiushuiError) -> State:
    """The manifest on ground that cannot be written, where SQLite cannot keep its own files beside it."""
    for _ in range(3):
        before = _stamp(path)
        state = state_of(sqlite_engine(path, "mode=ro&immutable=1"))
        if _stamp(path) == before:  # nobody wrote meanwhile
            return state
    raise cause


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when the file does. Raises LiushuiError where the last batch stands in a log that cannot be read here."""
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        told = f"{path} has an unfinished log beside it; copy the folder to a disk that can be written, and open it there"
        raise LiushuiError("LDG-manifest", told)
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


def state_of(engine: sa.Engine) -> State:
    """What is published, in one transaction."""
    with translated(engine), engine.connect() as connection:
        return State(
            _rows(connection, Batch, sa.select(BATCH).order_by(BATCH.c.number)),
            _rows(connection, Segment, sa.select(SEGMENT).order_by(SEGMENT.c.batch, SEGMENT.c.kind)),
            _rows(connection, Source, sa.select(SOURCE).order_by(SOURCE.c.number)),
        )


def _rows(connection: sa.Connection, form: type[Row], query: sa.Select[Any]) -> tuple[Row, ...]:
    found = tuple(form(*row) for row in connection.execute(query))
    for row in found:  # SQLite keeps a text where a number belongs
        if any(type(getattr(row, field.name)) is not field.type for field in fields(form)):
            place = f"{connection.engine.url.database}: the row {astuple(row)} of {form.__name__.lower()}"
            raise LiushuiError("LDG-manifest", f"{place} holds a value of the wrong type; restore the manifest from a backup")
    return found


def publish(engine: sa.Engine, batch: Batch, segments: Sequence[Segment], sources: Sequence[Source]) -> None:
    """The one transaction that makes a batch real.

    Raises LiushuiError when another writer was first, the disk is full or the database is away; then nothing is published,
    except that a database which goes away during the commit itself may have done it: the next `ingest` sees it.
    """
    with translated(engine), engine.begin() as connection:
        before = connection.execute(sa.select(BATCH.c.seal).where(BATCH.c.digest == batch.previous)).scalar()
        sealed = replace(batch, seal=seal_of(before or NO_DIGEST, batch, segments, sources))
        connection.execute(sa.insert(BATCH), [vars(sealed)])
        if segments:
            connection.execute(sa.insert(SEGMENT), [vars(segment) for segment in segments])
        if sources:
            connection.execute(sa.insert(SOURCE), [vars(source) for source in sources])
