"""The customer visit record (访问顾客记录表): one sheet for every attempt to call the customer back."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.complaints import facts as f
from domain.complaints.callback import Visit
from domain.complaints.forms.filling import CaseFile
from domain.complaints.forms.paper import Field, Room, Section, Sheet, Written
from domain.complaints.forms.wording import Words

_BY_ITEM = (
    ("speed", "speed"),
    ("manner", "manner"),
    ("item_result", "result"),
    ("communication", "communication"),
)
"""The items of satisfaction: the label on the form, the field of the visit."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt: when it was planned for, what came of it, and who went on with the case."""

    number: int | None = None
    planned: f.CallbackPlanned | None = None
    visit: Visit | None = None
    has_reopened: bool | None = None
    follow_up: str | None = None


def sheets(words: Words, file: CaseFile | None) -> tuple[Sheet, ...]:
    """A sheet for each attempt of the case; before the first one, a sheet to take along."""
    attempts = [_Attempt()] if file is None else list(_attempts(file)) or [_Attempt(1, _planned(file))]
    return tuple(_sheet(words, file, attempt) for attempt in attempts)


def _attempts(file: CaseFile) -> Iterator[_Attempt]:
    """The attempts in the order of the ledger, each with the plan before it and what followed behind it."""
    planned: f.CallbackPlanned | None = None
    number = 0
    for place, entry in enumerate(file.entries):
        match entry.fact:
            case f.CallbackPlanned() as plan:
                planned = plan
            case f.Visited(visit=visit):
                number += 1
                reopened, owner = _what_followed(file.entries[place + 1 :])
                yield _Attempt(number, planned, visit, reopened, owner)
                planned = None


def _what_followed(later: tuple[f.Entry, ...]) -> tuple[bool, str | None]:
    """Whether the case was taken up again before the next attempt, and who has it then."""
    reopened = False
    for entry in later:
        match entry.fact:
            case f.Visited():
                break
            case f.Reopened() | f.ToStageTwo():
                reopened = True
            case f.Assigned(handler=handler) if reopened:
                return True, handler
    return reopened, None


def _planned(file: CaseFile) -> f.CallbackPlanned | None:
    found = file.latest(f.CallbackPlanned)
    return None if found is None else found[1]


def _sheet(words: Words, file: CaseFile | None, attempt: _Attempt) -> Sheet:
    fields = _Fields(words, file, attempt)
    sections = (
        Section(words.said("section.visit"), tuple(fields.visit())),
        Section(words.said("section.findings"), tuple(fields.findings())),
        Section(words.said("section.satisfaction"), tuple(fields.satisfaction())),
        Section(words.said("section.after"), tuple(fields.after())),
    )
    return Sheet(sections, tuple(words.said(f"signature.{who}") for who in ("visitor", "customer", "reviewer")))


class _Fields:
    """The sections of one sheet."""

    def __init__(self, words: Words, file: CaseFile | None, attempt: _Attempt) -> None:
        self._words = words
        self._file = file
        self._attempt = attempt
        self._made = attempt.visit

    def visit(self) -> Iterator[Field]:
        words, made, known = self._words, self._made, self._file.identity if self._file else {}
        yield self._short("case", self._file.case.reference if self._file else "")
        yield self._short("attempt", str(self._attempt.number or ""))
        yield self._short("visited", known.get("name", ""))
        yield self._short("phone", known.get("phone", ""))
        yield Field(words.label("address"), Written(known.get("address", "")))
        yield self._short("planned", self._window())
        yield self._short("actual", words.moment(made.at) if made else "")
        yield Field(words.label("way"), words.choice("way", made.way if made else None))
        yield self._short("visitor", self._visitor())
        yield self._short("handler", self._file.person(self._file.case.handler) if self._file else "")
        yield Field(words.label("result"), words.choice("reached", made.result if made else None))

    def findings(self) -> Iterator[Field]:
        words, made = self._words, self._made
        yield Field(words.label("carried_out"), words.yes_or_no(made.carried_out if made else None), Room.SHORT)
        yield Field(words.label("matches_answer"), words.yes_or_no(made.matches_answer if made else None), Room.SHORT)
        yield Field(words.label("solved"), words.choice("solved", made.solved if made else None))

    def satisfaction(self) -> Iterator[Field]:
        words, made = self._words, self._made
        yield Field(words.label("overall"), words.choice("satisfaction", made.satisfaction if made else None))
        for label, item in _BY_ITEM:
            level = getattr(made.items, item) if made else None
            yield Field(words.label(label), words.choice("satisfaction", level))
        yield Field(words.label("reason"), Written(self._text(made.reason if made else None)), Room.PARAGRAPH)

    def after(self) -> Iterator[Field]:
        words, made, attempt = self._words, self._made, self._attempt
        yield Field(words.label("new_demand"), Written(self._text(made.new_demand if made else None)), Room.PARAGRAPH)
        yield Field(words.label("suggestions"), Written(), Room.PARAGRAPH)
        yield Field(words.label("reopened"), words.yes_or_no(attempt.has_reopened))
        yield self._short("follow_up_owner", self._file.person(attempt.follow_up) if self._file else "")
        yield self._short("follow_up_due", self._follow_up_due())

    def _window(self) -> str:
        planned = self._attempt.planned
        if planned is None:
            return ""
        begin, end = self._words.moment(planned.window_from), self._words.moment(planned.window_to)
        same_day = begin[:10] == end[:10]
        return f"{begin} – {end[11:] if same_day else end}"

    def _visitor(self) -> str:
        if self._file is None:
            return ""
        if self._made is not None:
            return self._file.person(self._made.caller)
        return self._file.person(self._attempt.planned.caller if self._attempt.planned else None)

    def _follow_up_due(self) -> str:
        """By when the case that was taken up again is to be answered."""
        if self._file is None or not self._attempt.has_reopened:
            return ""
        return self._words.moment(self._file.case.nearest_due())

    def _text(self, item: str | None) -> str:
        return self._file.text(item) if self._file else ""

    def _short(self, name: str, text: str) -> Field:
        return Field(self._words.label(name), Written(text), Room.SHORT)
