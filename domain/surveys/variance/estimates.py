"""Means, totals, shares and ratios with their standard errors under the design, for everyone or for a domain."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.surveys.arrays import BoolArray, FloatArray, encode
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.variance.design import SurveyDesign
from domain.surveys.variance.taylor import taylor_covariance


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number of the population with what it is worth.

    `design_effect` compares with a simple random sample of as many rows without replacement (not a number where the
    weights sum to no more than the rows); `effective_rows` is the size of the simple random sample with replacement
    that would be as precise.
    """

    value: float
    standard_error: float
    degrees_of_freedom: int
    rows: int
    design_effect: float = math.nan
    effective_rows: float = math.nan


def estimate_mean(design: SurveyDesign, values: ArrayLike, domain: ArrayLike | None = None) -> Estimate:
    """Weighted mean of values (n,) over the domain (n,) of true rows; a share is the mean of a true-or-false column.

    Refuses with SurveyProblem: other lengths, values that are not finite inside the domain, a domain without weight.
    Source: Hájek 1971 for the estimate, Binder 1983 for the variance, Kish 1965 for the design effect.
    """
    inside = _domain(design, domain)
    column = _column(design, "values", values, inside)
    weight = _inside(design.weights, inside)
    mass = weight.sum()
    mean = float(weight @ column / mass)
    deviation = _inside(column - mean, inside)
    variance = _variance(design, deviation / mass)
    spread = _population_variance(weight, deviation, mass)
    return _estimate(design, mean, variance, weight, simple_variance=spread, mass=mass)


def estimate_total(design: SurveyDesign, values: ArrayLike, domain: ArrayLike | None = None) -> Estimate:
    """Weighted total of values (n,) over the domain (n,). Refuses as `estimate_mean` does (Horvitz, Thompson 1952)."""
    inside = _domain(design, domain)
    column = _column(design, "values", values, inside)
    weight = _inside(design.weights, inside)
    mass = weight.sum()
    total = float(weight @ column)
    spread = _population_variance(weight, _inside(column - total / mass, inside), mass) * mass**2
    return _estimate(
        design, total, _variance(design, _inside(column, inside)), weight, simple_variance=spread, mass=mass
    )


def estimate_ratio(
    design: SurveyDesign, numerator: ArrayLike, denominator: ArrayLike, domain: ArrayLike | None = None
) -> Estimate:
    """Ratio of two weighted totals over the domain (n,). Refuses as `estimate_mean` does, and a denominator of 0."""
    inside = _domain(design, domain)
    above = _column(design, "numerator", numerator, inside)
    below = _column(design, "denominator", denominator, inside)
    weight = _inside(design.weights, inside)
    total = float(weight @ below)
    refuse_if_any([Problem("denominator", "its weighted total is 0")] if total == 0 else [])
    ratio = float(weight @ above) / total
    return _estimate(design, ratio, _variance(design, _inside(above - ratio * below, inside) / total), weight)


def estimate_means_by(design: SurveyDesign, values: ArrayLike, groups: ArrayLike) -> dict[str, Estimate]:
    """Weighted mean of values (n,) in each group (n,) of labels, in the order of the labels."""
    coded = encode(groups)
    return {str(label): estimate_mean(design, values, coded.codes == code) for code, label in enumerate(coded.labels)}


def degrees_of_freedom(design: SurveyDesign, counted: BoolArray | None = None) -> int:
    """Primary sampling units less strata, of the rows (n,) that count; at least 1 so that an interval exists."""
    stage = design.stages[0]
    positive = design.weights > 0
    rows = positive if counted is None else positive & counted
    units = np.zeros(len(stage.stratum_of_unit), dtype=np.bool_)
    units[stage.unit if rows.all() else stage.unit[rows]] = True
    return max(int(units.sum()) - len(np.unique(stage.stratum_of_unit[units])), 1)


def _domain(design: SurveyDesign, domain: ArrayLike | None) -> BoolArray:
    inside: NDArray[np.bool_] = np.ones(design.rows, dtype=np.bool_) if domain is None else np.asarray(domain)
    refuse_if_any(_domain_faults(design, inside))
    return inside


def _domain_faults(design: SurveyDesign, inside: BoolArray) -> Iterator[Problem]:
    if inside.shape != (design.rows,) or inside.dtype != np.bool_:
        yield Problem("domain", f"{design.rows} true-or-false rows are expected, not {inside.dtype} {inside.shape}")
    elif not (design.weights[inside] > 0).any():
        yield Problem("domain", "it has no row with a weight")


def _inside(column: FloatArray, inside: BoolArray) -> FloatArray:
    """The column with 0 outside the domain."""
    return column if inside.all() else column * inside


def _column(design: SurveyDesign, place: str, values: ArrayLike, inside: BoolArray) -> FloatArray:
    """The column, with 0 for what is missing outside the domain."""
    column = np.asarray(values, dtype=np.float64)
    if column.shape != (design.rows,):
        refuse_if_any([Problem(place, f"{design.rows} rows are expected, not shape {column.shape}")])
    missing = ~np.isfinite(column)
    refuse_if_any(
        Problem(f"{place}[{row}]", "missing: leave the row out by the domain")
        for row in np.flatnonzero(missing & inside)[:20]
    )
    return np.where(missing, 0.0, column) if missing.any() else column


def _variance(design: SurveyDesign, influence: FloatArray) -> float:
    return float(taylor_covariance(design, influence[:, None])[0, 0])


def _population_variance(weight: FloatArray, deviation: FloatArray, mass: float) -> float:
    counted = np.count_nonzero(weight)
    return float(weight @ deviation**2 / mass * counted / (counted - 1)) if counted > 1 else math.nan


def _estimate(
    design: SurveyDesign,
    value: float,
    variance: float,
    weight: FloatArray,
    *,
    simple_variance: float = math.nan,
    mass: float = math.nan,
) -> Estimate:
    """`simple_variance` is that of the estimate from one row of a simple random sample, `mass` the sum of weights."""
    counted = weight > 0
    rows = int(counted.sum())
    simple = simple_variance / rows * (mass - rows) / mass if mass > rows else math.nan
    return Estimate(
        value=value,
        standard_error=math.sqrt(variance),
        degrees_of_freedom=degrees_of_freedom(design, counted),
        rows=rows,
        design_effect=float(variance / simple) if simple > 0 else math.nan,
        effective_rows=float(simple_variance / variance) if variance > 0 else math.nan,
    )
