"""Which sealed texts the facts of a case name."""

from collections.abc import Iterable, Iterator
from typing import Any

from domain.complaints.facts import Entry

TEXT_PREFIX = "txt_"


def named_texts(entries: Iterable[Entry]) -> list[str]:
    """The ids of all texts that the entries name, in their order, each once."""
    values = (value for entry in entries for value in _strings(entry.fact.model_dump()))
    return list(dict.fromkeys(value for value in values if value.startswith(TEXT_PREFIX)))


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
