"""Steps: the effects of a case outside itself, which may fail and then wait for a person."""

from pydantic import BaseModel, ConfigDict, Field

from domain.complaints.terms import StepKind, StepState, Way


class Step(BaseModel):
    """One effect, planned by a fact, done once under its key.

    `text` is the id of the sealed text that the step sends or applies. `rounds` counts how often the bounded attempts
    of the activity were spent; a person's retry starts another round under the same key.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    kind: StepKind
    state: StepState = StepState.RUNNING
    way: Way | None = None
    text: str | None = None
    detail: str | None = Field(None, description="what else the effect needs, never personal data")
    rounds: int = 0
    error: str | None = None

    @property
    def is_message(self) -> bool:
        """Whether it goes to the customer; the others put something right among ourselves."""
        return self.way is not None

    @property
    def is_unfinished(self) -> bool:
        return self.state in {StepState.RUNNING, StepState.PARKED}


def step_key(kind: StepKind, ordinal: int) -> str:
    """The key of a case's n-th step of a kind: stable over retries, restarts and rebuilds."""
    return f"{kind}.{ordinal}"


def effect_key(reference: str, step: str) -> str:
    """The key under which a step takes effect once, at our store and at every gateway: `case:step`."""
    return f"{reference}:{step}"
