"""Calendars in the browser: read, and set anew once it was seen what a new version would move."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from domain.access import Permission
from domain.calendar import Weekday
from starter.api.calendar_views import CalendarChange
from starter.api.calendars import CalendarForm, known_version, set_calendar
from starter.api.entry import House
from starter.console import calendar_sheet
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.rendering import show
from starter.console.sheets import FINE, Wrong, checked, wrong
from starter.pages.entry import text_in
from starter.problems import Problem
from starter.services import Services
from storage.cases import MAX_PAGE

router = APIRouter(prefix="/console/calendars", route_class=ConsoleRoute, include_in_schema=False)

Reader = Annotated[Visit, Depends(Seat(Permission.READ_CALENDARS))]
Editor = Annotated[Visit, Depends(Seat(Permission.MANAGE_CALENDARS))]
CalendarId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
NAMES = (*calendar_sheet.FIELDS, "reason", *(f"week_{day}" for day in Weekday))


@router.get("")
async def calendars(request: Request, services: House, visit: Reader) -> Response:
    """All calendars by their newest versions."""
    found = await services.parts.rulebook.calendars.page("", MAX_PAGE)
    return show(request, "calendars.html.jinja", visit, calendars=found, now=datetime.now(UTC))


@router.get("/{calendar}")
async def read(request: Request, services: House, visit: Reader, calendar: CalendarId) -> Response:
    """The newest version of a calendar, or an earlier one."""
    asked = request.query_params.get("version", "")
    version = int(asked) if asked.isascii() and asked.isdecimal() and 0 < len(asked) < 7 else None
    stored = services.parts.rulebook.calendars
    found = await known_version(stored, calendar, version)
    newest = found if version is None else await known_version(stored, calendar, None)
    days = sorted(found.calendar.listed_days.values(), key=lambda plan: plan.day)
    makers = await services.parts.people.people([found.made_by])
    return show(
        request,
        "calendar.html.jinja",
        visit,
        found=found,
        newest=newest.calendar.version,
        days=days,
        weekdays=tuple(Weekday),
        hours=calendar_sheet.hours,
        maker=makers[found.made_by].name if found.made_by in makers else found.made_by,
    )


@router.get("/{calendar}/edit")
async def ask(request: Request, services: House, visit: Editor, calendar: CalendarId) -> Response:
    """The form for the next version; empty for a calendar that there is not yet."""
    newest = await services.parts.rulebook.calendars.newest(calendar)
    fields = {} if newest is None else calendar_sheet.filled_in(newest.calendar)
    version = newest.calendar.version if newest else None
    return _form(request, visit, calendar, version, fields, FINE)


@router.post("/{calendar}/edit")
async def give(request: Request, services: House, visit: Editor, calendar: CalendarId) -> Response:
    """Look at what the next version would move; store it once that was seen."""
    form = await form_of(request, visit.csrf)
    fields = {name: text_in(form, name) for name in NAMES}
    replaces = text_in(form, "replaces")
    version = int(replaces) if replaces.isascii() and replaces.isdecimal() and len(replaces) < 7 else None
    is_meant = text_in(form, "do") == "store"
    try:
        change = await _set(services, visit, calendar, version, fields, is_meant=is_meant)
    except Problem as problem:
        return _form(request, visit, calendar, version, fields, _placed(wrong(problem, visit.language)))
    if is_meant:
        return redirect(f"/console/calendars/{calendar}", done="stored" if change.is_stored else "same")
    return _form(request, visit, calendar, version, fields, FINE, change)


async def _set(
    services: Services, visit: Visit, calendar: str, version: int | None, fields: Mapping[str, str], *, is_meant: bool
) -> CalendarChange:
    document = calendar_sheet.document_of(fields)
    form = checked(CalendarForm, {"document": document, "reason": fields["reason"]})
    return await set_calendar(calendar, form, services, visit.person, version, Response(), not is_meant)


def _placed(refused: Wrong) -> Wrong:
    """What is wrong with the document, by the fields that it is written in."""
    by = dict(refused.by)
    for pointer, message in refused.at.items():
        steps = pointer.strip("/").split("/")
        if steps[0] == "document" and len(steps) > 1:
            days = steps[1] in {"closed", "open_days", "changed_days"}
            by.setdefault(
                "days" if days else f"week_{steps[2]}" if steps[1] == "week" and len(steps) > 2 else steps[1], message
            )
    by.pop("document", None)
    return Wrong(by, refused.whole, refused.status, refused.at)


def _form(
    request: Request,
    visit: Visit,
    calendar: str,
    version: int | None,
    fields: Mapping[str, str],
    refused: Wrong,
    change: CalendarChange | None = None,
) -> Response:
    return show(
        request,
        "calendar_edit.html.jinja",
        visit,
        status=refused.status,
        calendar=calendar,
        version=version,
        fields=dict.fromkeys(NAMES, "") | dict(fields),
        weekdays=tuple(Weekday),
        wrong=refused,
        placed=tuple(NAMES),
        change=change,
    )
