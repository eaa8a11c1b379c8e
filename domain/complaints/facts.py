"""What happened to a case: the entries of its ledger.

A fact is recorded once and never recomputed: the clocks that it set and the steps that it planned stand in it, so that
a later release with other rules reads an old case exactly as it was. A change of a fact's shape raises `schema` and
adds an upcaster to `UPCASTERS`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from domain.complaints.clocks import Clock
from domain.complaints.intake import Intake
from domain.complaints.steps import Step
from domain.complaints.terms import ClockKind, Correctable, Decision, Way


class Fact(BaseModel):
    """Something that happened, with the clocks it set or changed and the steps it planned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clocks: tuple[Clock, ...] = ()
    steps: tuple[Step, ...] = ()


class Received(Fact):
    type: Literal["complaint.received"] = "complaint.received"
    intake: Intake
    policy: str


class Acknowledged(Fact):
    type: Literal["complaint.acknowledged"] = "complaint.acknowledged"
    way: Way


class AcknowledgementOrdered(Fact):
    type: Literal["complaint.acknowledgement_ordered"] = "complaint.acknowledgement_ordered"


class Assessed(Fact):
    type: Literal["complaint.assessed"] = "complaint.assessed"
    decision: Decision
    ground: str | None
    evidence: str | None
    duplicate_of: str | None


class ExplanationApproved(Fact):
    type: Literal["complaint.explanation_approved"] = "complaint.explanation_approved"
    letter: str


class Explained(Fact):
    type: Literal["complaint.explained"] = "complaint.explained"
    way: Way
    letter: str


class Appealed(Fact):
    type: Literal["complaint.appealed"] = "complaint.appealed"
    reason: str
    attempt: int


class Assigned(Fact):
    type: Literal["complaint.assigned"] = "complaint.assigned"
    handler: str
    team: str | None
    reason: str | None


class InvestigationStarted(Fact):
    type: Literal["complaint.investigation_started"] = "complaint.investigation_started"


class ResponseApproved(Fact):
    type: Literal["complaint.response_approved"] = "complaint.response_approved"
    way: Way
    letter: str
    outcome: str
    cause: str
    remedies: tuple[str, ...]


class Responded(Fact):
    type: Literal["complaint.responded"] = "complaint.responded"
    way: Way


class Closed(Fact):
    type: Literal["complaint.closed"] = "complaint.closed"
    reopen_until: datetime | None = None
    appeal_until: datetime | None = None


class Noted(Fact):
    type: Literal["complaint.noted"] = "complaint.noted"
    text: str


class Corrected(Fact):
    type: Literal["complaint.corrected"] = "complaint.corrected"
    field: Correctable
    old_code: str | None = None
    new_code: str | None = None
    new_text: str | None = None
    reason: str | None = None


class Withdrawn(Fact):
    type: Literal["complaint.withdrawn"] = "complaint.withdrawn"
    reason: str
    confirmed_by: Way


class Reopened(Fact):
    type: Literal["complaint.reopened"] = "complaint.reopened"
    reason: str
    attempt: int


class ClockBreached(Fact):
    type: Literal["clock.breached"] = "clock.breached"
    kind: ClockKind
    attempt: int
    due_at: datetime
    late_seconds: float


class StepFailed(Fact):
    type: Literal["step.failed"] = "step.failed"
    step: str
    error: str
    attempts: int


class StepDone(Fact):
    type: Literal["step.done"] = "step.done"
    step: str
    evidence: str | None


class StepRetried(Fact):
    type: Literal["step.retried"] = "step.retried"
    step: str
    reason: str | None


class StepSkipped(Fact):
    type: Literal["step.skipped"] = "step.skipped"
    step: str
    reason: str


AnyFact = Annotated[
    Received
    | Acknowledged
    | AcknowledgementOrdered
    | Assessed
    | ExplanationApproved
    | Explained
    | Appealed
    | Assigned
    | InvestigationStarted
    | ResponseApproved
    | Responded
    | Closed
    | Noted
    | Corrected
    | Withdrawn
    | Reopened
    | ClockBreached
    | StepFailed
    | StepDone
    | StepRetried
    | StepSkipped,
    Field(discriminator="type"),
]


class Entry(BaseModel):
    """A fact in its place in the ledger: of which case, where in its order, when, by whom, for which command."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: str
    epoch: int = Field(ge=1)
    sequence: int = Field(ge=1)
    schema_version: int = 1
    at: datetime
    actor: str
    command_id: str
    fact: AnyFact


UPCASTERS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""By type and schema version of the stored fact: what turns an entry's JSON into the next version's."""

_ENTRY = TypeAdapter(Entry)


def read_entry(document: dict[str, Any]) -> Entry:
    """An entry of the ledger as today's code understands it, whatever release wrote it."""
    while upcast := UPCASTERS.get((document["fact"]["type"], document["schema_version"])):
        document = upcast(document)
    return _ENTRY.validate_python(document)
