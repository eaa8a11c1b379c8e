"""How a survey rule refuses its input: every fault at once, each with its place. Owns no rule."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of the input: `place` is a path, a column or a row; `message` says what was expected."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class SurveyProblem(ValueError):
    """The input is refused and nothing was computed; `problems` lists every fault that was found."""

    def __init__(self, first: Problem, *others: Problem) -> None:
        self.problems = (first, *others)
        super().__init__("; ".join(map(str, self.problems)))


def refuse_if_any(problems: Iterable[Problem]) -> None:
    """Raise SurveyProblem with all the problems, if there are any."""
    found = tuple(problems)
    if found:
        raise SurveyProblem(*found)


Document = TypeVar("Document", bound=BaseModel)


def parse_document(model: type[Document], content: Any) -> Document:
    """Read plain data (from TOML or JSON) as a document; raises SurveyProblem that names every faulty path."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise SurveyProblem(*_problems_of(error)) from error


def _problems_of(error: ValidationError) -> Iterable[Problem]:
    details = error.errors(include_url=False, include_input=False)
    for detail in details:
        if _is_short_only_by_faulty_parts(detail, details):
            continue
        path = _path(detail["loc"])
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, SurveyProblem):
            yield from (Problem(_join(path, inner.place), inner.message) for inner in cause.problems)
        else:
            yield Problem(path, detail["msg"].removeprefix("Value error, "))


def _is_short_only_by_faulty_parts(detail: ErrorDetails, details: list[ErrorDetails]) -> bool:
    """A list whose parts are all refused counts as empty, which would be one fault too many."""
    place = detail["loc"]
    within = (other["loc"] for other in details if len(other["loc"]) > len(place))
    return detail["type"] == "too_short" and any(other[: len(place)] == place for other in within)


def _path(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return text.removeprefix(".")


def _join(outer: str, inner: str) -> str:
    return ": ".join(part for part in (outer, inner) if part)
