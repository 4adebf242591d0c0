"""Where a manifest is kept: `manifest.sqlite` in the ledger folder, or a schema in PostgreSQL that `manifest.toml` names."""

import hashlib
import os
import socket
import sqlite3
import tomllib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from ledger.problems import LiushuiError

MANIFEST = "manifest.sqlite"
ADDRESS = "manifest.toml"
DRIVER = "postgresql+psycopg"
BUSY_SECONDS = 5
CONNECT_SECONDS = 10

_SECRETS = ("password", "sslpassword")
_CANNOT_WRITE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)


@dataclass(frozen=True)
class Address:
    """A manifest in PostgreSQL. url: without a password; ledger: 32 hexadecimal digits, one schema each."""

    url: str
    ledger: str

    @property
    def schema(self) -> str:
        """The schema that holds this ledger's tables."""
        return f"liushui_{self.ledger}"

    @property
    def lock(self) -> int:
        """The number of the advisory lock its writer holds."""
        return int.from_bytes(hashlib.sha256(self.schema.encode()).digest()[:8], "big", signed=True)


def new_address(url: str) -> Address:
    """An address nobody has used. Raises LiushuiError when the url is not one of PostgreSQL, or holds a password."""
    return Address(checked_url(url), uuid.uuid4().hex)


def checked_url(text: str) -> str:
    """The url as it may stand in a file; it is never quoted in an error, for it may hold a password."""
    wanted = f"a manifest url looks like {DRIVER}://user@host/database"
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise LiushuiError("LDG-manifest-url", wanted) from None
    if url.drivername not in ("postgresql", DRIVER):
        raise LiushuiError("LDG-manifest-url", f"{wanted}; {url.drivername} is not supported")
    if url.password is not None or any(name in url.query for name in _SECRETS):
        hint = "give the password in PGPASSWORD, ~/.pgpass or a connection service"
        raise LiushuiError("LDG-manifest-url", f"the manifest url must not hold a password: {hint}")
    return url.set(drivername=DRIVER).render_as_string()


def address_of(folder: Path) -> Address | None:
    """What manifest.toml says; None where the manifest is in the folder itself."""
    path = folder / ADDRESS
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        found = Address(checked_url(str(told["url"])), str(told["ledger"]))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LiushuiError("LDG-manifest", f"{path} cannot be read: {error.strerror}") from error
    except (KeyError, ValueError) as error:
        raise LiushuiError("LDG-manifest", f"{path} does not name a url and a ledger") from error
    except LiushuiError as error:
        raise LiushuiError(error.code, f"{path}: {error}") from error
    if len(found.ledger) != 32 or not set(found.ledger) <= set("0123456789abcdef"):
        raise LiushuiError("LDG-manifest", f"{path}: the ledger is not 32 hexadecimal digits")
    if (folder / MANIFEST).exists():
        raise LiushuiError("LDG-manifest", f"{folder} has both {MANIFEST} and {ADDRESS}; take away the one that is not its own")
    return found


def keep_address(folder: Path, address: Address) -> None:
    """Write manifest.toml; it appears whole or not at all."""
    temporary = folder / f".{ADDRESS}.tmp"
    quoted = address.url.replace("\\", "\\\\").replace('"', '\\"')
    text = f'# Where the manifest of this ledger is kept. No password here.\nurl = "{quoted}"\nledger = "{address.ledger}"\n'
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    settle(temporary, folder / ADDRESS)


