"""Pages as HTML: escaped by default, styled by one sheet of ours, loading nothing else and running nothing."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FunctionLoader, StrictUndefined

from domain.privacy import Language
from starter.pages.wording import LANGUAGE_TAGS, NAMES, words

_HERE = files("starter.pages")
STYLESHEET = "/pages/amends.css"

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Vary": "Accept-Language",
}


def show(
    request: Request,
    template: str,
    language: Language,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **fields: Any,
) -> HTMLResponse:
    """A page. Its template finds the words of the language as `w`."""
    html = (
        _environment()
        .get_template(template)
        .render(
            w=words(language),
            language=language.value,
            language_tag=LANGUAGE_TAGS[language],
            languages=NAMES if request.method == "GET" else {},  # what was sent is not there in the other language
            path=request.url.path,
            stylesheet=f"{STYLESHEET}?{_stylesheet_version()}",
            **fields,
        )
    )
    return HTMLResponse(html, status, HEADERS | {"Content-Language": LANGUAGE_TAGS[language]} | (headers or {}))


@cache
def stylesheet() -> bytes:
    return (_HERE / "assets" / "amends.css").read_bytes()


@cache
def _stylesheet_version() -> str:
    return hashlib.sha256(stylesheet()).hexdigest()[:8]


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(lambda name: (_HERE / "templates" / name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
