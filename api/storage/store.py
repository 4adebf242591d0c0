"""The service's database: SQLite in WAL mode beside the ledger, one writer at a time, full synchronisation."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text

from api.storage.tables import METADATA, TRIGGERS

FILE = "service.sqlite"


class Store:
    """An opened service database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view that nobody waits for."""
        with self._engine.connect() as connection:
            connection.execute(text("BEGIN"))
            try:
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: everything in it is kept, or nothing is."""
        with self._engine.connect() as connection:
            connection.execute(text("BEGIN IMMEDIATE"))
            try:
                yield connection
                connection.commit()
            except BaseException:
                connection.rollback()
                raise

    def close(self) -> None:
        """Give the file back."""
        self._engine.dispose()


def open_store(folder: Path) -> Store:
    """Open or create `service.sqlite` in the ledger folder, its tables and its triggers."""
    engine = create_engine(f"sqlite:///{folder / FILE}", connect_args={"check_same_thread": False, "timeout": 30})
    event.listen(engine, "connect", _prepare)
    store = Store(engine)
    with store.writing() as connection:
        METADATA.create_all(connection)
        for trigger in TRIGGERS:
            connection.execute(text(trigger))
    return store


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where `reading` and `writing` say so
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
