"""How spans of time are counted: open time inside opening hours, elapsed time round the clock; none inside holds."""

from domain.calendar.holds import Holds
from domain.calendar.local_time import LAST_INSTANT
from domain.calendar.spans import MICROSECONDS, OPEN_TIME, Span, Unit
from domain.calendar.timetable import Timetable


def end_of_span(start: int, span: Span, timetable: Timetable) -> int:
    """The first instant at which the span has passed."""
    return _instant_after(start, span.amount * MICROSECONDS[span.unit], span.unit, timetable)


def end_of_span_with_holds(start: int, span: Span, timetable: Timetable, holds: Holds) -> int:
    """The same, where nothing passes inside a hold."""
    left = span.amount * MICROSECONDS[span.unit]
    end = start
    for since, until in holds.running(start, LAST_INSTANT):
        end = _instant_after(since, left, span.unit, timetable)
        if end <= until:
            break
        left -= _between(since, until, span.unit, timetable)
    return end


def time_passed(start: int, end: int, unit: Unit, timetable: Timetable, holds: Holds) -> int:
    """The microseconds of the unit's time that passed from `start` to `end`."""
    return sum(_between(since, until, unit, timetable) for since, until in holds.running(start, end))


def _instant_after(start: int, time: int, unit: Unit, timetable: Timetable) -> int:
    return timetable.after_open_time(start, time) if unit in OPEN_TIME else start + time


def _between(start: int, end: int, unit: Unit, timetable: Timetable) -> int:
    return timetable.open_time(start, end) if unit in OPEN_TIME else end - start
