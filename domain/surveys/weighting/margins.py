"""Known totals of the population by the categories of one attribute; their faults are found before any iteration."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from domain.surveys.arrays import FloatArray, IntArray, encode, is_missing
from domain.surveys.errors import Problem, refuse_if_any

SUM_TOLERANCE = 1e-6
"""Relative: totals of two margins that differ by more do not describe the same population."""


@dataclass(frozen=True, slots=True)
class Margin:
    """An attribute: category of each row (n,) as a code, names (k,) and known totals (k,) of the categories."""

    name: str
    codes: IntArray
    categories: tuple[str, ...]
    targets: FloatArray

    @classmethod
    def of(cls, name: str, labels: ArrayLike, targets: Mapping[str, float]) -> Self:
        """Match a column of labels (n,) with the totals by label.

        Refuses with SurveyProblem, by category: one in the sample without total, a total without sample, a total that
        is not above 0; and rows without a label.
        """
        column = np.asarray(labels)
        refuse_if_any(Problem(f"{name}[{row}]", "no category") for row in np.flatnonzero(is_missing(column))[:100])
        coded = encode(column)
        categories = tuple(map(str, coded.labels))
        refuse_if_any(_category_faults(name, categories, targets))
        return cls(name, coded.codes, categories, np.array([targets[category] for category in categories], dtype=float))


def refuse_unequal_margins(margins: Sequence[Margin], rows: int) -> None:
    """Refuse with SurveyProblem: no margins, columns of other lengths than `rows`, unequal sums."""
    refuse_if_any([Problem("margins", "at least one is needed")] if not margins else [])
    refuse_if_any(_length_faults(margins, rows))
    refuse_if_any(_sum_faults(margins))


def _category_faults(name: str, categories: tuple[str, ...], targets: Mapping[str, float]) -> Iterator[Problem]:
    for category in categories:
        if category not in targets:
            yield Problem(f"{name}={category}", "it is in the sample but has no target")
    for category, target in targets.items():
        if category not in categories:
            yield Problem(f"{name}={category}", "it has a target but nobody in the sample: merge categories")
        if not 0 < target < math.inf:
            yield Problem(f"{name}={category}", f"a target above 0 is expected, not {target}")


def _length_faults(margins: Sequence[Margin], rows: int) -> Iterator[Problem]:
    for margin in margins:
        if margin.codes.shape != (rows,):
            yield Problem(margin.name, f"{rows} rows are expected, not shape {margin.codes.shape}")


def _sum_faults(margins: Sequence[Margin]) -> Iterator[Problem]:
    first, total = margins[0].name, math.fsum(margins[0].targets)
    for margin in margins[1:]:
        own = math.fsum(margin.targets)
        if abs(own - total) > SUM_TOLERANCE * total:
            yield Problem(margin.name, f"its targets sum to {own:.10g}, those of {first} to {total:.10g}")
