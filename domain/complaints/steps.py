"""Steps: the effects of a case outside itself, which may fail and then wait for a person."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.complaints.terms import BY_HAND, StepKind, StepState, Way


class Step(BaseModel):
    """One effect, planned by a fact, done once under its key.

    `text` is the id of the sealed text that the step sends or applies. `rounds` counts how often the bounded attempts
    of the activity were spent; a person's retry starts another round under the same key. `bounces` counts how often
    the message came back after it had been taken, `amendments` how often an operator changed it: each time, another
    message may go out, under a key of its own.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: str
    kind: StepKind
    state: StepState = StepState.RUNNING
    way: Way | None = None
    text: str | None = None
    detail: str | None = Field(None, description="what else the effect needs, never personal data")
    rounds: int = 0
    error: str | None = None
    template: str | None = Field(None, description="the template and version that it is written with")
    not_before: datetime | None = Field(None, description="when the quiet hours end, or until when it was put off")
    evidence: str | None = Field(None, description="what the other side called it, such as a Message-ID")
    done_at: datetime | None = None
    bounces: int = 0
    amendments: int = 0

    @property
    def is_message(self) -> bool:
        """Whether it goes to the customer; the others put something right among ourselves."""
        return self.way is not None

    @property
    def is_unfinished(self) -> bool:
        return self.state in {StepState.RUNNING, StepState.WAITING, StepState.DEFERRED, StepState.PARKED}

    @property
    def is_at_rest(self) -> bool:
        """Unfinished, and nothing of ours is under way for it."""
        return self.is_unfinished and self.state is not StepState.RUNNING

    @property
    def renewals(self) -> int:
        """How many other messages it has been before."""
        return self.bounces + self.amendments

    @property
    def begins_as(self) -> StepState:
        """What becomes of it when it is planned, or tried again."""
        return StepState.WAITING if self.way in BY_HAND else StepState.RUNNING


def step_key(kind: StepKind, ordinal: int) -> str:
    """The key of a case's n-th step of a kind: stable over retries, restarts and rebuilds."""
    return f"{kind}.{ordinal}"


def effect_key(reference: str, step: str, renewals: int = 0) -> str:
    """The key under which a step takes effect once, at our store and at every gateway: `case:step`.

    After a bounce or an amendment it is another message: `case:step~2`.
    """
    return f"{reference}:{step}~{renewals + 1}" if renewals else f"{reference}:{step}"


def place_of(effect: str) -> tuple[str, str]:
    """The case and the step of an effect key."""
    reference, _, step = effect.partition(":")
    return reference, step.partition("~")[0]
