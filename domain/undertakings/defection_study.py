"""A defection study (跳槽): who left, and why, asked by managers themselves.

    selecting ─► interviewing ─► regrouping ─► interviewing ─► reported
        └────────────┴──────────────┴─► cancelled

Ten to twenty-five interviews are assigned to managers. After the first third they meet and regroup the causes that were
named; what was recorded before is read by the new names. Causes are counted apart from events of life, which nobody
could have prevented. Source: Reichheld, "Learning from Customer Defections", Harvard Business Review 74(2), 1996.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from math import ceil
from typing import Annotated, Literal

from pydantic import Field

from domain.complaints.command_parts import Code, PersonId, SealedText
from domain.ruling import Refused
from domain.surveys.comparison.defection import FEWEST_INTERVIEWS, MOST_INTERVIEWS, CauseKind, Defection
from domain.surveys.comparison.key_customers import ValueClass
from domain.undertakings.envelope import Command, Fact
from domain.undertakings.undertaking import Part, Undertaking

SELECT = "select_defectors"
REPORT = "report_defection"
STUDY_SEED = 20_1996
"""Of the drawing, with the number of the study: the same study draws the same customers."""


class Status(StrEnum):
    SELECTING = "selecting"
    INTERVIEWING = "interviewing"
    REGROUPING = "regrouping"
    REPORTED = "reported"
    CANCELLED = "cancelled"


ENDED = frozenset({Status.REPORTED, Status.CANCELLED})


class ClassLoss(Part):
    """What left of a value class; `lost_share` is the share of the whole former value that went with it."""

    value_class: ValueClass
    customers: int
    left_fully: int
    left_partly: int
    lost_share: float


class DrawnCustomer(Part):
    """Somebody who left, of what value class, and who was satisfied at the last asking or not."""

    customer: str
    value_class: ValueClass
    left: Defection
    was_satisfied: bool


class Interview(Part):
    """One customer to talk to: by whom, and the cause that came out, or that there was no interview."""

    number: int
    customer: str
    value_class: ValueClass
    left: Defection
    was_satisfied: bool
    manager: str | None = None
    cause: str | None = None
    cause_kind: CauseKind | None = None
    notes: str | None = None
    was_held: bool | None = None

    @property
    def is_over(self) -> bool:
        return self.was_held is not None


class DefectionStudy(Undertaking):
    """A study as its ledger makes it."""

    kind: Literal["defection"] = "defection"
    status: Status = Status.SELECTING
    size: int
    customers: int = 0
    left_fully: int = 0
    left_partly: int = 0
    satisfied_but_left: int = 0
    unusable: int = 0
    by_class: tuple[ClassLoss, ...] = ()
    interviews: tuple[Interview, ...] = ()
    was_regrouped: bool = False
    report_sha256: str | None = None

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @property
    def regroup_after(self) -> int:
        """The first third of the interviews."""
        return ceil(len(self.interviews) / 3)

    @property
    def over(self) -> int:
        return sum(each.is_over for each in self.interviews)

    def interview(self, number: int) -> Interview | None:
        return next((each for each in self.interviews if each.number == number), None)

    def nearest_due(self) -> datetime | None:
        """Nothing comes due by itself."""
        return None


class Assign(Command):
    """Give an interview to a manager."""

    command: Literal["defection.assign"] = "defection.assign"
    number: int = Field(ge=1)
    manager: PersonId


class RecordInterview(Command):
    """What the customer gave as the cause, and what else was said."""

    command: Literal["defection.record_interview"] = "defection.record_interview"
    number: int = Field(ge=1)
    cause: Code
    cause_kind: CauseKind
    notes: SealedText


class NoInterview(Command):
    """The customer could or would not talk."""

    command: Literal["defection.no_interview"] = "defection.no_interview"
    number: int = Field(ge=1)
    reason: SealedText


class NewName(Part):
    """A cause as it was named, and the cause that it belongs to."""

    cause: Code
    becomes: Code


class Regroup(Command):
    """The managers have met: the causes so far by their new names; none changes if the names were good."""

    command: Literal["defection.regroup"] = "defection.regroup"
    names: tuple[NewName, ...] = Field((), max_length=50)


class Cancel(Command):
    """Give the study up, with the reason."""

    command: Literal["defection.cancel"] = "defection.cancel"
    reason: SealedText


class Selected(Command):
    """Whom the step has drawn; only the system says so."""

    command: Literal["defection.selected"] = "defection.selected"
    step: str
    customers: int
    left_fully: int
    left_partly: int
    satisfied_but_left: int
    unusable: int
    by_class: tuple[ClassLoss, ...]
    drawn: tuple[DrawnCustomer, ...]


class StudyReported(Command):
    """The report that the step has kept; only the system says so."""

    command: Literal["defection.report"] = "defection.report"
    step: str
    report_sha256: str


class Begun(Fact):
    type: Literal["defection.begun"] = "defection.begun"
    subject: str
    title: str
    size: int = Field(ge=FEWEST_INTERVIEWS, le=MOST_INTERVIEWS)


class Drawn(Fact):
    type: Literal["defection.drawn"] = "defection.drawn"
    customers: int
    left_fully: int
    left_partly: int
    satisfied_but_left: int
    unusable: int
    by_class: tuple[ClassLoss, ...]
    drawn: tuple[DrawnCustomer, ...]


class Assigned(Fact):
    type: Literal["defection.interview_assigned"] = "defection.interview_assigned"
    number: int
    manager: str


class Interviewed(Fact):
    type: Literal["defection.interviewed"] = "defection.interviewed"
    number: int
    cause: str
    cause_kind: CauseKind
    notes: str


class NotInterviewed(Fact):
    type: Literal["defection.not_interviewed"] = "defection.not_interviewed"
    number: int
    reason: str


class RegroupingDue(Fact):
    type: Literal["defection.regrouping_due"] = "defection.regrouping_due"


class Regrouped(Fact):
    type: Literal["defection.regrouped"] = "defection.regrouped"
    names: tuple[NewName, ...]


class InterviewsOver(Fact):
    type: Literal["defection.interviews_over"] = "defection.interviews_over"


class Reported(Fact):
    type: Literal["defection.reported"] = "defection.reported"
    report_sha256: str


class Cancelled(Fact):
    type: Literal["defection.cancelled"] = "defection.cancelled"
    reason: str


PersonsDefectionCommand = Assign | RecordInterview | NoInterview | Regroup | Cancel
DefectionFact = Annotated[
    Begun
    | Drawn
    | Assigned
    | Interviewed
    | NotInterviewed
    | RegroupingDue
    | Regrouped
    | InterviewsOver
    | Reported
    | Cancelled,
    Field(discriminator="type"),
]

LAWFUL: Mapping[type[Command], frozenset[Status]] = {
    Assign: frozenset({Status.INTERVIEWING, Status.REGROUPING}),
    RecordInterview: frozenset({Status.INTERVIEWING}),
    NoInterview: frozenset({Status.INTERVIEWING}),
    Regroup: frozenset({Status.REGROUPING}),
    Cancel: frozenset(Status) - ENDED,
}


def check(study: DefectionStudy, command: Command, actor: str, now: datetime) -> None:  # noqa: ARG001  as all kinds
    """Raise `Refused` where a guard of its own says no; the status was looked at before."""
    match command:
        case Assign(number=number) | RecordInterview(number=number) | NoInterview(number=number):
            interview = study.interview(number)
            if interview is None:
                raise Refused("no_such_interview", f"interviews have the numbers 1 to {len(study.interviews)}")
            if interview.is_over:
                raise Refused("already_over", "that interview is over")
            if not isinstance(command, Assign) and interview.manager != actor:
                raise Refused("not_yours", "the manager to whom it is assigned records it")
        case _:
            return


def facts_of(study: DefectionStudy, command: Command, now: datetime) -> Iterator[Fact]:  # noqa: ARG001  as all kinds
    """The facts that a lawful command makes."""
    match command:
        case Selected():
            yield Drawn(**{name: value for name, value in command if name not in {"command", "step"}})
        case Assign(number=number, manager=manager):
            yield Assigned(number=number, manager=manager)
        case RecordInterview():
            yield Interviewed(**command.model_dump(exclude={"command"}))
            yield from _after_interview(study)
        case NoInterview(number=number, reason=reason):
            yield NotInterviewed(number=number, reason=reason)
            yield from _after_interview(study)
        case Regroup(names=names):
            yield Regrouped(names=names)
        case StudyReported(report_sha256=sha256):
            yield Reported(report_sha256=sha256)
        case Cancel(reason=reason):
            yield Cancelled(reason=reason)


def _after_interview(study: DefectionStudy) -> Iterator[Fact]:
    over = study.over + 1
    if over == len(study.interviews):
        yield InterviewsOver(steps=(study.planned(REPORT),))
    elif over >= study.regroup_after and not study.was_regrouped:
        yield RegroupingDue()


def overdue(study: DefectionStudy, now: datetime) -> Iterator[Fact]:  # noqa: ARG001  as all kinds
    """Nothing comes due by itself."""
    yield from ()


def begun(reference: str, fact: Begun, actor: str, at: datetime) -> DefectionStudy:
    """The study that its first fact makes."""
    return DefectionStudy(
        reference=reference, opened_by=actor, opened_at=at, subject=fact.subject, title=fact.title, size=fact.size
    )


def evolve(study: DefectionStudy, fact: Fact, at: datetime, by: str) -> DefectionStudy:  # noqa: ARG001  as all kinds
    """What the study is after a fact. Total: every recorded fact applies."""
    match fact:
        case Drawn():
            return _drawn(study, fact)
        case Assigned(number=number, manager=manager):
            return _interview(study, number, manager=manager)
        case Interviewed(number=number, cause=cause, cause_kind=kind, notes=notes):
            return _interview(study, number, was_held=True, cause=cause, cause_kind=kind, notes=notes)
        case NotInterviewed(number=number, reason=reason):
            return _interview(study, number, was_held=False, notes=reason)
        case RegroupingDue():
            return _with(study, status=Status.REGROUPING)
        case Regrouped(names=names):
            return _regrouped(study, {each.cause: each.becomes for each in names})
        case Reported(report_sha256=sha256):
            return _with(study, status=Status.REPORTED, report_sha256=sha256)
        case Cancelled():
            return _with(study, status=Status.CANCELLED)
        case _:
            return study


def _drawn(study: DefectionStudy, fact: Drawn) -> DefectionStudy:
    interviews = tuple(Interview(number=n, **dict(customer)) for n, customer in enumerate(fact.drawn, start=1))
    counts = {name: value for name, value in fact if name not in {"type", "steps", "drawn"}}
    return _with(study, status=Status.INTERVIEWING, interviews=interviews, **counts)


def _interview(study: DefectionStudy, number: int, **changes: object) -> DefectionStudy:
    changed = (each.model_copy(update=changes) if each.number == number else each for each in study.interviews)
    return _with(study, interviews=tuple(changed))


def _regrouped(study: DefectionStudy, names: Mapping[str, str]) -> DefectionStudy:
    renamed = (
        each.model_copy(update={"cause": names.get(each.cause, each.cause)}) if each.cause else each
        for each in study.interviews
    )
    return _with(study, status=Status.INTERVIEWING, was_regrouped=True, interviews=tuple(renamed))


def _with(study: DefectionStudy, **changes: object) -> DefectionStudy:
    return study.model_copy(update=changes)
