"""What every page of the console passes: who is signed in, the form's token, and a page for whatever goes wrong."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import structlog
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from domain.access import Person, may
from domain.privacy import Language
from starter.api.entry import Allowed, House, audit
from starter.console.rendering import HEADERS, show_alone, show_failure
from starter.pages.entry import comes_from_elsewhere, language_of
from starter.problems import Problem, forbidden, unavailable
from starter.services import Services
from storage.pool import StoreAway
from storage.vault import Erased, Unknown

SIGN_IN = "/console/sign-in"
MOST_FILES, MOST_FIELDS, LARGEST_FIELD = 5, 300, 200_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at work in a browser."""

    person: Person
    language: Language
    key: str

    @property
    def csrf(self) -> str:
        """What every form of this session carries (OWASP: a token derived from the session)."""
        return csrf_of(self.key)

    def may(self, permission: str) -> bool:
        return may(self.person, permission)


class Seat(Allowed):
    """The dependency of a page: whoever is signed in and may; the tests find every page's row by it."""

    async def __call__(self, request: Request, services: House) -> Visit:  # type: ignore[override]
        """Raises `Problem`: 401 leads to signing in, 403."""
        visit = await visit_of(request, services)
        if visit is None:
            raise Problem(401, "signed_out", "sign in first")
        if not visit.may(self.permission):
            audit.warning("denied", permission=self.permission, person=visit.person.id)
            raise forbidden(self.permission)
        return visit


class ConsoleRoute(APIRoute):
    """A route whose every failure is a page; without a session it leads to signing in."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_as_page(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:  # a defect is a page too
                return await _failed(request, error)

        return handle_as_page


async def visit_of(request: Request, services: Services) -> Visit | None:
    """Who is signed in in this browser."""
    key = request.cookies.get(cookie(services, "session"))
    found = None if not key else await services.accounts.signed_in(key)
    if key is None or found is None:
        return None
    request.state.visit = Visit(found.person, _language(request, found.language), key)
    return request.state.visit  # type: ignore[no-any-return]


async def form_of(request: Request, csrf: str) -> FormData:
    """What a form of ours sends. Raises `Problem` 403 for one that is from elsewhere or of another session."""
    if comes_from_elsewhere(request):
        raise Problem(403, "from_elsewhere", "the form was sent from another site")
    form = await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LARGEST_FIELD)
    given = form.get("csrf")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), csrf.encode()):
        audit.warning("csrf refused", path=request.url.path)
        raise Problem(403, "from_elsewhere", "the form is of another session")
    return form


def csrf_of(key: str) -> str:
    return hmac.new(key.encode(), b"form", hashlib.sha256).hexdigest()[:32]


def cookie(services: Services, name: str) -> str:
    """A cookie's name: bound to this host and to TLS by its prefix, where there is TLS (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-amends-{name}" if _is_secure(services) else f"amends-{name}"


def keep(response: Response, services: Services, name: str, value: str, ends_at: datetime | None = None) -> None:
    """Let the browser keep something until it is closed, or until then."""
    age = None if ends_at is None else int((ends_at - datetime.now(UTC)).total_seconds())
    response.set_cookie(
        cookie(services, name),
        value,
        max_age=age,
        path="/",
        secure=_is_secure(services),
        httponly=True,
        samesite="lax",
    )


def forget(response: Response, services: Services, name: str) -> None:
    response.delete_cookie(cookie(services, name), path="/", secure=_is_secure(services), httponly=True, samesite="lax")


def new_key() -> str:
    return secrets.token_urlsafe(24)


def redirect(path: str, **asked: str) -> Response:
    """On to another page after something was done, so that reloading does not do it again."""
    return RedirectResponse(f"{path}?{urlencode(asked)}" if asked else path, 303, HEADERS)


def back_to(request: Request, otherwise: str) -> str:
    """The page of ours that a form asks to come back to; never another site."""
    wanted = request.query_params.get("next", "")
    parts = urlsplit(wanted)
    is_ours = wanted.startswith("/console/") and not parts.netloc and not parts.scheme and "\\" not in wanted
    return wanted if is_ours else otherwise


def _is_secure(services: Services) -> bool:
    return services.parts.settings.public_url.startswith("https://")


def _language(request: Request, chosen: str | None) -> Language:
    return Language(chosen) if chosen in set(Language) else language_of(request)


async def _failed(request: Request, error: Exception) -> Response:
    problem = _as_problem(error)
    if problem is None:
        log.exception("page failed", exc_info=error)
        problem = Problem(500, "defect", "this is a defect of ours")
    if problem.code == "signed_out":
        came_from = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        wanted = came_from if request.method == "GET" and came_from != "/" else ""
        return RedirectResponse(f"{SIGN_IN}?next={quote(wanted)}" if wanted else SIGN_IN, 303, HEADERS)
    visit: Visit | None = getattr(request.state, "visit", None)
    if visit is None:
        return show_alone(request, "failure.html.jinja", language_of(request), status=problem.status, problem=problem)
    return show_failure(request, visit, problem)


def _as_problem(error: Exception) -> Problem | None:
    match error:
        case Problem():
            return error
        case StoreAway():
            return unavailable("store_away", "the records cannot be reached now")
        case Erased():
            return Problem(410, "erased", "the data were erased on request")
        case Unknown():
            return Problem(410, "erased", "this text was kept for its time and is gone")
        case HTTPException():
            return Problem(error.status_code, "refused", str(error.detail))
        case _:
            return None
