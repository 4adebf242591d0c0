"""The REST service: an application factory. `liushui serve` runs it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from api.routes import accounts, cases, freeze_batches, health, records, traces
from api.routes.gate import Gate
from api.routes.problem import ProblemDocument, install
from api.service import Service
from api.settings import LOOPBACK, Settings
from ledger.problems import LiushuiError

ROUTERS = (records.ROUTER, cases.ROUTER, traces.ROUTER, accounts.ROUTER, freeze_batches.ROUTER, health.ROUTER)
ABOUT = """Follows victims' money through mule accounts, wallets, gift cards and Q-coins, to the fen,
and plans what to freeze first.

Amounts are decimal strings with two decimals; times are ISO 8601 with an offset. Every error is `application/problem+json`
with a stable `code`. A POST with an `Idempotency-Key` is done once; sent again, it gets the first answer."""
QUIET: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False}


def create_app(settings: Settings) -> FastAPI:
    """The application on the settings' ledger folder. It never calls out: no telemetry, no page that loads from elsewhere.

    Raises: LiushuiError when another server works on the folder, or the server would be open to others without keys.
    """
    check_exposure(settings)
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        service.close()

    document = {
        "model": ProblemDocument,
        "description": "A problem; `code` tells which",
        "content": {"application/problem+json": {}},
    }
    app = FastAPI(
        title="liushui",
        version="1",
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        telemetry=QUIET,
        responses={"4XX": document, "5XX": document},
    )
    app.state.service = service
    for router in ROUTERS:
        app.include_router(router)
    install(app, str(settings.ledger))
    app.add_middleware(Gate, settings=settings)
    return app


def check_exposure(settings: Settings) -> None:
    """Without keys everybody who can connect may do everything: then only this machine may connect."""
    if not settings.all_keys() and settings.host not in LOOPBACK:
        raise LiushuiError(
            "API-open-server",
            f"host {settings.host} lets others connect, but no keys are configured; set LIUSHUI_KEYS_FILE or use 127.0.0.1",
        )
