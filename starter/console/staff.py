"""The staff registry in the browser: who works here, as what, until when absent, and how each comes in."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.datastructures import FormData

from domain.access import STAFF_ROLES, Permission, Person, Role
from starter.api.entry import House
from starter.api.registry import PersonForm
from starter.api.staff import PersonChange, TokenForm, values_of
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.rendering import show
from starter.console.sheets import FINE, Wrong, checked, key_of, once, show_once, wrong
from starter.pages.entry import text_in
from starter.problems import Problem
from starter.services import Services
from storage.staff import Wanted

router = APIRouter(prefix="/console/staff", route_class=ConsoleRoute, include_in_schema=False)

Reader = Annotated[Visit, Depends(Seat(Permission.READ_STAFF))]
Admin = Annotated[Visit, Depends(Seat(Permission.MANAGE_STAFF))]
PersonId = Annotated[str, Path(max_length=64)]
ON_A_PAGE = 50
ROLES = tuple(role for role in Role if role in STAFF_ROLES)
STATES = {"active": True, "left": False, "all": None}


@router.get("")
async def roster(request: Request, services: House, visit: Reader) -> Response:
    """Who works here, by name."""
    given = request.query_params
    state = given.get("state", "active") if given.get("state") in STATES else "active"
    role = Role(given["role"]) if given.get("role") in set(ROLES) else None
    wanted = Wanted(given.get("q", "").strip()[:100], role, given.get("team", "").strip()[:64], STATES[state])
    found = await services.staff.page(wanted, given.get("after", "")[:100], ON_A_PAGE + 1)
    asked = {"q": wanted.name, "role": role or "", "team": wanted.team, "state": state}
    more = {name: value for name, value in asked.items() if value} | {
        "after": found[ON_A_PAGE - 1].name if len(found) > ON_A_PAGE else ""
    }
    return show(
        request,
        "staff.html.jinja",
        visit,
        people=found[:ON_A_PAGE],
        asked=asked,
        after=given.get("after", ""),
        next_page=f"/console/staff?{urlencode(more)}" if len(found) > ON_A_PAGE else "",
        roles=ROLES,
        states=tuple(STATES),
        teams=await services.staff.teams(),
        now=datetime.now(UTC),
    )


@router.get("/new")
async def ask(request: Request, services: House, visit: Admin) -> Response:
    """The form for somebody new."""
    return await _new(request, services, visit, {"roles": (), "name": ""}, FINE)


@router.post("/new")
async def enrol(request: Request, services: House, visit: Admin) -> Response:
    """Enrol somebody; how the person comes in is said on the next page."""
    form = await form_of(request, visit.csrf)
    values = _values(form, services) | {"name": text_in(form, "name")}
    values.pop("absent_until")
    try:
        wanted = checked(PersonForm, {name: value for name, value in values.items() if value is not None})
        person = await services.staff.enrol(
            visit.person,
            wanted.name,
            wanted.roles,
            team=wanted.team,
            languages=wanted.languages,
            redress_limit=wanted.redress_limit,
        )
    except Problem as problem:
        return await _new(request, services, visit, _written(form), wrong(problem, visit.language))
    return redirect(f"/console/staff/{person.id}", done="enrolled")


@router.get("/{person}")
async def read(request: Request, services: House, visit: Reader, person: PersonId) -> Response:
    """One person, and what can be done about them."""
    found = await services.staff.person(person)
    return await _page(request, services, visit, found, _of(found, services), FINE)


@router.post("/{person}")
async def change(request: Request, services: House, visit: Admin, person: PersonId) -> Response:
    """Other roles, another team, an absence."""
    form = await form_of(request, visit.csrf)
    found = await services.staff.person(person)
    try:
        wanted = checked(PersonChange, _values(form, services))
        await services.staff.change(visit.person, person, values_of(wanted))
    except Problem as problem:
        return await _page(request, services, visit, found, _written(form), wrong(problem, visit.language))
    return redirect(f"/console/staff/{person}", done="changed")


@router.post("/{person}/active")
async def leave(request: Request, services: House, visit: Admin, person: PersonId) -> Response:
    """Somebody leaves, or comes back."""
    form = await form_of(request, visit.csrf)
    found, stays = await services.staff.person(person), text_in(form, "active") == "yes"
    try:
        await services.staff.change(visit.person, person, {"active": stays})
    except Problem as problem:
        return await _page(request, services, visit, found, _of(found, services), wrong(problem, visit.language))
    return redirect(f"/console/staff/{person}", done="back" if stays else "left")


@router.post("/{person}/password")
async def password(request: Request, services: House, visit: Admin, person: PersonId) -> Response:
    """A new password that is made here and shown once, or one that was agreed on."""
    form = await form_of(request, visit.csrf)
    found, agreed = await services.staff.person(person), str(form.get("password") or "")

    async def make() -> dict[str, Any]:
        made = agreed or secrets.token_urlsafe(15)
        await services.accounts.set_password(found, made)
        return {"secret": "" if agreed else made}

    try:
        made = await once(request, services, visit, form, make)
    except Problem as problem:
        return await _page(request, services, visit, found, _of(found, services), wrong(problem, visit.language))
    here = f"/console/staff/{person}"
    if not made["secret"]:
        return redirect(here, done="password")
    return show_once(request, visit, "password", made["secret"], whose=found.name, back=here)


@router.post("/{person}/sign-out")
async def sign_out(request: Request, services: House, visit: Admin, person: PersonId) -> Response:
    """End the sessions of a person, wherever they are."""
    await form_of(request, visit.csrf)
    await services.staff.sign_out(visit.person, person)
    return redirect(f"/console/staff/{person}", done="signed_out")


@router.post("/{person}/tokens")
async def issue(request: Request, services: House, visit: Admin, person: PersonId) -> Response:
    """A further token, shown once."""
    form = await form_of(request, visit.csrf)
    found = await services.staff.person(person)
    label = text_in(form, "label")

    async def make() -> dict[str, Any]:
        wanted = checked(TokenForm, {"label": label} if label else {})
        return {"secret": await services.staff.issue_token(visit.person, person, wanted.label or "")}

    try:
        made = await once(request, services, visit, form, make)
    except Problem as problem:
        return await _page(request, services, visit, found, _of(found, services), wrong(problem, visit.language))
    return show_once(request, visit, "token", made["secret"], whose=found.name, back=f"/console/staff/{person}")


@router.post("/{person}/tokens/{token}")
async def revoke(
    request: Request, services: House, visit: Admin, person: PersonId, token: Annotated[str, Path(max_length=32)]
) -> Response:
    """Take one token away."""
    await form_of(request, visit.csrf)
    await services.staff.revoke_token(visit.person, person, token)
    return redirect(f"/console/staff/{person}", done="revoked")


async def _page(
    request: Request, services: Services, visit: Visit, person: Person, written: Mapping[str, Any], refused: Wrong
) -> Response:
    manages = visit.may(Permission.MANAGE_STAFF)
    return show(
        request,
        "person.html.jinja",
        visit,
        status=refused.status,
        person=person,
        written=written,
        wrong=refused,
        roles=ROLES,
        teams=await services.staff.teams(),
        tokens=await services.staff.tokens(person.id) if manages else (),
        sessions=await services.staff.sessions(person.id),
        open_cases=await services.staff.open_cases(person.id),
        manages=manages,
        key=key_of(services, person.id),
        is_absent=person.is_absent(datetime.now(UTC)),
    )


async def _new(
    request: Request, services: Services, visit: Visit, written: Mapping[str, Any], refused: Wrong
) -> Response:
    return show(
        request,
        "person_new.html.jinja",
        visit,
        status=refused.status,
        written={"team": "", "languages": "", "redress_limit": "", "absent_until": ""} | dict(written),
        wrong=refused,
        roles=ROLES,
        teams=await services.staff.teams(),
    )


def _values(form: FormData, services: Services) -> dict[str, Any]:
    """The body that the form makes; what may be empty is emptied by it."""
    languages = text_in(form, "languages").replace("，", ",").replace("、", ",").split(",")
    return {
        "roles": [str(role) for role in form.getlist("roles")],
        "team": text_in(form, "team") or None,
        "languages": [code.strip().lower() for code in languages if code.strip()],
        "redress_limit": text_in(form, "redress_limit") or "0",
        "absent_until": _moment(text_in(form, "absent_until"), services) or None,
    }


def _moment(given: str, services: Services) -> str:
    """A local time with its zone; what is none stays as it is, to be refused by name."""
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        return given
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(services.parts.settings.time_zone))).isoformat()


def _written(form: FormData) -> dict[str, Any]:
    """What was filled in, to be shown again."""
    texts = {name: text_in(form, name) for name in ("name", "team", "languages", "redress_limit", "absent_until")}
    return texts | {"roles": {str(role) for role in form.getlist("roles")}}


def _of(person: Person, services: Services) -> dict[str, Any]:
    zone = ZoneInfo(services.parts.settings.time_zone)
    absent = person.absent_until
    return {
        "name": person.name,
        "roles": {role.value for role in person.roles},
        "team": person.team or "",
        "languages": ", ".join(person.languages),
        "redress_limit": str(person.redress_limit),
        "absent_until": absent.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if absent else "",
    }
