"""POST /v1/records: take records in any source format, or as JSON."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from api.routes.models import RecordsIn, RecordsOut
from api.routes.once import Done, Keep, once
from api.routes.problem import Refused
from api.routes.sight import service_of
from ledger.problems import Problem

ROUTER = APIRouter(prefix="/v1/records", tags=["records"])
SHOWN = 500
NDJSON = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": RecordsIn.model_json_schema()},
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"transfer":"T1","time":"2026-03-01T09:00:00+08:00",...}\n',
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
Name = Annotated[str | None, Query(max_length=200, description="file name of a raw upload", examples=["bank.csv"])]


@ROUTER.post("", status_code=201, response_model=RecordsOut, openapi_extra=BODY, summary="Upload records")
def upload(request: Request, name: Name = None) -> Response:
    """Ingest a file (`?name=bank.csv`, any format the command line reads), NDJSON, or `{kind, items}`.

    The same content again changes nothing and says so. Good lines are taken, every other line is a problem. 422 when
    nothing at all could be taken.
    """
    service, body = service_of(request), request.scope["state"]["body"]
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body:
        raise Refused("invalid_request", "the body is empty")
    file, content = body_as_file(name, kind, body, service.settings.items_limit)

    def work() -> Keep:
        return taken(service, file, content)

    return once(request, service.store, work)


def taken(service: Any, file: str, content: bytes) -> Keep:
    """Ingest the file; the outcome as answer and audit row."""
    summary, problems = service.take(file, content)
    if not summary["usable"]:
        raise Refused("unusable_records", f"nothing in {file} could be taken", problem_list(problems))
    shown = [
        {"code": one.code, "severity": one.severity, "file": one.file, "line": one.line, "message": one.message}
        for one in problems[:SHOWN]
    ]
    answer = {"file": file, "published": summary["published"], "batch": summary["batch"], "summary": summary}
    body = answer | {"problems": shown, "problem_count": len(problems)}
    detail = {"batch": summary["batch"], "published": summary["published"], "problems": len(problems)}
    return lambda _connection: Done(body, "records.upload", f"batch {summary['batch']}", detail)


def body_as_file(name: str | None, kind: str, body: bytes, items_limit: int) -> tuple[str, bytes]:
    """The upload as a file for the loader: its name and bytes.

    Raises: Refused for JSON that is none, and for more items than the limit.
    """
    if name:
        return name, body
    if kind in NDJSON:
        if sum(1 for line in body.splitlines() if line.strip()) > items_limit:
            raise Refused("too_many_items", f"at most {items_limit} lines in one request")
        return "records.jsonl", body
    if kind == "application/json":
        return items_as_file(body, items_limit)
    raise Refused("unsupported_media_type", "send application/json, application/x-ndjson, or any file with ?name=FILE")


def items_as_file(body: bytes, items_limit: int) -> tuple[str, bytes]:
    """`{kind, items}` as JSON Lines; a number keeps its written digits, so that no amount passes through a float."""
    try:
        told = RecordsIn.model_validate(json.loads(body, parse_float=str, parse_int=str))
    except ValidationError as error:
        found = [{"pointer": "/" + "/".join(map(str, one["loc"])), "message": one["msg"]} for one in error.errors()[:20]]
        raise Refused("invalid_request", "the body is not {kind, items}", found) from None
    except (ValueError, RecursionError):
        raise Refused("bad_request", "the body is not JSON in UTF-8") from None
    if len(told.items) > items_limit:
        raise Refused("too_many_items", f"at most {items_limit} items in one request")
    if not told.items:
        raise Refused("invalid_request", "items is empty", [{"pointer": "/items", "message": "give at least one"}])
    lines = [json.dumps(item, ensure_ascii=False) for item in told.items]
    return f"{told.kind}.jsonl", ("\n".join(lines) + "\n").encode("utf-8", "replace")


def problem_list(problems: list[Problem]) -> list[dict[str, str]]:
    """Problems of the material in the shape of a problem document's errors."""
    return [{"pointer": f"{one.file}:{one.line}", "message": f"{one.code}: {one.message}"} for one in problems[:20]]
