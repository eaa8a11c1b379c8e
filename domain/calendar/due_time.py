"""A due time and its reasons: each day from receipt to the due time, counted or not, and why.

The trail is walked day by day from the calendar when somebody asks, so that a due time costs nothing for it. It counts
for itself rather than trusting the search in `arithmetic`; tests hold the two against each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from domain.calendar.day_counting import day_of_receipt, days_to_count, end_of_day
from domain.calendar.holds import Holds, Interval
from domain.calendar.local_time import instant_of
from domain.calendar.snapshot import Calendar, DayKind, DayName, DayPlan
from domain.calendar.spans import MICROSECONDS, OPEN_TIME, WORKING_DAY_UNITS, Span, Unit
from domain.calendar.time_counting import time_passed


class Reason(StrEnum):
    """Why a day counts or does not; the last four do."""

    RECEIVED = "received"
    OUT_OF_HOURS = "out_of_hours"
    NO_OPENING_HOURS = "no_opening_hours"
    CLOSED = "closed"
    HELD = "held"
    WORKING_DAY = "working_day"
    MAKE_UP_DAY = "make_up_day"
    CHANGED_HOURS = "changed_hours"
    CALENDAR_DAY = "calendar_day"


_REASONS_TO_COUNT = {
    DayKind.ORDINARY: Reason.WORKING_DAY,
    DayKind.OPEN: Reason.MAKE_UP_DAY,
    DayKind.CHANGED: Reason.CHANGED_HOURS,
}


@dataclass(frozen=True, slots=True)
class TrailDay:
    """One local day of a count; `time` is what passed on it, for spans of time."""

    day: date
    counted: bool
    reason: Reason
    name: DayName | None = None
    time: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """When a span runs out: `at` in UTC; provisional if days not yet announced could still move it."""

    at: datetime
    provisional: bool
    start: datetime
    span: Span
    calendar: Calendar
    holds: tuple[Interval, ...] = ()

    @property
    def trail(self) -> tuple[TrailDay, ...]:
        """Every day from receipt to the due time in order, with the reason why it counts or does not."""
        if self.span.unit in MICROSECONDS:
            return tuple(_time_trail(self))
        return tuple(_day_trail(self))


def _day_trail(due: Due) -> Iterator[TrailDay]:
    timetable, unit, holds = due.calendar.timetable, due.span.unit, Holds(due.holds)
    start = instant_of(due.start, "start")
    receipt = day_of_receipt(start, due.span.counts_as, timetable)
    for day in range(timetable.day_of(start), receipt):
        yield TrailDay(date.fromordinal(day), counted=False, reason=Reason.OUT_OF_HOURS)
    yield TrailDay(date.fromordinal(receipt), counted=False, reason=Reason.RECEIVED)

    day, left = receipt, days_to_count(due.span, receipt)
    while left:
        day += 1
        plan = due.calendar.plan(date.fromordinal(day))
        if unit in WORKING_DAY_UNITS and not plan.windows:
            counted, reason = False, _reason_for_closing(plan)
        elif holds.cover(end_of_day(day, unit, timetable)):
            counted, reason = False, Reason.HELD
        else:
            counted, reason = True, _reason_to_count(plan, unit)
        left -= counted
        yield TrailDay(plan.day, counted, reason, plan.name)


def _time_trail(due: Due) -> Iterator[TrailDay]:
    timetable, unit, holds = due.calendar.timetable, due.span.unit, Holds(due.holds)
    start, end = instant_of(due.start, "start"), instant_of(due.at, "at")
    for day in range(timetable.day_of(start), timetable.day_of(end - 1) + 1):
        plan = due.calendar.plan(date.fromordinal(day))
        since, until = max(start, timetable.start_of_day(day)), min(end, timetable.start_of_day(day + 1))
        passed = time_passed(since, until, unit, timetable, holds)
        if passed:
            reason = _reason_to_count(plan, unit)
        elif time_passed(since, until, unit, timetable, Holds(())):
            reason = Reason.HELD
        else:
            reason = Reason.OUT_OF_HOURS if plan.windows else _reason_for_closing(plan)
        yield TrailDay(plan.day, passed > 0, reason, plan.name, timedelta(microseconds=passed))


def _reason_to_count(plan: DayPlan, unit: Unit) -> Reason:
    if unit in WORKING_DAY_UNITS or unit in OPEN_TIME:
        return _REASONS_TO_COUNT[plan.kind]
    return Reason.CALENDAR_DAY


def _reason_for_closing(plan: DayPlan) -> Reason:
    return Reason.CLOSED if plan.kind is DayKind.CLOSED else Reason.NO_OPENING_HOURS
