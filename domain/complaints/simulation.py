"""What a policy would have made of a case that was handled under another: which promises would have been broken.

What people and partners did stays as it is recorded, at its time. What follows by itself (clocks, warnings, breaches,
penalties, holds that run out) is made again under the other policy, in the newest version of its calendar.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.calendar import Calendar
from domain.complaints import facts as f
from domain.complaints.case import Case
from domain.complaints.clocks import Clock
from domain.complaints.decide import Recorder
from domain.complaints.evolve import fold
from domain.complaints.overdue import next_overdue
from domain.complaints.policy import Policy
from domain.complaints.redress import Redress
from domain.complaints.situation import SYSTEM
from domain.complaints.terms import ClockKind, ClockState, RedressState

ASIDE = 100_000
"""Penalties of the simulation are numbered from here on, beside the redress that people asked for."""


@dataclass(frozen=True, slots=True, order=True)
class Breach:
    """A promise that was broken: which clock, and when it ran out."""

    kind: ClockKind
    attempt: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Simulated:
    """The breaches of one case as recorded, and as they would have been."""

    reference: str
    recorded: tuple[Breach, ...]
    simulated: tuple[Breach, ...]

    @property
    def avoided(self) -> tuple[Breach, ...]:
        return _without(self.recorded, self.simulated)

    @property
    def added(self) -> tuple[Breach, ...]:
        return _without(self.simulated, self.recorded)


def simulate(entries: Sequence[f.Entry], policy: Policy, calendar: Calendar, now: datetime) -> Simulated:
    """A recorded case under another policy, up to now."""
    replay = _Replay(Recorder(entries[0].reference, 1, None, policy, calendar, {}))
    for entry in entries:
        replay.take(entry)
    return Simulated(
        reference=entries[0].reference,
        recorded=_breaches(fold(entries), now),
        simulated=_breaches(replay.until(now), now),
    )


class _Replay:
    """A case on its way through its own record, under the other policy."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def take(self, entry: f.Entry) -> None:
        """What was due by then happens first, as it does when a command is decided."""
        self._run_out(entry.at)
        for fact in self._as_it_would_be(entry):
            bare = fact.model_copy(update={"clocks": ()})
            self._recorder.record(bare, entry.at, entry.actor, entry.command_id)

    def until(self, now: datetime) -> Case:
        self._run_out(now)
        assert self._recorder.case is not None  # noqa: S101  a record has at least one entry
        return self._recorder.case

    def _run_out(self, at: datetime) -> None:
        while self._recorder.case is not None and (facts := next_overdue(self._recorder.case, at)):
            for fact in facts:
                self._recorder.record(_aside(fact), at, SYSTEM, "simulation")

    def _as_it_would_be(self, entry: f.Entry) -> Iterator[f.AnyFact]:
        """The fact, if it was not made by the rules themselves."""
        case = self._recorder.case
        match entry.fact:
            case f.Received() | f.Imported() as fact:
                yield fact.model_copy(update={"policy": self._recorder.policy.pin})
            case f.ClockWarned() | f.ClockBreached() | f.PolicyChanged() | f.ClocksRecalculated():
                return
            case f.Escalated(cause=cause) if cause.startswith(("breach:", "warning:")):
                return
            case f.Resumed(kind=kind) if case is not None and case.hold(kind) is None:
                return
            case f.RedressChanged(redress=redress) if redress.penalty_for is not None and case is not None:
                yield from _penalty(case, redress)
            case fact:
                yield fact


def _penalty(case: Case, recorded: Redress) -> Iterator[f.AnyFact]:
    """The payment of a penalty, if it is owed here too; that it is owed is made again."""
    owed = next((each for each in case.redress if each.penalty_for == recorded.penalty_for), None)
    if owed is not None and recorded.state is RedressState.PAID:
        yield f.RedressChanged(redress=owed.model_copy(update={"state": RedressState.PAID, "proof": recorded.proof}))


def _aside(fact: f.AnyFact) -> f.AnyFact:
    if not isinstance(fact, f.RedressChanged):
        return fact
    return fact.model_copy(update={"redress": fact.redress.model_copy(update={"number": ASIDE + fact.redress.number})})


def _breaches(case: Case, now: datetime) -> tuple[Breach, ...]:
    return tuple(sorted(_breach(clock) for clock in case.clocks if _is_broken(clock, now)))


def _breach(clock: Clock) -> Breach:
    return Breach(clock.kind, clock.attempt, clock.due_at)


def _is_broken(clock: Clock, now: datetime) -> bool:
    return clock.state is ClockState.BREACHED or (clock.state is ClockState.RUNNING and clock.due_at <= now)


def _without(breaches: tuple[Breach, ...], others: tuple[Breach, ...]) -> tuple[Breach, ...]:
    """Those whose clock is not broken among the others; when it ran out does not matter."""
    broken = {(breach.kind, breach.attempt) for breach in others}
    return tuple(breach for breach in breaches if (breach.kind, breach.attempt) not in broken)
