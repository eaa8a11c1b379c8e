"""What happened to a case: the entries of its ledger.

A fact is recorded once and never recomputed: the clocks that it set and the steps that it planned stand in it, so that
a later release with other rules reads an old case exactly as it was. A change of a fact's shape raises `schema` and
adds an upcaster to `UPCASTERS`. A field that is only added has a default and raises nothing (decision 28).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from domain.complaints.callback import Visit
from domain.complaints.delivery_facts import (
    CallTold,
    CallTried,
    HoldReminded,
    StepAmended,
    StepBounced,
    StepDeferred,
    StepReleased,
    StepRerouted,
)
from domain.complaints.fact_parts import Fact
from domain.complaints.holds import Hold
from domain.complaints.opening_facts import Imported, Received
from domain.complaints.partner_requests import PartnerRequest
from domain.complaints.redress import Redress
from domain.complaints.terms import (
    ClockKind,
    Correctable,
    Decision,
    ExternalDecision,
    HoldKind,
    Way,
)


class Acknowledged(Fact):
    type: Literal["complaint.acknowledged"] = "complaint.acknowledged"
    way: Way


class AcknowledgementOrdered(Fact):
    type: Literal["complaint.acknowledgement_ordered"] = "complaint.acknowledgement_ordered"
    way: Way = Way.EMAIL


class Assessed(Fact):
    type: Literal["complaint.assessed"] = "complaint.assessed"
    decision: Decision
    ground: str | None
    evidence: str | None
    duplicate_of: str | None


class ExplanationApproved(Fact):
    type: Literal["complaint.explanation_approved"] = "complaint.explanation_approved"
    letter: str
    way: Way = Way.EMAIL


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
    passed_over: dict[str, str] = Field({}, description="for a choice made by us: why the others were not taken")


class NobodyEligible(Fact):
    """The case could be given to nobody: why each candidate was passed over, by person."""

    type: Literal["complaint.nobody_eligible"] = "complaint.nobody_eligible"
    passed_over: dict[str, str]


class InvestigationStarted(Fact):
    type: Literal["complaint.investigation_started"] = "complaint.investigation_started"


class ResponseApproved(Fact):
    type: Literal["complaint.response_approved"] = "complaint.response_approved"
    way: Way
    letter: str
    outcome: str
    cause: str
    remedies: tuple[str, ...]
    summary: bool = False


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
    reason: str | None
    attempt: int


class Held(Fact):
    type: Literal["complaint.held"] = "complaint.held"
    hold: Hold


class Resumed(Fact):
    type: Literal["complaint.resumed"] = "complaint.resumed"
    kind: HoldKind


class ExtensionRequested(Fact):
    type: Literal["complaint.extension_requested"] = "complaint.extension_requested"
    clock: ClockKind
    attempt: int
    until: datetime
    way: Way
    letter: str


class ExtensionApproved(Fact):
    type: Literal["complaint.extension_approved"] = "complaint.extension_approved"
    clock: ClockKind
    attempt: int
    until: datetime
    way: Way
    letter: str


class Extended(Fact):
    type: Literal["complaint.extended"] = "complaint.extended"
    clock: ClockKind
    attempt: int
    until: datetime


class UpdateOrdered(Fact):
    type: Literal["complaint.update_ordered"] = "complaint.update_ordered"
    letter: str
    way: Way = Way.EMAIL
    holding: bool = False


class CustomerUpdated(Fact):
    type: Literal["complaint.customer_updated"] = "complaint.customer_updated"
    way: Way
    letter: str


class Escalated(Fact):
    type: Literal["complaint.escalated"] = "complaint.escalated"
    level: int
    cause: str
    reason: str | None = None


class EscalationAcknowledged(Fact):
    type: Literal["complaint.escalation_acknowledged"] = "complaint.escalation_acknowledged"
    level: int


class CallbackDue(Fact):
    type: Literal["callback.due"] = "callback.due"


class CallbackPlanned(Fact):
    type: Literal["callback.planned"] = "callback.planned"
    window_from: datetime
    window_to: datetime
    caller: str | None


class Visited(Fact):
    type: Literal["callback.visited"] = "callback.visited"
    visit: Visit


class CallbackSpent(Fact):
    """The customer was not reached in all attempts; a letter says how to come back."""

    type: Literal["callback.spent"] = "callback.spent"


class ToStageTwo(Fact):
    type: Literal["complaint.to_stage_two"] = "complaint.to_stage_two"
    reason: str | None
    attempt: int


class ReferredExternal(Fact):
    type: Literal["complaint.referred_external"] = "complaint.referred_external"
    body: str
    their_reference: str | None


class ExternalOutcome(Fact):
    type: Literal["complaint.external_outcome"] = "complaint.external_outcome"
    decision: ExternalDecision
    remedies: tuple[str, ...]


class PartnerAsked(Fact):
    type: Literal["partner.asked"] = "partner.asked"
    request: PartnerRequest
    way: Way | None = None


class PartnerReplied(Fact):
    type: Literal["partner.replied"] = "partner.replied"
    request: PartnerRequest


class RedressChanged(Fact):
    """Redress was requested, approved, rejected or paid: `redress` is as it now stands."""

    type: Literal["redress.changed"] = "redress.changed"
    redress: Redress
    reason: str | None = None


class Merged(Fact):
    type: Literal["complaint.merged"] = "complaint.merged"
    into: str


class Unmerged(Fact):
    type: Literal["complaint.unmerged"] = "complaint.unmerged"
    reason: str


class IncidentLinked(Fact):
    type: Literal["complaint.incident_linked"] = "complaint.incident_linked"
    incident: str


class IncidentUnlinked(Fact):
    type: Literal["complaint.incident_unlinked"] = "complaint.incident_unlinked"
    reason: str


class PolicyChanged(Fact):
    """The due times before are in the entries before, those after in `clocks`; both are listed for the reader."""

    type: Literal["complaint.policy_changed"] = "complaint.policy_changed"
    old: str
    new: str
    reason: str
    due_before: dict[str, datetime]
    due_after: dict[str, datetime]


class ClocksRecalculated(Fact):
    """An order moved running clocks to another version of their calendar; they stand in `clocks` as they now are."""

    type: Literal["complaint.clocks_recalculated"] = "complaint.clocks_recalculated"
    calendar: str
    reason: str
    due_before: dict[str, datetime]
    due_after: dict[str, datetime]


class Attached(Fact):
    type: Literal["complaint.attached"] = "complaint.attached"
    file: str


class Aborted(Fact):
    type: Literal["complaint.aborted"] = "complaint.aborted"
    reason: str
    reopen_until: datetime | None = None
    appeal_until: datetime | None = None


class ClockWarned(Fact):
    type: Literal["clock.warned"] = "clock.warned"
    kind: ClockKind
    attempt: int
    percent: int


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
    | Imported
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
    | NobodyEligible
    | Held
    | Resumed
    | ExtensionRequested
    | ExtensionApproved
    | Extended
    | UpdateOrdered
    | CustomerUpdated
    | Escalated
    | EscalationAcknowledged
    | CallbackDue
    | CallbackPlanned
    | Visited
    | CallbackSpent
    | ToStageTwo
    | ReferredExternal
    | ExternalOutcome
    | PartnerAsked
    | PartnerReplied
    | RedressChanged
    | Merged
    | Unmerged
    | IncidentLinked
    | IncidentUnlinked
    | PolicyChanged
    | ClocksRecalculated
    | Attached
    | Aborted
    | ClockWarned
    | ClockBreached
    | StepFailed
    | StepDone
    | StepRetried
    | StepAmended
    | StepSkipped
    | StepDeferred
    | StepReleased
    | StepBounced
    | StepRerouted
    | CallTried
    | CallTold
    | HoldReminded,
    Field(discriminator="type"),
]


class Entry(BaseModel):
    """A fact in its place in the ledger: of which case, where in its order, when, by whom, for which command."""

    model_config = ConfigDict(frozen=True, extra="ignore")

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


class WrittenByALaterRelease(ValueError):
    """The entry has a shape that this release would misread; a worker of the later one must take it."""


def read_entry(document: dict[str, Any]) -> Entry:
    """An entry of the ledger as today's code understands it, whatever release wrote it."""
    while upcast := UPCASTERS.get((document["fact"]["type"], document["schema_version"])):
        document = upcast(document)
    kind, version = document["fact"]["type"], document["schema_version"]
    if version > 1 and (kind, version - 1) not in UPCASTERS:
        raise WrittenByALaterRelease(f"{kind} of schema version {version}")
    return _ENTRY.validate_python(document)
