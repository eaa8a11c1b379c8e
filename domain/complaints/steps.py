"""Steps: the effects of a case outside itself, which may fail and then wait for a person."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.complaints.terms import StepKind, StepState, Way


class Step(BaseModel):
    """One effect, planned by a fact, done once under its key.

    `text` is the id of the sealed text that the step sends or applies. `rounds` counts how often the bounded attempts
    of the activity were spent; a person's retry starts another round under the same key. `version` counts what an
    operator changed of the effect itself: another effect, for which the other side needs another key.
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
    not_before: datetime | None = Field(None, description="until when an operator put it off")
    version: int = 1

    @property
    def is_message(self) -> bool:
        """Whether it goes to the customer; the others put something right among ourselves."""
        return self.way is not None

    @property
    def is_unfinished(self) -> bool:
        return self.state in {StepState.RUNNING, StepState.PARKED}

    def is_put_off(self, now: datetime) -> bool:
        """Whether it waits for its time, and nothing of it is under way."""
        return self.state is StepState.RUNNING and self.not_before is not None and now < self.not_before


def step_key(kind: StepKind, ordinal: int) -> str:
    """The key of a case's n-th step of a kind: stable over retries, restarts and rebuilds."""
    return f"{kind}.{ordinal}"


def effect_key(reference: str, step: str, version: int = 1) -> str:
    """The key under which a step takes effect once, at our store and at every gateway: `case:step`.

    A step that was amended is another effect: `case:step:version`.
    """
    return f"{reference}:{step}" if version == 1 else f"{reference}:{step}:{version}"


CARRIED = frozenset({Way.EMAIL})
"""The ways on which we bring a message ourselves; an operator can move a step to another of them."""

_OF_A_MESSAGE = frozenset({"way", "not_before"})
AMENDABLE: Mapping[StepKind, frozenset[str]] = {
    kind: frozenset({"not_before"}) if kind is StepKind.IDENTITY_CORRECTION else _OF_A_MESSAGE for kind in StepKind
}
"""What an operator, who sees no case, may change of a step: nothing personal. A wrong address or text is corrected in
the case, by somebody who may see it; then the step is retried."""
