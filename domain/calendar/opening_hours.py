"""Opening hours by weekday: windows of a day, as a department writes them on its door.

Owns the shape of a window and of a week and refuses windows that overlap, are out of order or cross midnight. Which day
follows which hours is `snapshot`; what a window means on the day of a zone change is `local_time`.
"""

import re
from datetime import date, time
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

_CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_MINUTES_PER_DAY = 24 * 60


class Weekday(StrEnum):
    """A day of the week by its English name."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


WEEKDAYS = tuple(Weekday)


def weekday_of(day: date) -> Weekday:
    """The weekday of a date."""
    return WEEKDAYS[day.weekday()]


def clock_text(minute: int) -> str:
    """The minute of a day as HH:MM; minute 1440 is 24:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _minute_of_day(given: object) -> int:
    if isinstance(given, time):
        given = given.isoformat(timespec="minutes") if given == given.replace(second=0, microsecond=0) else str(given)
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= _MINUTES_PER_DAY:
        return given
    if isinstance(given, str) and _CLOCK_TIME.fullmatch(given):
        return int(given[:2]) * 60 + int(given[3:])
    raise ValueError(f"expected a time of day from 00:00 to 24:00 in whole minutes, found {given!r}")


ClockTime = Annotated[
    int,
    BeforeValidator(_minute_of_day),
    PlainSerializer(clock_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}),
]
"""A time of day: minutes since midnight in memory, "HH:MM" in documents, "24:00" the end of the day."""


class Window(BaseModel):
    """A stretch of one day in which the department is open; its closing minute no longer belongs to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    opens: ClockTime
    closes: ClockTime

    @field_validator("closes")
    @classmethod
    def _closes_after_it_opens(cls, closes: int, info: ValidationInfo) -> int:
        opens = info.data.get("opens", -1)
        if closes <= opens:
            raise ValueError(
                f"expected a time after {clock_text(opens)}, when it opens, found {clock_text(closes)}; "
                "a window may not cross midnight: write two, up to 24:00 and from 00:00"
            )
        return closes

    def __str__(self) -> str:
        return f"{clock_text(self.opens)}–{clock_text(self.closes)}"


def _in_order(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    for earlier, later in pairwise(windows):
        if later.opens < earlier.closes:
            raise ValueError(f"expected windows in order that do not overlap, found {earlier} before {later}")
    return windows


Windows = Annotated[tuple[Window, ...], AfterValidator(_in_order)]
"""The windows of one day, in order; none where the department does not open."""


class Week(BaseModel):
    """The opening hours of an ordinary week."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    monday: Windows = ()
    tuesday: Windows = ()
    wednesday: Windows = ()
    thursday: Windows = ()
    friday: Windows = ()
    saturday: Windows = ()
    sunday: Windows = ()

    def windows(self, weekday: Weekday) -> tuple[Window, ...]:
        """The windows of that weekday."""
        windows: tuple[Window, ...] = getattr(self, weekday)
        return windows
