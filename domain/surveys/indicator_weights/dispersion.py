"""Weights from the data alone: an indicator counts for more, the more the units differ in it.

These are *objective* weights in the language of decision analysis. They say where units differ, not what matters to
customers, and every result is labelled as dispersion so that a report says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, refuse_if_any

CONSTANT = 1e-12
"""Spread, relative to the largest entry, up to which an indicator counts as the same for all units."""


class DispersionMethod(StrEnum):
    ENTROPY = "entropy"
    COEFFICIENT_OF_VARIATION = "coefficient_of_variation"
    CRITIC = "critic"


@dataclass(frozen=True, slots=True)
class DispersionWeights:
    """Shares (k,) of the indicators by how much the units differ in them; `label` goes into every report."""

    names: tuple[str, ...]
    weights: FloatArray
    method: DispersionMethod
    label: str = "objective: dispersion"


def entropy_weights(names: Sequence[str], matrix: FloatArray) -> DispersionWeights:
    """Shares from the entropy of each column of a matrix (n units, k indicators) of values of at least 0.

    An indicator in which all units are alike has entropy 1 and no weight (Zeleny 1982; Xu 2004).
    Refuses with SurveyProblem: another shape, missing or negative values, a column of zeros, all columns alike.
    """
    refuse_if_any(_faults(names, matrix))
    refuse_if_any(_sign_faults(names, matrix))
    shares = matrix / matrix.sum(axis=0)
    terms = shares * np.log(np.where(shares > 0, shares, 1.0))
    diversity = 1 + terms.sum(axis=0) / np.log(len(matrix))
    return DispersionWeights(tuple(names), _normalised(diversity), DispersionMethod.ENTROPY)


def variation_weights(names: Sequence[str], matrix: FloatArray) -> DispersionWeights:
    """Shares from the coefficient of variation of each column of a matrix (n units, k indicators) of at least 0.

    Source: Shuai and others 2012. Refuses as `entropy_weights` does.
    """
    refuse_if_any(_faults(names, matrix))
    refuse_if_any(_sign_faults(names, matrix))
    variation = matrix.std(axis=0) / matrix.mean(axis=0)
    return DispersionWeights(tuple(names), _normalised(variation), DispersionMethod.COEFFICIENT_OF_VARIATION)


def critic_weights(names: Sequence[str], matrix: FloatArray) -> DispersionWeights:
    """Shares by CRITIC: spread of each column (n units, k indicators, more is better) times its conflict with others.

    Columns are first mapped to 0–1 (Diakoulaki, Mavrotas, Papayannakis 1995). Refuses with SurveyProblem: another
    shape, missing values, an indicator in which all units are alike (it has no correlation).
    """
    refuse_if_any(_faults(names, matrix))
    refuse_if_any(_constant_faults(names, matrix))
    unit = (matrix - matrix.min(axis=0)) / np.ptp(matrix, axis=0)
    conflict = (1 - np.atleast_2d(np.corrcoef(unit, rowvar=False))).sum(axis=0)
    information = unit.std(axis=0) * conflict
    refuse_if_any([] if information.sum() > CONSTANT else [Problem("matrix", "its indicators all say the same")])
    return DispersionWeights(tuple(names), _normalised(information), DispersionMethod.CRITIC)


def _normalised(amounts: FloatArray) -> FloatArray:
    refuse_if_any([] if amounts.sum() > CONSTANT else [Problem("matrix", "all units are alike in every indicator")])
    kept = np.maximum(amounts, 0.0)
    shares: FloatArray = kept / kept.sum()
    return shares


def _faults(names: Sequence[str], matrix: FloatArray) -> Iterator[Problem]:
    if matrix.ndim != 2 or matrix.shape[1] != len(names) or len(matrix) < 2:
        yield Problem("matrix", f"at least 2 rows and {len(names)} columns are expected, not {matrix.shape}")
        return
    for row, column in np.argwhere(~np.isfinite(matrix))[:20]:
        yield Problem(f"{names[column]}[{row}]", f"a finite value is expected, not {matrix[row, column]}")


def _sign_faults(names: Sequence[str], matrix: FloatArray) -> Iterator[Problem]:
    for name, column in zip(names, matrix.T, strict=True):
        if (column < 0).any():
            yield Problem(f"{name}[{int(np.argmin(column))}]", f"at least 0 is expected, not {column.min():g}")
        elif not column.any():
            yield Problem(name, "all its values are 0")


def _constant_faults(names: Sequence[str], matrix: FloatArray) -> Iterator[Problem]:
    for name, column in zip(names, matrix.T, strict=True):
        if np.ptp(column) <= CONSTANT * np.abs(column).max():
            yield Problem(name, "all units are alike in it")
