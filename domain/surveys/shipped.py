"""The survey definitions and add-ons that are shipped, by name."""

import tomllib
from importlib.resources import files
from typing import TypeVar

from pydantic import BaseModel

from domain.surveys.definition import AddOn, SurveyDefinition
from domain.surveys.errors import Problem, SurveyProblem, parse_document

_SHIPPED = files("domain.surveys") / "shipped"
_ADD_ON = "add_on_"

Shipped = TypeVar("Shipped", bound=BaseModel)


def survey_names() -> tuple[str, ...]:
    """Names of the shipped surveys, in alphabetical order."""
    return tuple(name for name in _names() if not name.startswith(_ADD_ON))


def named_survey(name: str) -> SurveyDefinition:
    """The shipped survey of that name; raises SurveyProblem that lists the known names."""
    return _read(SurveyDefinition, name, survey_names(), name)


def add_on_names() -> tuple[str, ...]:
    """Names of the shipped add-ons, in alphabetical order."""
    return tuple(name.removeprefix(_ADD_ON) for name in _names() if name.startswith(_ADD_ON))


def named_add_on(name: str) -> AddOn:
    """The shipped add-on of that name; raises SurveyProblem that lists the known names."""
    return _read(AddOn, name, add_on_names(), f"{_ADD_ON}{name}")


def _names() -> list[str]:
    found = (entry.name for entry in _SHIPPED.iterdir())
    return sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml"))


def _read(document: type[Shipped], name: str, known: tuple[str, ...], file: str) -> Shipped:
    if name not in known:
        raise SurveyProblem(Problem(name, f"it is not shipped; known: {', '.join(known)}"))
    return parse_document(document, tomllib.loads((_SHIPPED / f"{file}.toml").read_text(encoding="utf-8")))
