"""Rows of an XLSForm as questions of a survey, each fault with the cell that it is in."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from documents.xlsform.constraints import without_limits
from documents.xlsform.foreign import is_true, kind_of, list_of
from documents.xlsform.sheets import Row
from documents.xlsform.vocabulary import (
    OWN_MISSING,
    OWN_ORDER,
    OWN_PLACES,
    OWN_ROLE,
    OWN_TYPE,
    OWN_UNLABELLED,
)
from domain.surveys.errors import Problem, SurveyProblem, parse_document
from domain.surveys.questionnaire import (
    RATING_SCALES,
    Answerable,
    Matrix,
    MissingCode,
    MultipleChoice,
    Number,
    OpenText,
    Order,
    Ranking,
    Rating,
    SingleChoice,
)

WIDEST = 2**31 - 1
"""XForms' integer has 32 bits: the range of a number without limits."""

_MODELS: dict[str, type[Answerable | Matrix]] = {
    "rating": Rating,
    "matrix": Matrix,
    "single": SingleChoice,
    "multiple": MultipleChoice,
    "ranking": Ranking,
    "number": Number,
    "text": OpenText,
}
_TYPES = {"select_multiple": "multiple", "rank": "ranking", "integer": "number", "decimal": "number", "text": "text"}
_COLUMNS = {"id": "name", "text": "label", "missing": OWN_MISSING, "role": OWN_ROLE, "places": OWN_PLACES}
_OF_CHOICE = re.compile(r"choices\[(\d+)\](?:\.(\w+))?")
_WHOLE = re.compile(r"-?\d+")


@dataclass(frozen=True, slots=True)
class Choices:
    """The list of a question: its choices and, apart from them, the codes that are no answer."""

    values: Sequence[Row]
    missing: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[Row], asked: Row) -> "Choices":
        """In our own files the question says which codes are missing ones; in others they are known by their names."""
        own = asked.get(OWN_TYPE)
        missing = asked.get(OWN_MISSING).split() if own else [row.get("name") for row in rows if _is_missing(row)]
        return cls([row for row in rows if row.get("name") not in missing], tuple(missing))

    def codes(self) -> tuple[int, ...]:
        """The codes of a scale; none if these are no whole numbers."""
        names = [row.get("name") for row in self.values]
        return tuple(map(int, names)) if all(map(_WHOLE.fullmatch, names)) else ()

    def is_scale(self) -> bool:
        codes = sorted(self.codes())
        return bool(codes) and codes == [*range(codes[0], codes[-1] + 1)] and (codes[0], codes[-1]) in RATING_SCALES

    def scale(self) -> dict[str, Any]:
        """The fields of a rating. Only for whole numbers."""
        codes = self.codes()
        named = {
            code: row.said("label") for code, row in zip(codes, self.values, strict=True) if not row.get(OWN_UNLABELLED)
        }
        return {"scale": {"minimum": min(codes), "maximum": max(codes)}, "labels": named}


def question(row: Row, choices: Sequence[Row]) -> Answerable | Matrix:
    """The question of a row with its list. Raises SurveyProblem."""
    listed = Choices.of(choices, row)
    kind = row.get(OWN_TYPE) or _TYPES.get(kind_of(row)) or ("rating" if listed.is_scale() else "single")
    content = {
        "type": kind,
        "id": row.get("name"),
        **_heading(row),
        **_demands(row, kind),
        **_of_kind(row, kind, listed),
    }
    return _parsed(kind, content, row, listed)


def matrix(heading: Row, rows: Sequence[Row], choices: Sequence[Row]) -> Matrix:
    """A group shown as one table: ratings on one list. Raises SurveyProblem."""
    listed = Choices.of(choices, heading)
    faults = [*_matrix_faults(heading, rows, listed)]
    if faults:
        raise SurveyProblem(*faults)
    statements = [{"id": row.get("name"), "text": row.said("label")} for row in rows]
    content = {"type": "matrix", "id": heading.get("name"), "rows": statements}
    content |= (
        _given({"order": heading.get(OWN_ORDER)})
        | _heading(heading)
        | _demands(rows[0], "matrix")
        | _of_kind(heading, "rating", listed)
    )
    return _parsed("matrix", content, heading, listed)  # type: ignore[return-value]


