"""Moving running clocks to a version of their calendar over HTTP: by order, case by case, as a durable batch.

Setting a version moves nothing (`calendars`); this is the command of its own (decision 17).
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi import Body as FromBody
from pydantic import Field

from domain.access import Person
from domain.calendar import Calendar
from starter.api.batches import once_only
from starter.api.calendar_views import Moves
from starter.api.calendars import CalendarId, known_version, what_would_move
from starter.api.entry import Allowed, House, Once, audit
from starter.api.models import Answer
from starter.api.strict_json import StrictJsonRoute
from starter.batches import MOST_CASES, Selection
from starter.bodies import Body, FreeText
from starter.calendar_moves import FoundMoves
from starter.services import Services

router = APIRouter(prefix="/v1/calendars", tags=["calendars"], route_class=StrictJsonRoute)

COMMAND = "recalculate_clocks"
MOST_PAGES = 100
"""Pages in which moved clocks are looked for, each of 250 open cases."""

_EXAMPLES = {
    "look first": {"value": {"reason": "The make-up days for 2027 were announced.", "dry_run": True}},
    "do it": {"value": {"version": 1, "reason": "The make-up days for 2027 were announced."}},
}


class RecalculationForm(Body):
    """To which version running clocks are to be moved, and why."""

    version: int | None = Field(None, ge=1, le=1_000_000, description="the newest, if absent")
    reason: FreeText = Field(description="kept with every case that it changes")
    dry_run: bool = Field(False, description="only say what would move")
    per_second: float = Field(5, ge=0.01, le=50, description="how many cases a second at most")


class Recalculation(Answer):
    """What moves, and the batch that moves it: each case has its outcome there, and the old and new due times in its
    record."""

    calendar: str
    batch: str | None = Field(description="see GET /v1/batches/{batch}; absent where nothing is to be done")
    cases: int = Field(description="in how many cases a clock is moved")
    too_late: int = Field(description="clocks that stay: they would be due at a time that has passed")
    would_move: Moves


@router.post(
    "/{calendar_id}/recalculations",
    status_code=202,
    response_model=Recalculation,
    summary="Move running clocks to a version of their calendar",
)
async def recalculate(
    calendar_id: CalendarId,
    form: Annotated[RecalculationForm, FromBody(openapi_examples=_EXAMPLES)],
    services: House,
    person: Annotated[Person, Depends(Allowed(COMMAND))],
    once: Once,
) -> Response:
    """Look first (`dry_run`). Ordered again, it finds nothing more to move; extended and finished clocks stay."""

    async def order() -> Recalculation:
        calendar = (await known_version(services.parts.rulebook.calendars, calendar_id, form.version)).calendar
        now = datetime.now(UTC)
        found = await what_would_move(services.parts.rulebook.calendars, calendar, MOST_PAGES)
        references = found.references(now, MOST_CASES)
        batch = None if form.dry_run else await _started(services, person, calendar, references, form)
        return Recalculation(
            calendar=calendar.pin,
            batch=batch,
            cases=len(references),
            too_late=_too_late(found, now),
            would_move=Moves.of(found.moves, now, is_complete=found.is_complete),
        )

    return await once_only(services, once, order)


async def _started(
    services: Services, person: Person, calendar: Calendar, references: tuple[str, ...], form: RecalculationForm
) -> str | None:
    if not references:
        return None
    values = {"calendar": calendar.pin, "reason": form.reason}
    batch, cases = await services.batches.start(person, COMMAND, Selection(references), values, form.per_second)
    audit.info("clocks recalculated", calendar=calendar.pin, cases=cases, batch=batch, person=person.id)
    return batch


def _too_late(found: FoundMoves, now: datetime) -> int:
    return sum(move.comes_too_late(now) for move in found.moves)
