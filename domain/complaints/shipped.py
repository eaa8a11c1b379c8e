"""The documents that come with Amends: policies, the taxonomy, the calendars, letter templates.

A calendar comes as a recipe (`calendars/*.toml`: whose holidays, which years, which hours) and is made from it by the
library of public holidays. The one that is always open has no recipe: its zone is that of the installation.
"""

import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any, NamedTuple

from domain.calendar import Calendar, Week, Weekday, Window, make_calendar
from domain.complaints.policy import Policy
from domain.complaints.taxonomy import Taxonomy

EVERY_DAY = "every-day"

_HERE = files("domain.complaints")


class LetterTemplate(NamedTuple):
    """Subject and body with `$reference`, `$name` and `$text` to fill in."""

    subject: Template
    body: Template


@cache
def policies() -> tuple[Policy, ...]:
    """Every preset, in the order of their names."""
    return tuple(Policy.model_validate(document) for document in _documents("presets"))


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


def calendar_ids() -> frozenset[str]:
    return frozenset({EVERY_DAY, *(recipe["calendar_id"] for recipe in _documents("calendars"))})


def calendars(zone: str) -> Iterator[Calendar]:
    """Every calendar as this release makes it, one after the other; `zone` is where every day begins and ends."""
    yield every_day(zone)
    for recipe in _documents("calendars"):
        yield make_calendar(version=1, **recipe | {"week": Week.model_validate(recipe["week"])})


@cache
def every_day(zone: str) -> Calendar:
    """The calendar without closing times: for policies that count calendar days."""
    day = (Window(opens="00:00", closes="24:00"),)
    return Calendar(
        id=EVERY_DAY,
        version=1,
        title="Every day, round the clock",
        zone=zone,
        week=Week(**dict.fromkeys(Weekday, day)),
        known_from=date(2000, 1, 1),
        horizon=date(2199, 12, 31),
    )


def _documents(folder: str) -> list[dict[str, Any]]:
    """The TOML files of a folder, in the order of their names."""
    texts = sorted((file.name, file.read_text("utf-8")) for file in (_HERE / folder).iterdir())
    return [tomllib.loads(text) for name, text in texts if name.endswith(".toml")]
