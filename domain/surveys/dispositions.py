"""What became of each sampled unit, as AAPOR final dispositions derived from the events of its contact.

Owns the codes, the derivation and its log. The rates made of the counts are in `outcome_rates`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.surveys.errors import Problem, SurveyProblem


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    TELEPHONE = "telephone"
    POST = "post"
    IN_PERSON = "in_person"


class Disposition(StrEnum):
    """Final dispositions in the groups of AAPOR Standard Definitions (10th edition, 2023)."""

    COMPLETE = "I"
    PARTIAL = "P"
    REFUSED = "R"
    NOT_CONTACTED = "NC"
    OTHER = "O"
    UNKNOWN_IF_REACHABLE = "UH"
    UNKNOWN_OTHER = "UO"
    NOT_ELIGIBLE = "NE"


RESPONDED = frozenset({Disposition.COMPLETE, Disposition.PARTIAL})
UNKNOWN = frozenset({Disposition.UNKNOWN_IF_REACHABLE, Disposition.UNKNOWN_OTHER})


class ContactEventKind(StrEnum):
    """What can happen to a contact; only `answers_saved` says how much was answered."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    NO_CHANNEL = "no_channel"
    NO_ANSWER = "no_answer"
    QUARANTINED = "quarantined"
    OPENED = "opened"
    ANSWERS_SAVED = "answers_saved"
    REFUSED = "refused"
    OPTED_OUT = "opted_out"
    LANGUAGE_BARRIER = "language_barrier"
    ILL = "ill"
    TECHNICAL_FAILURE = "technical_failure"
    DECEASED = "deceased"
    NOT_A_CUSTOMER = "not_a_customer"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class ContactEvent:
    """One event; `opened` is also a call that was taken, `core_share` (0–1) the part of the core leaves answered."""

    kind: ContactEventKind
    at: datetime
    attempt: int
    channel: Channel
    core_share: float | None = None


@dataclass(frozen=True, slots=True)
class CompletenessThresholds:
    """From which part of the core leaves on an interview is complete, and from which it is partial."""

    complete: float = 0.8
    partial: float = 0.5


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of disposition and the event that made it."""

    event: ContactEvent
    before: Disposition
    after: Disposition


UNTOUCHED = Disposition.UNKNOWN_OTHER
"""Of a unit to which nothing has happened yet, so that totals equal the sample at every instant."""

_SETTLED = {
    ContactEventKind.REFUSED: Disposition.REFUSED,
    ContactEventKind.OPTED_OUT: Disposition.REFUSED,
    ContactEventKind.LANGUAGE_BARRIER: Disposition.OTHER,
    ContactEventKind.ILL: Disposition.OTHER,
    ContactEventKind.TECHNICAL_FAILURE: Disposition.OTHER,
    ContactEventKind.DECEASED: Disposition.NOT_ELIGIBLE,
    ContactEventKind.NOT_A_CUSTOMER: Disposition.NOT_ELIGIBLE,
    ContactEventKind.OUT_OF_SCOPE: Disposition.NOT_ELIGIBLE,
}

_UNDELIVERED = {
    ContactEventKind.BOUNCED: Disposition.UNKNOWN_OTHER,
    ContactEventKind.NO_CHANNEL: Disposition.UNKNOWN_OTHER,
    ContactEventKind.NO_ANSWER: Disposition.UNKNOWN_IF_REACHABLE,
    ContactEventKind.QUARANTINED: Disposition.NOT_CONTACTED,
}


@dataclass(frozen=True, slots=True)
class _Contact:
    """So far: the disposition, the attempts that were delivered, and whether the person was reached at all."""

    disposition: Disposition = UNTOUCHED
    delivered: frozenset[int] = frozenset()
    reached: bool = False


def disposition_of(
    events: Iterable[ContactEvent], thresholds: CompletenessThresholds = CompletenessThresholds()
) -> Disposition:
    """The disposition of a contact after its events, in any order. Refuses as `transitions_of` does."""
    changes = transitions_of(events, thresholds)
    return changes[-1].after if changes else UNTOUCHED


def transitions_of(
    events: Iterable[ContactEvent], thresholds: CompletenessThresholds = CompletenessThresholds()
) -> tuple[Transition, ...]:
    """Every change of disposition, by time. The latest substantive event wins:

    what happens to a message counts until the person is reached, a bounce only for the attempt that bounced; a
    complete interview stays one whatever follows, unless the unit turns out not to be eligible. A standing opt-out is
    a refusal, a quarantine a contact not made. Refuses with SurveyProblem, by event: `core_share` missing where
    answers were saved, given elsewhere, or outside 0–1.
    """
    in_order = sorted(events, key=lambda event: event.at)
    _refuse_faulty_shares(in_order)
    contact, changes = _Contact(), []
    for event in in_order:
        after = _after(contact, event, thresholds)
        if after.disposition is not contact.disposition:
            changes.append(Transition(event, contact.disposition, after.disposition))
        contact = after
    return tuple(changes)


def _after(contact: _Contact, event: ContactEvent, thresholds: CompletenessThresholds) -> _Contact:
    settled = _SETTLED.get(event.kind)
    if contact.disposition is Disposition.COMPLETE and settled is not Disposition.NOT_ELIGIBLE:
        return contact
    if settled is not None:
        return replace(contact, disposition=settled, reached=True)
    if event.core_share is not None:
        return replace(contact, disposition=_by_completeness(event.core_share, thresholds), reached=True)
    return contact if contact.reached else _before_reached(contact, event)


def _before_reached(contact: _Contact, event: ContactEvent) -> _Contact:
    delivered = contact.delivered - {event.attempt}
    if event.kind is ContactEventKind.DELIVERED:
        delivered = contact.delivered | {event.attempt}
    if event.kind is ContactEventKind.OPENED:
        return _Contact(Disposition.NOT_CONTACTED, contact.delivered, reached=True)
    undelivered = _UNDELIVERED.get(event.kind, Disposition.NOT_CONTACTED)
    return _Contact(Disposition.NOT_CONTACTED if delivered else undelivered, delivered)


def _by_completeness(share: float, thresholds: CompletenessThresholds) -> Disposition:
    if share >= thresholds.complete:
        return Disposition.COMPLETE
    return Disposition.PARTIAL if share >= thresholds.partial else Disposition.REFUSED


def _refuse_faulty_shares(events: list[ContactEvent]) -> None:
    faulty = [
        Problem(f"event {number} ({event.kind})", f"core_share does not fit: {event.core_share}")
        for number, event in enumerate(events)
        if not _share_fits(event)
    ]
    if faulty:
        raise SurveyProblem(*faulty)


def _share_fits(event: ContactEvent) -> bool:
    if event.kind is ContactEventKind.ANSWERS_SAVED:
        return event.core_share is not None and 0 <= event.core_share <= 1
    return event.core_share is None
