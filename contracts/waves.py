"""The messages of a wave's workflow."""

from datetime import datetime

from pydantic import Field

from contracts.cases import Message, Patience
from domain.ruling import Ruling
from domain.surveys.waves.commands import WaveSubmission
from domain.surveys.waves.facts import WaveEntry
from domain.surveys.waves.wave import Result, SampleSize, Wave, WaveStep
from domain.undertakings.measure import Measure


class WaveStart(Message):
    """Which wave to run. A run with an older epoch than the ledger's is a twin from before a rebuild."""

    reference: str
    epoch: int = 1
    leave_after_events: int = Field(4_000, description="history events after which the run continues as new")


class WaveLoaded(Message):
    """What a run begins with: the folded ledger, and how patient its steps are."""

    wave: Wave
    patience: Patience


class WaveRecording(Message):
    """What waits in the workflow, to be decided and recorded together."""

    wave: Wave
    submissions: tuple[WaveSubmission, ...]
    now: datetime


class WaveRecorded(Message):
    """Entries that the run did not know of and the new ones, and what became of each submission."""

    entries: tuple[WaveEntry, ...]
    rulings: tuple[Ruling, ...]


class WaveAnswer(Message):
    """What `perform` answers: where the command stands in the ledger, and the wave as it is now."""

    sequence: int
    wave: Wave


class WaveOrder(Message):
    """A step to carry out, or the next page of it."""

    reference: str
    survey: str
    version: int
    step: WaveStep
    closes_at: datetime | None = None
    measures: tuple[Measure, ...] = Field((), description="what the sign-off accepted, for the step that hands it over")
    signed_off_by: str | None = None


class WavePage(Message):
    """What a page of a step did; `is_last` ends the step."""

    count: int = 0
    is_last: bool = True
    again_at: datetime | None = None
    sample: SampleSize | None = None
    result: Result | None = None
    report_sha256: str | None = None
    improvements: tuple[str, ...] = ()


class WaveTurnOrder(Message):
    """A turn of a survey's schedule; `at` is the moment that it means, its start if absent."""

    survey: str
    at: datetime | None = None


class WaveTurned(Message):
    """The wave that a turn has planned, or found planned; none if the survey has no waves by itself any more."""

    reference: str | None = None
