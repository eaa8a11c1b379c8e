"""Whether a letter says what it must: which points the policy wants, and by which words each is made.

Looked at in the interface, where the words are still open; no text goes further than that. The check recognises words,
it does not read: it finds what was forgotten, not what was said badly.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.complaints.letter_points import Point
from domain.complaints.policy import LetterRule, Titles
from domain.complaints.writing import Written

SMS_LONGEST = 500
"""Characters of a text message, signature included: the limit of the gateways; it goes out in several parts."""


class Words(BaseModel):
    """Phrases or patterns by language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()

    def of(self, language: str) -> tuple[str, ...]:
        return self.zh if language == "zh" else self.en


class Recognition(BaseModel):
    """By which words a point is recognised."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    expected: Titles
    phrases: Words = Words()
    patterns: Words = Words()
    of_the_writer: Annotated[bool, Field(description="only in the words of the person, not of the template")] = False


@dataclass(frozen=True, slots=True)
class Checked:
    """A point of the checklist: whether the letter makes it, where, and by which words; else what is expected."""

    point: Point
    is_made: bool
    made_in: Literal["text", "template"] | None
    words: str | None
    expected: str


@cache
def recognitions() -> dict[Point, Recognition]:
    document = tomllib.loads((files("domain.complaints") / "letters" / "points.toml").read_text("utf-8"))
    return {Point(name): Recognition.model_validate(rule) for name, rule in document.items()}


def checklist(rule: LetterRule, written: Written, text: str, language: str) -> tuple[Checked, ...]:
    """Every point that the rule wants of this letter. `text` are the words of the person in it."""
    return tuple(_checked(point, f"{written.subject}\n{written.body}", text, language) for point in rule.must_say)


def missing(points: tuple[Checked, ...]) -> Iterator[Checked]:
    return (point for point in points if not point.is_made)


def _checked(point: Point, whole: str, text: str, language: str) -> Checked:
    recognition = recognitions()[point]
    expected = recognition.expected.zh if language == "zh" else recognition.expected.en
    words = _found(recognition, text, language)
    if words is not None:
        return Checked(point, is_made=True, made_in="text", words=words, expected=expected)
    words = None if recognition.of_the_writer else _found(recognition, whole, language)
    made_in: Literal["template"] | None = None if words is None else "template"
    return Checked(point, is_made=words is not None, made_in=made_in, words=words, expected=expected)


def _found(recognition: Recognition, said: str, language: str) -> str | None:
    folded = said.casefold()
    for phrase in recognition.phrases.of(language):
        if phrase.casefold() in folded:
            return phrase
    for pattern in recognition.patterns.of(language):
        found = re.search(pattern, said)
        if found is not None:
            return found[0]
    return None
