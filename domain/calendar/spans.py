"""Lengths of time as rules write them: an amount, a unit, and how a receipt out of hours counts.

Three families of units:

- **open time** (`seconds`, `minutes`, `hours`): only time inside opening hours passes;
- **elapsed time** (`elapsed_minutes`, `elapsed_hours`): runs round the clock, holidays included ("24 hours");
- **days**: the day of receipt does not count (Regulation (EEC, Euratom) 1182/71, art. 3(1); PRC Civil Code, art. 201),
  and the last day is used up to its end. `calendar_days`, `weeks` and `months` count every day, `working_days` and
  `close_of_business` the days with opening hours; all end with the local day, `close_of_business` with the last window
  of it. A month that lacks the day ends on its last day (31 January + 1 month; Regulation 1182/71, art. 3(2); PRC Civil
  Code, art. 202).

A last day that is a holiday is *not* moved to the next working day, which both texts allow (art. 3(4); art. 203): rules
for complaints speak of "within" so many days, and an earlier due time is never a breach. A rule that wants the later
reading says so in working days.
"""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.calendar.local_time import MICROSECONDS_PER_SECOND


class Unit(StrEnum):
    """What a span is counted in."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    ELAPSED_MINUTES = "elapsed_minutes"
    ELAPSED_HOURS = "elapsed_hours"
    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"
    WEEKS = "weeks"
    MONTHS = "months"
    CLOSE_OF_BUSINESS = "close_of_business"


class CountsAs(StrEnum):
    """The day of receipt of what arrives out of hours: its own date, or the day of the next opening."""

    RECEIVED_DAY = "received_day"
    NEXT_WORKING_DAY = "next_working_day"


MICROSECONDS = {
    Unit.SECONDS: MICROSECONDS_PER_SECOND,
    Unit.MINUTES: 60 * MICROSECONDS_PER_SECOND,
    Unit.HOURS: 3600 * MICROSECONDS_PER_SECOND,
    Unit.ELAPSED_MINUTES: 60 * MICROSECONDS_PER_SECOND,
    Unit.ELAPSED_HOURS: 3600 * MICROSECONDS_PER_SECOND,
}
"""The units of time, open and elapsed, with their lengths."""

OPEN_TIME = frozenset({Unit.SECONDS, Unit.MINUTES, Unit.HOURS})
WORKING_DAY_UNITS = frozenset({Unit.WORKING_DAYS, Unit.CLOSE_OF_BUSINESS})
CALENDAR_DAY_UNITS = frozenset({Unit.CALENDAR_DAYS, Unit.WEEKS, Unit.MONTHS})

_TEN_YEARS = {
    Unit.SECONDS: 315_576_000,
    Unit.MINUTES: 5_259_600,
    Unit.HOURS: 87_660,
    Unit.ELAPSED_MINUTES: 5_259_600,
    Unit.ELAPSED_HOURS: 87_660,
    Unit.CALENDAR_DAYS: 3_653,
    Unit.WORKING_DAYS: 3_653,
    Unit.WEEKS: 522,
    Unit.MONTHS: 120,
    Unit.CLOSE_OF_BUSINESS: 3_653,
}


class Span(BaseModel):
    """An amount of a unit, at most ten years of it; `close_of_business` n is the close of the n-th working day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: int = Field(ge=1)
    unit: Unit
    counts_as: CountsAs = CountsAs.RECEIVED_DAY

    @model_validator(mode="after")
    def _is_within_ten_years(self) -> Self:
        if self.amount > _TEN_YEARS[self.unit]:
            raise ValueError(f"expected at most {_TEN_YEARS[self.unit]} {self.unit}, found {self.amount}")
        return self

    @model_validator(mode="after")
    def _only_days_have_a_day_of_receipt(self) -> Self:
        if self.unit in MICROSECONDS and self.counts_as is not CountsAs.RECEIVED_DAY:
            raise ValueError(f"counts_as is for spans of days: {self.unit} run from the moment of receipt")
        return self
