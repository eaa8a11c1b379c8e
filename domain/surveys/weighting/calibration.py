"""Calibration of weights to known totals of auxiliary variables (Deville, Särndal 1992): GREG and raking distance."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, SurveyProblem, refuse_if_any
from domain.surveys.variance.design import CalibrationModel
from domain.surveys.weighting.raking import CalibratedWeights

TOLERANCE = 1e-10
MOST_ROUNDS = 50


class Distance(StrEnum):
    """How far a weight may move from where it was."""

    LINEAR = "linear"
    """Factors 1 + xλ: the generalised regression estimator; a factor may fall below 0, which is refused."""
    RAKING = "raking"
    """Factors exp(xλ): never below 0."""


def calibrate(
    weights: FloatArray,
    auxiliaries: Mapping[str, ArrayLike],
    totals: Mapping[str, float],
    distance: Distance = Distance.LINEAR,
) -> CalibratedWeights:
    """Weights (n,) whose totals of the auxiliary columns (n,) are the known ones, as near as possible to the old.

    A column of ones calibrates to the size of the population. Refuses with SurveyProblem: columns without total or
    totals without column, missing values by row, columns that others determine, totals that cannot be met, and
    factors below 0 under LINEAR.
    """
    refuse_if_any(_name_faults(auxiliaries, totals))
    names = list(totals)
    columns = np.column_stack([np.asarray(auxiliaries[name], dtype=np.float64) for name in names])
    refuse_if_any(_column_faults(names, columns, len(weights)))
    scale = np.abs(columns).max(axis=0)
    scaled = columns / np.where(scale > 0, scale, 1.0)
    wanted = np.array([totals[name] for name in names]) / np.where(scale > 0, scale, 1.0)
    refuse_if_any(_rank_faults(names, scaled, weights))
    factors, rounds = _factors(weights, scaled, wanted, distance)
    refuse_if_any(_sign_faults(factors))
    model = CalibrationModel(np.arange(len(weights)), columns, weights)
    return CalibratedWeights(weights * factors, rounds, model)


def _factors(
    weights: FloatArray, columns: FloatArray, wanted: FloatArray, distance: Distance
) -> tuple[FloatArray, int]:
    """Newton's method on λ; the linear distance is there after one step."""
    slopes = np.zeros(columns.shape[1])
    for rounds in range(1, MOST_ROUNDS + 1):
        factors, growth = _at(columns @ slopes, distance)
        missing = wanted - columns.T @ (weights * factors)
        if np.abs(missing).max() <= TOLERANCE * np.abs(wanted).max():
            return factors, rounds
        steepness = columns.T @ (columns * (weights * growth)[:, None])
        slopes = slopes + np.linalg.lstsq(steepness, missing, rcond=None)[0]
    raise SurveyProblem(Problem("totals", f"no weights of these rows meet them all within {MOST_ROUNDS} rounds"))


def _at(linear: FloatArray, distance: Distance) -> tuple[FloatArray, FloatArray]:
    """Factors and their derivatives."""
    if distance is Distance.LINEAR:
        return 1 + linear, np.ones_like(linear)
    factors = np.exp(np.clip(linear, -30, 30))
    return factors, factors


def _name_faults(auxiliaries: Mapping[str, ArrayLike], totals: Mapping[str, float]) -> Iterator[Problem]:
    if not totals:
        yield Problem("totals", "at least one is needed")
    for name in auxiliaries:
        if name not in totals:
            yield Problem(name, "it has no known total")
    for name, total in totals.items():
        if name not in auxiliaries:
            yield Problem(name, "there is no such column in the sample")
        if not np.isfinite(total):
            yield Problem(name, f"a finite total is expected, not {total}")


def _column_faults(names: list[str], columns: FloatArray, rows: int) -> Iterator[Problem]:
    if len(columns) != rows:
        yield Problem("auxiliaries", f"{rows} rows are expected, not {len(columns)}")
    for row, column in np.argwhere(~np.isfinite(columns))[:100]:
        yield Problem(f"{names[column]}[{row}]", "a finite value is expected")


def _rank_faults(names: list[str], columns: FloatArray, weights: FloatArray) -> Iterator[Problem]:
    """Columns that add no rank to those before them."""
    cross = columns.T @ (columns * weights[:, None])
    for position, name in enumerate(names):
        before, upto = cross[:position, :position], cross[: position + 1, : position + 1]
        if np.linalg.matrix_rank(upto, hermitian=True) == (
            np.linalg.matrix_rank(before, hermitian=True) if position else 0
        ):
            yield Problem(name, "the columns before it determine it")


def _sign_faults(factors: FloatArray) -> Iterator[Problem]:
    negative = int((factors < 0).sum())
    if negative:
        row = int(np.argmin(factors))
        yield Problem(
            f"weights[{row}]", f"{negative} weights would be negative: take the raking distance or fewer totals"
        )
