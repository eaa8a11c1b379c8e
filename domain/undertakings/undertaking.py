"""What every undertaking has: its number, where it stands, its steps, and the commands that it remembers."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from domain.complaints.command_parts import Code

REMEMBERED_COMMANDS = 40
"""How many of the latest commands an undertaking knows itself; older ones the ledger knows."""

UndertakingRef = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,2}-[0-9]{4}-[0-9]{6,9}$")]
SubjectId = Annotated[str, StringConstraints(max_length=64)]


class Part(BaseModel):
    """A part of what crosses Temporal and is kept in the ledger."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class StepState(StrEnum):
    RUNNING = "running"
    PARKED = "parked"
    DONE = "done"
    SKIPPED = "skipped"
    DROPPED = "dropped"


class UndertakingStep(Part):
    """One effect or computation, planned by a fact, done once under its key.

    `rounds` counts how often its bounded attempts were spent.
    """

    key: str
    kind: str
    state: StepState = StepState.RUNNING
    rounds: int = 0
    error: str | None = None

    @property
    def is_unfinished(self) -> bool:
        return self.state in {StepState.RUNNING, StepState.PARKED}


class Target(Part):
    """Which complaints it is about; absent codes do not narrow."""

    category: Code | None = None
    product: Code | None = None
    region: Code | None = None
    partner: Code | None = None


class Undertaking(Part):
    """What all kinds share. `subject` is under whose key its texts are sealed; `title` is one of them."""

    reference: str
    epoch: int = 1
    sequence: int = 0
    subject: SubjectId
    title: str
    opened_by: str
    opened_at: datetime
    steps: tuple[UndertakingStep, ...] = ()
    recent: tuple[tuple[str, int], ...] = ()

    @property
    def parked(self) -> tuple[UndertakingStep, ...]:
        return tuple(step for step in self.steps if step.state is StepState.PARKED)

    @property
    def unfinished_steps(self) -> tuple[UndertakingStep, ...]:
        return tuple(step for step in self.steps if step.is_unfinished)

    def steps_to_carry_out(self) -> tuple[UndertakingStep, ...]:
        return tuple(step for step in self.steps if step.state is StepState.RUNNING)

    def step(self, key: str) -> UndertakingStep | None:
        return next((step for step in self.steps if step.key == key), None)

    def planned(self, kind: str) -> UndertakingStep:
        """The next step of a kind; its key is stable over retries, restarts and rebuilds."""
        return UndertakingStep(key=f"{kind}.{sum(step.kind == kind for step in self.steps) + 1}", kind=kind)

    def recorded_sequence(self, command_id: str) -> int | None:
        return next((sequence for known, sequence in self.recent if known == command_id), None)
