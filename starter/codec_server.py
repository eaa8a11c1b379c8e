"""The codec server: lets Temporal's own UI and command line show what is sealed, to people who may see it.

It only opens, for whoever has a token that may read steps: what travels is codes, ids and times, never personal data.
The browser of a page of another origin is let in where the setting names that origin, and nowhere else.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from html import escape

import structlog
from google.protobuf import json_format
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from temporalio.api.common.v1 import Payload, Payloads

from domain.access import Permission, Person, may
from runtime.codec import SealingCodec
from storage.keys import BrokenSealError, MasterKeys, MissingKeyError
from storage.people import People

COOKIE = "amends_codec"
COOKIE_SECONDS = 8 * 3_600
LARGEST_BODY = 8_000_000
MOST_PAYLOADS = 2_000

audit = structlog.get_logger("amends.audit")

_PAGE = """<!doctype html><meta charset="utf-8"><title>Amends codec server</title>
<h1>Amends codec server</h1><p>{said}</p>
<form method="post">
<label>Token <input name="token" type="password" autocomplete="off"></label> <button>Open</button>
</form>"""


@dataclass(frozen=True, slots=True)
class Opener:
    """What opens payloads, and who may ask it to."""

    people: People
    codec: SealingCodec

    async def reader(self, token: str | None) -> Person | None:
        person = await self.people.of_token(token) if token else None
        return person if person is not None and may(person, Permission.READ_STEPS) else None

    async def opened(self, payload: Payload) -> Payload:
        """The payload in clear; one that does not open stays as it is, so that the rest can still be read."""
        try:
            return (await self.codec.decode([payload]))[0]
        except (BrokenSealError, MissingKeyError):
            return payload


def opener(people: People, keys: MasterKeys) -> Opener:
    return Opener(people, SealingCodec(keys, accept_plain=True))


def codec_application(
    open_opener: Callable[[], AbstractAsyncContextManager[Opener]], origins: tuple[str, ...]
) -> Starlette:
    """The application over what `open_opener` opens, for pages of these origins."""

    def lifespan(app: Starlette) -> AbstractAsyncContextManager[None]:
        return _opened(app, open_opener)

    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["POST"],
        allow_headers=["Content-Type", "X-Namespace", "Authorization"],
        allow_credentials=True,
    )
    routes = [
        Route("/decode", _decode, methods=["POST"]),
        Route("/", _sign_in, methods=["GET", "POST"]),
    ]
    return Starlette(routes=routes, middleware=[cors], lifespan=lifespan)


class _opened(AbstractAsyncContextManager[None]):  # noqa: N801  a context manager reads as a verb
    def __init__(self, app: Starlette, open_opener: Callable[[], AbstractAsyncContextManager[Opener]]) -> None:
        self._app = app
        self._context = open_opener()

    async def __aenter__(self) -> None:
        self._app.state.opener = await self._context.__aenter__()

    async def __aexit__(self, *error: object) -> None:
        await self._context.__aexit__(None, None, None)


async def _decode(request: Request) -> Response:
    """`{"payloads": […]}` as Temporal's remote codecs speak it."""
    found: Opener = request.app.state.opener
    person = await found.reader(_token(request))
    if person is None:
        return JSONResponse({"detail": "send the token of an operator"}, 401, {"WWW-Authenticate": "Bearer"})
    body = await _body(request)
    if body is None:
        return JSONResponse({"detail": f"a body has at most {LARGEST_BODY} bytes"}, 413)
    try:
        payloads = json_format.Parse(body, Payloads()).payloads
    except (json_format.ParseError, UnicodeDecodeError, RecursionError):
        return JSONResponse({"detail": "expected a JSON object with payloads"}, 400)
    if len(payloads) > MOST_PAYLOADS:
        return JSONResponse({"detail": f"at most {MOST_PAYLOADS} payloads at once"}, 413)
    opened = Payloads(payloads=[await found.opened(payload) for payload in payloads])
    audit.info("payloads opened", person=person.id, count=len(payloads))
    return Response(json_format.MessageToJson(opened), media_type="application/json")


async def _sign_in(request: Request) -> Response:
    """A cookie for the browser in which Temporal's UI runs, as that UI sends no token of its own."""
    if request.method == "GET":
        return _page("Paste your token once; then Temporal's UI in this browser can show what is sealed.")
    found: Opener = request.app.state.opener
    token = str((await request.form(max_fields=5, max_files=0)).get("token", ""))
    if await found.reader(token) is None:
        return _page("That is no token of an operator.", 401)
    answer = RedirectResponse("/", 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token, COOKIE_SECONDS, httponly=True, secure=secure, samesite="strict")
    return answer


def _page(said: str, status: int = 200) -> Response:
    headers = {
        "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(_PAGE.format(said=escape(said)), status, headers)


def _token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else request.cookies.get(COOKIE)


async def _body(request: Request) -> bytes | None:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            return None
    return body
