"""Invitations and reminders: a template in the customer's language, filled in."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from domain.surveys.definition import SurveyDefinition


class SurveyLetter(StrEnum):
    INVITATION = "invitation"
    REMINDER = "reminder"


def write_survey_letter(
    kind: SurveyLetter, definition: SurveyDefinition, language: str, *, name: str | None, link: str, until: datetime
) -> tuple[str, str]:
    """Subject and body of a letter to a contact, in its language or else in English."""
    texts = _texts()
    spoken = language if language in texts[kind] else "en"
    greeting = texts["greeting"][spoken]
    fields = {
        "survey": definition.title.get(language) or next(iter(definition.title.values())),
        "greeting": Template(greeting["named"]).substitute(name=name) if name else greeting["anonymous"],
        "link": link,
        "until": f"{until:%Y-%m-%d}",
    }
    chosen = texts[kind][spoken]
    return Template(chosen["subject"]).substitute(fields), Template(chosen["body"]).substitute(fields).lstrip("\n")


@dataclass(frozen=True, slots=True)
class SurveyText:
    """A text message: as it reads, and as a gateway with registered templates wants it."""

    body: str
    language: str
    template: str
    parameters: dict[str, str]


def write_survey_text(
    kind: SurveyLetter, definition: SurveyDefinition, language: str, *, link: str, until: datetime
) -> SurveyText:
    """A text message to a contact, in its language or else in English; its template has a name to register it under."""
    texts = _texts()[f"{kind}_text"]
    spoken = language if language in texts else "en"
    fields = {
        "survey": definition.title.get(language) or next(iter(definition.title.values())),
        "link": link,
        "until": f"{until:%Y-%m-%d}",
    }
    return SurveyText(Template(texts[spoken]).substitute(fields), spoken, f"survey_{kind}.{spoken}.sms.1", fields)


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads((files("domain.surveys.waves") / "letters.toml").read_text("utf-8"))
