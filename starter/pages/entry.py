"""What every public page passes: the limits, the link, the form's own key, and a page for whatever goes wrong."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from domain.links import LinkPurpose
from domain.privacy import Language
from runtime.links import LinkRefused, WhyNot
from starter.api.entry import House
from starter.attachments import File
from starter.pages.rendering import show
from starter.pages.wording import language_wanted, words
from starter.problems import Problem, unavailable
from starter.services import Services
from storage.pool import StoreAway
from storage.vault import Erased

MOST_FILES = 3
MOST_FIELDS = 40
LARGEST_FIELD = 200_000
"""Bytes: the longest text that is accepted, in the widest characters, with room to say that it is too long."""
FORM_LIFETIME = timedelta(hours=24)

_WHY_NOT = {
    WhyNot.FORGED: Problem(404, "link_unknown", "there is no such link"),
    WhyNot.EXPIRED: Problem(410, "link_expired", "the link has expired"),
    WhyNot.REVOKED: Problem(410, "link_revoked", "the link was revoked"),
}


class PageRoute(APIRoute):
    """A route for people: limited by address, and every failure is a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_as_page(request: Request) -> Response:
            try:
                await request.app.state.services.limits.page(request)
                return await handle(request)
            except Problem as problem:
                return failure(request, problem)
            except StoreAway:
                return failure(request, unavailable("store_away", "the records cannot be reached now"))
            except Erased:
                return failure(request, Problem(410, "erased", "the data were erased on request"))
            except HTTPException as error:
                return failure(request, Problem(error.status_code, "refused", str(error.detail)))

        return handle_as_page


def failure(request: Request, problem: Problem, language: Language | None = None) -> Response:
    """The page that tells of a problem, in words that help."""
    chosen = language or language_of(request)
    told = words(chosen)["problems"]
    said = told.get(problem.code) or told.get(str(problem.status)) or told["otherwise"]
    return show(
        request,
        "problem.html.jinja",
        chosen,
        status=problem.status,
        headers=retry_after(problem),
        organisation=organisation(request.app.state.services),
        problem=said,
    )


def organisation(services: Services) -> str:
    """By which name customers know us: the one that our mails come from."""
    name, address = parseaddr(services.parts.settings.mail_from)
    return name or address.partition("@")[2]


def retry_after(problem: Problem) -> dict[str, str]:
    return {} if problem.retry_after is None else {"Retry-After": str(problem.retry_after)}


def language_of(request: Request, otherwise: Language = Language.EN) -> Language:
    return language_wanted(request.query_params.get("lang"), request.headers.get("accept-language", ""), otherwise)


def spoken(language: str) -> Language:
    """The language of a case, or English where we do not speak it."""
    return Language(language) if language in set(Language) else Language.EN


Asked = Annotated[Language, Depends(language_of)]


async def subject_of(request: Request, services: House, purpose: LinkPurpose, token: str) -> str:
    """What the link is about. Raises `Problem`: 404, 410; 429 for who tries many that do not exist."""
    try:
        return await services.parts.links.let_in(purpose, token, datetime.now(UTC))
    except LinkRefused as refused:
        if refused.why is WhyNot.FORGED:
            await services.limits.guess(request)
        raise _WHY_NOT[refused.why] from None


async def form_of(request: Request) -> FormData:
    """What a form sends from a page of ours. Raises `Problem`: 403 from elsewhere, 422 if it is no form."""
    if comes_from_elsewhere(request):
        raise Problem(403, "from_elsewhere", "the form was sent from another site")
    return await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LARGEST_FIELD)


def text_in(form: FormData, name: str) -> str:
    """A text field, with the line ends of this side; what is no text counts as empty."""
    value = form.get(name)
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""


async def files_in(form: FormData, name: str = "files") -> list[File]:
    """The files that were chosen; a field left empty sends a nameless file."""
    uploads = [each for each in form.getlist(name) if isinstance(each, UploadFile) and each.filename]
    return [File(each.filename or "", each.content_type or "", await each.read()) for each in uploads]


def is_in_time(shown_at: datetime | None, now: datetime) -> bool:
    """Whether a form with this key was shown by us, and not too long ago."""
    return shown_at is not None and now - FORM_LIFETIME <= shown_at <= now + timedelta(minutes=2)


def comes_from_elsewhere(request: Request) -> bool:
    """Browsers say where a form was sent from; who says nothing is no browser and carries nobody's rights.

    Our own pages send no referrer, and so their origin is "null" (Fetch, 3.1).
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin", "null")
    ours = {request.headers.get("host"), urlsplit(request.app.state.services.parts.settings.public_url).netloc}
    return origin != "null" and urlsplit(origin).netloc not in ours
