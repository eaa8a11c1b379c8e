"""From the cells of a table to the responses of a survey: every cell checked, every fault named by row and column."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from documents.answers.tables import AnswerTable
from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.indicators import AnswerScale
from domain.surveys.questionnaire import MissingCode
from domain.surveys.report.findings.responses import Responses
from domain.surveys.report.subject import Subject
from domain.surveys.variance.design import StageColumns, SurveyDesign

NO_ANSWER = frozenset({"", "na", "n/a", "nan", "null", ".", "-", *MissingCode})
"""What stands for no answer, in small letters: nothing, the marks of R and SPSS, our codes."""


@dataclass(frozen=True, slots=True)
class DesignColumns:
    """Which columns hold the survey weight, the stratum and the primary sampling unit; none: as if all were alike."""

    weights: str | None = None
    strata: str | None = None
    units: str | None = None

    def named(self) -> tuple[str, ...]:
        return tuple(name for name in (self.weights, self.strata, self.units) if name is not None)


def read_responses(table: AnswerTable, subject: Subject, design: DesignColumns) -> Responses:
    """The responses that the subject is computed on; questions beside the index and segments if they are there.

    Refuses with SurveyProblem, by row and column as the file's own program counts them: columns that are missing,
    answers that are no code of their scale, weights that are no number of at least 0, rows without stratum or unit,
    and what `SurveyDesign.of` refuses.
    """
    needed = [*subject.ratings(), *design.named()]
    refuse_if_any(
        Problem(f"column {name}", "the file has no such column") for name in needed if name not in table.columns
    )
    faults: list[Problem] = []
    beside = {name: rating.scale for name, rating in subject.standing_beside().items() if name in table.columns}
    scales = subject.ratings() | beside
    codes = {name: _codes(table, name, scale, faults) for name, scale in scales.items()}
    weights = np.ones(table.rows) if design.weights is None else _weights(table, design.weights, faults)
    strata, units = (_labels_of_all(table, name, faults) for name in (design.strata, design.units))
    refuse_if_any(faults)
    segments = [name for name in subject.options.segments if name in table.columns]
    return Responses(
        codes=codes,
        labels={name: _labels(table.columns[name]) for name in segments},
        design=SurveyDesign.of(weights, (StageColumns(units=units, strata=strata),)),
    )


def _codes(table: AnswerTable, name: str, scale: AnswerScale, faults: list[Problem]) -> FloatArray:
    """A column of codes, missing being not a number."""

    def is_code(number: float) -> bool:
        return number.is_integer() and scale.minimum <= number <= scale.maximum

    expected = f"expected a number from {scale.minimum} to {scale.maximum}"
    return _numbers(table, name, lambda number: math.isnan(number) or is_code(number), expected, faults)


def _weights(table: AnswerTable, name: str, faults: list[Problem]) -> FloatArray:
    expected = "expected a weight of at least 0"
    return _numbers(table, name, lambda number: math.isfinite(number) and number >= 0, expected, faults)


def _numbers(
    table: AnswerTable, name: str, is_sound: Callable[[float], bool], expected: str, faults: list[Problem]
) -> FloatArray:
    """A column of numbers; each distinct cell is read once, for a column has few."""
    cells = table.columns[name]
    known = {cell: _number(cell) for cell in set(cells)}
    unsound = {cell for cell, number in known.items() if number is None or not is_sound(number)}
    if unsound:
        faults += _cell_faults(table, name, unsound, expected)
        return np.full(len(cells), np.nan)
    return np.fromiter((known[cell] for cell in cells), dtype=np.float64, count=len(cells))


def _number(cell: Any) -> float | None:
    """The number in a cell, not a number where there is no answer, none where it is neither."""
    if cell is None or (isinstance(cell, str) and cell.strip().lower() in NO_ANSWER):
        return math.nan
    if isinstance(cell, bool):
        return None
    try:
        return float(cell)
    except (TypeError, ValueError):
        return None


def _cell_faults(table: AnswerTable, name: str, unsound: set[Any], expected: str) -> Iterator[Problem]:
    for row, cell in enumerate(table.columns[name], start=table.first_row):
        if cell in unsound:
            found = "nothing" if _label(cell) == "" else _label(cell)
            yield Problem(f"row {row}, column {name}", f"{expected}, found {found}")


def _labels_of_all(table: AnswerTable, name: str | None, faults: list[Problem]) -> NDArray[Any] | None:
    """A column in which every row has a label."""
    if name is None:
        return None
    labels = _labels(table.columns[name])
    faults += (
        Problem(f"row {row + table.first_row}, column {name}", "expected a label, found nothing")
        for row in np.flatnonzero(labels == "")
    )
    return labels


def _labels(cells: Sequence[Any]) -> NDArray[np.str_]:
    known = {cell: _label(cell) for cell in set(cells)}
    return np.array([known[cell] for cell in cells], dtype=np.str_)


def _label(cell: Any) -> str:
    """A cell as a label: whole numbers without their point, missing ones empty."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return f"{cell:g}" if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
