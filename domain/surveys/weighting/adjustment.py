"""Base weights, and what the lost rows of a class pass on to those that stayed: unknown eligibility, nonresponse."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from domain.surveys.arrays import BoolArray, Coded, FloatArray, IntArray, sums_by
from domain.surveys.errors import Problem, SurveyProblem, refuse_if_any


@dataclass(frozen=True, slots=True)
class CollapseRule:
    """When a class is too thin to stand alone: fewer rows that stayed, or a factor too far above the overall one."""

    least_rows: int = 30
    largest_factor: float = 3.0


@dataclass(frozen=True, slots=True)
class AdjustedClass:
    """Labels that were taken together, the rows that stayed in them, and the factor on their weights."""

    labels: tuple[str, ...]
    rows: int
    factor: float


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Weights (n,) after the adjustment, 0 for the lost rows, and the classes as they were collapsed."""

    weights: FloatArray
    classes: tuple[AdjustedClass, ...]


def base_weights(inclusion: ArrayLike) -> FloatArray:
    """One over the inclusion probabilities (n,); refuses with SurveyProblem, by row, what is not in (0, 1]."""
    probabilities = np.asarray(inclusion, dtype=np.float64)
    refuse_if_any(
        Problem(f"inclusion[{row}]", f"in (0, 1], not {probabilities[row]}")
        for row in np.flatnonzero(~((probabilities > 0) & (probabilities <= 1)))[:100]
    )
    return np.asarray(1 / probabilities)


def pass_weights_on(
    weights: FloatArray, *, stayed: BoolArray, lost: BoolArray, classes: Coded, rule: CollapseRule = CollapseRule()
) -> Adjustment:
    """In each class the rows that stayed take over the weight of the lost ones; rows that are neither keep theirs.

    Unknown eligibility: `stayed` is known, `lost` unknown. Nonresponse: `stayed` responded, `lost` did not though
    eligible. Thin classes join the one with the nearest rate of staying (weighting-class adjustment: Kalton, Kasprzyk
    1986; Brick, Kalton 1996). Refuses with SurveyProblem: columns of other lengths, rows both stayed and lost, nobody
    who stayed.
    """
    refuse_if_any(_faults(weights, stayed, lost, classes))
    tally = _Tally(
        kept=sums_by(classes.codes, weights * stayed, classes.size),
        whole=sums_by(classes.codes, weights * (stayed | lost), classes.size),
        rows=sums_by(classes.codes, stayed, classes.size),
    )
    group_of_class = _collapse(tally, rule)
    groups = tally.by(group_of_class)
    factors = np.divide(groups.whole, groups.kept, out=np.ones_like(groups.kept), where=groups.kept > 0)
    factor_of_row = np.where(stayed, factors[group_of_class][classes.codes], 1.0)
    adjusted = np.where(lost, 0.0, weights * factor_of_row)
    return Adjustment(adjusted, _described(group_of_class, classes, groups.rows, factors))


@dataclass(frozen=True, slots=True)
class _Tally:
    """Of classes (c,): weight that stayed, weight that stayed or is lost, rows that stayed."""

    kept: FloatArray
    whole: FloatArray
    rows: FloatArray

    def by(self, group: IntArray) -> "_Tally":
        size = int(group.max()) + 1
        return _Tally(*(sums_by(group, column, size) for column in (self.kept, self.whole, self.rows)))

    def thinnest(self, rule: CollapseRule) -> int | None:
        """The thin group of the fewest rows."""
        largest = rule.largest_factor * self.whole.sum() / self.kept.sum()
        thin = (self.whole > 0) & ((self.rows < rule.least_rows) | (self.whole > largest * self.kept))
        return int(np.argmin(np.where(thin, self.rows, np.inf))) if thin.any() else None

    def nearest(self, group: int) -> int:
        """The other group whose rate of staying is nearest."""
        rates = np.divide(self.kept, self.whole, out=np.full(len(self.kept), np.inf), where=self.whole > 0)
        distance = np.abs(rates - rates[group])
        distance[group] = np.inf
        return int(np.argmin(distance))


def _collapse(tally: _Tally, rule: CollapseRule) -> IntArray:
    """Group of each class (c,): the thinnest group joins its neighbour by rate, until none is thin or one is left."""
    group = np.arange(len(tally.rows))
    while True:
        groups = tally.by(group)
        thin = groups.thinnest(rule)
        if thin is None or np.count_nonzero(groups.whole) == 1:
            return group
        group = np.where(group == thin, groups.nearest(thin), group)
        group -= group > thin


def _described(
    group_of_class: IntArray, classes: Coded, rows: FloatArray, factors: FloatArray
) -> tuple[AdjustedClass, ...]:
    labels = classes.labels.astype(str)
    return tuple(
        AdjustedClass(tuple(labels[group_of_class == group].tolist()), int(rows[group]), float(factors[group]))
        for group in range(len(rows))
    )


def _faults(weights: FloatArray, stayed: BoolArray, lost: BoolArray, classes: Coded) -> Iterator[Problem]:
    shapes = {"stayed": stayed.shape, "lost": lost.shape, "classes": classes.codes.shape}
    wrong = [name for name, shape in shapes.items() if shape != weights.shape]
    if wrong:
        raise SurveyProblem(*(Problem(name, f"{len(weights)} rows are expected") for name in wrong))
    for row in np.flatnonzero(stayed & lost)[:100]:
        yield Problem(f"row {row}", "it cannot both have stayed and be lost")
    if not (weights * stayed).any():
        yield Problem("stayed", "nobody is left to take over the weights")
