"""What is asked of a step: by an operator, who sees no case, and by the system that tried it."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from domain.complaints.command_parts import Command, ErrorCode, SealedText, StepKey
from domain.complaints.terms import Way


class RetryStep(Command):
    """Try a parked step again."""

    command: Literal["retry_step"] = "retry_step"
    step: StepKey
    reason: SealedText | None = None


class AmendStep(Command):
    """Change what may be changed of a parked step without knowing the case, and try it again."""

    command: Literal["amend_step"] = "amend_step"
    step: StepKey
    reason: SealedText
    way: Way | None = Field(None, description="another way to the customer, of those that we carry ourselves")
    not_before: AwareDatetime | None = Field(None, description="when to try again, within 30 days")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.changes:
            raise ValueError("name what is to be changed: way or not_before")
        return self

    @property
    def changes(self) -> dict[str, object]:
        """The new values by the names of the step's fields."""
        return {name: value for name in ("way", "not_before") if (value := getattr(self, name)) is not None}


class SkipStep(Command):
    """Give a parked step up, with a reason."""

    command: Literal["skip_step"] = "skip_step"
    step: StepKey
    reason: SealedText


class StepDone(Command):
    """A step took effect."""

    command: Literal["step_done"] = "step_done"
    step: StepKey
    evidence: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description="what the other side called it (a message id)"
    )


class StepFailed(Command):
    """A step's attempts are spent."""

    command: Literal["step_failed"] = "step_failed"
    step: StepKey
    error: ErrorCode
    attempts: int = Field(ge=1)
