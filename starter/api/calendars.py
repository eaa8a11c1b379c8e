"""Business calendars over HTTP: their versions, what changed between two, and what a new one would move.

A new version is for clocks that are started from then on. Nothing here moves a clock that runs.
"""

import asyncio
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from fastapi import Body as FromBody

from domain.access import Permission, Person
from domain.calendar import Calendar, CalendarError, diff, read_calendar
from domain.calendar import Problem as Refusal
from starter.api.calendar_views import (
    CalendarChange,
    CalendarDocument,
    CalendarList,
    CalendarSummary,
    CalendarView,
    Difference,
    Moves,
)
from starter.api.entry import Allowed, House, audit, if_match
from starter.api.strict_json import StrictJsonRoute
from starter.bodies import Body, Line
from starter.calendar_moves import FoundMoves, find_moves
from starter.problems import FieldError, Problem, invalid, not_found, pointer_to
from starter.services import Services
from storage.calendars import CalendarChanged, Calendars, CalendarVersion
from storage.cases import MAX_PAGE
from storage.pool import transaction

MOST_PAGES = 20
"""Pages in which moved clocks are looked for, each of 250 open cases: at four clocks a case, a second of computing."""

_ID = r"[a-z0-9][a-z0-9-]{0,63}"

router = APIRouter(prefix="/v1/calendars", tags=["calendars"], route_class=StrictJsonRoute)

CalendarId = Annotated[str, Path(pattern=f"^{_ID}$")]
Version = Annotated[int, Query(ge=1, le=1_000_000)]
Reader = Annotated[Person, Depends(Allowed(Permission.READ_CALENDARS))]
Editor = Annotated[Person, Depends(Allowed(Permission.MANAGE_CALENDARS))]

_EXAMPLE: dict[str, Any] = {
    "reason": "The days of 2026 as agreed with the works council.",
    "document": {
        "title": "Office in Leeds",
        "zone": "Europe/London",
        "week": {"monday": [{"opens": "09:00", "closes": "12:30"}, {"opens": "13:30", "closes": "17:00"}]},
        "known_from": "2026-01-01",
        "horizon": "2026-12-31",
        "closed": [{"day": "2026-12-28", "name": {"zh": "节礼日补假", "en": "Boxing Day, substitute"}}],
        "open_days": [{"day": "2026-06-06", "name": {"zh": "开放日", "en": "open day"}, "like": "monday"}],
        "changed_days": [
            {
                "day": "2026-12-21",
                "name": {"zh": "圣诞前", "en": "before Christmas"},
                "windows": [{"opens": "09:00", "closes": "12:30"}],
            }
        ],
    },
}


class CalendarForm(Body):
    """The next version of a calendar, and why."""

    document: CalendarDocument
    reason: Line


async def replaced_version(
    value: Annotated[
        str | None,
        Header(alias="If-Match", description="the ETag of the version that is replaced; none for a new calendar"),
    ] = None,
) -> int | None:
    return await if_match(value)


