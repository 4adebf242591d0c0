"""Lists: `{items, next_cursor}`, at most 500 at a time. A cursor is opaque and belongs to one list."""

import base64
import binascii
from collections.abc import Callable, Sequence
from csv import reader
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
from fastapi import Query
from pyarrow import csv
from pydantic import BaseModel, Field

from api.routes.problem import Refused
from ledger.formulas import unguarded_texts

Limit = Annotated[int, Query(ge=1, le=500, description="How many items at most")]
Cursor = Annotated[str | None, Query(max_length=100, description="`next_cursor` of the page before")]
NUMBERS = ("hop", "tier", "rank")


class Page(BaseModel):
    """One page of a list."""

    items: list[dict[str, Any]]
    next_cursor: str | None = Field(default=None, description="null on the last page")


def row_page(rows: Sequence[Any], limit: int, told: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """The page of database rows, of which one more than `limit` was fetched; the cursor is the last row's number."""
    more = len(rows) > limit
    return {"items": [told(row) for row in rows[:limit]], "next_cursor": cursor_at(rows[limit - 1].number) if more else None}


def cursor_at(position: int) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(f"p{position}".encode()).decode().rstrip("=")


def position_of(cursor: str | None) -> int:
    """Where a cursor points; the start for none."""
    if cursor is None:
        return 0
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        if text[:1] == "p" and text[1:].isdigit() and len(text) <= 16:
            return int(text[1:])
    except (binascii.Error, UnicodeError, ValueError):
        pass
    raise Refused("bad_cursor", "send next_cursor of the page before, unchanged")


def file_page(path: Path, limit: int, cursor: str | None) -> dict[str, Any]:
    """A page of a result file; the file never changes, so that a cursor stays good."""
    position = position_of(cursor)
    rows = table_of(path).slice(position, limit + 1).to_pylist()
    for row in rows:
        for name in NUMBERS:
            if row.get(name):
                row[name] = int(row[name])
    more = len(rows) > limit
    return {"items": rows[:limit], "next_cursor": cursor_at(position + limit) if more else None}


@lru_cache(maxsize=8)
def table_of(path: Path) -> pa.Table:
    """A result file as texts, empty cells as null."""
    with path.open(encoding="utf-8") as file:
        names = next(reader(file))
    options = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""])
    table = csv.read_csv(path, parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=options)
    return pa.table({name: unguarded_texts(table[name]) for name in names})
