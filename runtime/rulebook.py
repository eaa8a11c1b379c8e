"""Policies by their pins, and the calendars that they count in."""

import logging
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.calendar import Calendar
from domain.complaints import shipped
from domain.complaints.calendar_upkeep import horizon_is_near
from domain.complaints.policy import Policy
from storage.calendars import Calendars
from storage.pool import Pool

log = logging.getLogger(__name__)


class UnknownPolicy(LookupError):
    """No policy under this id or pin."""


class UnknownCalendar(LookupError):
    """No calendar under this id: the database was not prepared for this release."""


class Rulebook:
    """The policies that come with Amends, and the stored calendars."""

    def __init__(self, pool: Pool) -> None:
        self._by_pin = {policy.pin: policy for policy in shipped.policies()}
        self.calendars = Calendars(pool)

    def policies(self) -> tuple[Policy, ...]:
        return tuple(self._by_pin.values())

    async def policy(self, pin: str) -> Policy:
        """The version that a case pinned. Raises UnknownPolicy."""
        try:
            return self._by_pin[pin]
        except KeyError:
            raise UnknownPolicy(pin) from None

    async def calendar(self, policy: Policy) -> Calendar:
        """The calendar that clocks of the policy are started in: the newest version. Raises UnknownCalendar."""
        found = await self.calendars.newest(policy.calendar)
        if found is None:
            raise UnknownCalendar(f"{policy.pin} counts in the calendar {policy.calendar}, which is not there")
        return found.calendar

    async def pinned_calendar(self, pin: str) -> Calendar:
        """The version that a clock names (`cn@3`). Raises UnknownCalendar."""
        calendar_id, _, version = pin.rpartition("@")
        found = await self.calendars.version(calendar_id, int(version))
        if found is None:
            raise UnknownCalendar(f"{pin} is not there")
        return found.calendar

    async def in_force(self, policy_id: str, on: date) -> Policy:
        """The newest version of a policy that is valid on a day. Raises UnknownPolicy."""
        valid = [policy for policy in self._in_force(on) if policy.id == policy_id]
        if not valid:
            raise UnknownPolicy(policy_id)
        return max(valid, key=lambda policy: policy.version)

    async def in_force_or_oldest(self, policy_id: str, on: date) -> Policy:
        """As `in_force`; for a day before the policy's first version, that version. Raises UnknownPolicy."""
        versions = [policy for policy in self._by_pin.values() if policy.id == policy_id]
        if versions and on < min(policy.valid_from for policy in versions):
            return min(versions, key=lambda policy: policy.version)
        return await self.in_force(policy_id, on)

    async def warn_of_horizons(self, at: datetime) -> int:
        """Write to the log which calendars of policies in force know too few days ahead; how many."""
        ids = sorted({policy.calendar for policy in self._in_force(at.date())})
        found = [version.calendar for each in ids if (version := await self.calendars.newest(each)) is not None]
        near = [
            calendar for calendar in found if horizon_is_near(calendar, at.astimezone(ZoneInfo(calendar.zone)).date())
        ]
        for calendar in near:
            log.warning(
                "the horizon of a calendar is near: set a version that knows more days",
                extra={"calendar": f"{calendar.id}@{calendar.version}", "horizon": str(calendar.horizon)},
            )
        return len(near)

    def _in_force(self, on: date) -> Iterator[Policy]:
        for policy in self._by_pin.values():
            if policy.valid_from <= on and (policy.valid_to is None or on <= policy.valid_to):
                yield policy
