"""Replicate weights of the design, jackknife and Rao–Wu bootstrap, for statistics that no formula linearises.

Kept as small whole numbers per sampling unit: the weights of the rows are made in blocks when they are needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from domain.surveys.arrays import FloatArray, IntArray, sums_by
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.variance.design import Stage, SurveyDesign

MOST_JACKKNIFE_UNITS = 10_000
FACTORS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class ReplicateWeights:
    """B replicates of a design with k first-stage units.

    The factor on the weight of unit k in replicate b is `intercept[k] + slope[k] · multiplicity[b, k]`;
    `variance_factors` (B,) weigh the squared distances of the replicates from their mean.
    """

    base_weights: FloatArray
    unit: IntArray
    multiplicity: NDArray[np.uint16]
    intercept: FloatArray
    slope: FloatArray
    variance_factors: FloatArray

    @property
    def replicates(self) -> int:
        return len(self.multiplicity)

    def weights_of(self, rows: slice) -> FloatArray:
        """Replicate weights (B, r) of a slice of r rows; take slices, all rows at once may not fit in memory."""
        units = self.unit[rows]
        return self._factors(units) * self.base_weights[rows]

    def totals(self, columns: ArrayLike) -> FloatArray:
        """Weighted totals (B, c) of columns (n, c) in every replicate, by sums of units and one product of matrices."""
        values = np.asarray(columns, dtype=np.float64)
        units = self.multiplicity.shape[1]
        sums = [sums_by(self.unit, self.base_weights * column, units) for column in values.T]
        by_unit = np.column_stack(sums)
        result = np.zeros((self.replicates, values.shape[1]))
        step = max(FACTORS_AT_ONCE // self.replicates, 1)
        for first in range(0, units, step):
            block = np.arange(first, min(first + step, units))
            result += self._factors(block) @ by_unit[block]
        return result

    def means(self, columns: ArrayLike) -> FloatArray:
        """Weighted means (B, c) of columns (n, c) in every replicate."""
        values = np.asarray(columns, dtype=np.float64)
        totals = self.totals(np.column_stack([values, np.ones(len(values))]))
        means: FloatArray = totals[:, :-1] / totals[:, -1:]
        return means

    def covariance(self, estimates: ArrayLike) -> FloatArray:
        """Covariance (c, c) of c statistics from their values (B, c) in the replicates, around the replicates' mean."""
        values = np.asarray(estimates, dtype=np.float64)
        centred = (values - values.mean(axis=0)) * np.sqrt(self.variance_factors)[:, None]
        covariance: FloatArray = centred.T @ centred
        return covariance

    def _factors(self, units: IntArray) -> FloatArray:
        factors: FloatArray = self.intercept[units] + self.slope[units] * self.multiplicity[:, units]
        return factors


def jackknife(design: SurveyDesign) -> ReplicateWeights:
    """One replicate per first-stage unit, which leaves it out: JK1 without strata, JKn with them (Rust, Rao 1996).

    Refuses with SurveyProblem: strata of a single unit, more than 10,000 units (take the bootstrap).
    """
    stage = design.stages[0]
    units = len(stage.stratum_of_unit)
    refuse_if_any(_lonely_faults(stage))
    refuse_if_any(_jackknife_faults(units))
    in_stratum = stage.units_in_stratum[stage.stratum_of_unit]
    same = stage.stratum_of_unit[:, None] == stage.stratum_of_unit
    multiplicity = np.where(same, in_stratum, in_stratum - 1).astype(np.uint16)
    np.fill_diagonal(multiplicity, 0)
    part = stage.sampled_part[stage.stratum_of_unit]
    factors = (1 - part) * (in_stratum - 1) / in_stratum
    return ReplicateWeights(design.weights, stage.unit, multiplicity, np.zeros(units), 1 / (in_stratum - 1), factors)


def rao_wu_bootstrap(design: SurveyDesign, replicates: int, generator: Generator) -> ReplicateWeights:
    """Rescaled bootstrap: n - 1 of the n first-stage units of a stratum, with replacement (Rao, Wu and Yue 1992).

    The rescaling carries the finite-population factor (Rao, Wu 1988). Refuses with SurveyProblem: fewer
    than 2 replicates, strata of a single unit.
    """
    stage = design.stages[0]
    refuse_if_any(_lonely_faults(stage))
    refuse_if_any([Problem("replicates", f"at least 2, not {replicates}")] if replicates < 2 else [])
    in_stratum = stage.units_in_stratum[stage.stratum_of_unit]
    reach = np.sqrt(1 - stage.sampled_part)[stage.stratum_of_unit]
    return ReplicateWeights(
        base_weights=design.weights,
        unit=stage.unit,
        multiplicity=_drawn(stage, replicates, generator),
        intercept=1 - reach,
        slope=reach * in_stratum / (in_stratum - 1),
        variance_factors=np.full(replicates, 1 / (replicates - 1)),
    )


def _drawn(stage: Stage, replicates: int, generator: Generator) -> NDArray[np.uint16]:
    """How often each unit was drawn (B, k), stratum by stratum."""
    drawn = np.empty((replicates, len(stage.stratum_of_unit)), dtype=np.uint16)
    order = np.argsort(stage.stratum_of_unit, kind="stable")
    ends = np.cumsum(stage.units_in_stratum)
    for members in np.split(order, ends[:-1]):
        size = len(members)
        picks = generator.integers(size, size=(replicates, size - 1))
        flat = picks + np.arange(replicates)[:, None] * size
        counts = np.bincount(flat.ravel(), minlength=replicates * size)
        drawn[:, members] = counts.reshape(replicates, size)
    return drawn


def _lonely_faults(stage: Stage) -> Iterator[Problem]:
    for name in stage.stratum_names[stage.units_in_stratum == 1]:
        yield Problem(f"stratum {name}", "a single sampling unit cannot be resampled: merge strata")


def _jackknife_faults(units: int) -> Iterator[Problem]:
    if units < 2 or units > MOST_JACKKNIFE_UNITS:
        yield Problem("units", f"2 to {MOST_JACKKNIFE_UNITS:,} sampling units are expected, not {units:,}")
