"""How the calendar says no: one exception that names each place and what was expected there."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `place` is a field or argument, such as `week.monday` or `holds[2]`."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class CalendarError(ValueError):
    """A calendar, a span or a time was refused; nothing was computed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


def refused(place: str, message: str) -> CalendarError:
    """The refusal of a single thing."""
    return CalendarError([Problem(place, message)])


def refused_document(error: ValidationError) -> CalendarError:
    """The refusal of a document: a problem for each place that pydantic names."""
    return CalendarError(
        Problem(".".join(map(str, problem["loc"])), problem["msg"].removeprefix("Value error, "))
        for problem in error.errors(include_url=False)
    )
