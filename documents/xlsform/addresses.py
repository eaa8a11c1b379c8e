"""Where in the workbook a fault is that the survey's rules name by question, page, or place in the definition."""

import re
from collections.abc import Iterator

from documents.xlsform.foreign import kind_of
from documents.xlsform.sheets import Row, Sheets
from documents.xlsform.vocabulary import CHOICES, INTRODUCTION, OWN, PAGE, SETTINGS, SURVEY, THANKS
from domain.surveys.errors import Problem, SurveyProblem

_COLUMNS = {"text": "label", "row": "label", "": "name"}
_OF_PAGE = re.compile(r"pages\[(\d+)\]\.?(\w*)")
_OF_SETTINGS = {"id": "form_id", "version": "version"}


class Addresses:
    """The cells of the rows that have a name."""

    def __init__(self, sheets: Sheets) -> None:
        rows = sheets.of(SURVEY)
        self._named = {row.get("name"): row for row in rows if row.get("name")}
        self._pages = [row for row in rows if kind_of(row) == "begin_group" and row.get("name").startswith(PAGE)]
        self._choices = {(row.get("list_name"), row.get("name")): row for row in sheets.of(CHOICES)}
        self._own = {row.get("place"): row for row in sheets.of(OWN)}
        self._settings = sheets.of(SETTINGS)

    def located(self, refusal: SurveyProblem) -> SurveyProblem:
        """The same refusal with the address of every fault that has one."""
        return SurveyProblem(*(self._with_address(problem) for problem in refusal.problems))

    def _with_address(self, problem: Problem) -> Problem:
        place = problem.place.removeprefix("questionnaire ").removeprefix("questionnaire.")
        return Problem(next(self._cells(place), problem.place), problem.message)

    def _cells(self, place: str) -> Iterator[str]:
        """Cells that the place may mean, the best first."""
        name, column, inner = (*place.split(maxsplit=2), "", "", "")[:3]
        numbered = _OF_PAGE.match(place)
        if numbered and int(numbered[1]) < len(self._pages):
            yield self._pages[int(numbered[1])].place(_COLUMNS.get(numbered[2], numbered[2]))
        if (name, inner) in self._choices:
            yield self._choices[name, inner].place("label")
        row = self._row(name, column, inner)
        if row is not None:
            yield row.place(_COLUMNS.get(column, column) if column in {"row", *_COLUMNS, *row.letters} else "label")
        if place in _OF_SETTINGS and self._settings:
            yield self._settings[0].place(_OF_SETTINGS[place])
        yield from self._own_cells(place)

    def _row(self, name: str, column: str, inner: str) -> Row | None:
        if name == "page":
            return self._named.get(f"{PAGE}{column}", self._named.get(column))
        if column == "row":
            return self._named.get(inner)
        notes = {"introduction": INTRODUCTION, "thanks": THANKS}
        return self._named.get(notes.get(name, name))

    def _own_cells(self, place: str) -> Iterator[str]:
        """The row of the value, else of the first value in the innermost part that is there."""
        part = place.replace(" ", ".").partition(":")[0]
        while part:
            rows = (row for name, row in self._own.items() if name == part or name.startswith((f"{part}.", f"{part}[")))
            yield from (row.place("content") for row in rows)
            part = re.sub(r"(\.[^.\[\]]+|\[[^\]]*\]|^[^.\[\]]+)$", "", part)
