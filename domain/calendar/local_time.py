"""Wall-clock times of a zone as instants: the one place that knows about zone changes.

An instant is an integer: microseconds since 1970-01-01T00:00Z. Everything above works on instants, so a day of 23 or
25 hours needs no thought there.

- A local time that is **skipped** (clocks go forward over it) is the instant of the change. RFC 5545, 3.3.5 would read
  it with the offset before the change, which can put the closing of a window before its opening.
- A local time that is **repeated** (clocks go back over it) is its first occurrence, as in RFC 5545, 3.3.5.

Both together keep the order of wall-clock times, so windows that do not overlap on paper never overlap in time.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.calendar.refusal import refused

MICROSECONDS_PER_SECOND = 1_000_000
MICROSECONDS_PER_MINUTE = 60 * MICROSECONDS_PER_SECOND
MICROSECONDS_PER_DAY = 24 * 60 * MICROSECONDS_PER_MINUTE
YEARS = range(1970, 2200)
"""The years in which times are accepted and due times are sought."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)

_YEAR_STARTS = [(datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND for year in (*YEARS, YEARS.stop)]

LAST_INSTANT = _YEAR_STARTS[-1]
"""The end of those years."""


def instant_of(at: datetime, place: str) -> int:
    """The instant of a moment; `place` names the argument. Raises CalendarError for a time without a zone."""
    if at.utcoffset() is None:
        raise refused(place, f"expected a time with its zone, found {at.isoformat()}")
    if at.year not in YEARS:
        raise refused(place, f"expected a year from {YEARS[0]} to {YEARS[-1]}, found {at.isoformat()}")
    return (at - _EPOCH) // _MICROSECOND


def moment_of(instant: int) -> datetime:
    """The instant as a datetime in UTC."""
    return _EPOCH + timedelta(microseconds=instant)


def utc_year(instant: int) -> int:
    """The year of the instant in UTC; years outside those accepted are not told apart."""
    return YEARS.start - 1 + bisect_right(_YEAR_STARTS, instant)


def instant_on(day: date, minute: int, zone: ZoneInfo) -> int:
    """The instant at which the clocks of `zone` show that minute (0 to 1440) of `day`."""
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    first_reading, second_reading = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    if second_reading < first_reading:  # PEP 495: of a skipped time, the second reading comes before the change
        return _end_of_gap(second_reading, first_reading, zone)
    return (first_reading - _EPOCH) // _MICROSECOND


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> int:
    """The first instant after the change of clocks that lies between two moments, found by halving."""
    offset_after = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // (2 * _SECOND) * _SECOND
        if middle.astimezone(zone).utcoffset() == offset_after:
            after = middle
        else:
            before = middle
    return (after - _EPOCH) // _MICROSECOND
