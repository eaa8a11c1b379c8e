"""What surrounds every request: a bound on its body, an id, a measurement, safe headers, and a net for defects."""

import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime import telemetry
from starter.api.failures import answer
from starter.origin import Origin, coming_from
from starter.problems import Problem

LARGEST_BODY = 1_000_000
"""Bytes of a JSON body."""
LARGEST_UPLOAD = 11_000_000
"""Bytes of a body with a file; the file itself has a limit of its own."""
LARGEST_IMPORT = 500_000_000
"""Bytes of a file with the records of another system; it is read where it lies, on disk."""

_SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

log = structlog.get_logger(__name__)


class Envelope:
    """The outermost layer of ours around the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, reply = time.perf_counter(), _Reply(send, uuid.uuid4().hex)
        origin = Origin(lambda: f"{scope['method']} {_route(scope)}", reply.request_id)
        with structlog.contextvars.bound_contextvars(request_id=reply.request_id), coming_from(origin):
            try:
                if _is_ambiguous(scope):
                    await answer(_TWO_LENGTHS, {"Connection": "close"})(scope, receive, reply.send)
                    return
                await self._app(scope, _bounded(scope, receive), reply.send)
            except Exception as error:
                log.exception("request failed", exc_info=error)
                if reply.status is not None:
                    raise
                problem = Problem(500, "defect", f"this is a defect of ours; the log has it as {reply.request_id}")
                await answer(problem)(scope, receive, reply.send)
        telemetry.count_request(_route(scope), scope["method"], reply.status or 0, time.perf_counter() - begun)


_TWO_LENGTHS = Problem(400, "malformed", "a request tells its length once: Content-Length or Transfer-Encoding")


def _is_ambiguous(scope: Scope) -> bool:
    """Whether a proxy before us may have seen the request end elsewhere than we do (RFC 9112, 6.1: smuggling)."""
    names = [name for name, _ in scope["headers"]]
    return b"transfer-encoding" in names and b"content-length" in names


def _route(scope: Scope) -> str:
    """The template of the path, which names nobody; known when the request has been routed."""
    return getattr(scope.get("route"), "path", "unknown")


class _Reply:
    """The way back: puts on every answer what all carry, and remembers its status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in (_SAFE_HEADERS | {"X-Request-Id": self.request_id}).items():
                headers.setdefault(name, value)
        await self._send(message)


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """The body as it arrives, refused as soon as it is longer than allowed, whatever its length was said to be."""
    said = Headers(scope=scope).get("content-length", "")
    declared, taken = int(said) if said.isdecimal() else 0, 0
    largest = _largest(scope["path"])

    async def receive_bounded() -> Message:
        nonlocal taken
        _confirm_length(declared, largest)
        message = await receive()
        taken += len(message.get("body", b""))
        _confirm_length(taken, largest)
        return message

    return receive_bounded


def _largest(path: str) -> int:
    if path == "/v1/imports":
        return LARGEST_IMPORT
    return LARGEST_UPLOAD if _takes_files(path) else LARGEST_BODY


def _takes_files(path: str) -> bool:
    of_case = path.startswith("/console/cases/") and path.endswith("/files")
    return of_case or path.endswith("/attachments") or path == "/complain" or path.startswith(("/case/", "/partner/"))


def _confirm_length(length: int, largest: int) -> None:
    if length > largest:
        raise HTTPException(413, f"a body has at most {largest} bytes")
