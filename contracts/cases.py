"""The messages of a case's workflow."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from domain.complaints.case import Case
from domain.complaints.commands import Submission
from domain.complaints.facts import Entry
from domain.complaints.steps import Step
from domain.ruling import Ruling


class Message(BaseModel):
    """A payload: fields that a later release adds are ignored by this one."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class CaseStart(Message):
    """Which case to run. A run with an older epoch than the ledger's is a twin from before a rebuild."""

    reference: str
    epoch: int = 1
    leave_after_events: int = Field(4_000, description="history events after which the run continues as new")


class Patience(Message):
    """How long a step is tried before it is parked for a person."""

    attempts: int = Field(5, ge=1, le=50)
    first_wait: timedelta = timedelta(seconds=2)
    longest_wait: timedelta = timedelta(minutes=5)


class Loaded(Message):
    """What a run begins with: the folded ledger, and how patient its steps are."""

    case: Case
    patience: Patience


class Recording(Message):
    """What waits in the workflow, to be decided and recorded together."""

    case: Case
    submissions: tuple[Submission, ...]
    now: datetime


class Recorded(Message):
    """What was recorded: entries that the run did not know of and the new ones, and what became of each submission."""

    entries: tuple[Entry, ...]
    rulings: tuple[Ruling, ...]


class Answer(Message):
    """What `perform` answers: where the command stands in the ledger, and the case as it is now."""

    sequence: int
    case: Case


class StepOrder(Message):
    """A step to carry out, with the key under which it takes effect once."""

    reference: str
    customer: str
    language: str
    step: Step
    effect_key: str
    policy: str | None = None
    team: str | None = None
    at: datetime | None = Field(None, description="the time of the case when the step was begun")
    particulars: dict[str, str] = Field({}, description="due times and codes that the letter may name")


class StepReceipt(Message):
    """What the other side called the effect, where it has a name for it; or until when it has to wait."""

    evidence: str | None = None
    deferred_until: datetime | None = Field(None, description="nothing was sent: quiet hours, until then")
