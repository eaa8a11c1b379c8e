"""What a decision looks at, and how it says no."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.access import Person
from domain.calendar import Calendar
from domain.complaints.assignment import Candidate
from domain.complaints.case import Case
from domain.complaints.clocks import Clock
from domain.complaints.commands import Command
from domain.complaints.policy import Policy

SYSTEM = "system"
CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a decision may know beside the case.

    `calendar` is the newest version, in which clocks start; `pinned` are the versions that the case's open clocks
    count in. `staff` and `candidates` are those that the command asks for; `other` is the policy that it changes to,
    `renewed` the version of a calendar that it counts again in, `neighbour` the case that it is merged into.
    A workflow's validator knows the time only; what it cannot check there is checked when the command is recorded.
    """

    now: datetime
    policy: Policy | None = None
    calendar: Calendar | None = None
    staff: Mapping[str, Person] | None = None
    candidates: tuple[Candidate, ...] | None = None
    other: tuple[Policy, Calendar] | None = None
    renewed: Calendar | None = None
    neighbour: Case | None = None
    pinned: Mapping[str, Calendar] = field(default_factory=dict)

    def under(self, pin: str) -> "Circumstances":
        """The same under the policy that the case has by now; a command before this one may have changed it."""
        if self.other is None or self.other[0].pin != pin:
            return self
        policy, calendar = self.other
        return replace(self, policy=policy, calendar=calendar)

    def calendar_of(self, clock: Clock) -> Calendar | None:
        """The version that the clock counts in, if it is known."""
        if self.calendar is not None and self.calendar.pin == clock.calendar:
            return self.calendar
        return self.pinned.get(clock.calendar)


@dataclass(frozen=True, slots=True)
class Situation:
    """A command before its case: who asks what, of which case, in which circumstances."""

    case: Case
    actor: str
    command: Command | None
    circumstances: Circumstances

    @property
    def now(self) -> datetime:
        return self.circumstances.now
