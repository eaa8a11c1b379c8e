"""Customers by what they are worth: classes by value, and the index with every customer and with every yuan counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from domain.surveys.arrays import BoolArray, FloatArray
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.tree_index import SHOWN_FROM, Score
from domain.surveys.variance.design import SurveyDesign
from domain.surveys.variance.estimates import Estimate, estimate_mean, estimate_ratio
from domain.surveys.variance.intervals import t_interval


class ValueClass(StrEnum):
    """ABC analysis: customers in descending order of value."""

    A = "A"
    """Those who make the first part of all value, 80 % by default."""
    B = "B"
    """The next, up to 95 %."""
    C = "C"
    """The others."""


@dataclass(frozen=True, slots=True)
class KeyCustomerIndex:
    """The mean score with each customer counting the same and with each counting by value, and by value class.

    A value-weighted score below the count-weighted one says that the customers who pay most are the less satisfied.
    """

    count_weighted: Score
    value_weighted: Score
    by_class: dict[ValueClass, Score]


def classify_by_value(
    value: ArrayLike, weights: ArrayLike | None = None, first_part: float = 0.8, second_part: float = 0.95
) -> tuple[ValueClass, ...]:
    """Class of each of n customers by value (n,): A until the first part of the whole value is reached, then B, then C.

    With survey weights (n,) the whole is that of the population. The customer who crosses a limit belongs to the class
    before it; equal values are ordered by their row.
    Refuses with SurveyProblem: missing or negative values, no value at all, parts that do not ascend within 0–1.
    """
    worth = np.asarray(value, dtype=np.float64)
    refuse_if_any(_value_faults(worth))
    refuse_if_any(_part_faults(first_part, second_part))
    order = np.argsort(-worth, kind="stable")
    mass = worth if weights is None else worth * np.asarray(weights, dtype=np.float64)
    before = np.concatenate([[0.0], np.cumsum(mass[order])[:-1]]) / mass.sum()
    position = np.empty(len(worth), dtype=np.int64)
    position[order] = np.digitize(before, [first_part - 1e-12, second_part - 1e-12])
    classes = tuple(ValueClass)
    return tuple(classes[place] for place in position)


def key_customer_index(
    scores: ArrayLike, value: ArrayLike, design: SurveyDesign, confidence: float = 0.95
) -> KeyCustomerIndex:
    """Compare what customers and what their value say, from respondents' scores (n,) and values (n,).

    Respondents without a score are left out, and the classes are made among the others; a class of fewer than five is
    withheld. Refuses with SurveyProblem: other lengths than the design's, missing or
    negative values, fewer than five scores, no value among them.
    """
    points, worth = np.asarray(scores, dtype=np.float64), np.asarray(value, dtype=np.float64)
    refuse_if_any(_length_faults({"scores": points, "value": worth}, design))
    refuse_if_any(_value_faults(worth))
    there = ~np.isnan(points) & (design.weights > 0)
    refuse_if_any(
        [] if there.sum() >= SHOWN_FROM else [Problem("scores", f"{int(there.sum())}; at least {SHOWN_FROM}")]
    )
    filled = np.where(there, points, 0.0)
    classes = np.full(design.rows, "", dtype="<U1")
    classes[there] = classify_by_value(worth[there], design.weights[there])
    return KeyCustomerIndex(
        count_weighted=_score(estimate_mean(design, points, there), confidence),
        value_weighted=_score(estimate_ratio(design, filled * worth, worth, there), confidence),
        by_class={each: _class_score(design, points, classes == each.value, confidence) for each in ValueClass},
    )


def _class_score(design: SurveyDesign, points: FloatArray, inside: BoolArray, confidence: float) -> Score:
    if inside.sum() < SHOWN_FROM:
        return Score(int(inside.sum()), None, None, None)
    return _score(estimate_mean(design, points, inside), confidence)


def _score(estimate: Estimate, confidence: float) -> Score:
    interval = t_interval(estimate.value, estimate.standard_error, estimate.degrees_of_freedom, confidence)
    return Score(estimate.rows, estimate.value, estimate.standard_error, interval)


def _value_faults(worth: FloatArray) -> Iterator[Problem]:
    faulty = np.flatnonzero(~np.isfinite(worth) | (worth < 0))
    for row in faulty[:20]:
        yield Problem(f"value[{row}]", f"at least 0 is expected, not {worth[row]}")
    if not len(faulty) and not worth.any():
        yield Problem("value", "all are 0")


def _part_faults(first: float, second: float) -> Iterator[Problem]:
    if not 0 < first < second < 1:
        yield Problem("parts", f"0 < {first:g} < {second:g} < 1 does not hold")


def _length_faults(columns: dict[str, FloatArray], design: SurveyDesign) -> Iterator[Problem]:
    for name, column in columns.items():
        if column.shape != (design.rows,):
            yield Problem(name, f"{design.rows} rows are expected, not shape {column.shape}")
