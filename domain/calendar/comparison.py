"""What changed between two versions of a calendar: its own fields, and each day whose opening hours differ."""

from dataclasses import dataclass
from datetime import date

from domain.calendar.snapshot import Calendar, DayPlan

_FIELDS = ("id", "title", "zone", "known_from", "horizon")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of the document with its two values in words; a change of zone moves every day."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class DayChange:
    """A day whose opening hours differ between the versions."""

    day: date
    before: DayPlan
    after: DayPlan


@dataclass(frozen=True, slots=True)
class CalendarDifference:
    """Everything that can move a due time from one version to the next."""

    fields: tuple[FieldChange, ...]
    days: tuple[DayChange, ...]


def diff(old: Calendar, new: Calendar) -> CalendarDifference:
    """The changes from the old version to the new, over every day that either of them knows or lists."""
    return CalendarDifference(
        fields=tuple(
            FieldChange(field, str(getattr(old, field)), str(getattr(new, field)))
            for field in _FIELDS
            if getattr(old, field) != getattr(new, field)
        ),
        days=tuple(_changed_days(old, new)),
    )


def _changed_days(old: Calendar, new: Calendar) -> list[DayChange]:
    ends = [day for calendar in (old, new) for day in (calendar.known_from, calendar.horizon, *calendar.listed_days)]
    days = map(date.fromordinal, range(min(ends).toordinal(), max(ends).toordinal() + 1))
    plans = ((day, old.plan(day), new.plan(day)) for day in days)
    return [DayChange(day, before, after) for day, before, after in plans if before.windows != after.windows]
