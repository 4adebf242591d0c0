"""The one error shape: RFC 9457 problem+json with a stable `code`. docs/rest.md has a row for each code."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.parameters import BadWord
from ledger.problems import LiushuiError

PROBLEMS: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The request cannot be read"),
    "bad_cursor": (400, "The cursor is not one of ours"),
    "too_many_items": (400, "Too many items in one request"),
    "key_missing": (401, "An API key is needed"),
    "key_unknown": (401, "The API key is not known"),
    "scope_missing": (403, "The API key may not do this"),
    "second_person_needed": (403, "Somebody else has to approve this"),
    "not_found": (404, "There is no such thing here"),
    "method_not_allowed": (405, "This address does not take this method"),
    "already_approved": (409, "The batch is approved already"),
    "ledger_changed": (409, "The records changed since this trace"),
    "ledger_empty": (409, "There are no records yet"),
    "request_in_progress": (409, "The same request is still being worked on"),
    "body_too_large": (413, "The body is too large"),
    "unsupported_media_type": (415, "This kind of body is not taken"),
    "host_not_allowed": (421, "This server does not answer under that host name"),
    "invalid_request": (422, "The request is not valid"),
    "idempotency_key_reused": (422, "The Idempotency-Key belongs to another request"),
    "unknown_reports": (422, "The ledger does not hold these reports"),
    "unusable_records": (422, "The records could not be taken"),
    "cannot_do": (422, "The job cannot be done with these records"),
    "internal": (500, "Our mistake"),
    "unavailable": (503, "Not ready, ask again"),
}
"""Code: HTTP status and title. A code never changes its meaning."""

BY_STATUS = {
    400: "bad_request",
    401: "key_missing",
    403: "scope_missing",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: "invalid_request",
    503: "unavailable",
}
MEDIA_TYPE = "application/problem+json"


class ProblemDocument(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(examples=["urn:liushui:problem:not_found"])
    title: str = Field(examples=["There is no such thing here"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["not_found"])
    detail: str = Field(examples=["no case case-7"])
    errors: list[dict[str, str]] | None = Field(default=None, examples=[[{"pointer": "/reports", "message": "Field required"}]])


class Refused(Exception):  # noqa: N818 - it reads as a sentence: raise Refused("not_found", ...)
    """A request is answered with this problem."""

    def __init__(self, code: str, detail: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(code)
        self.code, self.detail, self.errors = code, detail, errors


def problem_response(refused: Refused, headers: Mapping[str, str] | None = None) -> Response:
    """The problem as a response."""
    status, title = PROBLEMS[refused.code]
    document: dict[str, Any] = {
        "type": f"urn:liushui:problem:{refused.code}",
        "title": title,
        "status": status,
        "code": refused.code,
        "detail": refused.detail,
    }
    if refused.errors:
        document["errors"] = refused.errors
    extra = {401: {"www-authenticate": "ApiKey"}, 503: {"retry-after": "2"}}.get(status, {})
    content = json.dumps(document, ensure_ascii=False).encode()
    return Response(content, status, dict(headers or {}) | extra, MEDIA_TYPE)


def install(app: FastAPI, folder: str) -> None:
    """Make every error of the application a problem document; `folder`, where the ledger is, is nobody's business."""

    async def refused(_request: Request, error: Exception) -> Response:
        refusal = _refusal(error)
        refusal.detail = refusal.detail.replace(folder, "the ledger")
        return problem_response(refusal, getattr(error, "headers", None))

    for kind in (Refused, HTTPException, RequestValidationError, LiushuiError, BadWord):
        app.add_exception_handler(kind, refused)


def _refusal(error: Exception) -> Refused:
    """What an expected exception tells the caller; never the caller's own input, which may be personal."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, LiushuiError):
        busy = error.code == "LDG-locked"
        return Refused("unavailable", "another program is writing the records") if busy else Refused("cannot_do", str(error))
    match error:
        case RequestValidationError() if any(one["type"] == "json_invalid" for one in error.errors()):
            return Refused("bad_request", "the body is not JSON")
        case RequestValidationError():
            found = [{"pointer": _pointer(one["loc"]), "message": str(one["msg"])} for one in error.errors()[:20]]
            return Refused("invalid_request", "; ".join(f"{one['pointer']}: {one['message']}" for one in found[:3]), found)
        case HTTPException():
            code = BY_STATUS.get(error.status_code, "bad_request")
            return Refused(code, PROBLEMS[code][1])
        case BadWord():
            return Refused("invalid_request", str(error), [{"pointer": f"/{error.name}", "message": str(error)}])
    raise error


def _pointer(location: tuple[int | str, ...]) -> str:
    """JSON pointer into the body, or the name of the parameter."""
    parts = location[1:] if location and location[0] in ("body", "query", "path", "header") else location
    return "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in parts)
