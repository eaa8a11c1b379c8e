"""Pages of the console as HTML: escaped by default, with styles and a script of ours and of nobody else."""

import hashlib
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FunctionLoader, StrictUndefined

from domain.privacy import Language
from starter.console.navigation import places_of
from starter.console.wording import Speech, words
from starter.pages.rendering import STYLESHEET, stylesheet
from starter.pages.wording import LANGUAGE_TAGS, NAMES
from starter.problems import Problem
from starter.services import Services

if TYPE_CHECKING:
    from starter.console.entry import Visit

_HERE = files("starter.console")
ASSETS = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Vary": "Accept-Language, Cookie",
}


def show(request: Request, template: str, visit: "Visit", *, status: int = 200, **fields: Any) -> HTMLResponse:
    """A page for somebody who is signed in. Its template finds the words as `w`, times and codes by `say`."""
    return _page(
        request,
        template,
        visit.language,
        status,
        visit=visit,
        menu=places_of(visit.person),
        csrf=visit.csrf,
        done=request.query_params.get("done", ""),
        **fields,
    )


def show_alone(
    request: Request, template: str, language: Language, *, status: int = 200, **fields: Any
) -> HTMLResponse:
    """A page for somebody who is not signed in."""
    return _page(request, template, language, status, visit=None, menu=[], done="", **({"csrf": ""} | fields))


def show_failure(request: Request, visit: "Visit", problem: Problem) -> HTMLResponse:
    """The page that tells of a problem, in words that help."""
    return show(request, "failure.html.jinja", visit, status=problem.status, problem=problem)


def fragment(request: Request, template: str, visit: "Visit", **fields: Any) -> HTMLResponse:
    """A part of a page, for our script to put in its place."""
    return show(request, template, visit, **fields)


def speech_of(request: Request, language: Language) -> Speech:
    """How a page speaks to whoever asked for it."""
    services: Services = request.app.state.services
    return Speech(language, ZoneInfo(services.parts.settings.time_zone), datetime.now(UTC), services.taxonomy)


def _page(request: Request, template: str, language: Language, status: int, **fields: Any) -> HTMLResponse:
    html = (
        _environment()
        .get_template(template)
        .render(
            w=words(language),
            say=speech_of(request, language),
            language=language.value,
            language_tag=LANGUAGE_TAGS[language],
            languages=NAMES,
            path=request.url.path,
            stylesheets=(f"{STYLESHEET}?{_digest(stylesheet())}", f"/console/console.css?{_version('console.css')}"),
            script=f"/console/console.js?{_version('console.js')}",
            **({"here": f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path} | fields),
        )
    )
    return HTMLResponse(html, status, HEADERS | {"Content-Language": LANGUAGE_TAGS[language]})


@cache
def asset(name: str) -> bytes:
    return (_HERE / "assets" / name).read_bytes()


@cache
def _version(name: str) -> str:
    return _digest(asset(name))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(lambda name: (_HERE / "templates" / name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
