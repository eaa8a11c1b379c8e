"""How a wave is fielded: channels, reminders, quotas, quarantine, follow-up. Owns the document, not the process."""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.surveys.dispositions import Channel, CompletenessThresholds
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.indicators import Identifier

Duration = Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=366))]
Share = Annotated[float, Field(gt=0, le=1)]


class ReminderKind(StrEnum):
    """To whom a reminder goes."""

    NOT_OPENED = "not_opened"
    NOT_STARTED = "not_started"
    PARTIAL = "partial"


class FollowUpAction(StrEnum):
    """What a bad answer opens."""

    CALLBACK = "callback"
    COMPLAINT = "complaint"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reminder(_Part):
    """`after` the invitation; through `channel`."""

    kind: ReminderKind
    after: Duration
    channel: Channel


class Quota(_Part):
    """At most so many interviews of a category, reserved when the interview starts."""

    attribute: Identifier
    category: str
    most: int = Field(ge=1)


class FollowUp(_Part):
    """An answer of `at_most` to `question` opens an action."""

    question: Identifier
    at_most: int
    action: FollowUpAction = FollowUpAction.CALLBACK


class Thresholds(_Part):
    """Part of the core leaves from which an interview is complete, and from which it is partial."""

    complete: Share = 0.8
    partial: Share = 0.5

    @model_validator(mode="after")
    def _partial_is_less(self) -> Self:
        if self.partial > self.complete:
            raise ValueError(f"partial {self.partial:g} must not be above complete {self.complete:g}")
        return self

    def for_dispositions(self) -> CompletenessThresholds:
        return CompletenessThresholds(self.complete, self.partial)


class FieldPlan(_Part):
    """The first channel carries the invitation; a wave is open for `open_for`, an interview holds its quota for
    `interview_timeout`, and nobody is asked again by any survey during `quarantine`. Who does not pick up is called
    again `call_again_after`, at most `call_attempts` times.

    Refused: channels named twice, reminders through other channels or after the end, one kind twice at a time.
    """

    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    open_for: Duration
    reminders: tuple[Reminder, ...] = ()
    quarantine: Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(days=3660))] = timedelta(days=90)
    quotas: tuple[Quota, ...] = ()
    interview_timeout: Duration = timedelta(hours=1)
    thresholds: Thresholds = Thresholds()
    call_attempts: Annotated[int, Field(ge=1, le=50)] = 5
    call_again_after: Duration = timedelta(hours=4)
    follow_up: FollowUp | None = None

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        refuse_if_any(_faults(self))
        return self


def _faults(plan: FieldPlan) -> Iterator[Problem]:
    if len({*plan.channels}) < len(plan.channels):
        yield Problem("channels", "each may be named once")
    for number, reminder in enumerate(plan.reminders):
        place = f"reminders[{number}]"
        if reminder.channel not in plan.channels:
            yield Problem(place, f"{reminder.channel} is not a channel of this plan")
        if reminder.after >= plan.open_for:
            yield Problem(place, "it would come after the wave has closed")
        if any((reminder.kind, reminder.after) == (other.kind, other.after) for other in plan.reminders[:number]):
            yield Problem(place, f"a second {reminder.kind} reminder at the same time")
    cells = [(quota.attribute, quota.category) for quota in plan.quotas]
    for number, cell in enumerate(cells):
        if cell in cells[:number]:
            yield Problem(f"quotas[{number}]", f"a second quota for {cell[0]}={cell[1]}")
