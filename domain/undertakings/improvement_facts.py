"""What is asked of improvements, and what happens to them: the commands and facts of `improvement`."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from domain.analysis.effect import Verdict
from domain.complaints.command_parts import Code, PersonId, SealedText
from domain.undertakings.envelope import Command, Fact
from domain.undertakings.undertaking import Part, Target


class SurveyEffect(Part):
    """The index of the last wave before the measure and of the first after it, each with its interval."""

    before_wave: str
    before: float
    after_wave: str
    after: float
    verdict: Verdict


class Check(Part):
    """A look at the effect: complaints in as many days before and after, the index if asked, and what that says.

    `ratio` is the rate after over the rate before, with its interval.
    """

    at: datetime
    days: int
    before: int
    after: int
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    survey: SurveyEffect | None = None
    verdict: Verdict


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
    carried_out_at: AwareDatetime | None = Field(None, description="when it was carried out, if not just now")


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
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    survey: SurveyEffect | None = None
    verdict: Verdict


class LetterSent(Command):
    """What became of a letter to the partner or the owner; only the system says so."""

    command: Literal["improvement.letter"] = "improvement.letter"
    step: str
    letter: str
    was_sent: bool


class Proposed(Fact):
    type: Literal["improvement.proposed"] = "improvement.proposed"
    subject: str
    title: str
    description: str | None = None
    partner: Code | None = None
    source: str | None = None
    target: Target = Target()
    survey: str | None = None


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


class Written(Fact):
    """A letter went out, or nobody's address was known for one inside."""

    type: Literal["improvement.letter_sent"] = "improvement.letter_sent"
    letter: str
    was_sent: bool


class Done(Fact):
    type: Literal["improvement.done"] = "improvement.done"
    text: str
    carried_out_at: datetime | None = None
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
    | Written
    | Done
    | EffectDue
    | Effect
    | Cancelled,
    Field(discriminator="type"),
]
