"""An incident: one cause behind many complaints, found by a surge or said by a person.

    suspected ─┬─► open ─► answered ─► closed
               └─► dismissed

Confirming it links the open cases that its criteria fit; each keeps its clocks, its call back and its right to differ,
and can be unlinked. The answer is proposed to all; nobody is answered by it without a handler.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from domain.complaints.command_parts import SealedText
from domain.ruling import Refused
from domain.undertakings.envelope import Command, Fact
from domain.undertakings.undertaking import Target, Undertaking

LINK_CASES = "link_cases"


class Status(StrEnum):
    SUSPECTED = "suspected"
    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"
    DISMISSED = "dismissed"


ENDED = frozenset({Status.CLOSED, Status.DISMISSED})


class Incident(Undertaking):
    """An incident as its ledger makes it; `linked` counts the cases that its own rounds have linked."""

    kind: Literal["incident"] = "incident"
    status: Status = Status.SUSPECTED
    source: str | None = None
    target: Target = Target()
    since: datetime
    until: datetime | None = None
    description: str | None = None
    answer: str | None = None
    linked: int = 0

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    def nearest_due(self) -> datetime | None:
        """Nothing comes due by itself: the clocks are those of the cases."""
        return None


class Confirm(Command):
    """It is one: link the open cases that fit, received since it began."""

    command: Literal["incident.confirm"] = "incident.confirm"
    since: AwareDatetime | None = Field(None, description="when it began, if not as suspected")


class LinkMore(Command):
    """Link the cases that have come since."""

    command: Literal["incident.link_more"] = "incident.link_more"


class Dismiss(Command):
    """It is none, with the reason."""

    command: Literal["incident.dismiss"] = "incident.dismiss"
    reason: SealedText


class ProposeAnswer(Command):
    """The answer that handlers of linked cases are offered."""

    command: Literal["incident.answer"] = "incident.answer"
    text: SealedText


class Close(Command):
    """It is over: cases that come from now on are no part of it."""

    command: Literal["incident.close"] = "incident.close"
    reason: SealedText | None = None


class CasesLinked(Command):
    """What the step has linked; only the system says so."""

    command: Literal["incident.linked"] = "incident.linked"
    step: str
    count: int


class Suspected(Fact):
    type: Literal["incident.suspected"] = "incident.suspected"
    subject: str
    title: str
    description: str | None = None
    source: str | None = None
    target: Target = Target()
    since: datetime


class Confirmed(Fact):
    type: Literal["incident.confirmed"] = "incident.confirmed"
    since: datetime


class LinkingOrdered(Fact):
    type: Literal["incident.linking_ordered"] = "incident.linking_ordered"


class Linked(Fact):
    type: Literal["incident.cases_linked"] = "incident.cases_linked"
    count: int


class Dismissed(Fact):
    type: Literal["incident.dismissed"] = "incident.dismissed"
    reason: str


class Answered(Fact):
    type: Literal["incident.answered"] = "incident.answered"
    answer: str


class Closed(Fact):
    type: Literal["incident.closed"] = "incident.closed"
    reason: str | None


PersonsIncidentCommand = Confirm | LinkMore | Dismiss | ProposeAnswer | Close
IncidentFact = Annotated[
    Suspected | Confirmed | LinkingOrdered | Linked | Dismissed | Answered | Closed, Field(discriminator="type")
]

LAWFUL: Mapping[type[Command], frozenset[Status]] = {
    Confirm: frozenset({Status.SUSPECTED}),
    Dismiss: frozenset({Status.SUSPECTED}),
    LinkMore: frozenset({Status.OPEN, Status.ANSWERED}),
    ProposeAnswer: frozenset({Status.OPEN, Status.ANSWERED}),
    Close: frozenset({Status.OPEN, Status.ANSWERED}),
}


def check(incident: Incident, command: Command, actor: str, now: datetime) -> None:  # noqa: ARG001  as all kinds
    """Raise `Refused` where a guard of its own says no; the status was looked at before."""
    match command:
        case Confirm(since=datetime() as since) if since > now:
            raise Refused("in_the_future", "an incident began before now")
        case LinkMore() if incident.unfinished_steps:
            raise Refused("linking_already", "cases are being linked")
        case _:
            return


def facts_of(incident: Incident, command: Command, now: datetime) -> Iterator[Fact]:  # noqa: ARG001  as all kinds
    """The facts that a lawful command makes."""
    match command:
        case Confirm(since=since):
            yield Confirmed(since=since or incident.since, steps=(incident.planned(LINK_CASES),))
        case LinkMore():
            yield LinkingOrdered(steps=(incident.planned(LINK_CASES),))
        case CasesLinked(count=count):
            yield Linked(count=count)
        case Dismiss(reason=reason):
            yield Dismissed(reason=reason)
        case ProposeAnswer(text=text):
            yield Answered(answer=text)
        case Close(reason=reason):
            yield Closed(reason=reason)


def overdue(incident: Incident, now: datetime) -> Iterator[Fact]:  # noqa: ARG001  as all kinds
    """Nothing comes due by itself."""
    yield from ()


def suspected(reference: str, fact: Suspected, actor: str, at: datetime) -> Incident:
    """The incident that its first fact makes."""
    return Incident(reference=reference, opened_by=actor, opened_at=at, **fact.model_dump(exclude={"type", "steps"}))


def evolve(incident: Incident, fact: Fact, at: datetime, by: str) -> Incident:  # noqa: ARG001  as all kinds
    """What the incident is after a fact. Total: every recorded fact applies."""
    match fact:
        case Confirmed(since=since):
            return _with(incident, status=Status.OPEN, since=since)
        case Linked(count=count):
            return _with(incident, linked=incident.linked + count)
        case Dismissed():
            return _with(incident, status=Status.DISMISSED, until=at)
        case Answered(answer=answer):
            return _with(incident, status=Status.ANSWERED, answer=answer)
        case Closed():
            return _with(incident, status=Status.CLOSED, until=at)
        case _:
            return incident


def _with(incident: Incident, **changes: object) -> Incident:
    return incident.model_copy(update=changes)
