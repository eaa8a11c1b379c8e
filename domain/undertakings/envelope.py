"""How commands come to an undertaking and how facts stand in its ledger, whatever its kind."""

from typing import Literal

from domain.complaints.command_parts import SealedText
from domain.undertakings.undertaking import Part, UndertakingStep

SYSTEM = "system"


class Refused(Exception):
    """A guard says no; nothing changes. `guard` is its name, `detail` says what would have been right."""

    def __init__(self, guard: str, detail: str) -> None:
        super().__init__(detail)
        self.guard = guard
        self.detail = detail


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


class Ruling(Part):
    """What became of a submission: its place in the ledger, or the guard that refused it."""

    submission_id: str
    sequence: int | None = None
    guard: str | None = None
    detail: str | None = None


Text = SealedText
