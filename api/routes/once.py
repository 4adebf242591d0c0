"""A POST is done once: the first answer to an Idempotency-Key is kept in the transaction of the work and replayed."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection, select

from api.routes.gate import Caller, caller_of
from api.routes.problem import Refused
from api.storage.audit import record
from api.storage.store import Store
from api.storage.tables import ANSWERS


@dataclass(frozen=True)
class Done:
    """What a piece of work answers, and what the audit chain keeps of it (ids, digests, counts)."""

    body: Mapping[str, Any]
    action: str
    subject: str
    detail: Mapping[str, Any]
    status: int = 201
    location: str | None = None


Keep = Callable[[Connection], Done]
"""Writes the outcome inside the one transaction that also keeps the answer and the audit row."""

_working: set[tuple[str, str]] = set()
_lock = threading.Lock()


def once(request: Request, store: Store, work: Callable[[], Keep]) -> Response:
    """Do the work and keep it, its audit row and its answer together; or replay the first answer.

    work: the slow part, before the transaction; it returns the short part, which writes.
    """
    caller, key = caller_of(request), request.headers.get("idempotency-key")
    if key is None:
        return answer(kept(store, caller, work(), None, ""))
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise Refused("invalid_request", "Idempotency-Key has 1 to 255 printable characters")
    fingerprint = fingerprint_of(request)
    with alone(owner(caller), key):
        first = first_answer(store, caller, key, fingerprint)
        return first or answer(kept(store, caller, work(), key, fingerprint))


def kept(store: Store, caller: Caller, keep: Keep, key: str | None, fingerprint: str) -> Done:
    """Write the outcome, the audit row and the first answer in one transaction."""
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    with store.writing() as connection:
        done = keep(connection)
        entry = {"time": now, "desk": caller.desk, "person": caller.person, "action": done.action, "subject": done.subject}
        record(connection, entry | {"detail": dict(done.detail)})
        if key is not None:
            row = {"owner": owner(caller), "key": key, "request": fingerprint, "created": now}
            told = {"status": done.status, "location": done.location, "body": content(done)}
            connection.execute(ANSWERS.insert().values(row | told))
    return done


def first_answer(store: Store, caller: Caller, key: str, fingerprint: str) -> Response | None:
    """The answer given before under this key; a different request under it is refused."""
    with store.reading() as connection:
        mine = (ANSWERS.c.owner == owner(caller)) & (ANSWERS.c.key == key)
        row = connection.execute(select(ANSWERS).where(mine)).first()
    if row is None:
        return None
    if row.request != fingerprint:
        raise Refused("idempotency_key_reused", "this key was sent before with another address or body")
    headers = {"idempotent-replayed": "true"} | ({"location": row.location} if row.location else {})
    return Response(row.body, row.status, headers, "application/json")


@contextmanager
def alone(who: str, key: str) -> Iterator[None]:
    """One request per key at a time; the second of two at once is told to wait."""
    with _lock:
        if (who, key) in _working:
            raise Refused("request_in_progress", "the first request with this key is still being worked on; ask again")
        _working.add((who, key))
    try:
        yield
    finally:
        with _lock:
            _working.discard((who, key))


def fingerprint_of(request: Request) -> str:
    """SHA-256 of what was asked: method, path, query, kind of body, body."""
    kind = request.headers.get("content-type", "")
    parts = (request.method, request.url.path, request.url.query, kind, request.scope["state"]["body_sha256"])
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def owner(caller: Caller) -> str:
    """Whose keys these are: one person at one desk."""
    return json.dumps([caller.institution, caller.desk, caller.person], ensure_ascii=False)


def content(done: Done) -> bytes:
    """The body as it is sent and kept."""
    return json.dumps(done.body, ensure_ascii=False).encode()


def answer(done: Done) -> Response:
    """The answer of work just done."""
    headers = {"location": done.location} if done.location else {}
    return Response(content(done), done.status, headers, "application/json")
