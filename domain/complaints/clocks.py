"""The clocks of a case: what was promised by when, and whether it was kept.

A due time is computed when the clock starts, is resumed or extended, and stands in the fact that did it. The arithmetic
of opening hours and holidays is `domain.calendar`'s.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from domain.calendar import Calendar, Due, Interval, Span, due_with_holds
from domain.calendar.spans import MICROSECONDS
from domain.complaints.intake import Intake
from domain.complaints.policy import Anchor, ClockRule, OnBreach, Policy
from domain.complaints.terms import ClockKind, ClockState, HoldKind


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Pause(Frozen):
    """A stretch in which the clock stood still."""

    start: datetime
    end: datetime


class WarningDue(Frozen):
    """A warning that is still to come."""

    at: datetime
    percent: int
    escalates: bool


class Clock(Frozen):
    """One promise with its due time.

    `attempt` counts the clocks of a kind: a case taken up again has a second one. That of a partner's reply or of a
    payment bears the number of its request. `first_due_at` is the due time without extensions.
    """

    kind: ClockKind
    attempt: int
    anchor: Anchor
    span: Span
    calendar: str
    started_at: datetime
    due_at: datetime
    first_due_at: datetime
    provisional: bool = False
    state: ClockState = ClockState.RUNNING
    paused_by: tuple[HoldKind, ...] = ()
    paused_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    extended: bool = False
    warnings: tuple[WarningDue, ...] = ()
    on_breach: OnBreach = OnBreach()
    met_at: datetime | None = None
    breached_at: datetime | None = None

    @property
    def key(self) -> str:
        return f"{self.kind}.{self.attempt}"

    @property
    def is_open(self) -> bool:
        return self.state in {ClockState.RUNNING, ClockState.PAUSED}

    def next_event(self) -> datetime | None:
        """When the clock must be looked at: its nearest warning or its due time; a paused one stands still."""
        if self.state is not ClockState.RUNNING:
            return None
        return min([self.due_at, *(warning.at for warning in self.warnings)])

    def met(self, at: datetime) -> "Clock":
        """What was promised has reached the customer; after a breach it is late, and stays breached."""
        if self.met_at is not None or self.state is ClockState.CANCELLED:
            return self
        return self._changed(state=ClockState.MET if self.is_open else self.state, met_at=at, warnings=())

    def unmet(self) -> "Clock":
        """What met it did not reach the customer after all; a breach stays a breach."""
        standing = ClockState.RUNNING if self.paused_at is None else ClockState.PAUSED
        return self._changed(state=standing if self.state is ClockState.MET else self.state, met_at=None)

    def set_back(self) -> "Clock":
        """Due when it was before it was extended: the customer was not told."""
        return self._changed(due_at=self.first_due_at, extended=False, warnings=())

    def breached(self, at: datetime) -> "Clock":
        return self._changed(state=ClockState.BREACHED, breached_at=at, warnings=())

    def cancelled(self) -> "Clock":
        return self._changed(state=ClockState.CANCELLED, warnings=())

    def warned(self, at: datetime) -> "Clock":
        """The warnings up to this moment have been given."""
        return self._changed(warnings=tuple(warning for warning in self.warnings if warning.at > at))

    def paused(self, at: datetime) -> "Clock":
        return self._changed(state=ClockState.PAUSED, paused_at=at)

    def resumed(self, at: datetime, calendar: Calendar) -> "Clock":
        """The clock goes on with what was left of its span; one that was extended moves by the length of the pause."""
        if self.paused_at is None:
            return self
        begun = self.paused_at
        pauses = (*self.pauses, Pause(start=begun, end=at)) if at > begun else self.pauses
        end = _end(self.started_at, self.span, calendar, pauses)
        shift = at - begun if self.extended else end.at - self.due_at
        return self._later_by(
            shift,
            state=ClockState.RUNNING,
            paused_at=None,
            pauses=pauses,
            first_due_at=self.first_due_at + shift,
            provisional=end.provisional,
        )

    def extended_to(self, until: datetime) -> "Clock":
        """Due later; a pause may have moved the due time further already."""
        return self._later_by(max(until, self.due_at) - self.due_at, extended=True)

    def recalculated(self, due: Due) -> "Clock":
        """The clock in another version of its calendar, due when that says."""
        shift = due.at - self.due_at
        return self._later_by(
            shift,
            calendar=due.calendar.pin,
            first_due_at=self.first_due_at + shift,
            provisional=due.provisional,
        )

    def _later_by(self, shift: timedelta, **changes: object) -> "Clock":
        """The due time and the warnings still to come move together."""
        warnings = tuple(warning.model_copy(update={"at": warning.at + shift}) for warning in self.warnings)
        return self._changed(due_at=self.due_at + shift, warnings=warnings, **changes)

    def _changed(self, **changes: object) -> "Clock":
        return self.model_copy(update=changes)


def clocks_started(
    anchor: Anchor,
    at: datetime,
    intake: Intake,
    policy: Policy,
    calendar: Calendar,
    present: tuple[Clock, ...] = (),
    *,
    number: int | None = None,
    takes_over: bool = False,
) -> tuple[Clock, ...]:
    """The clocks that the policy starts at an anchor for such a case, their due times computed in the calendar.

    `number` is that of the request that they belong to; without it they are counted. A clock that `takes_over` starts
    at the due time of another.
    """
    return tuple(
        start(
            rule,
            taken_over(at, rule.span) if takes_over else at,
            number or _next_number(rule.kind, present),
            calendar,
        )
        for rule in rules_of(anchor, intake, policy)
    )


def rules_of(anchor: Anchor, intake: Intake, policy: Policy) -> Iterator[ClockRule]:
    """For each kind the first rule of the policy that fits the case."""
    seen: set[ClockKind] = set()
    for rule in policy.clocks:
        if rule.anchor is anchor and rule.kind not in seen and rule.fits(intake.category, intake.severity):
            seen.add(rule.kind)
            yield rule


def taken_over(due_at: datetime, span: Span) -> datetime:
    """From when a span counts that follows on a due time: the end of a day belongs to the day that ends."""
    return due_at if span.unit in MICROSECONDS else due_at - timedelta(microseconds=1)


def start(rule: ClockRule, at: datetime, number: int, calendar: Calendar, pauses: tuple[Pause, ...] = ()) -> Clock:
    """A clock as its rule says, from a moment on."""
    end = _end(at, rule.span, calendar, pauses)
    length = end.at - at
    return Clock(
        kind=rule.kind,
        attempt=number,
        anchor=rule.anchor,
        span=rule.span,
        calendar=calendar.pin,
        started_at=at,
        due_at=end.at,
        first_due_at=end.at,
        provisional=end.provisional,
        paused_by=rule.paused_by,
        pauses=pauses,
        warnings=tuple(
            WarningDue(at=at + length * warning.percent / 100, percent=warning.percent, escalates=warning.escalates)
            for warning in rule.warnings
        ),
        on_breach=rule.on_breach,
    )


def met(clocks: Iterable[Clock], kinds: Iterable[ClockKind], at: datetime) -> tuple[Clock, ...]:
    """Those clocks of the kinds that this moment settles, breached ones included."""
    wanted = set(kinds)
    settled = ((clock, clock.met(at)) for clock in clocks if clock.kind in wanted)
    return tuple(after for before, after in settled if after is not before)


def cancelled(clocks: Iterable[Clock], keep: frozenset[ClockKind] = frozenset()) -> tuple[Clock, ...]:
    """The open clocks, stopped because nothing is owed any more; those to `keep` run on."""
    return tuple(clock.cancelled() for clock in clocks if clock.is_open and clock.kind not in keep)


def _next_number(kind: ClockKind, present: tuple[Clock, ...]) -> int:
    return 1 + max((clock.attempt for clock in present if clock.kind is kind), default=0)


def _end(at: datetime, span: Span, calendar: Calendar, pauses: Iterable[Pause]) -> Due:
    return due_with_holds(at, span, calendar, [Interval(pause.start, pause.end) for pause in pauses])
