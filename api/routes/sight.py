"""Who sees what, in one place: rows of the caller's own institution; everything on a server without keys."""

from typing import Any

from fastapi import Request
from sqlalchemy import Connection, Row, Table, select
from sqlalchemy.sql import Select

from api.routes.gate import Caller, caller_of
from api.routes.problem import Refused
from api.service import Service
from ledger.book import Ledger


def service_of(request: Request) -> Service:
    """The service behind the application."""
    found: Service = request.app.state.service
    return found


def ledger_of(request: Request) -> Ledger:
    """The ledger as last published."""
    ledger = service_of(request).ledger()
    if ledger is None:
        raise Refused("ledger_empty", "upload records first: POST /v1/records")
    return ledger


def visible(table: Table, caller: Caller) -> Select[Any]:
    """The rows of a table the caller may see."""
    if caller.institution is None:
        return select(table)
    return select(table).where(table.c.institution == caller.institution)


def row_of(connection: Connection, table: Table, request: Request, name: str) -> Row[Any]:
    """The row called `case-1`, `trace-1` or `batch-1`; what is not visible does not exist."""
    kind, _, number = name.partition("-")
    row = None
    if number.isascii() and number.isdigit() and len(number) <= 9 and number == str(int(number)):
        row = connection.execute(visible(table, caller_of(request)).where(table.c.number == int(number))).first()
    if row is None:
        raise Refused("not_found", f"no {kind if kind.isalpha() else 'such'} with this id")
    return row


def page_rows(connection: Connection, table: Table, query: Select[Any], limit: int, position: int) -> list[Row[Any]]:
    """Rows after the cursor's number, one more than asked for."""
    return list(connection.execute(query.where(table.c.number > position).order_by(table.c.number).limit(limit + 1)))
