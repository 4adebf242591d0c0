"""/v1/traces: a trace and its tables, ranking and diagrams."""

from typing import Any, Literal

from fastapi import APIRouter, Request, Response

from api.routes.models import TraceOut
from api.routes.page import Cursor, Limit, Page, file_page
from api.routes.sight import row_of, service_of
from api.routes.views import file_of, trace_out
from api.storage.tables import TRACES

ROUTER = APIRouter(prefix="/v1/traces", tags=["traces"])
MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png", "json": "application/json"}
DRAWING: dict[int | str, dict[str, Any]] = {200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}}}


@ROUTER.get("/{trace}", response_model=TraceOut, summary="One trace")
def one_trace(request: Request, trace: str) -> dict[str, Any]:
    """Parameters, digests, totals per claim with their identity, limits hit, warnings."""
    with service_of(request).store.reading() as connection:
        return trace_out(row_of(connection, TRACES, request, trace))


@ROUTER.get("/{trace}/transfers", response_model=Page, summary="Traced transfers")
def transfers(request: Request, trace: str, limit: Limit = 100, cursor: Cursor = None) -> dict[str, Any]:
    """The rows of traced.csv: one per claim and transfer."""
    return page_from(request, trace, "traced.csv", limit, cursor)


@ROUTER.get("/{trace}/held", response_model=Page, summary="Money held")
def held(request: Request, trace: str, limit: Limit = 100, cursor: Cursor = None) -> dict[str, Any]:
    """The rows of held.csv: where victims' money rests."""
    return page_from(request, trace, "held.csv", limit, cursor)


@ROUTER.get("/{trace}/ranking", response_model=Page, summary="Accounts to act on first")
def ranking(request: Request, trace: str, limit: Limit = 100, cursor: Cursor = None) -> dict[str, Any]:
    """The rows of ranking.csv, best first."""
    return page_from(request, trace, "ranking.csv", limit, cursor)


@ROUTER.get("/{trace}/diagram.{extension}", response_class=Response, responses=DRAWING, summary="Flow diagram")
def diagram(request: Request, trace: str, extension: Literal["svg", "png", "json"]) -> Response:
    """The flow diagram as svg, png or json."""
    service = service_of(request)
    with service.store.reading() as connection:
        row = row_of(connection, TRACES, request, trace)
    content = file_of(service, row, f"diagram.{extension}").read_bytes()
    return Response(content, media_type=MEDIA_TYPES[extension])


def page_from(request: Request, trace: str, name: str, limit: int, cursor: str | None) -> dict[str, Any]:
    """A page of one of the trace's files."""
    service = service_of(request)
    with service.store.reading() as connection:
        row = row_of(connection, TRACES, request, trace)
    return file_page(file_of(service, row, name), limit, cursor)
