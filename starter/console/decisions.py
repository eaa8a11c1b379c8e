"""What waits for a supervisor: escalations, extensions, redress, and what is proposed, suspected or unsigned."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request, Response

from domain.access import Permission
from domain.complaints.case import Case
from starter.api.entry import House
from starter.console.entry import ConsoleRoute, Seat, Visit
from starter.console.queue import next_clock
from starter.console.rendering import show
from starter.services import Services
from storage.board import Decision

router = APIRouter(prefix="/console/decisions", route_class=ConsoleRoute, include_in_schema=False)

ON_A_PAGE = 50
OF_CASES = ("escalation", "extension", "redress")
OF_UNDERTAKINGS = {
    "improvements": ("improvement", "proposed"),
    "incidents": ("incident", "suspected"),
    "analyses": ("analysis", "reported"),
}


@router.get("")
async def decisions(
    request: Request, services: House, visit: Annotated[Visit, Depends(Seat(Permission.READ_BOARD))]
) -> Response:
    """One kind of decision at a time, the longest waiting first."""
    given = request.query_params
    sorts = (*OF_CASES, *OF_UNDERTAKINGS)
    of = given.get("of", "") if given.get("of", "") in sorts else sorts[0]
    counts = (await services.board.numbers()).decisions
    cases: list[Case] = []
    undertakings, next_cursor = [], None
    if of in OF_CASES:
        after = _place(given.get("cursor", ""))
        found = await services.board.records.waiting_for(cast("Decision", of), ON_A_PAGE + 1, after)
        cases, next_cursor = found[:ON_A_PAGE], _cursor(found)
    else:
        kind, status = OF_UNDERTAKINGS[of]
        undertakings = await services.undertakings.page(kind, status=status, limit=ON_A_PAGE)
    return show(
        request,
        "decisions.html.jinja",
        visit,
        of=of,
        sorts=sorts,
        counts=counts,
        cases=cases,
        undertakings=undertakings,
        titles=await services.undertaker.titles(undertakings),
        next_clock=next_clock,
        next_cursor=next_cursor,
        names=await _names(services, cases, [each.opened_by for each in undertakings]),
    )


async def _names(services: Services, cases: list[Case], others: list[str]) -> Mapping[str, str]:
    ids = {case.handler for case in cases} | {case.extension.asked_by for case in cases if case.extension}
    ids |= {each.requested_by for case in cases for each in case.redress} | set(others)
    found = await services.parts.people.people({each for each in ids if each and each.startswith("per_")})
    return {person: named.name for person, named in found.items()}


def _cursor(found: list[Case]) -> str | None:
    if len(found) <= ON_A_PAGE:
        return None
    last = found[ON_A_PAGE - 1]
    return f"{last.intake.received_at.isoformat()}|{last.reference}"


def _place(cursor: str) -> tuple[datetime, str] | None:
    """Where a page begins; what is no cursor begins at the first one."""
    at, _, reference = cursor[:80].partition("|")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, reference) if moment.tzinfo is not None and reference.isprintable() else None