def _is_missing(row: Row) -> bool:
    return row.get("name") in {*MissingCode}


def _heading(row: Row) -> dict[str, Any]:
    """What stands at the question, or at the head of a matrix."""
    fields = {"hint": row.said("hint"), "relevant": row.get("relevant"), "role": row.get(OWN_ROLE)}
    return {"text": row.said("label"), **_given(fields)}


def _demands(row: Row, kind: str) -> dict[str, Any]:
    """What an answer must be; a limit that has a message of its own stays a constraint as well."""
    message = row.said("constraint_message")
    limited = without_limits(row.get("constraint"), kind)
    constraint = limited.rest or (row.get("constraint") if message else "")
    limits: dict[str, Any] = {name: value for name, value in limited.limits if name != "exclusive"}
    fields = _given({"constraint": constraint, "constraint_message": message})
    return {"required": is_true(row.get("required")), **fields, **limits}


def _of_kind(row: Row, kind: str, listed: Choices) -> dict[str, Any]:
    missing = {"missing": listed.missing} if listed.missing else {}
    match kind:
        case "rating":
            return missing | (listed.scale() if listed.codes() else {"labels": {}})
        case "number":
            limits = dict(without_limits(row.get("constraint"), kind).limits)
            widest = {"minimum": -WIDEST, "maximum": WIDEST} | limits
            return missing | widest | {"whole": kind_of(row) == "integer"}
        case "text":
            return missing
    order = Order.RANDOM if "true" in row.get("parameters").lower() else None
    optional = _given({"places": row.get(OWN_PLACES), "order": order})
    return missing | optional | {"choices": [*_choices(row, kind, listed)]}


def _choices(row: Row, kind: str, listed: Choices) -> Iterator[dict[str, Any]]:
    limits = without_limits(row.get("constraint"), kind).limits
    alone = {code for name, code in limits if name == "exclusive"}
    for choice in listed.values:
        code = choice.get("name")
        yield {"code": code, "title": choice.said("label"), **({"exclusive": True} if code in alone else {})}


def _matrix_faults(heading: Row, rows: Sequence[Row], listed: Choices) -> Iterator[Problem]:
    if not rows:
        yield Problem(heading.place("name"), "a table needs at least one question")
    for row in rows:
        if kind_of(row) != "select_one" or list_of(row) != list_of(rows[0]):
            yield Problem(row.place("type"), "the questions of a table are all select_one from one list")
        for column in ("hint", "relevant"):
            if row.get(column) or row.said(column):
                yield Problem(row.place(column), "a row of a table has none; it belongs to the group")
        for column in ("required", "constraint"):
            if row.get(column) != rows[0].get(column):
                yield Problem(row.place(column), "it must be the same for all rows of a table")
    if rows and not heading.get(OWN_TYPE) and not listed.is_scale():
        scales = ", ".join(f"{low} to {high}" for low, high in sorted(RATING_SCALES))
        yield Problem(rows[0].place("type"), f"a table needs a list of whole numbers: {scales}")


def _parsed(kind: str, content: dict[str, Any], row: Row, listed: Choices) -> Answerable | Matrix:
    model = _MODELS.get(kind)
    if model is None:
        raise SurveyProblem(Problem(row.place(OWN_TYPE), f"one of {', '.join(_MODELS)} is expected, not {kind}"))
    try:
        return parse_document(model, content)
    except SurveyProblem as refusal:
        raise SurveyProblem(*(_placed(problem, row, listed) for problem in refusal.problems)) from refusal


def _placed(problem: Problem, row: Row, listed: Choices) -> Problem:
    of_choice = _OF_CHOICE.match(problem.place)
    if of_choice:
        choice = listed.values[int(of_choice[1])]
        return Problem(choice.place("name" if of_choice[2] == "code" else "label"), problem.message)
    field, _, inner = problem.place.partition(".")
    column = _COLUMNS.get(field, field if field in row.letters or row.said(field) else "type")
    message = f"{inner or problem.place}: {problem.message}" if column == "type" and problem.place else problem.message
    return Problem(row.place(column), message)


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that are not empty, so that the others keep their defaults."""
    return {name: value for name, value in fields.items() if value}
