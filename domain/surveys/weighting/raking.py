"""Raking to known margins by iterative proportional fitting (Deming, Stephan 1940); one margin is post-stratification.

Works on the table of the margins' cells, so that a round costs the same for a thousand rows and for a million.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from domain.surveys.arrays import FloatArray, IntArray, encode, sums_by
from domain.surveys.errors import Problem, SurveyProblem, refuse_if_any
from domain.surveys.variance.design import CalibrationModel
from domain.surveys.weighting.margins import Margin, refuse_unequal_margins

TOLERANCE = 1e-10
MOST_ROUNDS = 1_000
DENSE_CELLS = 1_000_000


@dataclass(frozen=True, slots=True)
class CalibratedWeights:
    """Weights (n,) that meet the known totals, the rounds it took, and what variance estimation must know."""

    weights: FloatArray
    rounds: int
    model: CalibrationModel


@dataclass(frozen=True, slots=True)
class _Cells:
    """Cells that occur (c,): the cell of each row (n,), and the category of each cell in every margin."""

    of_row: IntArray
    categories: tuple[IntArray, ...]


def rake(weights: FloatArray, margins: Sequence[Margin]) -> CalibratedWeights:
    """Scale weights (n,) by category until every margin meets its totals to 1e-10 relative.

    No total is silently rescaled: refused with SurveyProblem before the first round are unequal sums and categories
    without weight, after 1,000 rounds the category that is farthest off (cells that no row fills can make margins
    irreconcilable).
    """
    refuse_unequal_margins(margins, len(weights))
    cells = _cells(margins)
    before = sums_by(cells.of_row, weights, len(cells.categories[0]))
    refuse_if_any(_empty_faults(before, cells, margins))
    after, rounds = _fitted(before, cells, margins)
    factors = np.divide(after, before, out=np.zeros_like(after), where=before > 0)
    model = CalibrationModel(cells.of_row, _indicators(cells, margins), weights)
    return CalibratedWeights(weights * factors[cells.of_row], rounds, model)


def _cells(margins: Sequence[Margin]) -> _Cells:
    """Rows of the same categories in all margins share a cell; labels are compressed before they outgrow a table."""
    cell, size = margins[0].codes.copy(), len(margins[0].categories)
    for margin in margins[1:]:
        width = len(margin.categories)
        if size * width > DENSE_CELLS:
            cell = encode(cell).codes
            size = int(cell.max()) + 1
        cell *= width
        cell += margin.codes
        size *= width
    of_row = encode(cell).codes
    a_row = np.empty(int(of_row.max()) + 1, dtype=np.int64)
    a_row[of_row] = np.arange(len(of_row))
    return _Cells(of_row, tuple(margin.codes[a_row] for margin in margins))


def _empty_faults(masses: FloatArray, cells: _Cells, margins: Sequence[Margin]) -> Iterator[Problem]:
    for margin, category in zip(margins, cells.categories, strict=True):
        for code in np.flatnonzero(~(sums_by(category, masses, len(margin.categories)) > 0)):
            yield Problem(f"{margin.name}={margin.categories[code]}", "its rows have no weight")


def _fitted(masses: FloatArray, cells: _Cells, margins: Sequence[Margin]) -> tuple[FloatArray, int]:
    for done in range(1, MOST_ROUNDS + 1):
        for margin, category in zip(margins, cells.categories, strict=True):
            sums = sums_by(category, masses, len(margin.targets))
            masses = masses * (margin.targets / sums)[category]
        if max(_deviations(masses, cells, margins)) < TOLERANCE:
            return masses, done
    raise SurveyProblem(_farthest(masses, cells, margins))


def _deviations(masses: FloatArray, cells: _Cells, margins: Sequence[Margin]) -> list[float]:
    """Largest relative distance from its total in each margin."""
    return [
        float(np.abs(sums_by(category, masses, len(margin.targets)) / margin.targets - 1).max())
        for margin, category in zip(margins, cells.categories, strict=True)
    ]


def _farthest(masses: FloatArray, cells: _Cells, margins: Sequence[Margin]) -> Problem:
    worst = int(np.argmax(_deviations(masses, cells, margins)))
    margin = margins[worst]
    sums = sums_by(cells.categories[worst], masses, len(margin.targets))
    code = int(np.argmax(np.abs(sums / margin.targets - 1)))
    message = f"raking stays at {sums[code]:.6g} instead of {margin.targets[code]:.6g}: merge categories"
    return Problem(f"{margin.name}={margin.categories[code]}", message)


def _indicators(cells: _Cells, margins: Sequence[Margin]) -> FloatArray:
    """One column per category of each margin (c, k)."""
    pairs = zip(margins, cells.categories, strict=True)
    return np.hstack([np.eye(len(margin.categories))[category] for margin, category in pairs])
