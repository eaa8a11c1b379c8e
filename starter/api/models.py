"""What the API answers. No personal data but in `Story`."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.access import Person, Role
from domain.complaints.callback import Callback
from domain.complaints.case import Case
from domain.complaints.clocks import Clock
from domain.complaints.decide import allowed_commands
from domain.complaints.extension import Extension
from domain.complaints.facts import AnyFact, Entry
from domain.complaints.holds import Hold
from domain.complaints.likeness import Alike, Likeness
from domain.complaints.partner_requests import PartnerRequest
from domain.complaints.policy import Money
from domain.complaints.redress import Redress
from domain.complaints.situation import Circumstances
from domain.complaints.steps import Step
from domain.complaints.terms import ClockKind, ClockState, Decision, Status, StepKind, StepState, Way


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class ClockView(Answer):
    kind: ClockKind
    attempt: int
    state: ClockState
    started_at: datetime
    due_at: datetime
    provisional: bool
    met_at: datetime | None
    breached_at: datetime | None

    @classmethod
    def of(cls, clock: Clock) -> "ClockView":
        return cls(**clock.model_dump(include=set(cls.model_fields)))


class StepView(Answer):
    id: str
    kind: StepKind
    state: StepState
    way: Way | None
    error: str | None
    rounds: int = Field(description="how often the automatic attempts were spent")

    @classmethod
    def of(cls, reference: str, step: Step) -> "StepView":
        return cls(id=f"{reference}.{step.key}", **step.model_dump(include=set(cls.model_fields) - {"id"}))


class LetterView(Answer):
    """A message about the case: when it was or will be sent, by which way, written with which template."""

    id: str
    kind: StepKind
    template: str | None
    way: Way | None
    state: StepState
    done_at: datetime | None
    evidence: str | None = Field(description="what the channel or the post called it")
    not_before: datetime | None = Field(description="the end of the quiet hours that it waits for")
    error: str | None
    bounces: int

    @classmethod
    def of(cls, reference: str, step: Step) -> "LetterView":
        return cls(id=f"{reference}.{step.key}", **step.model_dump(include=set(cls.model_fields) - {"id"}))


class CaseView(Answer):
    """A case in codes and times; who complained and what about is the story."""

    reference: str
    status: Status
    source: Literal["live", "record"] = Field(description="live: its process runs; record: it has none now")
    sequence: int = Field(description="how many facts the ledger holds; also the ETag")
    attempt: int
    channel: str
    category: str | None
    severity: int
    product: str | None
    region: str | None
    partner: str | None
    policy: str
    imported_from: str | None = Field(description="the system that it was taken over from")
    legacy: dict[str, str] = Field(description="what that system called things, where our codes differ")
    received_at: datetime
    acknowledged_at: datetime | None
    decision: Decision | None
    ground: str | None
    duplicate_of: str | None
    handler: str | None
    team: str | None
    outcome: str | None
    cause: str | None
    remedies: tuple[str, ...]
    responded_at: datetime | None
    ended_at: datetime | None
    reopen_until: datetime | None
    appeal_until: datetime | None
    is_emergency: bool
    vulnerability: tuple[str, ...]
    claimed: Money | None
    stage: int
    escalation_level: int
    escalation_is_open: bool
    holds: tuple[Hold, ...]
    extension: Extension | None
    callback: Callback
    redress: tuple[Redress, ...]
    partner_requests: tuple[PartnerRequest, ...]
    referred_to: str | None
    merged_into: str | None
    incident: str | None
    files: tuple[str, ...]
    clocks: tuple[ClockView, ...]
    steps: tuple[StepView, ...]
    letters: tuple[LetterView, ...]
    allowed_commands: tuple[str, ...] = Field(description="what you may do now")

    @classmethod
    def of(cls, case: Case, person: Person, source: Literal["live", "record"], now: datetime) -> "CaseView":
        own = {"source", "clocks", "steps", "letters", "allowed_commands"}
        return cls(
            **{name: _value(case, name) for name in cls.model_fields if name not in own},
            source=source,
            clocks=tuple(ClockView.of(clock) for clock in case.clocks),
            steps=tuple(StepView.of(case.reference, step) for step in case.steps),
            letters=tuple(LetterView.of(case.reference, step) for step in case.steps if step.is_message),
            allowed_commands=allowed_commands(case, person, Circumstances(now=now)),
        )


def _value(case: Case, name: str) -> object:
    return getattr(case, name) if name in Case.model_fields else getattr(case.intake, name)


class LegalHoldMark(Answer):
    """That nothing of the case may be erased, since when and by whom."""

    since: datetime
    set_by: str


class CaseRead(CaseView):
    """A case as it is read: with what stands beside its ledger."""

    handler_name: str | None = None
    legal_hold: LegalHoldMark | None = None


class EarlierCaseView(Answer):
    """An earlier case of the same customer, and why it may be about the same."""

    reference: str
    status: Status
    received_at: datetime
    category: str | None
    product: str | None
    is_likely_duplicate: bool
    reasons: tuple[Alike, ...]

    @classmethod
    def of(cls, likeness: Likeness) -> "EarlierCaseView":
        case = likeness.case
        return cls(
            reference=case.reference,
            status=case.status,
            received_at=case.received_at,
            category=case.category,
            product=case.product,
            is_likely_duplicate=likeness.is_likely_duplicate,
            reasons=likeness.reasons,
        )


class CaseAmongOthers(CaseRead):
    """A case with the earlier ones of the same customer that its reader may see."""

    earlier_cases: tuple[EarlierCaseView, ...] = Field(description="open or of the last ninety days; at most twenty")


class CaseDone(CaseView):
    """The case after a command, and where the command stands in its ledger."""

    recorded_at_sequence: int


class CaseList(Answer):
    items: tuple[CaseRead, ...]
    next_cursor: str | None


class Receipt(Answer):
    """What the taker of a complaint reads out."""

    class ClockPromise(Answer):
        kind: ClockKind
        due_at: datetime
        state: ClockState
        provisional: bool

    reference: str
    status: Status
    received_at: datetime
    policy: str
    advice: str | None = Field(description="what to tell the customer at once; present in an emergency")
    clocks: tuple[ClockPromise, ...]
    earlier_cases: tuple[EarlierCaseView, ...] = Field(
        description="of the same customer, likely duplicates in front; for those who look callers up"
    )
    links: dict[str, str]


class TimelineEntry(Answer):
    sequence: int
    at: datetime
    actor: str
    command_id: str
    fact: AnyFact
    hash: str = Field(description="SHA-256 over the hash before and this entry's canonical JSON")

    @classmethod
    def of(cls, entry: Entry, digest: str) -> "TimelineEntry":
        return cls(**entry.model_dump(include={"sequence", "at", "actor", "command_id"}), fact=entry.fact, hash=digest)


class Timeline(Answer):
    items: tuple[TimelineEntry, ...]
    names: dict[str, str] = Field(description="the names of the staff among the actors, by their ids")
    next_cursor: str | None


class Customer(Answer):
    name: str | None
    phone: str | None
    email: str | None
    address: str | None
    account: str | None
    language: str | None


class Story(Answer):
    """The personal part of a case: who complains, what was said and written. Every read is logged."""

    customer: Customer
    narrative: str | None = Field(description="absent when its time of keeping is over")
    demand: str | None
    texts: dict[str, str] = Field(description="notes, letters and reasons by the ids that the timeline names")


class PersonView(Answer):
    id: str
    name: str
    roles: tuple[Role, ...]
    team: str | None
    languages: tuple[str, ...]
    active: bool
    absent_until: datetime | None
    redress_limit: Decimal = Field(description="how much redress the person may approve")

    @classmethod
    def of(cls, person: Person) -> "PersonView":
        return cls(**person.model_dump(exclude={"roles"}), roles=tuple(sorted(person.roles)))


class PersonCreated(PersonView):
    token: str = Field(description="shown this once")


class TokensRevoked(Answer):
    revoked: int = Field(description="how many tokens that were")


class PersonList(Answer):
    items: tuple[PersonView, ...]
    next_cursor: str | None


class ProblemView(Answer):
    """RFC 9457 problem details."""

    class FieldProblem(Answer):
        pointer: str
        message: str

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: tuple[FieldProblem, ...] = ()
