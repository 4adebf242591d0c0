"""GET /healthz and /readyz: does the process live, and can it work."""

from fastapi import APIRouter, Request
from sqlalchemy import text

from api.routes.sight import service_of

ROUTER = APIRouter(tags=["health"])


@ROUTER.get("/healthz", summary="The process answers")
def healthz() -> dict[str, str]:
    """Always ok while the process lives; touches nothing."""
    return {"status": "ok"}


@ROUTER.get("/readyz", summary="The service can work")
def readyz(request: Request) -> dict[str, str | int | None]:
    """The database answers; `batch` is the last published batch of records, null before the first."""
    service = service_of(request)
    with service.store.reading() as connection:
        connection.execute(text("SELECT 1"))
    ledger = service.ledger()
    return {"status": "ready", "batch": None if ledger is None else ledger.batch}
