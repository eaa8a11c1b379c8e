"""Signing in, signing out, and the own account: password and language."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from domain.access import Permission
from domain.privacy import Language
from starter.api.entry import House
from starter.console.entry import (
    ConsoleRoute,
    Seat,
    Visit,
    back_to,
    cookie,
    csrf_of,
    forget,
    form_of,
    keep,
    new_key,
    redirect,
    visit_of,
)
from starter.console.navigation import ACCOUNT, home_of
from starter.console.rendering import show, show_alone
from starter.pages.entry import language_of, text_in
from starter.problems import Problem
from starter.services import Services

router = APIRouter(route_class=ConsoleRoute, include_in_schema=False)

Here = Annotated[Visit, Depends(Seat(Permission.USE_CONSOLE))]
BEFORE = "before"
"""The cookie of a browser in which nobody is signed in yet: the form of signing in is bound to it."""


@router.get("/console/sign-in")
async def ask(request: Request, services: House) -> Response:
    """The form for name and password."""
    visit = await visit_of(request, services)
    if visit is not None:
        return redirect(back_to(request, home_of(visit.person)))
    return _asked(request, services)


@router.post("/console/sign-in")
async def sign_in(request: Request, services: House) -> Response:
    """Begin a session under a new key."""
    before = request.cookies.get(cookie(services, BEFORE), "")
    form = await form_of(request, csrf_of(before))
    name, password = text_in(form, "name"), str(form.get("password") or "")
    try:
        begun = await services.accounts.sign_in(
            name, password, instead_of=request.cookies.get(cookie(services, "session"))
        )
    except Problem as problem:
        if problem.code != "not_signed_in":
            raise
        await services.limits.wrong_password(request)
        return _asked(request, services, name=name, is_wrong=True)
    answer = redirect(back_to(request, home_of(begun.person)))
    keep(answer, services, "session", begun.key, begun.ends_at)
    forget(answer, services, BEFORE)
    return answer


@router.post("/console/sign-out")
async def sign_out(request: Request, services: House, visit: Here) -> Response:
    """End the session."""
    await form_of(request, visit.csrf)
    await services.accounts.sign_out(visit.person, visit.key)
    answer = redirect("/console/sign-in", bye="1")
    forget(answer, services, "session")
    return answer


@router.post("/console/language")
async def language(request: Request, services: House, visit: Here) -> Response:
    """Choose the language to work in."""
    form = await form_of(request, visit.csrf)
    wanted = text_in(form, "language")
    if wanted in set(Language):
        await services.accounts.choose_language(visit.person, wanted)
    return redirect(back_to(request, home_of(visit.person)))


@router.get(ACCOUNT)
async def account(request: Request, visit: Here) -> Response:
    """Who I am here, and the form for another password."""
    return show(request, "account.html.jinja", visit, wrong={})


@router.post(ACCOUNT)
async def change_password(request: Request, services: House, visit: Here) -> Response:
    """Another password, with the old one; all other sessions end."""
    form = await form_of(request, visit.csrf)
    old, new, again = (str(form.get(name) or "") for name in ("old", "new", "again"))
    wrong = await _wrong_passwords(services, visit, old, new, again)
    if wrong:
        return show(request, "account.html.jinja", visit, status=422, wrong=wrong)
    begun = await services.accounts.begin(visit.person, None, by="new password")
    answer = redirect(ACCOUNT, done="password")
    keep(answer, services, "session", begun.key, begun.ends_at)
    return answer


async def _wrong_passwords(services: Services, visit: Visit, old: str, new: str, again: str) -> dict[str, str]:
    """What is wrong with the fields; nothing is, when the new password has been set."""
    if new != again:
        return {"again": "again"}
    try:
        await services.accounts.known_by(visit.person.name, old)
    except Problem:
        return {"old": "old"}
    try:
        await services.accounts.set_password(visit.person, new)
    except Problem:
        return {"new": "new"}
    return {}


def _asked(request: Request, services: Services, *, name: str = "", is_wrong: bool = False) -> Response:
    before = request.cookies.get(cookie(services, BEFORE)) or new_key()
    page = show_alone(
        request,
        "sign_in.html.jinja",
        language_of(request),
        status=401 if is_wrong else 200,
        csrf=csrf_of(before),
        name=name,
        is_wrong=is_wrong,
        has_left="bye" in request.query_params,
        next=back_to(request, ""),
        shown_at=datetime.now(UTC),
        has_provider=services.single_sign_on is not None,
    )
    keep(page, services, BEFORE, before)
    return page
