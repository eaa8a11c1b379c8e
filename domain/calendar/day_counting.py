"""How spans of days are counted: which day is the day of receipt, which days count, and when each is used up."""

from calendar import monthrange
from datetime import date

from domain.calendar.holds import Holds
from domain.calendar.spans import WORKING_DAY_UNITS, CountsAs, Span, Unit
from domain.calendar.timetable import Timetable


def day_of_receipt(start: int, counts_as: CountsAs, timetable: Timetable) -> int:
    """The day that does not count: that of `start`, or of the next opening where the rule says so."""
    if counts_as is CountsAs.NEXT_WORKING_DAY:
        start = timetable.next_opening(start)
    return timetable.day_of(start)


def days_to_count(span: Span, receipt: int) -> int:
    """How many days the span takes after the day of receipt."""
    if span.unit is Unit.WEEKS:
        return 7 * span.amount
    if span.unit is Unit.MONTHS:
        return _months_later(date.fromordinal(receipt), span.amount).toordinal() - receipt
    return span.amount


def end_of_day(day: int, unit: Unit, timetable: Timetable) -> int:
    """The instant at which a counted day is used up."""
    if unit is Unit.CLOSE_OF_BUSINESS:
        return timetable.nth_closing(day - 1, 1)
    return timetable.start_of_day(day + 1)


def next_day(day: int, unit: Unit, timetable: Timetable) -> int:
    """The next day that the unit counts."""
    return timetable.nth_working_day(day, 1) if unit in WORKING_DAY_UNITS else day + 1


def end_of_span(receipt: int, span: Span, timetable: Timetable) -> int:
    """The instant at which the last day of the span is used up."""
    days = days_to_count(span, receipt)
    if span.unit is Unit.CLOSE_OF_BUSINESS:
        return timetable.nth_closing(receipt, days)
    last = timetable.nth_working_day(receipt, days) if span.unit is Unit.WORKING_DAYS else receipt + days
    return timetable.start_of_day(last + 1)


def end_of_span_with_holds(receipt: int, span: Span, timetable: Timetable, holds: Holds) -> int:
    """The same, where days that end inside a hold do not count."""
    day, left = receipt, days_to_count(span, receipt)
    while left:
        day = next_day(day, span.unit, timetable)
        left -= not holds.cover(end_of_day(day, span.unit, timetable))
    return end_of_day(day, span.unit, timetable)


def units_used_up(receipt: int, end: int, unit: Unit, timetable: Timetable, holds: Holds) -> int:
    """How many whole days, weeks or months of the unit were used up by the instant `end`."""
    if unit is Unit.MONTHS:
        return _months_used_up(receipt, end, timetable, holds)
    days = _days_used_up(receipt, end, unit, timetable, holds)
    return days // 7 if unit is Unit.WEEKS else days


def _days_used_up(receipt: int, end: int, unit: Unit, timetable: Timetable, holds: Holds) -> int:
    used = 0
    day = next_day(receipt, unit, timetable)
    while (day_end := end_of_day(day, unit, timetable)) <= end:
        used += not holds.cover(day_end)
        day = next_day(day, unit, timetable)
    return used


def _months_used_up(receipt: int, end: int, timetable: Timetable, holds: Holds) -> int:
    days = _days_used_up(receipt, end, Unit.CALENDAR_DAYS, timetable, holds)
    first = date.fromordinal(receipt)
    months = days // 31
    while _months_later(first, months + 1).toordinal() - receipt <= days:
        months += 1
    return months


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
