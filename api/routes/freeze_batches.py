"""/v1/freeze-batches: proposed stop payments and freezes; a second person approves. Nothing is submitted from here yet."""

import json
import secrets
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, Row, select, update

from api import pipeline
from api.parameters import moment_of, parameters_from, us_of
from api.routes.gate import caller_of
from api.routes.models import FreezeIn, FreezeOut
from api.routes.once import Done, Keep, once
from api.routes.page import Cursor, Limit, Page, position_of, row_page
from api.routes.problem import Refused
from api.routes.sight import ledger_of, page_rows, row_of, service_of, visible
from api.routes.views import digest_of, now_text
from api.service import VIEWS, Service
from api.storage.tables import FREEZE_BATCHES, TRACES

ROUTER = APIRouter(prefix="/v1/freeze-batches", tags=["freeze batches"])


@ROUTER.post("", status_code=201, response_model=FreezeOut, summary="Propose a freeze batch")
def create_batch(request: Request, body: FreezeIn) -> Response:
    """Plan stop payments and freezes from a trace of the records as they are now; 409 when they changed since."""
    service, caller = service_of(request), caller_of(request)
    with service.store.reading() as connection:
        traced = row_of(connection, TRACES, request, body.trace)

    def work() -> Keep:
        values = planned(request, service, traced, body)
        values |= {"institution": caller.institution, "desk": caller.desk, "person": caller.person, "state": "draft"}

        def keep(connection: Connection) -> Done:
            number = connection.execute(FREEZE_BATCHES.insert().values(values)).inserted_primary_key[0]  # type: ignore[index]
            row = connection.execute(select(FREEZE_BATCHES).where(FREEZE_BATCHES.c.number == number)).one()
            detail = {"trace": body.trace, "digest": row.digest}
            where = f"/v1/freeze-batches/batch-{number}"
            return Done(batch_out(service, row), "freeze_batch.create", f"batch-{number}", detail, location=where)

        return keep

    return once(request, service.store, work)


@ROUTER.get("", response_model=Page, summary="List freeze batches")
def list_batches(request: Request, limit: Limit = 100, cursor: Cursor = None) -> dict[str, Any]:
    """The batches of your institution, oldest first."""
    service = service_of(request)
    with service.store.reading() as connection:
        query = visible(FREEZE_BATCHES, caller_of(request))
        rows = page_rows(connection, FREEZE_BATCHES, query, limit, position_of(cursor))
    return row_page(rows, limit, lambda row: batch_told(row))


@ROUTER.get("/{batch}", response_model=FreezeOut, summary="One freeze batch")
def one_batch(request: Request, batch: str) -> dict[str, Any]:
    """A batch with batch.json as it was written."""
    service = service_of(request)
    with service.store.reading() as connection:
        return batch_out(service, row_of(connection, FREEZE_BATCHES, request, batch))


@ROUTER.post("/{batch}/approve", status_code=200, response_model=FreezeOut, summary="Approve a freeze batch")
def approve(request: Request, batch: str) -> Response:
    """Approve a batch that somebody else made; the batch's files are checked against their digest first."""
    service, caller = service_of(request), caller_of(request)

    def work() -> Keep:
        def keep(connection: Connection) -> Done:
            row = row_of(connection, FREEZE_BATCHES, request, batch)
            check_approval(service, row, caller.person)
            values = {"state": "approved", "approved_by": caller.person, "approved": now_text()}
            connection.execute(update(FREEZE_BATCHES).where(FREEZE_BATCHES.c.number == row.number).values(values))
            after = row_of(connection, FREEZE_BATCHES, request, batch)
            return Done(batch_out(service, after), "freeze_batch.approve", batch, {"digest": row.digest}, status=200)

        return keep

    return once(request, service.store, work)


def check_approval(service: Service, row: Row[Any], person: str) -> None:
    """Four eyes, one approval, and files that are still those that were proposed.

    Raises: Refused.
    """
    if row.state != "draft":
        raise Refused("already_approved", f"approved at {row.approved}")
    if person == row.person:
        raise Refused("second_person_needed", "who made the batch cannot approve it; configure a key for each person")
    if digest_of(service.folder / VIEWS / row.folder / "batch.json") != row.digest:
        raise Refused("cannot_do", "batch.json is no longer the file that was proposed")


def planned(request: Request, service: Service, traced: Row[Any], body: FreezeIn) -> dict[str, Any]:
    """Plan and write the batch; the columns of its row that the files decide."""
    ledger = ledger_of(request)
    if ledger.digest != traced.summary["ledger_digest"]:
        raise Refused("ledger_changed", f"trace the case again: records were added after {body.trace}")
    trace = pipeline.trace_ledger(ledger, parameters_from(traced.summary["parameters"]))
    now = moment_of(us_of(body.now, "now")) if body.now else None
    judged = pipeline.judge_trace(ledger, trace, now, body.limit)
    folder = service.folder / VIEWS / f"batch-{secrets.token_hex(8)}"
    pipeline.write_batch(
        ledger, trace, judged, folder, now=now or datetime.now(UTC).replace(microsecond=0), case=f"case-{traced.case_number}"
    )
    told = {"created": now_text(), "folder": folder.name, "digest": digest_of(folder / "batch.json")}
    return {"trace_number": traced.number} | told


def batch_told(row: Row[Any]) -> dict[str, Any]:
    """A batch without its contents."""
    told = {name: getattr(row, name) for name in ("state", "created", "approved", "approved_by", "digest")}
    return {"id": f"batch-{row.number}", "trace": f"trace-{row.trace_number}", "created_by": row.person} | told


def batch_out(service: Service, row: Row[Any]) -> dict[str, Any]:
    """A batch as it is answered."""
    text = (service.folder / VIEWS / row.folder / "batch.json").read_text(encoding="utf-8")
    return batch_told(row) | {"batch": json.loads(text)}
