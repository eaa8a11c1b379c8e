"""What people and the system may ask of a case.

A `SealedText` is the id of a text in the vault: no narrative, note or letter travels in a command. The models that
the interfaces accept are made from these by putting the text itself in its place (`starter.bodies`).
"""

from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from domain.complaints.terms import PERSONAL, UPHELD, Correctable, Decision, Way

SealedText = Annotated[str, StringConstraints(pattern=r"^txt_[0-9a-f]{32}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
PersonId = Annotated[str, StringConstraints(pattern=r"^per_[0-9a-z]{6,32}$")]
Reference = Annotated[str, StringConstraints(pattern=r"^C-[0-9]{4}-[0-9]{6,9}$")]
StepKey = Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[0-9]{1,4}$")]
ErrorCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]


class Command(BaseModel):
    """Anything that may be asked of a case."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Acknowledge(Command):
    """Record that the customer was told that the complaint arrived."""

    command: Literal["acknowledge"] = "acknowledge"
    way: Way = Field(description="how the customer was told; `email` sends the notice")


class Assess(Command):
    """Decide whether the complaint is valid (识别)."""

    command: Literal["assess"] = "assess"
    decision: Decision
    ground: Code | None = Field(None, description="code of the ground; required unless the complaint is valid")
    evidence: SealedText | None = Field(None, description="what the decision rests on")
    duplicate_of: Reference | None = Field(None, description="the case that it repeats, for `duplicate`")

    @model_validator(mode="after")
    def _names_its_ground(self) -> Self:
        if self.decision not in UPHELD and self.ground is None:
            raise ValueError(f"ground is required when the decision is {self.decision}")
        if (self.decision is Decision.DUPLICATE) != (self.duplicate_of is not None):
            raise ValueError("duplicate_of belongs to the decision duplicate, and to no other")
        return self


class Explain(Command):
    """Explain to the customer why the complaint is not taken up (解释)."""

    command: Literal["explain"] = "explain"
    way: Way
    letter: SealedText = Field(description="what is written, or what was said")


class Appeal(Command):
    """The customer disputes the explanation; another person assesses again. Once only."""

    command: Literal["appeal"] = "appeal"
    reason: SealedText


class Assign(Command):
    """Give the case to a handler."""

    command: Literal["assign"] = "assign"
    handler: PersonId
    reason: SealedText | None = None


class Claim(Command):
    """Take the case oneself."""

    command: Literal["claim"] = "claim"


class StartInvestigation(Command):
    """Begin to look into the matter."""

    command: Literal["start_investigation"] = "start_investigation"


class Respond(Command):
    """Give the customer the answer (处理结果)."""

    command: Literal["respond"] = "respond"
    way: Way
    letter: SealedText = Field(description="the answer as it is sent, or as it was given")
    outcome: Code
    cause: Code
    remedies: tuple[Code, ...] = Field((), max_length=10)


class Close(Command):
    """End the case after the answer."""

    command: Literal["close"] = "close"


class Note(Command):
    """Add a remark for colleagues."""

    command: Literal["note"] = "note"
    text: SealedText


class Correct(Command):
    """Put a wrong entry right; old and new stay in the record."""

    command: Literal["correct"] = "correct"
    field: Correctable
    code: Code | None = Field(None, description="the new value of a code")
    text: SealedText | None = Field(None, description="the new value of personal data")
    reason: SealedText | None = None

    @model_validator(mode="after")
    def _carries_the_value_of_its_kind(self) -> Self:
        personal = self.field in PERSONAL
        if personal != (self.text is not None) or personal == (self.code is not None):
            raise ValueError(f"{self.field} is corrected by {'text' if personal else 'code'}, and by nothing else")
        if self.field is Correctable.SEVERITY and self.code not in {"1", "2", "3", "4", "5"}:
            raise ValueError("severity is 1, 2, 3, 4 or 5")
        return self


class Withdraw(Command):
    """The customer takes the complaint back."""

    command: Literal["withdraw"] = "withdraw"
    reason: SealedText
    confirmed_by: Way = Field(description="how the customer confirmed it")


class Reopen(Command):
    """Take an answered or closed case up again."""

    command: Literal["reopen"] = "reopen"
    reason: SealedText


class RetryStep(Command):
    """Try a parked step again."""

    command: Literal["retry_step"] = "retry_step"
    step: StepKey
    reason: SealedText | None = None


class SkipStep(Command):
    """Give a parked step up, with a reason."""

    command: Literal["skip_step"] = "skip_step"
    step: StepKey
    reason: SealedText


class Tick(Command):
    """The nearest due time has come."""

    command: Literal["tick"] = "tick"


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


PersonsCommand = Annotated[
    Acknowledge
    | Assess
    | Explain
    | Appeal
    | Assign
    | Claim
    | StartInvestigation
    | Respond
    | Close
    | Note
    | Correct
    | Withdraw
    | Reopen
    | RetryStep
    | SkipStep,
    Field(discriminator="command"),
]
SystemsCommand = Annotated[Tick | StepDone | StepFailed, Field(discriminator="command")]
AnyCommand = Annotated[PersonsCommand | SystemsCommand, Field(discriminator="command")]

PERSONS_COMMANDS: dict[str, type[Command]] = {
    kind.model_fields["command"].default: kind for kind in get_args(get_args(PersonsCommand)[0])
}

STEP_COMMANDS = frozenset({"retry_step", "skip_step"})
"""Those that operators give to steps, without seeing the case."""


class Submission(BaseModel):
    """A command with who gives it and the id under which it is done once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(max_length=120)
    actor: str = Field(max_length=64, description="a person's id, `customer`, or `system`")
    command: AnyCommand
    as_of: int = Field(0, ge=0, description="the sequence of the record that the giver saw; a run may be behind it")
