"""Policies and calendars by their pins."""

from datetime import date

from domain.calendar import Calendar
from domain.complaints import shipped
from domain.complaints.policy import Policy


class UnknownPolicy(LookupError):
    """No policy under this id or pin."""


class Rulebook:
    """The policies that come with Amends, and the calendar that they count in."""

    def __init__(self, zone: str) -> None:
        self._by_pin = {policy.pin: policy for policy in shipped.policies()}
        self._calendar = shipped.every_day(zone)

    def policies(self) -> tuple[Policy, ...]:
        return tuple(self._by_pin.values())

    async def policy(self, pin: str) -> Policy:
        """The version that a case pinned. Raises UnknownPolicy."""
        try:
            return self._by_pin[pin]
        except KeyError:
            raise UnknownPolicy(pin) from None

    async def calendar(self, policy: Policy) -> Calendar:
        """The calendar that the policy's clocks run in. Raises UnknownPolicy for one that is not there."""
        if policy.calendar != self._calendar.id:
            raise UnknownPolicy(f"{policy.pin} counts in the calendar {policy.calendar}, which is not there")
        return self._calendar

    async def in_force(self, policy_id: str, on: date) -> Policy:
        """The newest version of a policy that is valid on a day. Raises UnknownPolicy."""
        valid = [
            policy
            for policy in self._by_pin.values()
            if policy.id == policy_id and policy.valid_from <= on and (policy.valid_to is None or on <= policy.valid_to)
        ]
        if not valid:
            raise UnknownPolicy(policy_id)
        return max(valid, key=lambda policy: policy.version)
