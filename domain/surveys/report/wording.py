"""What a report says in both its languages. The sentences stand in phrases.toml; this module only fills them in."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from string import Template
from typing import Protocol, Self

from pydantic import BaseModel, ConfigDict


class ReportLanguage(StrEnum):
    """The languages that every report has."""

    CHINESE = "zh"
    ENGLISH = "en"


class Wording(BaseModel):
    """One text in both languages of a report."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    en: str

    @classmethod
    def of(cls, translations: Mapping[str, str]) -> Self:
        """A text of a survey; where a report language is missing, the other one stands in, or the first there is."""
        first = next(iter(translations.values()))
        chinese = translations.get("zh") or translations.get("en") or first
        return cls(zh=chinese, en=translations.get("en") or first)

    @classmethod
    def verbatim(cls, text: str) -> Self:
        """A text that is not translated: a name, a code, a label of the data."""
        return cls(zh=text, en=text)

    def said(self, language: ReportLanguage) -> str:
        return self.zh if language is ReportLanguage.CHINESE else self.en


class Sayable(Protocol):
    """What can stand in a sentence: a wording or a figure."""

    def said(self, language: ReportLanguage) -> str: ...


def phrase(key: str, **parts: Sayable | str) -> Wording:
    """The sentence of that key ("section.name" in phrases.toml) with each $part filled in.

    Raises KeyError for an unknown key, a part that is missing, and a translation that is.
    """
    section, _, name = key.partition(".")
    templates = _phrases()[section][name]
    return Wording(**{str(language): _filled(templates[language], parts, language) for language in ReportLanguage})


def listed(parts: tuple[Wording, ...]) -> Wording:
    """Several names in one sentence."""
    return Wording(zh="、".join(part.zh for part in parts), en=", ".join(part.en for part in parts))


def _filled(template: str, parts: Mapping[str, Sayable | str], language: ReportLanguage) -> str:
    said = {name: part if isinstance(part, str) else part.said(language) for name, part in parts.items()}
    return Template(template).substitute(said)


@cache
def _phrases() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((files("domain.surveys.report") / "phrases.toml").read_text("utf-8"))
