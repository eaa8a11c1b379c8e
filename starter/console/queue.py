"""The queue: the cases that a person works through, by the next due time."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from domain.access import Permission, Role, scope_of
from domain.complaints.case import Case
from domain.complaints.clocks import Clock
from domain.complaints.terms import ENDED, Status
from starter.api.complaints import ComplaintQuery, case_filter
from starter.api.entry import House
from starter.console.command_forms import codes
from starter.console.entry import ConsoleRoute, Seat, Visit
from starter.console.rendering import show, speech_of
from starter.problems import FieldError, invalid
from storage.cases import BadCursor

router = APIRouter(route_class=ConsoleRoute, include_in_schema=False)

ON_A_PAGE = 50
VIEWS = ("mine", "new", "team", "all")
_NEW = (Status.RECEIVED, Status.ASSESSING, Status.ACCEPTED)
SORTS = ("due", "received", "severity")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is narrowed to, as the address says it."""

    view: str
    sort: str
    status: str
    category: str
    severity: str
    q: str
    breached: bool
    cursor: str | None

    @classmethod
    def of(cls, request: Request, visit: Visit) -> "Asked":
        given = request.query_params
        own = "mine" if Role.HANDLER in visit.person.roles else "all"
        return cls(
            view=given.get("view", own) if given.get("view", own) in VIEWS else own,
            sort=given.get("sort", "due") if given.get("sort", "due") in SORTS else "due",
            status=given.get("status", "") if given.get("status", "") in set(Status) else "",
            category=given.get("category", "").strip(),
            severity=given.get("severity", "") if given.get("severity", "") in set("12345") else "",
            q=given.get("q", "").strip()[:200],
            breached=given.get("breached") == "1",
            cursor=given.get("cursor") or None,
        )

    def address(self, **changes: str) -> str:
        """The address of the same list with something changed; a change begins at its first page."""
        kept = {"view": self.view, "sort": self.sort, "status": self.status, "category": self.category}
        kept |= {"severity": self.severity, "q": self.q, "breached": "1" if self.breached else ""}
        asked = {name: value for name, value in (kept | changes).items() if value}
        return f"/console/queue?{urlencode(asked)}"

    @property
    def is_narrowed(self) -> bool:
        return bool(self.status or self.category or self.severity or self.q or self.breached)


@router.get("/console/queue")
async def queue(
    request: Request, services: House, visit: Annotated[Visit, Depends(Seat(Permission.LIST_COMPLAINTS))]
) -> Response:
    """Cases by next due time, narrowed as asked; nothing is counted, and the next page begins where this one ends."""
    asked, say = Asked.of(request, visit), speech_of(request, visit.language)
    try:
        found = await services.parts.records.page(
            await case_filter(services, visit.person, _query(asked, visit)),
            scope_of(visit.person),
            sort=asked.sort,
            cursor=asked.cursor,
            limit=ON_A_PAGE,
        )
    except BadCursor as error:
        raise invalid([FieldError("query cursor", str(error))]) from None
    handlers = await services.parts.people.people({case.handler for case in found.cases if case.handler})
    return show(
        request,
        "queue.html.jinja",
        visit,
        asked=asked,
        cases=found.cases,
        next_cursor=found.next_cursor,
        handlers=handlers,
        next_clock=next_clock,
        views=_views(visit),
        status_options=[(status, say.of("Status", status)) for status in Status if status not in ENDED],
        severities=[(level, say.of("Severity", level)) for level in "54321"],
        sorts=[(sort, say.words["queue"]["sorts"][sort]) for sort in SORTS],
        categories=codes(services, "category", say),
    )


def next_clock(case: Case) -> Clock | None:
    """The promise that falls due next."""
    return min(case.running_clocks, key=lambda clock: clock.due_at, default=None)


def _views(visit: Visit) -> tuple[str, ...]:
    """What a person can look at; only handlers have cases of their own."""
    return VIEWS if Role.HANDLER in visit.person.roles else ("all", "new")


def _query(asked: Asked, visit: Visit) -> ComplaintQuery:
    status = (Status(asked.status),) if asked.status else _NEW if asked.view == "new" else ()
    return ComplaintQuery(
        status=status,
        handler="me" if asked.view == "mine" else None,
        team=visit.person.team if asked.view == "team" else None,
        category=asked.category or None,
        severity=int(asked.severity) if asked.severity else None,
        breached=True if asked.breached else None,
        sort=asked.sort,
        q=asked.q or None,
    )
