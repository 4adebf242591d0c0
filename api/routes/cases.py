"""/v1/cases: what a desk works on, made of reports; and its traces."""

import json
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Row, func, select

from api.routes.gate import caller_of
from api.routes.models import CaseIn, CaseOut, ReportIn, TraceIn, TraceOut
from api.routes.once import Done, Keep, once
from api.routes.page import Cursor, Limit, Page, position_of, row_page
from api.routes.problem import Refused
from api.routes.records import problem_list
from api.routes.sight import ledger_of, page_rows, row_of, service_of, visible
from api.routes.views import drawn, now_text, trace_out, trace_told
from api.storage.tables import CASES, TRACES

ROUTER = APIRouter(prefix="/v1/cases", tags=["cases"])


@ROUTER.post("", status_code=201, response_model=CaseOut, summary="Create a case")
def create_case(request: Request, body: CaseIn) -> Response:
    """Create a case of reports that are in the ledger, of reports given here (they join the records), or of both."""
    service = service_of(request)
    limit = service.settings.items_limit
    if len(body.reports) + len(body.inline_reports) > limit:
        raise Refused("too_many_items", f"at most {limit} reports in one request")
    if not body.reports and not body.inline_reports:
        raise Refused("invalid_request", "a case has reports: give reports or inline_reports")

    def work() -> Keep:
        if body.inline_reports:
            take_reports(request, body.inline_reports)
        reports = sorted({*body.reports, *(one.report for one in body.inline_reports)})
        known = set(ledger_of(request).reports["report"])
        if missing := [report for report in reports if report not in known]:
            raise Refused("unknown_reports", "not in the ledger: " + ", ".join(missing[:20]))
        return case_kept(request, body.title, reports)

    return once(request, service.store, work)


@ROUTER.get("", response_model=Page, summary="List cases")
def list_cases(request: Request, limit: Limit = 100, cursor: Cursor = None) -> dict[str, Any]:
    """The cases of your institution, oldest first."""
    with service_of(request).store.reading() as connection:
        rows = page_rows(connection, CASES, visible(CASES, caller_of(request)), limit, position_of(cursor))
    return row_page(rows, limit, case_out)


@ROUTER.get("/{case}", response_model=CaseOut, summary="One case")
def one_case(request: Request, case: str) -> dict[str, Any]:
    """A case by its id."""
    with service_of(request).store.reading() as connection:
        return case_out(row_of(connection, CASES, request, case))


@ROUTER.post("/{case}/traces", status_code=201, response_model=TraceOut, tags=["traces"], summary="Trace a case")
def create_trace(request: Request, case: str, body: TraceIn) -> Response:
    """Trace every report of the case over the records as they are now. The result is a new version and never changes."""
    service = service_of(request)
    with service.store.reading() as connection:
        row = row_of(connection, CASES, request, case)

    def work() -> Keep:
        made = drawn(service, ledger_of(request), row, body)

        def keep(connection: Any) -> Done:
            latest = connection.execute(select(func.max(TRACES.c.version)).where(TRACES.c.case_number == row.number)).scalar()
            values = made | {"case_number": row.number, "version": (latest or 0) + 1, "institution": row.institution}
            number = connection.execute(TRACES.insert().values(values)).inserted_primary_key[0]
            kept = connection.execute(select(TRACES).where(TRACES.c.number == number)).one()
            detail = {"case": f"case-{row.number}", "version": kept.version, "files": kept.files}
            return Done(trace_out(kept), "trace.create", f"trace-{number}", detail, location=f"/v1/traces/trace-{number}")

        return keep

    return once(request, service.store, work)


@ROUTER.get("/{case}/traces", response_model=Page, tags=["traces"], summary="Versions of a case's trace")
def list_traces(request: Request, case: str, limit: Limit = 100, cursor: Cursor = None) -> dict[str, Any]:
    """The traces of a case, oldest version first, with their totals; the claims are in each trace itself."""
    with service_of(request).store.reading() as connection:
        row = row_of(connection, CASES, request, case)
        mine = visible(TRACES, caller_of(request)).where(TRACES.c.case_number == row.number)
        rows = page_rows(connection, TRACES, mine, limit, position_of(cursor))
    return row_page(rows, limit, trace_told)


def case_kept(request: Request, title: str, reports: list[str]) -> Keep:
    """Writes the case."""
    caller = caller_of(request)

    def keep(connection: Any) -> Done:
        values = {
            "institution": caller.institution,
            "desk": caller.desk,
            "title": title,
            "created": now_text(),
            "reports": reports,
        }
        number = connection.execute(CASES.insert().values(values)).inserted_primary_key[0]
        row = connection.execute(select(CASES).where(CASES.c.number == number)).one()
        return Done(
            case_out(row), "case.create", f"case-{number}", {"reports": len(reports)}, location=f"/v1/cases/case-{number}"
        )

    return keep


def take_reports(request: Request, reports: list[ReportIn]) -> None:
    """Put reports given with a case among the records."""
    lines = [json.dumps(one.model_dump(exclude_none=True), ensure_ascii=False) for one in reports]
    summary, problems = service_of(request).take("reports.jsonl", ("\n".join(lines) + "\n").encode("utf-8", "replace"))
    grave = [one for one in problems if one.severity == "error" or one.code == "LDG-unknown-transfer"]
    if grave or not summary["usable"]:
        raise Refused("unusable_records", "the inline reports could not be taken as they are", problem_list(grave))


def case_out(row: Row[Any]) -> dict[str, Any]:
    """A case as it is answered."""
    told = {name: getattr(row, name) for name in ("title", "created", "desk", "institution", "reports")}
    return {"id": f"case-{row.number}"} | told
