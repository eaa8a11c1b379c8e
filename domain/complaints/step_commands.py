"""What operators, who see no case, ask of a step that waits for them."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from domain.complaints.command_parts import Command, SealedText, StepKey
from domain.complaints.terms import Way

TemplateCode = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}\.[a-z]{2}(\.sms)?\.[0-9]{1,4}$")]


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
    way: Way | None = Field(None, description="another way to the customer that begins with a step")
    template: TemplateCode | None = Field(None, description="another template of the same kind and medium")
    not_before: AwareDatetime | None = Field(None, description="when to try again, within 30 days")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.changes:
            raise ValueError("name what is to be changed: way, template or not_before")
        return self

    @property
    def changes(self) -> dict[str, object]:
        """The new values by the names of the step's fields."""
        fields = ("way", "template", "not_before")
        return {name: value for name in fields if (value := getattr(self, name)) is not None}


class SkipStep(Command):
    """Give a parked step up, with a reason."""

    command: Literal["skip_step"] = "skip_step"
    step: StepKey
    reason: SealedText
