"""The clocks of a case over HTTP: why each is due when it is."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import Field

from domain.access import Permission, Person
from domain.calendar import DayName, Reason, TrailDay
from domain.complaints.clock_explanation import ClockExplanation, explain_clock
from domain.complaints.clocks import Clock
from domain.complaints.policy import Anchor
from domain.complaints.terms import ClockKind, ClockState
from domain.privacy import Language
from starter.api.complaints import Reference
from starter.api.entry import Allowed, House
from starter.api.models import Answer
from starter.api.strict_json import StrictJsonRoute
from starter.languages import preferred_language
from starter.problems import not_found

router = APIRouter(prefix="/v1/complaints/{reference}/clocks", tags=["complaints"], route_class=StrictJsonRoute)

MOST_DAYS_SHOWN = 400


class PauseView(Answer):
    start: datetime
    end: datetime | None = Field(description="absent: it stands still now")


class CountedDay(Answer):
    """A day of the count, with the reason why it counts or does not."""

    day: date
    counted: bool
    reason: Reason
    name: DayName | None
    seconds: float | None = Field(description="what passed on it, for spans of time")

    @classmethod
    def of(cls, day: TrailDay) -> "CountedDay":
        seconds = None if day.time is None else day.time.total_seconds()
        return cls(day=day.day, counted=day.counted, reason=day.reason, name=day.name, seconds=seconds)


class ExplanationView(Answer):
    """How a due time came about, in a text for people and day by day for programs."""

    reference: str
    kind: ClockKind
    attempt: int = Field(description="which clock of its kind; for partners and payments the number of the request")
    state: ClockState
    anchor: Anchor
    calendar: str = Field(description="the version that the clock pinned")
    zone: str
    started_at: datetime
    counted_due_at: datetime = Field(description="without any extension, pauses left out")
    due_at: datetime
    provisional: bool
    extended: bool
    pauses: tuple[PauseView, ...]
    met_at: datetime | None
    breached_at: datetime | None
    language: Language
    text: str
    sentences: tuple[str, ...]
    days: Annotated[tuple[CountedDay, ...], Field(max_length=MOST_DAYS_SHOWN)]

    @classmethod
    def of(cls, reference: str, clock: Clock, told: ClockExplanation, language: Language) -> "ExplanationView":
        own = {"kind", "attempt", "state", "anchor", "calendar", "started_at", "due_at", "provisional", "extended"}
        pauses = [PauseView(start=pause.start, end=pause.end) for pause in clock.pauses]
        if clock.state is ClockState.PAUSED and clock.paused_at is not None:
            pauses.append(PauseView(start=clock.paused_at, end=None))
        return cls(
            reference=reference,
            **clock.model_dump(include=own | {"met_at", "breached_at"}),
            zone=told.due.calendar.zone,
            counted_due_at=told.due.at,
            pauses=tuple(pauses),
            language=language,
            text=told.text,
            sentences=told.sentences,
            days=tuple(CountedDay.of(day) for day in told.due.trail[:MOST_DAYS_SHOWN]),
        )


@router.get("/{kind}/explanation", summary="Why is this clock due then?")
async def explanation(
    reference: Reference,
    kind: ClockKind,
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.READ_COMPLAINT))],
    response: Response,
    attempt: Annotated[int | None, Query(ge=1, le=10_000, description="the newest of its kind, if absent")] = None,
    lang: Annotated[Language | None, Query(description="before Accept-Language")] = None,
    accept_language: Annotated[str | None, Header(max_length=1_000)] = None,
) -> ExplanationView:
    """The count from its beginning, the days left out and why, pauses and extensions, and what became of it."""
    case, _ = await services.cases.current_case(person, reference)
    clocks = [each for each in case.clocks if each.kind is kind and attempt in {None, each.attempt}]
    if not clocks:
        raise not_found(f"this case has no clock {kind}" + (f" with the number {attempt}" if attempt else ""))
    clock = max(clocks, key=lambda each: each.attempt)
    language = lang or preferred_language(accept_language)
    told = explain_clock(clock, await services.parts.rulebook.pinned_calendar(clock.calendar), language)
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return ExplanationView.of(reference, clock, told, language)
