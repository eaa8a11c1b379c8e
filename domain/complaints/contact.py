"""When and how a customer may be written to: quiet hours, opt-outs. Times of day are those of the house's zone."""

from datetime import datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from domain.complaints.terms import ORDERED, Way

TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class QuietHours(BaseModel):
    """From when to when in a day nobody is disturbed; they may run over midnight."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begin: TimeOfDay
    end: TimeOfDay
    ways: tuple[Way, ...] = Field((Way.SMS, Way.CALL), description="the ways that disturb")

    @model_validator(mode="after")
    def _leaves_some_of_the_day(self) -> Self:
        if self.begin == self.end:
            raise ValueError("quiet hours begin and end at different times of day")
        return self

    def end_after(self, at: datetime, zone: str) -> datetime | None:
        """When the quiet hours end that this moment lies in; None outside of them."""
        local = at.astimezone(ZoneInfo(zone))
        begin, end = time.fromisoformat(self.begin), time.fromisoformat(self.end)
        for days in (-1, 0):
            first_day = local.date() + timedelta(days=days)
            last_day = first_day + timedelta(days=begin > end)
            starts = datetime.combine(first_day, begin, ZoneInfo(zone))
            ends = datetime.combine(last_day, end, ZoneInfo(zone))
            if starts.timestamp() <= at.timestamp() < ends.timestamp():
                return ends.astimezone(at.tzinfo)
        return None


class ContactLimits(BaseModel):
    """What a customer does not want: ways at all, and hours of the day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    opted_out: tuple[Way, ...] = ()
    quiet_hours: QuietHours | None = None

    @model_validator(mode="after")
    def _names_ways_of_ours(self) -> Self:
        if not ORDERED.issuperset(self.opted_out):
            raise ValueError(f"opted_out names some of {', '.join(sorted(ORDERED))}")
        return self


UNLIMITED = ContactLimits()


def quiet_until(
    way: Way, at: datetime, zone: str, of_policy: QuietHours | None, of_customer: QuietHours | None
) -> datetime | None:
    """When a message by this way may go out, if not now: behind the quiet hours of the policy and of the customer."""
    until = at
    for _ in range(4):  # the two may follow on each other
        ends = [
            end
            for hours in (of_policy, of_customer)
            if hours is not None and way in hours.ways and (end := hours.end_after(until, zone)) is not None
        ]
        if not ends:
            break
        until = max(ends)
    return until if until > at else None
