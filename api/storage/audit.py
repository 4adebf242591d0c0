"""The audit chain: who did what to what, each row bound to the one before by SHA-256."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from api.storage.tables import AUDIT

START = "0" * 64
FIELDS = ("number", "time", "desk", "person", "action", "subject", "detail", "previous")


def record(connection: Connection, entry: Mapping[str, Any]) -> str:
    """Append one row and return its hash.

    entry: time, desk, person, action, subject and detail; detail holds ids, digests and counts only.
    """
    head = connection.execute(select(AUDIT.c.number, AUDIT.c.hash).order_by(AUDIT.c.number.desc()).limit(1)).first()
    number, previous = (head.number + 1, head.hash) if head else (1, START)
    row = {"number": number, "previous": previous} | {name: entry[name] for name in FIELDS if name in entry}
    row["hash"] = row_hash(row)
    connection.execute(AUDIT.insert().values(row))
    return str(row["hash"])


def broken_links(connection: Connection) -> list[int]:
    """Numbers of the rows that do not follow from the row before; empty for a whole chain."""
    broken = []
    number, previous = 1, START
    for row in connection.execute(select(AUDIT).order_by(AUDIT.c.number)).mappings():
        if row["number"] != number or row["previous"] != previous or row["hash"] != row_hash(row):
            broken.append(int(row["number"]))
        number, previous = row["number"] + 1, row["hash"]
    return broken


def chain_head(connection: Connection) -> tuple[int, str]:
    """Number of rows and the last hash; kept elsewhere, it shows whether the end was cut off."""
    count = connection.execute(select(func.count()).select_from(AUDIT)).scalar_one()
    head = connection.execute(select(AUDIT.c.hash).order_by(AUDIT.c.number.desc()).limit(1)).scalar()
    return int(count), str(head or START)


def row_hash(row: Mapping[str, Any] | RowMapping) -> str:
    """SHA-256 over the row's fields in their fixed order, the previous hash among them."""
    told = [row[name] for name in FIELDS]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
