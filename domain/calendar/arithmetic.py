"""Due times and elapsed times in a calendar: moments in, moments out, all in UTC.

Every function refuses a time without a zone by the name of its argument. Which clock of a complaint runs, from which
anchor and with which holds is the policy's business, not decided here.

A due time of open time or working days is **provisional** where it lies past the calendar's horizon or its count began
before the first known day. Elapsed time and calendar days do not depend on holidays, so they never are, unless the day
of receipt itself had to be looked up (`counts_as = next_working_day`) past the horizon.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from domain.calendar import day_counting, time_counting
from domain.calendar.due_time import Due
from domain.calendar.holds import Holds, Interval
from domain.calendar.local_time import instant_of, moment_of
from domain.calendar.refusal import refused
from domain.calendar.snapshot import Calendar
from domain.calendar.spans import CALENDAR_DAY_UNITS, MICROSECONDS, OPEN_TIME, WORKING_DAY_UNITS, CountsAs, Span, Unit


def due(start: datetime, span: Span, calendar: Calendar) -> Due:
    """When the span that began at `start` runs out. Raises CalendarError for a naive start or an unreachable end."""
    begin, timetable = instant_of(start, "start"), calendar.timetable
    if span.unit in MICROSECONDS:
        end = time_counting.end_of_span(begin, span, timetable)
    else:
        receipt = day_counting.day_of_receipt(begin, span.counts_as, timetable)
        end = day_counting.end_of_span(receipt, span, timetable)
    return Due(moment_of(end), _is_provisional(begin, end, span, calendar), start, span, calendar)


def due_with_holds(start: datetime, span: Span, calendar: Calendar, holds: Sequence[Interval]) -> Due:
    """When the span runs out if the clock stands still inside the holds. Raises CalendarError as `due` does."""
    begin, timetable, pauses = instant_of(start, "start"), calendar.timetable, Holds(holds)
    if span.unit in MICROSECONDS:
        end = time_counting.end_of_span_with_holds(begin, span, timetable, pauses)
    else:
        receipt = day_counting.day_of_receipt(begin, span.counts_as, timetable)
        end = day_counting.end_of_span_with_holds(receipt, span, timetable, pauses)
    return Due(moment_of(end), _is_provisional(begin, end, span, calendar), start, span, calendar, tuple(holds))


def elapsed(
    start: datetime,
    end: datetime,
    calendar: Calendar,
    unit: Unit,
    *,
    counts_as: CountsAs = CountsAs.RECEIVED_DAY,
    holds: Sequence[Interval] = (),
) -> timedelta | int:
    """What passed between two moments: a timedelta for units of time, whole days, weeks or months for units of days.

    `counts_as` matters for units of days only. Raises CalendarError for a naive time or an end before the start.
    """
    begin, finish = instant_of(start, "start"), instant_of(end, "end")
    if finish < begin:
        raise refused("end", f"expected a time from {start.isoformat()}, the start, on; found {end.isoformat()}")
    timetable, pauses = calendar.timetable, Holds(holds)
    if unit in MICROSECONDS:
        return timedelta(microseconds=time_counting.time_passed(begin, finish, unit, timetable, pauses))
    receipt = day_counting.day_of_receipt(begin, counts_as, timetable)
    return day_counting.units_used_up(receipt, finish, unit, timetable, pauses)


def is_open(at: datetime, calendar: Calendar) -> bool:
    """Whether the department is open at that moment."""
    return calendar.timetable.is_open(instant_of(at, "at"))


def next_opening(at: datetime, calendar: Calendar) -> datetime:
    """The moment itself while the department is open, else when it opens next."""
    return moment_of(calendar.timetable.next_opening(instant_of(at, "at")))


def working_days_between(first: date, last: date, calendar: Calendar) -> int:
    """How many working days follow the first day, up to and with the last. Raises CalendarError if last is earlier."""
    if last < first:
        raise refused("last", f"expected a day from {first}, the first, on; found {last}")
    return calendar.timetable.working_days_between(first.toordinal(), last.toordinal())


def _is_provisional(begin: int, end: int, span: Span, calendar: Calendar) -> bool:
    known_from, known_until = calendar.known_instants
    if span.unit in OPEN_TIME or span.unit in WORKING_DAY_UNITS:
        return begin < known_from or end > known_until
    if span.counts_as is CountsAs.NEXT_WORKING_DAY and span.unit in CALENDAR_DAY_UNITS:
        return begin < known_from or calendar.timetable.next_opening(begin) >= known_until
    return False
