"""What every request passes first: host, key, scope, size; and what every answer carries: security headers."""

import hashlib
import logging
import re
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.routes.problem import Refused, problem_response
from api.settings import LOOPBACK, Key, Settings, key_for

LOG = logging.getLogger("liushui.service")
SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Caller:
    """Who asks. `institution` None sees everything: a server without keys, reachable from this machine only."""

    person: str
    desk: str
    institution: str | None
    scopes: tuple[str, ...]


LOCAL = Caller("local", "local", None, ("read", "write", "approve"))


def caller_of(request: Request) -> Caller:
    """The caller the gate let in."""
    found: Caller = request.scope["state"]["caller"]
    return found


class Gate:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self.keys: tuple[Key, ...] = settings.all_keys()
        self.hosts = settings.allowed_hosts or (LOOPBACK if not self.keys else ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answering = Answer(send)
        try:
            await self._admit(scope, receive, answering)
        except Refused as refused:
            await problem_response(refused)(scope, receive, answering)
        except Exception as error:  # noqa: BLE001 - the one place where our own mistakes become an answer
            place = error.__traceback__
            while place and place.tb_next:
                place = place.tb_next
            where = f"{place.tb_frame.f_code.co_filename.rpartition('/')[2]}:{place.tb_lineno}" if place else "?"
            LOG.error("our mistake: %s at %s", type(error).__name__, where)  # its message may quote records
            if not answering.started:
                await problem_response(Refused("internal", f"{type(error).__name__} at {where}"))(scope, receive, answering)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        check_host(headers.get("host", ""), self.hosts)
        state: dict[str, Any] = scope.setdefault("state", {})
        if re.match(r"/v1(/|$)", scope["path"]):
            state["caller"] = caller_with(headers.get("x-api-key"), self.keys)
            check_scope(state["caller"], scope["method"], scope["path"])
        body = await read_body(headers, receive, self.settings.body_limit_bytes)
        state["body"] = body
        state["body_sha256"] = hashlib.sha256(body).hexdigest()
        await self.app(scope, replay(body, receive), send)


class Answer:
    """The way back: adds the security headers and knows whether an answer began."""

    def __init__(self, send: Send) -> None:
        self.send, self.started = send, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await self.send(message)


def check_host(host: str, allowed: tuple[str, ...]) -> None:
    """Refuse a Host header that is not ours: a web page elsewhere must not reach a server on this machine."""
    name = host.rpartition(":")[0] if re.search(r":\d+$", host) and not host.endswith("]") else host
    if allowed and name.strip("[]").lower() not in allowed:
        raise Refused("host_not_allowed", "this server answers only under: " + ", ".join(allowed))


def caller_with(given: str | None, keys: tuple[Key, ...]) -> Caller:
    """The person behind the key; without configured keys everybody is `local`."""
    if not keys:
        return LOCAL
    if not given:
        raise Refused("key_missing", "send your key in the header X-API-Key")
    key = key_for(keys, given)
    if key is None:
        raise Refused("key_unknown", "this key is not configured here")
    return Caller(key.person, key.desk, key.institution, key.scopes)


def check_scope(caller: Caller, method: str, path: str) -> None:
    """Reading needs `read`, an approval `approve`, every other change `write`."""
    needed = "read" if method in ("GET", "HEAD", "OPTIONS") else "approve" if path.endswith("/approve") else "write"
    if needed not in caller.scopes:
        raise Refused("scope_missing", f"this needs the scope {needed}")


async def read_body(headers: Headers, receive: Receive, limit: int) -> bytes:
    """The whole body, refused as soon as it is larger than the limit."""
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise Refused("body_too_large", f"at most {limit} bytes")
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise Refused("body_too_large", f"at most {limit} bytes")
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def replay(body: bytes, receive: Receive) -> Receive:
    """A receive channel that tells the body again, once."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
