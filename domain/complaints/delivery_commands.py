"""What people and channels say of a message on its way: posted, told on the telephone, put off, come back."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from domain.complaints.command_parts import Command, ErrorCode, SealedText, StepKey
from domain.complaints.terms import Reached

Tracking = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._/-]{1,64}$")]


class MarkPosted(Command):
    """Record that a letter was printed and handed to the post; only then it counts."""

    command: Literal["mark_posted"] = "mark_posted"
    item: StepKey = Field(description="the letter's step, such as response_letter.1")
    tracking: Tracking | None = Field(None, description="the post's number of it, if it has one")


class RecordCall(Command):
    """Record a call that was asked for; it counts when the customer was reached."""

    command: Literal["record_call"] = "record_call"
    item: StepKey = Field(description="the step that asked for the call, such as update_letter.1")
    result: Reached
    text: SealedText | None = Field(None, description="what the customer said")


class StepDeferred(Command):
    """A message came into quiet hours; it waits until they end."""

    command: Literal["step_deferred"] = "step_deferred"
    step: StepKey
    until: AwareDatetime


class StepBounced(Command):
    """A message that a channel had taken came back: it did not reach the customer."""

    command: Literal["step_bounced"] = "step_bounced"
    step: StepKey
    error: ErrorCode
