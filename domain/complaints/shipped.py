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
from domain.complaints.terms import Way

EVERY_DAY = "every-day"

_HERE = files("domain.complaints")


class LetterTemplate(NamedTuple):
    """Subject and body with names such as `$reference` to fill in; a short message has no subject."""

    code: str
    language: str
    subject: Template
    body: Template

    @property
    def kind(self) -> str:
        return self.code.partition(".")[0]

    @property
    def names(self) -> frozenset[str]:
        """Everything that the template has filled in."""
        return frozenset(self.subject.get_identifiers() + self.body.get_identifiers())

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the body, in their order: what a gateway with registered templates wants."""
        return tuple(dict.fromkeys(self.body.get_identifiers()))


@cache
def policies() -> tuple[Policy, ...]:
    """Every preset, in the order of their names."""
    return tuple(Policy.model_validate(document) for document in _documents("presets"))


@cache
def taxonomy() -> Taxonomy:
    return Taxonomy.model_validate(tomllib.loads((_HERE / "taxonomy.toml").read_text("utf-8")))


@cache
def template(code: str) -> LetterTemplate:
    """The template of a code such as `response_letter.zh.1` or `update_letter.en.sms.1`; every version stays."""
    text = (_HERE / "letters" / f"{code}.txt").read_text("utf-8")
    subject, _, body = text.partition("\n\n") if not _is_short(code) else ("", "", text.strip())
    return LetterTemplate(code, code.split(".")[1], Template(subject), Template(body))


@cache
def newest_template(kind: str, language: str, way: Way) -> str:
    """The code of the newest template for a kind of message; a language without one is written to in English."""
    medium = f"{kind}.{language}.sms." if way is Way.SMS else f"{kind}.{language}."
    versions = [int(rest) for code in template_codes() if (rest := code.removeprefix(medium)).isdecimal()]
    return f"{medium}{max(versions)}" if versions else newest_template(kind, "en", way)


@cache
def template_codes() -> tuple[str, ...]:
    """The code of every template that comes with Amends."""
    names = (file.name for file in (_HERE / "letters").iterdir())
    return tuple(sorted(name.removesuffix(".txt") for name in names if name.endswith(".txt")))


def _is_short(code: str) -> bool:
    return ".sms." in code


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
