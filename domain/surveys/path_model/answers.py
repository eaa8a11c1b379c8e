"""Answers to the items of a model, checked and centred: the only thing the estimation sees of the respondents.

Owns what is refused before anything is computed and the rule for missing answers. A missing answer counts as the
weighted mean of its item, which is sound up to 5 % (Hair, Hult, Ringle, Sarstedt, A Primer on PLS-SEM, 2017).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.path_model.document import Construct, Mode, PathModel

MISSING_SHARE_LIMIT = 0.05
ROWS_PER_REGRESSOR = 10
"""The ten-times rule: rows per item of the largest formative block, or per driver of the most driven construct."""

NO_VARIANCE = 1e-10
"""Variance up to which an item counts as constant; answers are whole numbers, so a real one is far above it."""

CHUNK_ROWS = 8_192


class _Range(NamedTuple):
    """The smallest and the largest answer to an item; neither is a number where one is missing."""

    low: float
    high: float

    @property
    def is_complete(self) -> bool:
        return not math.isnan(self.low)


@dataclass(frozen=True, slots=True)
class ItemAnswers:
    """Columns of the p items (n rows each, missing is not a number), weights (n,) and weighted means (p,).

    `is_complete`: no answer is missing, so none has to be looked for again.
    """

    columns: tuple[FloatArray, ...]
    weights: FloatArray
    means: FloatArray
    is_complete: bool

    @classmethod
    def of(
        cls,
        model: PathModel,
        answers: Mapping[str, FloatArray],
        weights: FloatArray | None = None,
        means: FloatArray | None = None,
    ) -> Self:
        """Take the columns of the model's items from the answers by item name; without means, those of the answers.

        Refuses with SurveyProblem, by item: no such column, other lengths, answers off the scale, more than 5 %
        missing; and weights that are negative or not finite, and fewer rows than the model can be estimated from.
        """
        refuse_if_any(Problem(item, "the answers have no such column") for item in model.items if item not in answers)
        columns = tuple(np.ascontiguousarray(answers[item], dtype=np.float64) for item in model.items)
        weight = np.ones(columns[0].shape) if weights is None else np.asarray(weights, dtype=np.float64)
        refuse_if_any(_shape_faults(model, columns, weight))
        refuse_if_any(_row_faults(model, weight))
        ranges = [_Range(float(column.min()), float(column.max())) for column in columns]
        refuse_if_any(
            fault
            for (item, column, construct), found in zip(_each(model, columns), ranges, strict=True)
            for fault in _item_faults(item, column, construct, found)
        )
        centre = np.array([weighted_mean(column, weight) for column in columns]) if means is None else means
        return cls(columns, weight, centre, is_complete=all(found.is_complete for found in ranges))

    @property
    def rows(self) -> int:
        """How many rows have a weight."""
        return int(np.count_nonzero(self.weights))

    @property
    def effective_rows(self) -> float:
        """Rows of an equally weighted sample of the same precision: (Σw)² / Σw² (Kish 1965)."""
        return float(self.weights.sum() ** 2 / (self.weights @ self.weights))

    def centred(self, chunk_rows: int = CHUNK_ROWS) -> Iterator[tuple[slice, FloatArray]]:
        """Chunks of c rows with the deviations (p, c) from the means, 0 where the answer is missing."""
        for start in range(0, len(self.weights), chunk_rows):
            rows = slice(start, start + chunk_rows)
            deviation = np.stack([column[rows] for column in self.columns]) - self.means[:, None]
            if not self.is_complete:
                deviation[np.isnan(deviation)] = 0.0
            yield rows, deviation

    def covariance(self) -> FloatArray:
        """Weighted covariance (p, p) of the items, divisor the sum of the weights."""
        cross = np.zeros((len(self.columns), len(self.columns)))
        root = np.sqrt(self.weights)
        for rows, deviation in self.centred():
            # A matrix times its own transpose is one symmetric update: half the work, and no wait between threads.
            weighted = deviation * root[rows]
            cross += weighted @ weighted.T
        covariance: FloatArray = cross / self.weights.sum()
        return covariance


def weighted_mean(column: FloatArray, weights: FloatArray) -> float:
    """Weighted mean of the answers that are there; not a number if none has weight."""
    mean = float(weights @ column / weights.sum())
    if math.isfinite(mean):
        return mean
    there = ~np.isnan(column)
    mass = weights[there].sum()
    return float(weights[there] @ column[there] / mass) if mass > 0 else math.nan


def constant_items(model: PathModel, covariance: FloatArray) -> Iterator[Problem]:
    """Items in which everybody gave the same answer."""
    for item, variance in zip(model.items, np.diag(covariance), strict=True):
        if not variance > NO_VARIANCE:
            yield Problem(item, "everybody gave the same answer: an item without variance explains nothing")


def rows_needed(model: PathModel) -> int:
    """Fewest rows that a model is estimated from, by the ten-times rule (Barclay, Higgins, Thompson 1995)."""
    formative = (len(construct.items) for construct in model.constructs if construct.mode is Mode.B)
    driven = (len(construct.driven_by) for construct in model.constructs)
    return ROWS_PER_REGRESSOR * max(*formative, *driven, 1)


def _each(model: PathModel, columns: tuple[FloatArray, ...]) -> Iterator[tuple[str, FloatArray, Construct]]:
    constructs = (construct for construct in model.constructs for _ in construct.items)
    return zip(model.items, columns, constructs, strict=True)


def _shape_faults(model: PathModel, columns: tuple[FloatArray, ...], weights: FloatArray) -> Iterator[Problem]:
    for item, column in zip(model.items, columns, strict=True):
        if column.shape != (len(weights),):
            yield Problem(item, f"{len(weights)} rows are expected, not shape {column.shape}")


def _row_faults(model: PathModel, weights: FloatArray) -> Iterator[Problem]:
    faulty = np.flatnonzero(~np.isfinite(weights) | (weights < 0))
    for row in faulty[:20]:
        yield Problem(f"weights[{row}]", f"a finite weight of at least 0 is expected, not {weights[row]}")
    rows, needed = int(np.count_nonzero(weights)), rows_needed(model)
    if rows < needed:
        yield Problem(model.id, f"{rows} rows with a weight; this model needs at least {needed}")


def _item_faults(item: str, column: FloatArray, construct: Construct, found: _Range) -> Iterator[Problem]:
    worst, best = construct.scale.minimum, construct.scale.maximum
    if found.is_complete and worst <= found.low and found.high <= best:
        return
    missing = int(np.count_nonzero(np.isnan(column)))
    if missing > MISSING_SHARE_LIMIT * len(column):
        yield Problem(
            item, f"{missing} of {len(column)} answers are missing; more than {MISSING_SHARE_LIMIT:.0%} is refused"
        )
    outside = (column < worst) | (column > best)
    if outside.any():
        row = int(np.argmax(outside))
        yield Problem(f"{item}[{row}]", f"{column[row]:g} is off the scale of {construct.id}: {worst} to {best}")
