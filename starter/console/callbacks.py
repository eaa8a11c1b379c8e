"""The callers' desk: whom to call back today and in which window, the record of a call, and the next attempt."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError

from domain.access import Permission
from domain.complaints.callback import Callback
from domain.complaints.case import Case
from starter.api.entry import House
from starter.bodies import body_of, command_of
from starter.console.cases import explained, names_of, tell
from starter.console.command_forms import commands_now, form_for
from starter.console.commands import once
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.faults import in_words
from starter.console.fields import Field, filled, values_of, with_errors
from starter.console.rendering import show, speech_of
from starter.desk import Request as Asking
from starter.pages.entry import text_in
from starter.problems import Problem, field_errors, invalid
from starter.services import Services
from storage.callbacks import Callbacks

router = APIRouter(prefix="/console/callbacks", route_class=ConsoleRoute, include_in_schema=False)

SHOWN = 200
GROUPS = ("now", "missed", "today", "later", "unplanned")
"""In the order in which calls are made."""

Recorder = Annotated[Visit, Depends(Seat("record_visit"))]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The record of a call as it is filled in, with the plan of the next attempt."""

    visit: tuple[Field, ...]
    plan: tuple[Field, ...]
    key: str
    loose: tuple[str, ...] = ()
    status: int = 200


@router.get("")
async def today(
    request: Request, services: House, visit: Annotated[Visit, Depends(Seat(Permission.CALL_BACK))]
) -> Response:
    """Whom to call now, whose window has gone by, who comes later."""
    everybodys = request.query_params.get("view") == "all"
    found = await Callbacks(services.parts.pool).waiting(None if everybodys else visit.person.id, SHOWN + 1)
    zone, now = ZoneInfo(services.parts.settings.time_zone), datetime.now(UTC)
    groups: dict[str, list[Case]] = {name: [] for name in GROUPS}
    for case in found[:SHOWN]:
        groups[window_group(case.callback, now, zone)].append(case)
    return show(
        request,
        "callbacks.html.jinja",
        visit,
        groups=groups,
        everybodys=everybodys,
        is_cut=len(found) > SHOWN,
        limit=SHOWN,
        people=await services.parts.people.people({each.callback.caller for each in found if each.callback.caller}),
    )


@router.get("/{reference}")
async def record(request: Request, services: House, reference: str, visit: Recorder) -> Response:
    """Whom to call and about what, with the record to be filled in during the call; that it was read is logged."""
    case, _ = await services.cases.current_case(visit.person, reference)
    key = services.keys.form(case.reference, datetime.now(UTC))
    return await _page(request, services, visit, case, await _sheet(request, services, visit, case, key))


@router.post("/{reference}")
async def keep(request: Request, services: House, reference: str, visit: Recorder) -> Response:
    """Record the call; where nobody was reached, plan the next attempt with it if a window is given."""
    form = await form_of(request, visit.csrf)
    case, _ = await services.cases.current_case(visit.person, reference)
    empty = await _sheet(request, services, visit, case, text_in(form, "key"))
    called, plan = filled(empty.visit, form), filled(empty.plan, form)
    zone = ZoneInfo(services.parts.settings.time_zone)
    values, next_time = values_of(called, zone), values_of(plan, zone)
    is_recorded = False
    try:
        if next_time:
            _check_plan(values, next_time)
        await _do(services, visit, reference, "record_visit", values, empty.key)
        is_recorded = True
        if next_time:
            await _do(services, visit, reference, "plan_callback", next_time, empty.key and f"{empty.key}.next")
    except Problem as problem:
        if problem.status not in {409, 422, 503}:
            raise
        errors, loose = in_words(problem, visit.language)
        if is_recorded:  # sent again under the same key, it is not recorded twice
            loose.insert(0, speech_of(request, visit.language).words["callbacks"]["recorded_not_planned"])
        marked, unplaced = with_errors((*called, *plan), errors)
        at = len(called)
        sheet = Sheet(marked[:at], marked[at:], empty.key, (*loose, *unplaced), problem.status)
        now, _ = await services.cases.current_case(visit.person, reference)
        return await _page(request, services, visit, now, sheet)
    return redirect("/console/callbacks", done="planned" if next_time else "recorded")


def window_group(callback: Callback, now: datetime, zone: ZoneInfo) -> str:
    """When a customer is to be called, seen from now."""
    begin, end = callback.window_from, callback.window_to
    if begin is None or end is None:
        return "unplanned"
    if begin <= now < end:
        return "now"
    if end <= now:
        return "missed"
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return "today" if begin < midnight else "later"


def _check_plan(values: dict[str, Any], next_time: dict[str, Any]) -> None:
    """Look at the plan before the call is recorded: nothing is done of a form that is wrong. Raises `Problem`."""
    if values.get("result") == "reached":
        raise invalid(field_errors([{"loc": ("window_from",), "msg": "the next attempt belongs to a failed one"}]))
    try:
        body_of("record_visit").model_validate(values)
        command_of("plan_callback", next_time)
    except ValidationError as error:
        raise invalid(field_errors(error.errors())) from None


async def _do(services: Services, visit: Visit, reference: str, command: str, values: dict[str, Any], key: str) -> None:
    await services.cases.perform(Asking(visit.person, reference, command, values, key=once(key, values)))


async def _sheet(request: Request, services: Services, visit: Visit, case: Case, key: str) -> Sheet:
    say = speech_of(request, visit.language)
    called = await form_for(services, visit.person, case, "record_visit", say)
    plan = await form_for(services, visit.person, case, "plan_callback", say)
    return Sheet(called, tuple(replace(each, is_required=False) for each in plan), key)


async def _page(request: Request, services: Services, visit: Visit, case: Case, sheet: Sheet) -> Response:
    say = speech_of(request, visit.language)
    return show(
        request,
        "callback.html.jinja",
        visit,
        status=sheet.status,
        case=case,
        sheet=sheet,
        is_allowed="record_visit" in commands_now(case, visit.person),
        told=await tell(services, visit, case, say),
        clocks=await explained(services, case, visit),
        names=await names_of(services, case, []),
    )
