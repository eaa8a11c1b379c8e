"""What a wave is: its place in its life, its deadlines, its steps, and the numbers that it came to."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.surveys.dispositions import Channel
from domain.surveys.field_plan import ReminderKind
from domain.undertakings.measure import Measure

REMEMBERED_COMMANDS = 50
"""So many ids of the last commands are kept, so that a repeated one is known without asking the ledger."""


class WaveStatus(StrEnum):
    """Where a wave is in its life."""

    DRAFT = "draft"
    SAMPLED = "sampled"
    FIELDING = "fielding"
    PAUSED = "paused"
    CLOSING = "closing"
    COMPUTED = "computed"
    REPORTED = "reported"
    SIGNED_OFF = "signed_off"
    CANCELLED = "cancelled"


ENDED = frozenset({WaveStatus.SIGNED_OFF, WaveStatus.CANCELLED})
IN_THE_FIELD = frozenset({WaveStatus.FIELDING, WaveStatus.PAUSED})


class WaveStepKind(StrEnum):
    """What a wave does outside itself."""

    SELECT = "select"
    INVITE = "invite"
    REMIND = "remind"
    RELEASE = "release"
    COMPUTE = "compute"
    REPORT = "report"
    HAND_OVER = "handover"


SENDING = frozenset({WaveStepKind.INVITE, WaveStepKind.REMIND})
"""These write to people: they stand still while the wave is paused, and are dropped when it leaves the field."""


class WaveStepState(StrEnum):
    RUNNING = "running"
    PARKED = "parked"
    DONE = "done"
    SKIPPED = "skipped"
    DROPPED = "dropped"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class WaveStep(_Part):
    """One effect or computation, planned by a fact; `rounds` counts how often its bounded attempts were spent.

    `reminder` says which reminder of the field plan it carries out.
    """

    key: str
    kind: WaveStepKind
    state: WaveStepState = WaveStepState.RUNNING
    reminder: int | None = None
    rounds: int = 0
    error: str | None = None

    @property
    def is_unfinished(self) -> bool:
        return self.state in {WaveStepState.RUNNING, WaveStepState.PARKED}


class PlannedReminder(_Part):
    """A reminder with the time at which it goes out, computed once at the launch."""

    number: int
    kind: ReminderKind
    channel: Channel
    at: datetime
    is_out: bool = False


class SampleSize(_Part):
    """What was drawn: units in the frame, those taken and those held in reserve, and the strata."""

    units: int
    taken: int
    reserve: int
    strata: int


class Result(_Part):
    """The frozen run: the hash of all that went in, and the index that came out (none where it is withheld)."""

    inputs_sha256: str
    respondents: int
    index: float | None
    low: float | None
    high: float | None
    response_rate: float | None
    standard_error: float | None = None


class Wave(_Part):
    """A wave as its ledger makes it."""

    reference: str
    epoch: int = 1
    sequence: int = 0
    survey: str
    version: int
    status: WaveStatus
    planned_by: str
    planned_at: datetime
    launches: bool = False
    sample: SampleSize | None = None
    released: int = 0
    launched_at: datetime | None = None
    closes_at: datetime | None = None
    reminders: tuple[PlannedReminder, ...] = ()
    invite_again_at: datetime | None = None
    result: Result | None = None
    report_sha256: str | None = None
    signed_off_by: str | None = None
    measures: tuple[Measure, ...] = ()
    improvements: tuple[str, ...] = ()
    steps: tuple[WaveStep, ...] = ()
    recent: tuple[tuple[str, int], ...] = ()

    @property
    def survey_pin(self) -> str:
        return f"{self.survey}@{self.version}"

    @property
    def has_ended(self) -> bool:
        """Whether nothing will happen to it any more: what its sign-off accepted is handed over as well."""
        return self.status in ENDED and not self.unfinished_steps

    @property
    def is_open_to_answers(self) -> bool:
        return self.status is WaveStatus.FIELDING

    @property
    def parked(self) -> tuple[WaveStep, ...]:
        return tuple(step for step in self.steps if step.state is WaveStepState.PARKED)

    @property
    def unfinished_steps(self) -> tuple[WaveStep, ...]:
        return tuple(step for step in self.steps if step.is_unfinished)

    def steps_to_carry_out(self) -> tuple[WaveStep, ...]:
        """Running steps; those that write to people only while the wave is in the field and not paused.

        Of several that invite the first one goes: two at once would come to the same contacts.
        """
        running = [step for step in self.steps if step.state is WaveStepState.RUNNING]
        first = next((step for step in running if step.kind is WaveStepKind.INVITE), None)
        waiting = (step for step in running if step.kind is not WaveStepKind.INVITE or step is first)
        return tuple(step for step in waiting if step.kind not in SENDING or self.is_open_to_answers)

    def step(self, key: str) -> WaveStep | None:
        return next((step for step in self.steps if step.key == key), None)

    def next_key(self, kind: WaveStepKind) -> str:
        """The key of the next step of a kind: stable over retries, restarts and rebuilds."""
        return f"{kind}.{sum(step.kind is kind for step in self.steps) + 1}"

    def recorded_sequence(self, command_id: str) -> int | None:
        return next((sequence for known, sequence in self.recent if known == command_id), None)

    def nearest_due(self) -> datetime | None:
        """When something comes due by itself: the end of the field work, a reminder, an invitation put off."""
        due = [self.closes_at] if self.status in IN_THE_FIELD else []
        if self.is_open_to_answers:
            due += [reminder.at for reminder in self.reminders if not reminder.is_out]
            due += [self.invite_again_at]
        return min((at for at in due if at is not None), default=None)
