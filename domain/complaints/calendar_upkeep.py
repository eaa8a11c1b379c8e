"""Keeping a calendar up: when its horizon comes near, and what a new version of it would do to running clocks.

Nothing is moved here. A due time stands in the fact that set it; moving it is a command of its own, which asks here
what would move (`rules.recalculating`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.calendar import Calendar, Due, Interval, due_with_holds
from domain.complaints.clocks import Clock

NOTICE_BEFORE_HORIZON = timedelta(days=60)
"""Longer than the eight weeks that the slowest regulators allow for an answer; and China's notice for the coming year
appears in late October or November, so that the reminder does not come long before anything can be done."""


@dataclass(frozen=True, slots=True)
class Move:
    """A clock whose due time would be another one."""

    reference: str
    clock: Clock
    due: Due

    def comes_too_late(self, now: datetime) -> bool:
        """The new due time has passed already: nobody could keep it, and the promise stays as it was."""
        return self.due.at <= now


def horizon_is_near(calendar: Calendar, today: date) -> bool:
    """Whether due times that are computed now soon lie past the days that are known."""
    return calendar.horizon - today < NOTICE_BEFORE_HORIZON


def moved(clock: Clock, calendar: Calendar) -> Due:
    """When the clock would run out in that calendar without any extension, its pauses left out, with the reasons.

    Raises CalendarError for an unreachable end.
    """
    pauses = [Interval(pause.start, pause.end) for pause in clock.pauses]
    return due_with_holds(clock.started_at, clock.span, calendar, pauses)


def moves(running: Iterable[tuple[str, Clock]], calendar: Calendar) -> list[Move]:
    """Those of the clocks, each with the reference of its case, that another calendar would move.

    One that was extended is due on the day that the customer was told, whatever the calendar says; what was kept,
    broken or cancelled is over.
    """
    recomputed = (
        Move(reference, clock, moved(clock, calendar))
        for reference, clock in running
        if clock.is_open and not clock.extended and clock.calendar.rpartition("@")[0] == calendar.id
    )
    return [move for move in recomputed if move.due.at != move.clock.due_at]
