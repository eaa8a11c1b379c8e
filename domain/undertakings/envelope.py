"""How commands come to an undertaking and how facts stand in its ledger, whatever its kind."""

from typing import Literal

from domain.complaints.command_parts import SealedText
from domain.undertakings.undertaking import Part, UndertakingStep

SYSTEM = "system"


class Command(Part):
    """What a person, a partner or the system asks of an undertaking."""

    command: str


class RetryStep(Command):
    """Try a parked step again."""

    command: Literal["retry_step"] = "retry_step"
    step: str


class Tick(Command):
    """A due time has come."""

    command: Literal["tick"] = "tick"


class StepFailed(Command):
    command: Literal["step_failed"] = "step_failed"
    step: str
    error: str
    attempts: int


class Fact(Part):
    """Something that happened, with the steps that it plans and changes."""

    type: str
    steps: tuple[UndertakingStep, ...] = ()


class StepParked(Fact):
    type: Literal["step.failed"] = "step.failed"
    step: str
    error: str
    attempts: int


class StepRetried(Fact):
    type: Literal["step.retried"] = "step.retried"
    step: str


Text = SealedText
