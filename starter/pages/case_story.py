"""A case in plain words for its customer: where it stands, what is promised by when, what was answered, what happened.

Decides what a customer is shown; what may be done stands in `domain.complaints.law`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.access import LinkHolder, Role
from domain.complaints import facts as f
from domain.complaints.case import Case
from domain.complaints.clocks import Clock
from domain.complaints.decide import allowed_commands
from domain.complaints.facts import Entry
from domain.complaints.situation import CUSTOMER, Circumstances
from domain.complaints.terms import UNANSWERED, UPHELD, ClockKind, ClockState, Status
from domain.privacy import Language
from starter.pages.wording import Words, deadline, moment, words

SHOWN_CLOCKS = (
    ClockKind.ACKNOWLEDGE,
    ClockKind.FIRST_RESPONSE,
    ClockKind.PERIODIC_UPDATE,
    ClockKind.EXPLAIN,
    ClockKind.FINAL_RESPONSE,
    ClockKind.CALLBACK,
    ClockKind.REDRESS_PAID,
    ClockKind.PENALTY_PAID,
)
_OWED_ALWAYS = {ClockKind.CALLBACK, ClockKind.REDRESS_PAID, ClockKind.PENALTY_PAID}
_BEING_WRITTEN = {Status.RESPONDING, Status.EXPLAINING}


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that we owe by a time."""

    what: str
    due: str
    is_late: bool
    is_paused: bool
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the story; `said` are the customer's own words."""

    at: str
    what: str
    said: str | None = None


def customer_of(case: str) -> LinkHolder:
    """Whoever holds the link of a case."""
    return LinkHolder(id=CUSTOMER, name=CUSTOMER, roles=frozenset({Role.CUSTOMER}), case=case)


def actions(case: Case, now: datetime) -> frozenset[str]:
    """What the customer may do now, as far as the pages offer it."""
    allowed = set(allowed_commands(case, customer_of(case.reference), Circumstances(now=now)))
    disputes = {"dispute"} if allowed & {"reopen", "appeal"} else set()
    return frozenset((allowed & {"confirm", "withdraw"}) | disputes | {"say"})


def dispute_of(case: Case) -> str:
    """The command by which this customer disagrees: an answer is reopened, a refusal appealed."""
    return "reopen" if case.was_upheld else "appeal"


def answer_shown(case: Case) -> str | None:
    """The id of the last letter that reached the customer; one that is being written is nobody's business yet."""
    return None if case.responded_at is None or case.status in _BEING_WRITTEN else case.letter


def promises(case: Case, zone: ZoneInfo, language: Language) -> list[Promise]:
    """What is owed to the customer now, the nearest first; a broken promise shows until the answer is there."""
    owed = sorted((clock for clock in case.clocks if _is_owed(case, clock)), key=lambda clock: clock.due_at)
    return [
        Promise(
            what=words(language)["promise"][clock.kind],
            due=deadline(clock.due_at, zone, language),
            is_late=clock.state is ClockState.BREACHED,
            is_paused=clock.state is ClockState.PAUSED,
            is_provisional=clock.provisional,
        )
        for clock in owed
    ]


def happenings(
    entries: Sequence[Entry], texts: Mapping[str, str], zone: ZoneInfo, language: Language
) -> list[Happening]:
    """What the customer should know of the case's story, in order."""
    w = words(language)
    return [
        Happening(moment(entry.at, zone, language), w["story"][key], _said(entry, texts))
        for entry in entries
        for key in _shown(entry, w)
    ]


def texts_of_customer(entries: Sequence[Entry]) -> list[str]:
    """The ids of what the customer wrote through the page."""
    return [text for entry in entries if entry.actor == CUSTOMER and (text := _own_text(entry.fact)) is not None]


def _is_owed(case: Case, clock: Clock) -> bool:
    if clock.kind not in SHOWN_CLOCKS or clock.state in {ClockState.MET, ClockState.CANCELLED}:
        return False
    waits = clock.kind in _OWED_ALWAYS or case.status in UNANSWERED
    told = clock.kind is ClockKind.ACKNOWLEDGE and case.acknowledged_at is not None
    return (clock.state is not ClockState.BREACHED or waits) and not told


def _shown(entry: Entry, w: Words) -> Iterator[str]:
    """The key of the words for an entry, if customers are told of it."""
    key: str = entry.fact.type
    if isinstance(entry.fact, f.Assessed):
        key += ".upheld" if entry.fact.decision in UPHELD else ".other"
    if isinstance(entry.fact, f.Noted | f.Attached) and entry.actor != CUSTOMER:
        return
    if isinstance(entry.fact, f.Reopened | f.Appealed | f.Visited) and entry.actor == CUSTOMER:
        key += ".self"
    if key in w["story"]:
        yield key


def _said(entry: Entry, texts: Mapping[str, str]) -> str | None:
    text = _own_text(entry.fact)
    return texts.get(text) if entry.actor == CUSTOMER and text is not None else None


def _own_text(fact: f.AnyFact) -> str | None:
    match fact:
        case f.Noted(text=text) | f.Reopened(reason=text) | f.Appealed(reason=text) | f.Withdrawn(reason=text):
            return text
        case f.Visited(visit=visit):
            return visit.reason
        case _:
            return None
