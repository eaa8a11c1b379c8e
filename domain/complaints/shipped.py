"""The documents that come with Amends: policies, the taxonomy, the calendar that is always open, letter templates."""

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from string import Template
from typing import NamedTuple

from domain.calendar import Calendar, Week, Window
from domain.complaints.policy import Policy
from domain.complaints.taxonomy import Taxonomy

_HERE = files("domain.complaints")


class LetterTemplate(NamedTuple):
    """Subject and body with `$reference`, `$name` and `$text` to fill in."""

    subject: Template
    body: Template


@cache
def policies() -> tuple[Policy, ...]:
    """Every preset, in the order of their names."""
    texts = sorted((file.name, file.read_text("utf-8")) for file in (_HERE / "presets").iterdir())
    return tuple(Policy.model_validate(tomllib.loads(text)) for name, text in texts if name.endswith(".toml"))


@cache
def taxonomy() -> Taxonomy:
    return Taxonomy.model_validate(tomllib.loads((_HERE / "taxonomy.toml").read_text("utf-8")))


@cache
def letter(kind: str, language: str) -> LetterTemplate:
    """The template of a kind of letter; a language without one is written to in English."""
    file = _HERE / "letters" / f"{kind}.{language}.txt"
    if not file.is_file():
        return letter(kind, "en")
    subject, _, body = file.read_text("utf-8").partition("\n\n")
    return LetterTemplate(Template(subject), Template(body))


@cache
def every_day(zone: str) -> Calendar:
    """The calendar without closing times: for policies that count calendar days."""
    day = (Window(opens="00:00", closes="24:00"),)
    return Calendar(
        id="every-day",
        version=1,
        title="Every day, round the clock",
        zone=zone,
        week=Week(**dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), day)),
        known_from=date(2000, 1, 1),
        horizon=date(2199, 12, 31),
    )
