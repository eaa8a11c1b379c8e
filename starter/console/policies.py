"""Policies in the browser: read, and a new one checked and tried on the recorded cases before it is installed."""

import json
import time as stopwatch
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Request, Response

from domain.access import Permission
from domain.complaints.policy import Policy
from starter.api.entry import House
from starter.api.simulations import ChangedBreach, SimulationForm, checked_policy, try_policy
from starter.console.command_forms import codes
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of
from starter.console.rendering import show, speech_of
from starter.console.sheets import FINE, Wrong, checked, wrong
from starter.pages.entry import text_in
from starter.problems import FieldError, Problem, invalid, not_found
from starter.services import Services

router = APIRouter(prefix="/console/policies", route_class=ConsoleRoute, include_in_schema=False)

Reader = Annotated[Visit, Depends(Seat(Permission.READ_POLICIES))]
Trier = Annotated[Visit, Depends(Seat(Permission.SIMULATE_POLICIES))]
LONGEST_TRY_SECONDS = 5.0
"""After this a page is shown with what was tried; a button tries the rest."""
MOST_CHANGES = 100
COUNTS = ("recorded", "simulated", "avoided", "added")
NAMES = ("policy", "received_from", "received_to", "category")


@dataclass(slots=True)
class Tried:
    """What came of the cases that were tried so far."""

    pin: str
    cases: int = 0
    changed: int = 0
    total: int | None = None
    kinds: dict[str, dict[str, int]] = field(default_factory=dict)
    changes: list[ChangedBreach] = field(default_factory=list)
    shows_cases: bool = False
    is_complete: bool = False


@router.get("")
async def policies(request: Request, services: House, visit: Reader) -> Response:
    """Every policy that is installed, with its versions."""
    found = sorted(services.parts.rulebook.policies(), key=lambda policy: (policy.id, -policy.version))
    return show(request, "policies.html.jinja", visit, policies=found, default=services.parts.settings.default_policy)


@router.get("/try")
async def ask(request: Request, services: House, visit: Trier) -> Response:
    """The form for a policy in TOML."""
    return _form(request, services, visit, {}, FINE)


@router.post("/try")
async def give(request: Request, services: House, visit: Trier) -> Response:
    """Say what is wrong with a policy, or what it would have made of the recorded cases. Nothing is stored."""
    form = await form_of(request, visit.csrf)
    fields = {name: text_in(form, name) for name in NAMES}
    try:
        document = _document(fields["policy"])
        policy = await checked_policy(services, document)
        tried = None if text_in(form, "do") == "check" else await _try(services, visit, document, fields)
    except Problem as problem:
        return _form(request, services, visit, fields, wrong(problem, visit.language))
    return _form(request, services, visit, fields, FINE, policy, tried)


@router.get("/{policy}")
async def read(
    request: Request, services: House, visit: Reader, policy: Annotated[str, Path(max_length=80)]
) -> Response:
    """One version of a policy, in words."""
    known = services.parts.rulebook.policies()
    found = next((each for each in known if each.pin == policy), None)
    if found is None:
        raise not_found("there is no such policy")
    others = sorted((each.pin for each in known if each.id == found.id and each is not found), reverse=True)
    return show(request, "policy.html.jinja", visit, policy=found, others=others)


async def _try(services: Services, visit: Visit, document: Mapping[str, Any], fields: Mapping[str, str]) -> Tried:
    zone = ZoneInfo(services.parts.settings.time_zone)
    asked = {
        "received_from": _morning(fields["received_from"], zone),
        "received_to": _morning(fields["received_to"], zone),
        "category": fields["category"],
    }
    body = {"policy": document} | {name: value for name, value in asked.items() if value}
    began, tried, cursor = stopwatch.monotonic(), Tried(""), None
    while True:
        page = await try_policy(
            checked(SimulationForm, body | ({"cursor": cursor} if cursor else {})), services, visit.person
        )
        tried.pin, tried.total = page.policy, page.total if cursor is None else tried.total
        tried.cases += page.cases
        tried.changed += page.changed_cases
        tried.shows_cases = page.shows_cases
        tried.changes += page.changes[: MOST_CHANGES - len(tried.changes)]
        for kind in page.kinds:
            of_kind = tried.kinds.setdefault(kind.kind, dict.fromkeys(COUNTS, 0))
            for name in COUNTS:
                of_kind[name] += getattr(kind, name)
        cursor = page.next_cursor
        if cursor is None or stopwatch.monotonic() - began > LONGEST_TRY_SECONDS:
            tried.is_complete = cursor is None
            return tried


def _document(text: str) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(json.dumps(tomllib.loads(text), default=_as_text))
    except tomllib.TOMLDecodeError as error:
        raise invalid([FieldError("/policy", f"this is no TOML: {error}")]) from None
    return document


def _as_text(value: Any) -> str:
    """Days and times of TOML as JSON has them."""
    return str(value.isoformat("minutes") if isinstance(value, time) else value.isoformat())


def _morning(day: str, zone: ZoneInfo) -> str:
    """The beginning of a day; what is none stays as it is, to be refused by name."""
    try:
        return datetime.combine(date.fromisoformat(day), datetime.min.time(), zone).isoformat() if day else ""
    except ValueError:
        return day


def _form(
    request: Request,
    services: Services,
    visit: Visit,
    fields: Mapping[str, str],
    refused: Wrong,
    policy: Policy | None = None,
    tried: Tried | None = None,
) -> Response:
    return show(
        request,
        "policy_try.html.jinja",
        visit,
        status=refused.status,
        fields=dict.fromkeys(NAMES, "") | dict(fields),
        wrong=refused,
        policy=policy,
        tried=tried,
        counts=COUNTS,
        categories=codes(services, "category", speech_of(request, visit.language)),
    )
