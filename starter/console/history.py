"""What happened to a case, told for staff: who did what, with which words, in the order in which it is recorded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.complaints.facts import Entry
from domain.complaints.situation import CUSTOMER, SYSTEM
from domain.complaints.steps import place_of
from domain.complaints.texts import TEXT_PREFIX
from starter.console.wording import Speech

_ABOUT: Mapping[str, str] = {
    "way": "Way",
    "decision": "Decision",
    "clock": "ClockKind",
    "confirmed_by": "Way",
    "result": "Reached",
    "solved": "Solved",
    "field": "Correctable",
    "satisfaction": "Levels",
}
"""Parts of facts that are words of a closed list."""
_CODES = {"ground": "ground", "outcome": "outcome", "cause": "cause", "body": "body", "channel": "channel"}
_PLAIN = ("duplicate_of", "into", "incident", "level", "percent", "partner", "old_code", "new_code", "old", "new")
_TIMES = ("until", "window_from", "window_to", "due_at", "reopen_until", "appeal_until")
_INNER = ("hold", "visit", "request", "redress")
_KIND = {"hold": "HoldKind", "complaint.resumed": "HoldKind", "complaint.hold_reminded": "HoldKind"}


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the ledger in words."""

    at: datetime
    who: str
    what: str
    tone: str
    details: tuple[tuple[str, str], ...]
    quotes: tuple[str, ...]
    sequence: int


def events(entries: list[Entry], texts: Mapping[str, str], names: Mapping[str, str], say: Speech) -> list[Event]:
    """The story, the newest first."""
    return [_event(entry, texts, names, say) for entry in reversed(entries)]


def _event(entry: Entry, texts: Mapping[str, str], names: Mapping[str, str], say: Speech) -> Event:
    fact = entry.fact.model_dump(exclude={"clocks", "steps", "intake", "type"})
    known = say.words["facts"]
    kind = entry.fact.type
    return Event(
        at=entry.at,
        who=_who(entry.actor, names, say),
        what=known["what"].get(kind, kind),
        tone=known["tone"].get(kind, ""),
        details=tuple(_details(kind, fact, names, say)),
        quotes=tuple(texts[text] for text in _quoted(fact) if text in texts),
        sequence=entry.sequence,
    )


def _who(actor: str, names: Mapping[str, str], say: Speech) -> str:
    who = say.words["facts"]["who"]
    if actor in {SYSTEM, CUSTOMER}:
        return str(who[actor])
    partner = actor.removeprefix("partner:")
    return str(who["partner"]).format(name=partner) if partner != actor else names.get(actor, actor)


def _details(kind: str, fact: Mapping[str, Any], names: Mapping[str, str], say: Speech) -> Iterator[tuple[str, str]]:
    labels = say.words["facts"]["detail"]
    for name, value in fact.items():
        if value is None or value in ((), {}):
            continue
        if name in _INNER and isinstance(value, dict):
            yield from _details(name, value, names, say)
        elif (said := _said(kind, name, value, names, say)) is not None:
            yield str(labels.get(name, name)), said


def _said(kind: str, name: str, value: Any, names: Mapping[str, str], say: Speech) -> str | None:
    """A part of a fact in words; None for what the story does not tell."""
    if name in _TIMES and isinstance(value, datetime):
        return say.moment(value)
    if name == "kind":
        return say.term("redress", value) if kind == "redress" else say.of(_KIND.get(kind, "ClockKind"), value)
    if name == "money":
        return f"{value['amount']} {value['currency']}"
    if name == "step":
        return say.of("StepKind", place_of(f":{value}")[1].partition(".")[0])
    if name in {"handler", "caller"}:
        return names.get(value, str(value))
    if name == "remedies":
        return "、".join(say.term("remedy", code) for code in value)
    if name == "state" and kind == "redress":
        return say.of("RedressState", value)
    if name in _ABOUT:
        return say.of(_ABOUT[name], value)
    if name in _CODES:
        return say.term(_CODES[name], value)
    return str(value) if name in _PLAIN else None


def _quoted(fact: Any) -> Iterator[str]:
    match fact:
        case str() if fact.startswith(TEXT_PREFIX):
            yield fact
        case dict():
            for value in fact.values():
                yield from _quoted(value)
        case _:
            return
