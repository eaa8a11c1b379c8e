"""What is known of a case when a form is filled in, and which form it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from domain.complaints import facts as f
from domain.complaints.case import Case
from domain.complaints.forms.paper import Form
from domain.complaints.forms.wording import Words

_Fact = TypeVar("_Fact", bound=f.Fact)


class FormKind(StrEnum):
    """The two forms of the procedure."""

    REGISTER = "register"
    VISIT = "visit"


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case with its story, as far as the reader may see it.

    `identity` holds what may be shown of the customer by field; `texts` the sealed texts, opened, by id; `names` the
    people by id. `hidden` is what stands in the place of a text that the reader may not see or that was erased.
    """

    case: Case
    entries: tuple[f.Entry, ...]
    identity: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    hidden: str = ""

    def text(self, item: str | None) -> str:
        return "" if item is None else self.texts.get(item, self.hidden)

    def person(self, person: str | None) -> str:
        return "" if person is None else self.names.get(person, person)

    def facts(self, kind: type[_Fact]) -> list[tuple[f.Entry, _Fact]]:
        """The facts of a kind with their entries, in order."""
        return [(entry, entry.fact) for entry in self.entries if isinstance(entry.fact, kind)]

    def latest(self, kind: type[_Fact]) -> tuple[f.Entry, _Fact] | None:
        return found[-1] if (found := self.facts(kind)) else None


def form_of(kind: FormKind, words: Words, file: CaseFile | None) -> Form:
    """The form filled from the case, or an empty one to fill in by hand."""
    from domain.complaints.forms import register, visit_record

    sheets = register.sheets(words, file) if kind is FormKind.REGISTER else visit_record.sheets(words, file)
    return Form(
        language=words.language,
        title=words.said(f"form.{kind}"),
        number_label=words.said("form.number"),
        number="" if file is None else file.case.reference,
        date_label=words.said("form.date"),
        note="" if file is None else words.said("form.zone").format(zone=words.zone_name),
        sheets=sheets,
    )


def text_ids_in(entries: tuple[f.Entry, ...]) -> list[str]:
    """The ids of the sealed texts that the facts name, each once, in order."""
    named = (value for entry in entries for value in _strings(entry.fact.model_dump()))
    return list(dict.fromkeys(value for value in named if value.startswith("txt_")))


def people_in(file_entries: tuple[f.Entry, ...]) -> set[str]:
    """The ids of the people that the facts and their entries name."""
    named = (value for entry in file_entries for value in _strings(entry.fact.model_dump()))
    return {value for value in named if value.startswith("per_")} | {entry.actor for entry in file_entries}


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _strings(item)
        case list() | tuple():
            for item in value:
                yield from _strings(item)