@router.get("", summary="List calendars by their newest versions")
async def calendars(
    services: House,
    _: Reader,
    cursor: Annotated[str, Query(pattern=f"^({_ID})?$", description="the id after which to go on")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> CalendarList:
    found = await services.parts.rulebook.calendars.page(cursor, limit + 1)
    items = tuple(CalendarSummary.of(version, datetime.now(UTC)) for version in found[:limit])
    return CalendarList(items=items, next_cursor=items[-1].id if len(found) > limit else None)


@router.get("/{calendar_id}", summary="Read a calendar: its newest version, or an earlier one")
async def calendar(
    calendar_id: CalendarId, services: House, _: Reader, response: Response, version: Version | None = None
) -> CalendarView:
    found = await known_version(services.parts.rulebook.calendars, calendar_id, version)
    response.headers["ETag"] = f'"{found.calendar.version}"'
    return CalendarView.of(found, datetime.now(UTC))


@router.get("/{calendar_id}/diff", summary="What changed from one version of a calendar to another")
async def difference(
    calendar_id: CalendarId,
    services: House,
    _: Reader,
    from_version: Annotated[Version, Query(alias="from")],
    to_version: Annotated[Version, Query(alias="to")],
) -> Difference:
    stored = services.parts.rulebook.calendars
    old, new = [(await known_version(stored, calendar_id, each)).calendar for each in (from_version, to_version)]
    return Difference.of(old, new, await asyncio.to_thread(diff, old, new))


@router.put(
    "/{calendar_id}",
    responses={201: {"model": CalendarChange, "description": "There was no such calendar before"}},
    summary="Set the next version of a calendar, and see what it would move",
)
async def set_calendar(
    calendar_id: CalendarId,
    form: Annotated[CalendarForm, FromBody(openapi_examples={"example": {"value": _EXAMPLE}})],
    services: House,
    person: Editor,
    replaces: Annotated[int | None, Depends(replaced_version)],
    response: Response,
    dry_run: Annotated[bool, Query(description="store nothing, only say what would move")] = False,
) -> CalendarChange:
    stored = services.parts.rulebook.calendars
    newest = await stored.newest(calendar_id)
    following = _following(calendar_id, newest, form.document)
    says_something_new = newest is None or following is not newest.calendar
    if says_something_new:
        _confirm_replaced(replaces, newest)
    found = await what_would_move(stored, following, MOST_PAGES)
    would_move = Moves.of(found.moves, datetime.now(UTC), is_complete=found.is_complete)
    is_stored = says_something_new and not dry_run
    if is_stored:
        await _store(services, following, person, form.reason)
        response.status_code = 200 if newest else 201
    response.headers["ETag"] = f'"{following.version}"'
    return CalendarChange(id=calendar_id, version=following.version, is_stored=is_stored, would_move=would_move)


async def known_version(stored: Calendars, calendar_id: str, version: int | None) -> CalendarVersion:
    """A version of a calendar, or the newest. Raises `Problem`."""
    found = await (stored.newest(calendar_id) if version is None else stored.version(calendar_id, version))
    if found is None:
        raise not_found(f"there is no calendar {calendar_id}" + (f" of version {version}" if version else ""))
    return found


def _following(calendar_id: str, newest: CalendarVersion | None, document: CalendarDocument) -> Calendar:
    """The version that the document would be; the newest itself where it says nothing new. Raises `Problem`."""
    version = newest.calendar.version + 1 if newest else 1
    try:
        read = read_calendar({"id": calendar_id, "version": version, **dict(document)})
    except CalendarError as error:
        raise invalid(map(_in_the_document, error.problems)) from None
    return newest.calendar if newest and newest.says(read) else read


def _in_the_document(problem: Refusal) -> FieldError:
    """A problem of the calendar by its JSON pointer; that of one day in a list says `[place]: ` first."""
    of_a_day = re.fullmatch(r"\[(\d+)\]: (.*)", problem.message)
    path, message = (f".{of_a_day[1]}", of_a_day[2]) if of_a_day else ("", problem.message)
    return FieldError("/document" + pointer_to(f"{problem.place}{path}".split(".")), message)


def _confirm_replaced(replaces: int | None, newest: CalendarVersion | None) -> None:
    if newest is None and replaces is not None:
        raise Problem(412, "changed_meanwhile", "there is no such calendar yet; a new one replaces no version")
    if newest is not None and replaces is None:
        expected = f'expected the version that is replaced, such as "{newest.calendar.version}", the newest'
        raise invalid([FieldError("header If-Match", expected)])
    if newest is not None and replaces != newest.calendar.version:
        raise _changed_meanwhile(newest.calendar.id)


def _changed_meanwhile(calendar_id: str) -> Problem:
    return Problem(412, "changed_meanwhile", f"the newest version of {calendar_id} is not the one that you replace")


async def _store(services: Services, calendar: Calendar, person: Person, reason: str) -> None:
    try:
        async with transaction(services.parts.pool) as connection:
            await services.parts.rulebook.calendars.add(
                connection, calendar, by=person.id, reason=reason, at=datetime.now(UTC)
            )
    except CalendarChanged:
        raise _changed_meanwhile(calendar.id) from None
    audit.info("calendar set", calendar=f"{calendar.id}@{calendar.version}", person=person.id)


async def what_would_move(stored: Calendars, calendar: Calendar, most_pages: int) -> FoundMoves:
    """What the version would move. Raises `Problem` for one in which a running clock would never end."""
    try:
        return await find_moves(stored, calendar, most_pages)
    except CalendarError as error:
        raise invalid([FieldError("/document/week", f"a running clock would never end: {error}")]) from None
