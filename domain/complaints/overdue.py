"""What has come due by itself: holds that ran out, reminders, warnings, breaches and what they set off.

Quiet hours that have ended are among it. Looked at before any command, so that what comes late never counts as kept.
"""

from collections.abc import Iterator
from datetime import datetime

from domain.complaints import facts as f
from domain.complaints.case import Case
from domain.complaints.clocks import Clock
from domain.complaints.holds import Hold
from domain.complaints.policy import HIGHEST_LEVEL
from domain.complaints.redress import Redress
from domain.complaints.situation import SYSTEM
from domain.complaints.steps import Step
from domain.complaints.terms import ClockKind, RedressState


def next_overdue(case: Case, now: datetime) -> tuple[f.AnyFact, ...]:
    """The facts of the earliest thing that is overdue; to be asked again until nothing is."""
    waiting: list[tuple[datetime, Hold | Clock | Step]] = [(hold.next_event(), hold) for hold in case.holds]
    waiting += [(step.not_before, step) for step in case.steps if step.not_before is not None]
    waiting += [(at, clock) for clock in case.clocks if (at := clock.next_event()) is not None]
    at, earliest = min(waiting, key=lambda event: event[0], default=(now, None))
    if earliest is None or at > now:
        return ()
    if isinstance(earliest, Step):
        return (_release(earliest),)
    if isinstance(earliest, Hold):
        return (f.Resumed(kind=earliest.kind) if earliest.until <= now else f.HoldReminded(kind=earliest.kind),)
    return tuple(_breach(case, earliest, now) if earliest.due_at <= now else _warn(case, earliest, now))


def _release(step: Step) -> f.StepReleased:
    """The quiet hours that the message waited for have ended."""
    released = step.model_copy(update={"state": step.begins_as, "not_before": None})
    return f.StepReleased(step=step.key, steps=(released,))


def _warn(case: Case, clock: Clock, now: datetime) -> Iterator[f.AnyFact]:
    passed = [warning for warning in clock.warnings if warning.at <= now]
    percent = max(warning.percent for warning in passed)
    yield f.ClockWarned(kind=clock.kind, attempt=clock.attempt, percent=percent, clocks=(clock.warned(now),))
    if any(warning.escalates for warning in passed):
        yield from _raise(case, f"warning:{clock.kind}")


def _breach(case: Case, clock: Clock, now: datetime) -> Iterator[f.AnyFact]:
    yield f.ClockBreached(
        kind=clock.kind,
        attempt=clock.attempt,
        due_at=clock.due_at,
        late_seconds=(now - clock.due_at).total_seconds(),
        clocks=(clock.breached(now),),
    )
    yield from _penalise(case, clock)
    if clock.on_breach.escalates:
        yield from _raise(case, f"breach:{clock.kind}")


def _penalise(case: Case, clock: Clock) -> Iterator[f.AnyFact]:
    """What the breach costs; a penalty that is paid late costs another one, and that is the last."""
    late = case.redress_of(clock.attempt) if clock.kind is ClockKind.PENALTY_PAID else None
    if clock.on_breach.penalty is None or (late is not None and late.is_for_late_payment):
        return
    yield f.RedressChanged(
        redress=Redress(
            number=len(case.redress) + 1,
            kind="penalty",
            money=clock.on_breach.penalty,
            requested_by=SYSTEM,
            decided_by=SYSTEM,
            state=RedressState.APPROVED,
            penalty_for=clock.key,
        )
    )


def _raise(case: Case, cause: str) -> Iterator[f.AnyFact]:
    if case.escalation_level < HIGHEST_LEVEL:
        yield f.Escalated(level=case.escalation_level + 1, cause=cause)
