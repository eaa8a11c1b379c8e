"""What people and the system may ask of a wave."""

from typing import Annotated, Literal, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from domain.complaints.command_parts import SealedText
from domain.surveys.waves.wave import Result, SampleSize
from domain.undertakings.measure import MOST_MEASURES, Measure

StepKey = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}\.[0-9]{1,4}$")]


class BasicWaveCommand(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Launch(BasicWaveCommand):
    """Begin the field work: invitations go out."""

    command: Literal["launch"] = "launch"


class Pause(BasicWaveCommand):
    """Stop writing to people and taking answers for a while; the end of the field work stays where it is."""

    command: Literal["pause"] = "pause"
    reason: SealedText


class ResumeWave(BasicWaveCommand):
    """Go on after a pause; reminders that came due meanwhile go out now."""

    command: Literal["resume"] = "resume"


class ExtendField(BasicWaveCommand):
    """Move the end of the field work to a later time."""

    command: Literal["extend"] = "extend"
    until: AwareDatetime
    reason: SealedText


class Revise(BasicWaveCommand):
    """Go on with a newer version of the questionnaire: who was invited stays with the old one, the others get it."""

    command: Literal["revise"] = "revise"
    version: int = Field(ge=2, le=1_000_000)
    reason: SealedText


class CloseField(BasicWaveCommand):
    """End the field work before its time; the index is computed and the report written."""

    command: Literal["close"] = "close"
    reason: SealedText


class Cancel(BasicWaveCommand):
    """Give the wave up: nobody is written to any more, and nothing is computed."""

    command: Literal["cancel"] = "cancel"
    reason: SealedText


class ReleaseReserve(BasicWaveCommand):
    """Take the reserve into the sample and invite it, because too few answer."""

    command: Literal["release_reserve"] = "release_reserve"
    reason: SealedText


class SignOff(BasicWaveCommand):
    """Accept the report, and measures out of it, which improvements take up; the wave has ended."""

    command: Literal["sign_off"] = "sign_off"
    measures: tuple[Measure, ...] = Field((), max_length=MOST_MEASURES)


class RetryWaveStep(BasicWaveCommand):
    """Try a parked step again."""

    command: Literal["retry_step"] = "retry_step"
    step: StepKey
    reason: SealedText | None = None


class SkipWaveStep(BasicWaveCommand):
    """Give up a parked step that writes to people; what the wave is for cannot be skipped."""

    command: Literal["skip_step"] = "skip_step"
    step: StepKey
    reason: SealedText


class WaveTick(BasicWaveCommand):
    """A due time has come."""

    command: Literal["tick"] = "tick"


class WaveStepDone(BasicWaveCommand):
    """A step is carried out: what it drew, sent or computed."""

    command: Literal["step_done"] = "step_done"
    step: str
    count: int = 0
    again_at: AwareDatetime | None = None
    sample: SampleSize | None = None
    result: Result | None = None
    report_sha256: str | None = None
    improvements: tuple[str, ...] = ()


class WaveStepFailed(BasicWaveCommand):
    """The bounded attempts of a step are spent, or its error is final."""

    command: Literal["step_failed"] = "step_failed"
    step: str
    error: str
    attempts: int


PersonsWaveCommand = Annotated[
    Launch
    | Pause
    | ResumeWave
    | ExtendField
    | Revise
    | CloseField
    | Cancel
    | ReleaseReserve
    | SignOff
    | RetryWaveStep
    | SkipWaveStep,
    Field(discriminator="command"),
]
WaveCommand = Annotated[
    PersonsWaveCommand | WaveTick | WaveStepDone | WaveStepFailed,
    Field(discriminator="command"),
]

PERSONS_WAVE_COMMANDS: dict[str, type[BaseModel]] = {
    kind.model_fields["command"].default: kind for kind in get_args(get_args(PersonsWaveCommand)[0])
}


class WaveSubmission(BaseModel):
    """A command with who gives it and the id under which it is done once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(max_length=120)
    actor: str = Field(max_length=64, description="a person's id, or `system`")
    command: WaveCommand
    as_of: int = Field(0, ge=0, description="the sequence of the record that the giver saw; a run may be behind it")
