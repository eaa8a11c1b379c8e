"""What commands are made of, and the commands that the system gives itself."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

SealedText = Annotated[str, StringConstraints(pattern=r"^txt_[0-9a-f]{32}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
PersonId = Annotated[str, StringConstraints(pattern=r"^per_[0-9a-z]{6,32}$")]
Reference = Annotated[str, StringConstraints(pattern=r"^C-[0-9]{4}-[0-9]{6,9}$")]
StepKey = Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[0-9]{1,4}$")]
FileId = Annotated[str, StringConstraints(pattern=r"^att_[0-9a-f]{32}$")]
ErrorCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]


class Command(BaseModel):
    """Anything that may be asked of a case."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
    is_final: bool = Field(False, description="trying again cannot help")
