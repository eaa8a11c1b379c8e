"""What the API says of calendars."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.calendar import (
    Calendar,
    CalendarDifference,
    ChangedDay,
    ClosedDay,
    DayKind,
    DayName,
    DayPlan,
    OpenDay,
    Week,
    Window,
)
from domain.complaints.calendar_upkeep import Move, horizon_is_near
from domain.complaints.terms import ClockKind
from starter.api.models import Answer
from starter.bodies import Body
from storage.calendars import CalendarVersion

MOST_MOVES_SHOWN = 200
MOST_DAYS_SHOWN = 1_000


class CalendarDocument(Body):
    """What a calendar says: the hours of an ordinary week, and the days that differ, each with its name."""

    title: str
    zone: str = Field(description="IANA time zone")
    week: Week
    known_from: date
    horizon: date = Field(description="the last day for which holidays and make-up days are known")
    closed: tuple[ClosedDay, ...] = ()
    open_days: tuple[OpenDay, ...] = Field((), description="worked out of turn, such as make-up days 调休")
    changed_days: tuple[ChangedDay, ...] = Field((), description="ordinary working days with other hours")

    @classmethod
    def of(cls, calendar: Calendar) -> "CalendarDocument":
        return cls(**{name: getattr(calendar, name) for name in cls.model_fields})


class CalendarSummary(Answer):
    """A version of a calendar without its days: how far it knows them, who made it and why."""

    id: str
    version: int
    title: str
    zone: str
    known_from: date
    horizon: date
    horizon_is_near: bool = Field(description="due times soon lie past the days that are known: set a new version")
    made_at: datetime
    made_by: str
    reason: str

    @classmethod
    def of(cls, version: CalendarVersion, now: datetime) -> "CalendarSummary":
        return cls(**_summary(version, now))


class CalendarView(CalendarSummary):
    """A version of a calendar."""

    document: CalendarDocument

    @classmethod
    def of(cls, version: CalendarVersion, now: datetime) -> "CalendarView":
        return cls(**_summary(version, now), document=CalendarDocument.of(version.calendar))


def _summary(version: CalendarVersion, now: datetime) -> dict[str, Any]:
    calendar = version.calendar
    return {
        **calendar.model_dump(include={"id", "version", "title", "zone", "known_from", "horizon"}),
        "horizon_is_near": horizon_is_near(calendar, now.astimezone(ZoneInfo(calendar.zone)).date()),
        "made_at": version.made_at,
        "made_by": version.made_by,
        "reason": version.reason,
    }


class CalendarList(Answer):
    items: tuple[CalendarSummary, ...]
    next_cursor: str | None


class MovedClock(Answer):
    """A running clock that would be due at another time."""

    reference: str
    kind: ClockKind
    attempt: int
    calendar: str = Field(description="the version that its due time was computed in")
    due_at: datetime
    would_be_due_at: datetime
    comes_too_late: bool = Field(description="that time has passed: a recalculation leaves the clock as it is")
    provisional: bool

    @classmethod
    def of(cls, move: Move, now: datetime) -> "MovedClock":
        return cls(
            reference=move.reference,
            **move.clock.model_dump(include={"kind", "attempt", "calendar", "due_at"}),
            would_be_due_at=move.due.at,
            comes_too_late=move.comes_too_late(now),
            provisional=move.due.provisional,
        )


class Moves(Answer):
    """What would move if running clocks were computed again in this version. Nothing was moved."""

    count: int
    is_complete: bool = Field(description="false: there are too many open cases; those due first were looked at")
    items: Annotated[tuple[MovedClock, ...], Field(max_length=MOST_MOVES_SHOWN)]

    @classmethod
    def of(cls, found: Sequence[Move], now: datetime, *, is_complete: bool) -> "Moves":
        shown = tuple(MovedClock.of(move, now) for move in found[:MOST_MOVES_SHOWN])
        return cls(count=len(found), is_complete=is_complete, items=shown)


class CalendarChange(Answer):
    id: str
    version: int = Field(description="the newest version; of a dry run, the one that would be")
    is_stored: bool = Field(description="false: a dry run, or the document says nothing new")
    would_move: Moves


class PlanView(Answer):
    """What holds on one day."""

    kind: DayKind
    windows: tuple[Window, ...]
    name: DayName | None

    @classmethod
    def of(cls, plan: DayPlan) -> "PlanView":
        return cls(kind=plan.kind, windows=plan.windows, name=plan.name)


class DayView(Answer):
    day: date
    before: PlanView
    after: PlanView


class FieldView(Answer):
    field: str
    before: str
    after: str


class Difference(Answer):
    """What changed from one version to another: fields of the document, and each day whose hours differ."""

    id: str
    from_version: int
    to_version: int
    fields: tuple[FieldView, ...]
    days_changed: int
    days: Annotated[tuple[DayView, ...], Field(max_length=MOST_DAYS_SHOWN)]

    @classmethod
    def of(cls, old: Calendar, new: Calendar, found: CalendarDifference) -> "Difference":
        return cls(
            id=new.id,
            from_version=old.version,
            to_version=new.version,
            fields=tuple(FieldView(field=c.field, before=c.before, after=c.after) for c in found.fields),
            days_changed=len(found.days),
            days=tuple(
                DayView(day=c.day, before=PlanView.of(c.before), after=PlanView.of(c.after))
                for c in found.days[:MOST_DAYS_SHOWN]
            ),
        )
