"""A business calendar as a stored document: which days a department works and when, as far as that is known.

A case pins the version it was received under, so a due time can always be worked out again. Owns the shape of the
document and refuses contradictions by field and place. Making one from public holidays is `public_holidays`; due times
are `arithmetic`.

- A **closed** day is a public holiday or a closing of the house's own; it beats the opening hours of its weekday.
- An **open** day is worked although its weekday or the holiday list would leave it free: a make-up working day (调休,
  a weekend day that the State Council's yearly notice exchanges for a longer holiday), with windows of its own or those
  of a named weekday.
- A **changed** day is an ordinary working day with other hours (24 December closes at noon).
- The **horizon** is the last day for which holidays and make-up days are known. What lies past it follows the ordinary
  week and whatever days are already listed there, and is provisional; so is what begins before `known_from`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from domain.calendar.local_time import YEARS, instant_on
from domain.calendar.opening_hours import Week, Weekday, Window, Windows, weekday_of
from domain.calendar.refusal import refused_document
from domain.calendar.timetable import Timetable
from domain.privacy import Language

_FROZEN = ConfigDict(frozen=True, extra="forbid")
_MOST_DAYS = 5_000

CalendarDate = Annotated[date, Field(ge=date(YEARS[0], 1, 1), le=date(YEARS[-1], 12, 31))]
Text = Annotated[str, Field(min_length=1, max_length=200)]


class DayName(BaseModel):
    """What a day is called, in both languages."""

    model_config = _FROZEN

    zh: Text
    en: Text

    def text(self, language: Language) -> str:
        """The name in that language."""
        return self.zh if language == Language.ZH else self.en


class ListedDay(BaseModel):
    """A day that does not follow the ordinary week, and what it is called."""

    model_config = _FROZEN

    day: CalendarDate
    name: DayName


class ClosedDay(ListedDay):
    """A day off: a public holiday, or a closing of the house's own."""


class OpenDay(ListedDay):
    """A day worked out of turn, with windows of its own or those of the weekday it is worked `like`."""

    like: Weekday | None = None
    windows: Windows = ()

    @model_validator(mode="after")
    def _has_hours_from_one_place(self) -> Self:
        if (self.like is None) == (not self.windows):
            raise ValueError(f"expected either windows or the weekday that {self.day} is worked like")
        return self


class ChangedDay(ListedDay):
    """An ordinary working day with other hours."""

    windows: Annotated[Windows, Field(min_length=1)]


class DayKind(StrEnum):
    """Where the hours of a day come from."""

    ORDINARY = "ordinary"
    CLOSED = "closed"
    OPEN = "open"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What holds on one day; an ordinary day has no name."""

    day: date
    kind: DayKind
    windows: tuple[Window, ...]
    name: DayName | None = None


class Calendar(BaseModel):
    """The working times of a department in one zone, as a version that never changes."""

    model_config = _FROZEN

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    version: Annotated[int, Field(ge=1)]
    title: Text
    zone: str
    week: Week
    known_from: CalendarDate
    horizon: CalendarDate
    closed: Annotated[tuple[ClosedDay, ...], Field(max_length=_MOST_DAYS)] = ()
    open_days: Annotated[tuple[OpenDay, ...], Field(max_length=_MOST_DAYS)] = ()
    changed_days: Annotated[tuple[ChangedDay, ...], Field(max_length=_MOST_DAYS)] = ()

    @property
    def pin(self) -> str:
        """How a clock names the version that it counts in."""
        return f"{self.id}@{self.version}"

    @cached_property
    def timetable(self) -> Timetable:
        """The working times laid out for look-up, made on first use."""
        return Timetable(ZoneInfo(self.zone), lambda day: self.plan(day).windows)

    @cached_property
    def known_instants(self) -> tuple[int, int]:
        """The instants between which holidays and make-up days are known."""
        zone = ZoneInfo(self.zone)
        return instant_on(self.known_from, 0, zone), instant_on(self.horizon + timedelta(days=1), 0, zone)

    @cached_property
    def listed_days(self) -> dict[date, DayPlan]:
        """The plans of the days that do not follow the ordinary week."""
        closed = [DayPlan(d.day, DayKind.CLOSED, (), d.name) for d in self.closed]
        opened = [
            DayPlan(d.day, DayKind.OPEN, self.week.windows(d.like) if d.like else d.windows, d.name)
            for d in self.open_days
        ]
        changed = [DayPlan(d.day, DayKind.CHANGED, d.windows, d.name) for d in self.changed_days]
        return {plan.day: plan for plan in (*closed, *opened, *changed)}

    def plan(self, day: date) -> DayPlan:
        """What holds on that day."""
        return self.listed_days.get(day) or DayPlan(day, DayKind.ORDINARY, self.week.windows(weekday_of(day)))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A changed copy, checked like any document and without the timetable of the original."""
        del deep
        return self.model_validate({**self.model_dump(), **(update or {})})

    @field_validator("zone")
    @classmethod
    def _zone_is_known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (KeyError, OSError, ValueError) as error:
            raise ValueError(f"expected an IANA time zone such as Europe/London, found {zone!r}") from error
        return zone

    @field_validator("week")
    @classmethod
    def _opens_at_all(cls, week: Week) -> Week:
        if not any(week.windows(weekday) for weekday in Weekday):
            raise ValueError(
                "expected at least one weekday with a window: a calendar that never opens has no due times"
            )
        return week

    @field_validator("horizon")
    @classmethod
    def _horizon_follows_the_first_day(cls, horizon: date, info: ValidationInfo) -> date:
        known_from = info.data.get("known_from", date.min)
        if horizon < known_from:
            raise ValueError(f"expected a day from {known_from}, the first known day, on; found {horizon}")
        return horizon

    @field_validator("closed", "open_days", "changed_days")
    @classmethod
    def _each_day_is_listed_once(cls, days: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        listed = {entry.day: field for field in ("closed", "open_days") for entry in info.data.get(field, ())}
        for place, entry in enumerate(days):
            if entry.day in listed:
                raise ValueError(f"[{place}]: {entry.day} is listed already in {listed[entry.day]}; a day has one plan")
            if entry.day < info.data.get("known_from", date.min):
                raise ValueError(f"[{place}]: {entry.day} lies before the first known day, {info.data['known_from']}")
            listed[entry.day] = f"{info.field_name}"
        return days

    @field_validator("open_days")
    @classmethod
    def _model_weekdays_are_worked(cls, days: tuple[OpenDay, ...], info: ValidationInfo) -> tuple[OpenDay, ...]:
        week = info.data.get("week")
        for place, entry in enumerate(days):
            if week and entry.like and not week.windows(entry.like):
                raise ValueError(f"[{place}]: {entry.day} is worked like a {entry.like}, which has no windows")
        return days

    @field_validator("changed_days")
    @classmethod
    def _changed_days_are_worked(cls, days: tuple[ChangedDay, ...], info: ValidationInfo) -> tuple[ChangedDay, ...]:
        week = info.data.get("week")
        for place, entry in enumerate(days):
            if week and not week.windows(weekday_of(entry.day)):
                raise ValueError(
                    f"[{place}]: {entry.day} is a {weekday_of(entry.day)}, which has no windows; "
                    "a day worked out of turn belongs in open_days"
                )
        return days


def read_calendar(document: Mapping[str, Any]) -> Calendar:
    """The calendar of a parsed TOML or JSON document. Raises CalendarError with every problem and its place."""
    try:
        return Calendar.model_validate(document)
    except ValidationError as error:
        raise refused_document(error) from error
