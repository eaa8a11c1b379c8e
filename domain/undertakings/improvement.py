"""An improvement (改进), inside or at a partner: from the proposal to the proof that it worked.

    proposed ─► approved ─► in progress ─► done ─► effect checked ─┬─ effective: closed
        └► rejected  (cancelled from anywhere)      ▲              └─ not: in progress again, once more
                                                    └── too early: checked again later

The effect is looked for in the complaints themselves: as many days after the measure as before it; and where it came
from a survey, in the index of the next wave against that of the last one before. A partner is asked by letter with a
signed link, reminded, and told when it is late; the owner of a measure inside has the staff's address for that.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from domain.analysis.effect import Verdict
from domain.ruling import Refused
from domain.undertakings.envelope import Command, Fact
from domain.undertakings.improvement_facts import (
    Approve,
    Approved,
    Cancel,
    Cancelled,
    Check,
    Done,
    Effect,
    EffectChecked,
    EffectDue,
    Extend,
    Extended,
    LetterSent,
    Overdue,
    Proposed,
    Reassign,
    Reassigned,
    Reject,
    Rejected,
    Reminded,
    Replied,
    Reply,
    ReportDone,
    Start,
    Started,
    Written,
)
from domain.undertakings.undertaking import Target, Undertaking

CHECK_EFFECT = "check_effect"
SEND_REQUEST = "send_request"
SEND_REMINDER = "send_reminder"
SEND_OVERDUE = "send_overdue"
SEND_AGAIN = "send_again"
LETTERS = (SEND_REQUEST, SEND_REMINDER, SEND_OVERDUE, SEND_AGAIN)
REMINDER_BEFORE = timedelta(days=7)
"""How long before the due time a reminder goes out; never sooner than half of the time is over."""
AGAIN_WITHIN = timedelta(days=30)
"""How long the next attempt has when a measure did not work, unless its owner agrees on another time."""


class Status(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


ENDED = frozenset({Status.CLOSED, Status.REJECTED, Status.CANCELLED})
UNDER_WAY = frozenset({Status.APPROVED, Status.IN_PROGRESS})


class Improvement(Undertaking):
    """An improvement as its ledger makes it; `source` is the analysis, wave, incident or case that it came from."""

    kind: Literal["improvement"] = "improvement"
    status: Status = Status.PROPOSED
    partner: str | None = None
    source: str | None = None
    target: Target = Target()
    survey: str | None = None
    description: str | None = None
    owner: str | None = None
    window_days: int = 28
    approved_at: datetime | None = None
    due_at: datetime | None = None
    remind_at: datetime | None = None
    was_reminded: bool = False
    is_overdue: bool = False
    was_late: bool = False
    done_at: datetime | None = None
    effect_due_at: datetime | None = None
    attempt: int = 1
    checks: tuple[Check, ...] = ()

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    def nearest_due(self) -> datetime | None:
        """When something comes due by itself: a reminder, the due time, the check of the effect."""
        if self.status in UNDER_WAY and self.due_at is not None:
            if not self.was_reminded:
                return self.remind_at
            return None if self.is_overdue else self.due_at
        return self.effect_due_at if self.status is Status.DONE and not self.is_checked_now else None

    @property
    def is_checked_now(self) -> bool:
        """Whether the step that looks at the effect is under way, or waits for an operator."""
        return any(step.kind == CHECK_EFFECT for step in self.unfinished_steps)

    @property
    def began_at(self) -> datetime | None:
        """Where the time before the measure ends: at its approval, or when it was carried out before that."""
        known = [at for at in (self.approved_at, self.done_at) if at is not None]
        return min(known, default=None)


LAWFUL: Mapping[type[Command], frozenset[Status]] = {
    Approve: frozenset({Status.PROPOSED}),
    Reject: frozenset({Status.PROPOSED}),
    Start: frozenset({Status.APPROVED}),
    Reassign: UNDER_WAY,
    Extend: UNDER_WAY,
    Reply: UNDER_WAY,
    ReportDone: frozenset({Status.IN_PROGRESS}),
    Cancel: frozenset(Status) - ENDED,
}


def check(improvement: Improvement, command: Command, actor: str, now: datetime) -> None:
    """Raise `Refused` where a guard of its own says no; the status was looked at before."""
    match command:
        case Approve() if actor == improvement.opened_by:
            raise Refused("same_person", "somebody else than the proposer approves it")
        case Approve(due_at=due_at) | Extend(until=due_at) if due_at <= now:
            raise Refused("in_the_past", "a due time lies in the future")
        case ReportDone(carried_out_at=datetime() as carried_out) if carried_out > now:
            raise Refused("in_the_future", "what is carried out was carried out before now")
        case Extend(until=until) if improvement.due_at is not None and until <= improvement.due_at:
            raise Refused("not_later", f"it is due at {improvement.due_at}; a later time is expected")
        case _:
            return


def facts_of(improvement: Improvement, command: Command, now: datetime) -> Iterator[Fact]:
    """The facts that a lawful command makes."""
    match command:
        case Approve():
            yield _approved(improvement, command)
        case ReportDone():
            yield _done(improvement, command, now)
        case EffectChecked():
            yield _effect(improvement, command, now)
        case _:
            yield from _said(command)


def _said(command: Command) -> Iterator[Fact]:
    """Commands whose facts say the same."""
    match command:
        case Reject(reason=reason):
            yield Rejected(reason=reason)
        case Start():
            yield Started()
        case Reassign(owner=owner):
            yield Reassigned(owner=owner)
        case Extend(until=until, reason=reason):
            yield Extended(due_at=until, reason=reason)
        case Reply(text=text):
            yield Replied(text=text)
        case LetterSent(letter=letter, was_sent=was_sent):
            yield Written(letter=letter, was_sent=was_sent)
        case Cancel(reason=reason):
            yield Cancelled(reason=reason)


def _approved(improvement: Improvement, command: Approve) -> Approved:
    asked = (improvement.planned(SEND_REQUEST),) if improvement.partner else ()
    return Approved(owner=command.owner, due_at=command.due_at, window_days=command.window_days, steps=asked)


def _done(improvement: Improvement, command: ReportDone, now: datetime) -> Done:
    due = (command.carried_out_at or now) + timedelta(days=improvement.window_days)
    return Done(text=command.text, carried_out_at=command.carried_out_at, effect_due_at=due)


def overdue(improvement: Improvement, now: datetime) -> Iterator[Fact]:
    """What has come due by now."""
    due_at = improvement.due_at
    if improvement.status in UNDER_WAY and due_at is not None:
        is_late = due_at <= now
        if not improvement.was_reminded and improvement.remind_at is not None and improvement.remind_at <= now:
            yield Reminded(steps=() if is_late else (improvement.planned(SEND_REMINDER),))
        if not improvement.is_overdue and is_late:
            yield Overdue(due_at=due_at, steps=(improvement.planned(SEND_OVERDUE),))
    check_at = improvement.effect_due_at if improvement.status is Status.DONE else None
    if check_at is not None and check_at <= now and not improvement.is_checked_now:
        yield EffectDue(steps=(improvement.planned(CHECK_EFFECT),))


def _effect(improvement: Improvement, command: EffectChecked, now: datetime) -> Effect:
    later = {
        Verdict.EFFECTIVE: None,
        Verdict.NOT_EFFECTIVE: now + AGAIN_WITHIN,
        Verdict.TOO_EARLY: now + timedelta(days=improvement.window_days),
    }
    found = Check(at=now, **{name: value for name, value in command if name not in {"command", "step"}})
    is_asked_again = command.verdict is Verdict.NOT_EFFECTIVE and improvement.partner is not None
    again = (improvement.planned(SEND_AGAIN),) if is_asked_again else ()
    return Effect(check=found, next_at=later[command.verdict], steps=again)


def proposed(reference: str, fact: Proposed, actor: str, at: datetime) -> Improvement:
    """The improvement that its first fact makes."""
    return Improvement(reference=reference, opened_by=actor, opened_at=at, **fact.model_dump(exclude={"type", "steps"}))


def evolve(improvement: Improvement, fact: Fact, at: datetime, by: str) -> Improvement:  # noqa: ARG001  as all kinds
    """What the improvement is after a fact. Total: every recorded fact applies."""
    if isinstance(fact, Effect):
        return _after_check(improvement, fact, at)
    return _with(improvement, **_changes(fact, at))


def _changes(fact: Fact, at: datetime) -> Mapping[str, object]:
    match fact:
        case Approved():
            agreed = {"owner": fact.owner, "window_days": fact.window_days, **_promised(fact.due_at, at)}
            return {"status": Status.APPROVED, "approved_at": at, **agreed}
        case Rejected():
            return {"status": Status.REJECTED}
        case Started():
            return {"status": Status.IN_PROGRESS}
        case Reassigned(owner=owner):
            return {"owner": owner}
        case Extended(due_at=due_at):
            return _promised(due_at, at)
        case Reminded():
            return {"was_reminded": True}
        case Overdue():
            return {"is_overdue": True, "was_late": True}
        case Done():
            done_at = fact.carried_out_at or at
            return {"status": Status.DONE, "done_at": done_at, "effect_due_at": fact.effect_due_at}
        case Cancelled():
            return {"status": Status.CANCELLED}
        case _:
            return {}


def _promised(due_at: datetime, at: datetime) -> dict[str, object]:
    """A new due time, with the reminder before it."""
    remind_at = due_at - min(REMINDER_BEFORE, (due_at - at) / 2)
    return {"due_at": due_at, "remind_at": remind_at, "was_reminded": False, "is_overdue": False}


def _after_check(improvement: Improvement, fact: Effect, at: datetime) -> Improvement:
    checked = _with(improvement, checks=(*improvement.checks, fact.check))
    match fact.check.verdict:
        case Verdict.EFFECTIVE:
            return _with(checked, status=Status.CLOSED)
        case Verdict.TOO_EARLY:
            return _with(checked, effect_due_at=fact.next_at)
        case _:
            again = _promised(fact.next_at or at + AGAIN_WITHIN, at) | {"effect_due_at": None, "done_at": None}
            return _with(checked, status=Status.IN_PROGRESS, attempt=improvement.attempt + 1, **again)


def _with(improvement: Improvement, **changes: object) -> Improvement:
    return improvement.model_copy(update=changes)
