"""The messages of an undertaking's workflow."""

from datetime import datetime

from pydantic import Field

from contracts.cases import Message, Patience
from domain.ruling import Ruling
from domain.undertakings.cadence import Cadence
from domain.undertakings.kinds import AnyUndertaking, Entry, StepResult, Submission
from domain.undertakings.undertaking import UndertakingStep


class UndertakingStart(Message):
    """Which undertaking to run. A run with an older epoch than the ledger's is a twin from before a rebuild."""

    reference: str
    epoch: int = 1
    leave_after_events: int = Field(4_000, description="history events after which the run continues as new")


class UndertakingLoaded(Message):
    """What a run begins with: the folded ledger, and how patient its steps are."""

    undertaking: AnyUndertaking
    patience: Patience


class UndertakingRecording(Message):
    """What waits in the workflow, to be decided and recorded together."""

    undertaking: AnyUndertaking
    submissions: tuple[Submission, ...]
    now: datetime


class UndertakingRecorded(Message):
    """Entries that the run did not know of and the new ones, and what became of each submission."""

    entries: tuple[Entry, ...]
    rulings: tuple[Ruling, ...]


class UndertakingAnswer(Message):
    """What `perform` answers: where the command stands in the ledger, and the undertaking as it is now."""

    sequence: int
    undertaking: AnyUndertaking


class UndertakingOrder(Message):
    """A step to carry out."""

    undertaking: AnyUndertaking
    step: UndertakingStep
    now: datetime


class UndertakingOutcome(Message):
    """What a step brought."""

    result: StepResult


class UndertakingView(Message):
    """What the query answers: the undertaking as its run has it, once it is loaded."""

    undertaking: AnyUndertaking | None = None


class PeriodicOrder(Message):
    """A turn of a schedule; `at` is the moment that it means, its start if absent."""

    cadence: Cadence
    at: datetime | None = None


class Opened(Message):
    """What a turn has opened, or found opened."""

    references: tuple[str, ...]
