"""Making a trace with everything it can answer: result files, ranking, diagrams. Written once, read many times."""

import hashlib
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from api import pipeline
from api.parameters import moment_of, parameters_from, us_of
from api.results import store_trace
from api.routes.models import TraceIn
from api.service import TRACES, VIEWS, Service
from ledger.book import Ledger

RESULT_FILES = ("traced.csv", "held.csv", "sinks.csv", "frontier.csv", "trace.json")
DIAGRAMS = ("svg", "png", "json")


def drawn(service: Service, ledger: Ledger, case: Row[Any], body: TraceIn) -> dict[str, Any]:
    """Trace, rank and draw; the columns of the new row of `trace` that the files decide."""
    words = body.model_dump(exclude={"now"}) | {"reports": case.reports}
    parameters = parameters_from(words)
    now = moment_of(us_of(body.now, "now")) if body.now else None
    trace = pipeline.trace_to_keep(ledger, parameters)
    judged = pipeline.judge_trace(ledger, trace, now)
    folder = store_trace(ledger, trace, service.folder / TRACES)
    views = service.folder / VIEWS / f"views-{secrets.token_hex(8)}"
    views.mkdir(parents=True)
    pipeline.write_judged(judged, views)
    for extension in DIAGRAMS:
        pipeline.draw(ledger, trace, views / f"diagram.{extension}", title=case.title or f"case-{case.number}", judged=judged)
    files = {name: digest_of(folder / name) for name in RESULT_FILES}
    files |= {path.name: digest_of(path) for path in sorted(views.iterdir())}
    return {
        "created": now_text(),
        "folder": folder.name,
        "views": views.name,
        "summary": pipeline.summary(ledger, trace),
        "files": files,
    }


def trace_out(row: Row[Any]) -> dict[str, Any]:
    """A trace as it is answered."""
    told = {name: getattr(row, name) for name in ("version", "created", "summary", "files")}
    return {"id": f"trace-{row.number}", "case": f"case-{row.case_number}"} | told


def trace_told(row: Row[Any]) -> dict[str, Any]:
    """A trace in a list: without the claims one by one."""
    whole = trace_out(row)
    return whole | {"summary": {name: value for name, value in whole["summary"].items() if name != "claims"}}


def file_of(service: Service, row: Row[Any], name: str) -> Path:
    """Where a file of a trace is."""
    root = Path(TRACES, row.folder) if name in RESULT_FILES else Path(VIEWS, row.views)
    return service.folder / root / name


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def now_text() -> str:
    """The server's clock in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