def settle(temporary: Path, path: Path) -> None:
    """Give a finished file its name, for good."""
    temporary.rename(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sqlite_engine(path: Path, mode: str = "mode=rw") -> sa.Engine:
    """The manifest in the folder. The path may hold any character; a file that is not there is not made."""
    uri = f"file:{quote(str(path))}?{mode}"

    def connection() -> sqlite3.Connection:
        made = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        made.execute("PRAGMA synchronous=FULL")
        made.execute("PRAGMA foreign_keys=ON")
        return made

    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)), creator=connection, poolclass=sa.pool.NullPool, hide_parameters=True
    )
    # The driver begins no transaction before a SELECT: several of them would not see one state.
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def postgres_engine(address: Address, *, writer: bool = False) -> sa.Engine:
    """The manifest in PostgreSQL. A writer has one connection, and holds the ledger's advisory lock as long as that lives."""
    url = sa.make_url(address.url)
    arguments = {"application_name": f"liushui {socket.gethostname()} {os.getpid()}"[:63]}
    if "connect_timeout" not in url.query:
        arguments["connect_timeout"] = str(CONNECT_SECONDS)
    pool: dict[str, Any] = {"pool_size": 1, "max_overflow": 0, "pool_pre_ping": True} if writer else {}
    if not writer:
        pool["poolclass"] = sa.pool.NullPool
    try:
        engine = sa.create_engine(url, isolation_level="REPEATABLE READ", connect_args=arguments, hide_parameters=True, **pool)
    except ImportError as error:
        raise LiushuiError("LDG-manifest", "a manifest in PostgreSQL needs psycopg: pip install 'liushui[postgres]'") from error

    def prepare(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET search_path = {address.schema}")
            cursor.execute("SET tcp_keepalives_idle = 60; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3")
            if writer:
                _lock(cursor, address)
            cursor.execute("SET lock_timeout = '30s'")
        connection.commit()

    sa.event.listen(engine, "connect", prepare)
    return engine


def _lock(cursor: Any, address: Address) -> None:
    """Take the advisory lock. The wait is for a server that has not noticed yet that a killed writer is gone."""
    from psycopg.errors import LockNotAvailable

    cursor.execute("SET lock_timeout = '2s'")
    cursor.connection.commit()
    try:
        cursor.execute("SELECT pg_advisory_lock(%s)", (address.lock,))
    except LockNotAvailable as error:
        cursor.connection.rollback()
        holders = (
            "SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype = 'advisory' AND granted"
            " AND pg_locks.objsubid = 1 AND (classid::bigint << 32 | objid::bigint) = %s"
        )
        found = cursor.execute(holders, (address.lock,)).fetchone()
        who = (found[0] if found else None) or "unknown"
        raise LiushuiError(
            "LDG-locked", f"ledger {address.ledger} is being written by another process ({who}); try again when it is done"
        ) from error


@contextmanager
def translated(engine: sa.Engine) -> Iterator[None]:
    """Errors of the database as one clear line each."""
    place = engine.url.database if engine.url.drivername == "sqlite" else f"the manifest at {engine.url.render_as_string()}"
    try:
        yield
    except sa.exc.IntegrityError as error:
        text = f"another writer has published into {place} in the meantime; nothing is lost, run the command again"
        raise LiushuiError("LDG-overtaken", text) from error
    except sa.exc.DBAPIError as error:
        raise _told(str(place), error) from error
    except UnicodeDecodeError as error:  # SQLite quotes a damaged schema, and its driver cannot spell it
        raise LiushuiError("LDG-manifest", f"{place} cannot be read: it is damaged; restore it from a backup") from error


def _told(place: str, error: sa.exc.DBAPIError) -> LiushuiError:
    cause = next(iter(str(error.orig).strip().splitlines()), type(error.orig).__name__)
    number = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    state = getattr(error.orig, "sqlstate", None)
    if number in _CANNOT_WRITE or state == "53100":
        return LiushuiError("LDG-not-writable", f"{place} cannot be written: {cause}; nothing was published")
    if number in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LiushuiError("LDG-manifest", f"{place} is locked by another program; close it and run the command again")
    if state in ("42P01", "3F000") or (number == sqlite3.SQLITE_ERROR and "no such" in cause):
        return LiushuiError("LDG-manifest", f"{place} holds no manifest of this ledger in the form of this version: {cause}")
    if state in ("40001", "55P03"):
        return LiushuiError("LDG-overtaken", f"another writer is at work in {place}: {cause}; run the command again")
    if state is None and not number:
        return LiushuiError("LDG-manifest", f"{place} cannot be reached: {cause}; run the command again when it is back")
    return LiushuiError("LDG-manifest", f"{place} cannot be read: {cause}")


def cannot_write(error: BaseException | None) -> bool:
    """True when SQLite failed because it may not, or cannot, write beside the file."""
    origin = getattr(error, "orig", None)
    return getattr(origin, "sqlite_errorcode", 0) & 0xFF in _CANNOT_WRITE
