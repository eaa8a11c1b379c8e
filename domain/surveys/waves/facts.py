"""What happened to a wave: the entries of its ledger.

A fact is recorded once and never recomputed: the steps that it plans and ends stand in it. A change of a fact's shape
raises `schema_version` and adds an upcaster.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from domain.surveys.waves.wave import PlannedReminder, Result, SampleSize, WaveStep
from domain.undertakings.measure import Measure


class WaveFact(BaseModel):
    """Something that happened, with the steps as it leaves them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    steps: tuple[WaveStep, ...] = ()


class Planned(WaveFact):
    type: Literal["wave.planned"] = "wave.planned"
    survey: str
    version: int
    launches: bool = False


class Sampled(WaveFact):
    type: Literal["wave.sampled"] = "wave.sampled"
    sample: SampleSize


class Launched(WaveFact):
    type: Literal["wave.launched"] = "wave.launched"
    closes_at: datetime
    reminders: tuple[PlannedReminder, ...]


class Paused(WaveFact):
    type: Literal["wave.paused"] = "wave.paused"
    reason: str


class Resumed(WaveFact):
    type: Literal["wave.resumed"] = "wave.resumed"


class Extended(WaveFact):
    type: Literal["wave.extended"] = "wave.extended"
    closes_at: datetime
    reason: str


class Revised(WaveFact):
    """Another version of the instrument from here on; each contact stays with the one that it was invited to."""

    type: Literal["wave.revised"] = "wave.revised"
    version: int
    reason: str


class Invited(WaveFact):
    """A round of invitations is out; `again_at`: some were put off until then."""

    type: Literal["wave.invited"] = "wave.invited"
    count: int
    again_at: datetime | None = None


class InvitationsDue(WaveFact):
    """Those that were put off come up again."""

    type: Literal["wave.invitations_due"] = "wave.invitations_due"


class ReminderDue(WaveFact):
    type: Literal["wave.reminder_due"] = "wave.reminder_due"
    number: int


class Reminded(WaveFact):
    type: Literal["wave.reminded"] = "wave.reminded"
    number: int
    count: int


class ReserveOrdered(WaveFact):
    type: Literal["wave.reserve_ordered"] = "wave.reserve_ordered"
    reason: str


class ReserveReleased(WaveFact):
    type: Literal["wave.reserve_released"] = "wave.reserve_released"
    count: int


class FieldClosed(WaveFact):
    type: Literal["wave.field_closed"] = "wave.field_closed"
    cause: Literal["due", "command"]
    reason: str | None = None


class Computed(WaveFact):
    type: Literal["wave.computed"] = "wave.computed"
    result: Result


class Reported(WaveFact):
    type: Literal["wave.reported"] = "wave.reported"
    report_sha256: str


class SignedOff(WaveFact):
    type: Literal["wave.signed_off"] = "wave.signed_off"
    measures: tuple[Measure, ...] = ()


class HandedOver(WaveFact):
    """Each accepted measure has an improvement; in the order of the measures."""

    type: Literal["wave.measures_handed_over"] = "wave.measures_handed_over"
    improvements: tuple[str, ...]


class Cancelled(WaveFact):
    type: Literal["wave.cancelled"] = "wave.cancelled"
    reason: str


class WaveStepParked(WaveFact):
    type: Literal["step.failed"] = "step.failed"
    step: str
    error: str
    attempts: int


class WaveStepRetried(WaveFact):
    type: Literal["step.retried"] = "step.retried"
    step: str
    reason: str | None = None


class WaveStepSkipped(WaveFact):
    type: Literal["step.skipped"] = "step.skipped"
    step: str
    reason: str


AnyWaveFact = Annotated[
    Planned
    | Sampled
    | Launched
    | Paused
    | Resumed
    | Extended
    | Revised
    | Invited
    | InvitationsDue
    | ReminderDue
    | Reminded
    | ReserveOrdered
    | ReserveReleased
    | FieldClosed
    | Computed
    | Reported
    | SignedOff
    | HandedOver
    | Cancelled
    | WaveStepParked
    | WaveStepRetried
    | WaveStepSkipped,
    Field(discriminator="type"),
]


class WaveEntry(BaseModel):
    """A fact in its place in the ledger: of which wave, where in its order, when, by whom, for which command."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reference: str
    epoch: int = Field(ge=1)
    sequence: int = Field(ge=1)
    schema_version: int = 1
    at: datetime
    actor: str
    command_id: str
    fact: AnyWaveFact


UPCASTERS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""By type and schema version of the stored fact: what turns an entry's JSON into the next version's."""

_ENTRY = TypeAdapter(WaveEntry)


def read_wave_entry(document: dict[str, Any]) -> WaveEntry:
    """An entry of the ledger as today's code understands it, whatever release wrote it."""
    while upcast := UPCASTERS.get((document["fact"]["type"], document["schema_version"])):
        document = upcast(document)
    return _ENTRY.validate_python(document)
