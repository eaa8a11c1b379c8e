"""The clocks of a case: what was promised by when, and whether it was kept.

A due time is computed once, when the clock starts, and stands in the fact that started it. The arithmetic of opening
hours and holidays is `domain.calendar`'s.
"""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from domain.calendar import Calendar, Span, due
from domain.complaints.policy import Anchor, Policy
from domain.complaints.terms import ClockKind, ClockState


class Clock(BaseModel):
    """One promise with its due time; `attempt` counts the times that the case was taken up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClockKind
    attempt: int
    anchor: Anchor
    span: Span
    calendar: str
    started_at: datetime
    due_at: datetime
    provisional: bool = False
    state: ClockState = ClockState.RUNNING
    met_at: datetime | None = None
    breached_at: datetime | None = None

    @property
    def key(self) -> str:
        return f"{self.kind}.{self.attempt}"

    def met(self, at: datetime) -> "Clock":
        """What was promised has reached the customer; after a breach it is late, and stays breached."""
        if self.met_at is not None or self.state is ClockState.CANCELLED:
            return self
        state = ClockState.MET if self.state is ClockState.RUNNING else self.state
        return self.model_copy(update={"state": state, "met_at": at})

    def breached(self, at: datetime) -> "Clock":
        return self.model_copy(update={"state": ClockState.BREACHED, "breached_at": at})

    def cancelled(self) -> "Clock":
        return self.model_copy(update={"state": ClockState.CANCELLED})


def clocks_started(anchor: Anchor, at: datetime, attempt: int, policy: Policy, calendar: Calendar) -> tuple[Clock, ...]:
    """The clocks that the policy starts at an anchor, their due times computed in the pinned calendar."""
    return tuple(
        _started(rule.kind, anchor, at, attempt, rule.span, calendar) for rule in policy.clocks if rule.anchor is anchor
    )


def met(clocks: Iterable[Clock], kinds: Iterable[ClockKind], at: datetime) -> tuple[Clock, ...]:
    """Those clocks of the kinds that this moment settles, breached ones included."""
    wanted = set(kinds)
    settled = ((clock, clock.met(at)) for clock in clocks if clock.kind in wanted)
    return tuple(after for before, after in settled if after is not before)


def cancelled(clocks: Iterable[Clock]) -> tuple[Clock, ...]:
    """The running clocks, stopped because nothing is owed any more."""
    return tuple(clock.cancelled() for clock in clocks if clock.state is ClockState.RUNNING)


def _started(kind: ClockKind, anchor: Anchor, at: datetime, attempt: int, span: Span, calendar: Calendar) -> Clock:
    end = due(at, span, calendar)
    return Clock(
        kind=kind,
        attempt=attempt,
        anchor=anchor,
        span=span,
        calendar=f"{calendar.id}@{calendar.version}",
        started_at=at,
        due_at=end.at,
        provisional=end.provisional,
    )
