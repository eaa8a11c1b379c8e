"""An improvement (改进), inside or at a partner: from the proposal to the proof that it worked.

    proposed ─► approved ─► in progress ─► done ─► effect checked ─┬─ effective: closed
        └► rejected  (cancelled from anywhere)      ▲              └─ not: in progress again, once more
                                                    └── too early: checked again later

The effect is looked for in the complaints themselves: as many days after the measure as before it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from domain.analysis.effect import Verdict
from domain.complaints.command_parts import Code, PersonId, SealedText
from domain.undertakings.envelope import Command, Fact, Refused
from domain.undertakings.undertaking import Part, Target, Undertaking

CHECK_EFFECT = "check_effect"
REMINDER_BEFORE = timedelta(days=7)
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


class Check(Part):
    """A look at the effect: complaints in as many days before and after, and what that says."""

    at: datetime
    days: int
    before: int
    after: int
    verdict: Verdict


class Improvement(Undertaking):
    """An improvement as its ledger makes it; `source` is the analysis, wave, incident or case that it came from."""

    kind: Literal["improvement"] = "improvement"
    status: Status = Status.PROPOSED
    partner: str | None = None
    source: str | None = None
    target: Target = Target()
    description: str | None = None
    owner: str | None = None
    window_days: int = 28
    approved_at: datetime | None = None
    due_at: datetime | None = None
    was_reminded: bool = False
    is_overdue: bool = False
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
                return self.due_at - REMINDER_BEFORE
            return None if self.is_overdue else self.due_at
        return self.effect_due_at if self.status is Status.DONE and not self.unfinished_steps else None


class Approve(Command):
    """Approve the proposal: who does it, by when, and over how many days its effect is looked for."""

    command: Literal["improvement.approve"] = "improvement.approve"
    owner: PersonId
    due_at: AwareDatetime
    window_days: int = Field(28, ge=1, le=366)


class Reject(Command):
    """Do not take the proposal up, with the reason."""

    command: Literal["improvement.reject"] = "improvement.reject"
    reason: SealedText


class Start(Command):
    """Begin."""

    command: Literal["improvement.start"] = "improvement.start"


class Reassign(Command):
    """Give it to another owner."""

    command: Literal["improvement.reassign"] = "improvement.reassign"
    owner: PersonId


class Extend(Command):
    """Move the due time, with the reason."""

    command: Literal["improvement.extend"] = "improvement.extend"
    until: AwareDatetime
    reason: SealedText


class Reply(Command):
    """What a partner, or the owner, says of the progress."""

    command: Literal["improvement.reply"] = "improvement.reply"
    text: SealedText


class ReportDone(Command):
    """Say that the measure is carried out, and what was done."""

    command: Literal["improvement.report_done"] = "improvement.report_done"
    text: SealedText


class Cancel(Command):
    """Give it up, with the reason."""

    command: Literal["improvement.cancel"] = "improvement.cancel"
    reason: SealedText


class EffectChecked(Command):
    """What the step found; only the system says so."""

    command: Literal["improvement.effect"] = "improvement.effect"
    step: str
    days: int
    before: int
    after: int
    verdict: Verdict


class Proposed(Fact):
    type: Literal["improvement.proposed"] = "improvement.proposed"
    subject: str
    title: str
    description: str | None = None
    partner: Code | None = None
    source: str | None = None
    target: Target = Target()


class Approved(Fact):
    type: Literal["improvement.approved"] = "improvement.approved"
    owner: str
    due_at: datetime
    window_days: int


class Rejected(Fact):
    type: Literal["improvement.rejected"] = "improvement.rejected"
    reason: str


class Started(Fact):
    type: Literal["improvement.started"] = "improvement.started"


class Reassigned(Fact):
    type: Literal["improvement.reassigned"] = "improvement.reassigned"
    owner: str


class Extended(Fact):
    type: Literal["improvement.extended"] = "improvement.extended"
    due_at: datetime
    reason: str


class Replied(Fact):
    type: Literal["improvement.replied"] = "improvement.replied"
    text: str


class Reminded(Fact):
    type: Literal["improvement.reminded"] = "improvement.reminded"


class Overdue(Fact):
    type: Literal["improvement.overdue"] = "improvement.overdue"
    due_at: datetime


class Done(Fact):
    type: Literal["improvement.done"] = "improvement.done"
    text: str
    effect_due_at: datetime


class EffectDue(Fact):
    type: Literal["improvement.effect_due"] = "improvement.effect_due"


class Effect(Fact):
    type: Literal["improvement.effect_checked"] = "improvement.effect_checked"
    check: Check
    next_at: datetime | None = Field(None, description="the next check, or the due time of the next attempt")


class Cancelled(Fact):
    type: Literal["improvement.cancelled"] = "improvement.cancelled"
    reason: str


PersonsImprovementCommand = Approve | Reject | Start | Reassign | Extend | Reply | ReportDone | Cancel
ImprovementFact = Annotated[
    Proposed
    | Approved
    | Rejected
    | Started
    | Reassigned
    | Extended
    | Replied
    | Reminded
    | Overdue
    | Done
    | EffectDue
    | Effect
    | Cancelled,
    Field(discriminator="type"),
]

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
        case Extend(until=until) if improvement.due_at is not None and until <= improvement.due_at:
            raise Refused("not_later", f"it is due at {improvement.due_at}; a later time is expected")
        case _:
            return


def facts_of(improvement: Improvement, command: Command, now: datetime) -> Iterator[Fact]:
    """The facts that a lawful command makes."""
    match command:
        case Approve():
            yield Approved(owner=command.owner, due_at=command.due_at, window_days=command.window_days)
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
        case ReportDone(text=text):
            yield Done(text=text, effect_due_at=now + timedelta(days=improvement.window_days))
        case EffectChecked():
            yield _effect(improvement, command, now)
        case Cancel(reason=reason):
            yield Cancelled(reason=reason)


def overdue(improvement: Improvement, now: datetime) -> Iterator[Fact]:
    """What has come due by now."""
    due_at = improvement.due_at
    if improvement.status in UNDER_WAY and due_at is not None:
        if not improvement.was_reminded and due_at - REMINDER_BEFORE <= now:
            yield Reminded()
        if not improvement.is_overdue and due_at <= now:
            yield Overdue(due_at=due_at)
    check_at = improvement.effect_due_at if improvement.status is Status.DONE else None
    if check_at is not None and check_at <= now and not improvement.unfinished_steps:
        yield EffectDue(steps=(improvement.planned(CHECK_EFFECT),))


def _effect(improvement: Improvement, command: EffectChecked, now: datetime) -> Effect:
    later = {
        Verdict.EFFECTIVE: None,
        Verdict.NOT_EFFECTIVE: now + AGAIN_WITHIN,
        Verdict.TOO_EARLY: now + timedelta(days=improvement.window_days),
    }
    found = Check(at=now, days=command.days, before=command.before, after=command.after, verdict=command.verdict)
    return Effect(check=found, next_at=later[command.verdict])


def proposed(reference: str, fact: Proposed, actor: str, at: datetime) -> Improvement:
    """The improvement that its first fact makes."""
    return Improvement(reference=reference, opened_by=actor, opened_at=at, **fact.model_dump(exclude={"type", "steps"}))


def evolve(improvement: Improvement, fact: Fact, at: datetime, by: str) -> Improvement:  # noqa: ARG001  as all kinds
    """What the improvement is after a fact. Total: every recorded fact applies."""
    if isinstance(fact, Effect):
        return _after_check(improvement, fact)
    return _with(improvement, **_changes(fact, at))


def _changes(fact: Fact, at: datetime) -> Mapping[str, object]:
    match fact:
        case Approved():
            agreed = {"owner": fact.owner, "due_at": fact.due_at, "window_days": fact.window_days}
            return {"status": Status.APPROVED, "approved_at": at, **agreed}
        case Rejected():
            return {"status": Status.REJECTED}
        case Started():
            return {"status": Status.IN_PROGRESS}
        case Reassigned(owner=owner):
            return {"owner": owner}
        case Extended(due_at=due_at):
            return {"due_at": due_at, "was_reminded": False, "is_overdue": False}
        case Reminded():
            return {"was_reminded": True}
        case Overdue():
            return {"is_overdue": True}
        case Done(effect_due_at=effect_due_at):
            return {"status": Status.DONE, "done_at": at, "effect_due_at": effect_due_at}
        case Cancelled():
            return {"status": Status.CANCELLED}
        case _:
            return {}


def _after_check(improvement: Improvement, fact: Effect) -> Improvement:
    checked = _with(improvement, checks=(*improvement.checks, fact.check))
    match fact.check.verdict:
        case Verdict.EFFECTIVE:
            return _with(checked, status=Status.CLOSED)
        case Verdict.TOO_EARLY:
            return _with(checked, effect_due_at=fact.next_at)
        case _:
            again = {"due_at": fact.next_at, "was_reminded": False, "is_overdue": False, "effect_due_at": None}
            return _with(checked, status=Status.IN_PROGRESS, attempt=improvement.attempt + 1, **again)


def _with(improvement: Improvement, **changes: object) -> Improvement:
    return improvement.model_copy(update=changes)
