"""Finding cases among all that a person sees, and keeping a search under a name."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from domain.access import Permission, scope_of
from domain.complaints.terms import ENDED, Status
from starter.api.complaints import ComplaintFilter, case_filter
from starter.api.entry import House
from starter.console.command_forms import codes
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.queue import SORTS, next_clock
from starter.console.rendering import show, speech_of
from starter.console.wording import Speech
from starter.pages.entry import text_in
from starter.problems import FieldError, invalid, not_found
from starter.services import Services
from storage.board import SOON
from storage.cases import BadCursor
from storage.saved_views import NameTaken, SavedView, TooManyViews

router = APIRouter(prefix="/console/search", route_class=ConsoleRoute, include_in_schema=False)

ON_A_PAGE = 50
LONGEST_NAME = 60
UNSORTED = ("sort", "received")
"""The order that the list has by itself."""
BULK = (
    *("assign", "escalate", "acknowledge_escalation", "note", "update_customer", "hold", "resume"),
    *("link_incident", "unlink_incident", "change_policy"),
)
"""What can be done to many cases at once, in the order of the buttons."""

Reader = Annotated[Visit, Depends(Seat(Permission.LIST_COMPLAINTS))]
Keeper = Annotated[Visit, Depends(Seat(Permission.KEEP_VIEWS))]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What cases are narrowed to, in the words of the address; what is nonsense narrows nothing."""

    given: Mapping[str, str] = field(default_factory=dict)

    NAMES = (
        *("q", "status", "handler", "team", "category", "severity", "channel", "received_from", "received_to"),
        *("open", "breached", "soon", "stuck", "sort"),
    )
    PERSONAL = frozenset({"q"})

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Wanted":
        said = {name: str(given.get(name, "")).strip()[:200] for name in cls.NAMES}
        choices: dict[str, Collection[str]] = {"status": set(Status), "severity": set("12345"), "sort": set(SORTS)}
        choices |= {flag: {"1"} for flag in ("open", "breached", "soon", "stuck")}
        days = {"received_from", "received_to"}
        return cls(
            {
                name: value
                for name, value in said.items()
                if value
                and (name, value) != UNSORTED
                and value in choices.get(name, {value})
                and (name not in days or _day(value))
            }
        )

    @classmethod
    def of_query(cls, query: str) -> "Wanted":
        return cls.of(dict(parse_qsl(query)))

    def __getitem__(self, name: str) -> str:
        return self.given.get(name, "")

    @property
    def query(self) -> str:
        return urlencode(self.given)

    @property
    def impersonal(self) -> str:
        """The query without what somebody is known by, as it may be kept."""
        return urlencode({name: value for name, value in self.given.items() if name not in self.PERSONAL})

    @property
    def order(self) -> str:
        return self["sort"] or "received"

    def filter(self, zone: ZoneInfo) -> ComplaintFilter:
        """The same as the list of the API has it."""
        open_ones = tuple(status for status in Status if status not in ENDED) if self["open"] else ()
        return ComplaintFilter(
            status=(Status(self["status"]),) if self["status"] else open_ones,
            handler=self["handler"] or None,
            team=self["team"] or None,
            category=self["category"] or None,
            severity=int(self["severity"]) if self["severity"] else None,
            channel=self["channel"] or None,
            due_before=datetime.now(UTC) + SOON if self["soon"] else None,
            breached=True if self["breached"] else None,
            needs_operator=True if self["stuck"] else None,
            received_from=_begin(self["received_from"], zone),
            received_to=_begin(self["received_to"], zone, days=1),
            q=self["q"] or None,
        )


@router.get("")
async def search(request: Request, services: House, visit: Reader) -> Response:
    """The cases that fit, page by page; nothing is counted."""
    return await _page(request, services, visit, Wanted.of(request.query_params), request.query_params.get("cursor"))


@router.post("/views")
async def keep(request: Request, services: House, visit: Keeper) -> Response:
    """Keep a search under a name. What a customer is known by is left out of it."""
    form = await form_of(request, visit.csrf)
    wanted, name = Wanted.of_query(text_in(form, "query")), text_in(form, "name").strip()
    words = speech_of(request, visit.language).words["search"]
    view = SavedView(
        id=f"view_{secrets.token_hex(10)}",
        person=visit.person.id,
        name=name,
        query=wanted.impersonal,
        is_shared=bool(text_in(form, "shared")) and visit.may("assign"),
    )
    wrong = words["name_expected"].format(most=LONGEST_NAME) if not 0 < len(name) <= LONGEST_NAME else ""
    try:
        if not wrong:
            await services.views.keep(view, datetime.now(UTC))
    except NameTaken:
        wrong = words["name_taken"]
    except TooManyViews:
        wrong = words["too_many"]
    if wrong:
        return await _page(request, services, visit, wanted, None, wrong=wrong, name=name[:200], status=422)
    return redirect(f"/console/search?{wanted.impersonal}&done=kept")


@router.post("/views/{view}/remove")
async def remove(request: Request, services: House, view: str, visit: Keeper) -> Response:
    """Forget a search of one's own."""
    await form_of(request, visit.csrf)
    if not await services.views.remove(view, visit.person.id):
        raise not_found("there is no such view of yours")
    return redirect("/console/search", done="removed")


async def _page(
    request: Request,
    services: Services,
    visit: Visit,
    wanted: Wanted,
    cursor: str | None,
    *,
    wrong: str = "",
    name: str = "",
    status: int = 200,
) -> Response:
    say, zone = speech_of(request, visit.language), ZoneInfo(services.parts.settings.time_zone)
    try:
        found = await services.parts.records.page(
            await case_filter(services, visit.person, wanted.filter(zone)),
            scope_of(visit.person),
            sort=wanted.order,
            cursor=cursor or None,
            limit=ON_A_PAGE,
        )
    except BadCursor as error:
        raise invalid([FieldError("query cursor", str(error))]) from None
    return show(
        request,
        "search.html.jinja",
        visit,
        status=status,
        here=f"/console/search?{wanted.query}",
        wanted=wanted,
        cases=found.cases,
        next_cursor=found.next_cursor,
        cursor=cursor,
        next_clock=next_clock,
        people=await services.parts.people.people({case.handler for case in found.cases if case.handler}),
        options=await _options(services, say, wanted),
        views=await services.views.of(visit.person.id) if visit.may(Permission.KEEP_VIEWS) else (),
        bulk=[name for name in BULK if visit.may(name)],
        may_share=visit.may("assign"),
        wrong=wrong,
        name=name,
    )


async def _options(services: Services, say: Speech, wanted: Wanted) -> dict[str, list[tuple[str, str]]]:
    handlers = [each.person for each in await services.parts.people.candidates()]
    teams = {each.team for each in handlers if each.team} | ({wanted["team"]} if wanted["team"] else set())
    return {
        "status": [(status.value, say.of("Status", status)) for status in Status],
        "handler": [(each.id, each.name) for each in handlers],
        "team": [(team, team) for team in sorted(teams)],
        "category": list(codes(services, "category", say)),
        "severity": [(level, say.of("Severity", level)) for level in "54321"],
        "channel": list(codes(services, "channel", say)),
        "sort": [(sort, say.words["queue"]["sorts"][sort]) for sort in ("received", "due", "severity")],
    }


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _begin(value: str, zone: ZoneInfo, days: int = 0) -> datetime | None:
    day = _day(value) if value else None
    if day is None or day.year > 9998:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=days)
