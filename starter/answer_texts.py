"""Answers as texts: of a form, of a cell, of a JSON body; each becomes an answer of its question's kind."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from domain.surveys.branching import Answer
from domain.surveys.questionnaire import (
    Answerable,
    MultipleChoice,
    Number,
    OpenText,
    Ranking,
    Rating,
    SingleChoice,
)

BETWEEN_CHOICES = ";"


def answer_of(question: Answerable, given: Sequence[str]) -> Answer:
    """The answer that texts give to a question; what cannot be understood stays a text, to be refused by name."""
    if not given or tuple(given) == ("",):
        return None
    if given[0] in question.missing:
        return given[0]
    match question:
        case Rating():
            return int(given[0]) if re.fullmatch(r"\d{1,2}", given[0]) else given[0]
        case Number():
            return _number(given[0])
        case MultipleChoice() | Ranking():
            return tuple(given)
        case OpenText():
            return given[0].replace("\r\n", "\n")
        case SingleChoice():
            return given[0]


def answer_in_cell(question: Answerable, cell: str) -> Answer:
    """The answer in a cell of a table; several choices stand behind each other, with `;` between them."""
    text = cell.strip()
    if isinstance(question, MultipleChoice | Ranking) and text not in question.missing:
        return answer_of(question, [part.strip() for part in text.split(BETWEEN_CHOICES) if part.strip()])
    return answer_of(question, [text])


def answers_in_body(values: Mapping[str, Any]) -> dict[str, Answer]:
    """The answers of a JSON body: lists are choices."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _number(text: str) -> Answer:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    return int(number) if number.is_integer() else number
