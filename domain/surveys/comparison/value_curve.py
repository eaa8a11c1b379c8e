"""The value curve (价值曲线): what matters, rated 0–10 by customers, staff and managers, for us and for competitors.

Owns the curves, how sure the best and the worst factors are, and the count of what people would add or drop. Source:
Kim and Mauborgne, "Value Innovation", Harvard Business Review 75(1), 1997.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from domain.surveys.arrays import BoolArray, FloatArray, encode
from domain.surveys.comparison.differences import Difference, difference
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.secondary import share_in_percent
from domain.surveys.tree_index import SHOWN_FROM, Score
from domain.surveys.variance.design import SurveyDesign
from domain.surveys.variance.estimates import estimate_mean
from domain.surveys.variance.intervals import t_interval
from domain.surveys.variance.replicates import ReplicateWeights

EXTREMES = 3
LOWEST_RATING, HIGHEST_RATING = 0, 10


@dataclass(frozen=True, slots=True)
class RatedFactor:
    """A factor's mean rating of 0–10, and how probable it is among the three best and the three worst of its curve."""

    name: str
    rating: Score
    in_top: float
    in_bottom: float


@dataclass(frozen=True, slots=True)
class ValueCurve:
    """The factors as one party rates one company, in the order of the questionnaire."""

    party: str
    factors: tuple[RatedFactor, ...]

    def top(self) -> tuple[RatedFactor, ...]:
        """The three most probably best factors."""
        return tuple(
            sorted(self.factors, key=lambda each: (-each.in_top, -(each.rating.value or 0.0), each.name))[:EXTREMES]
        )

    def bottom(self) -> tuple[RatedFactor, ...]:
        """The three most probably worst factors."""
        return tuple(
            sorted(self.factors, key=lambda each: (-each.in_bottom, each.rating.value or 0.0, each.name))[:EXTREMES]
        )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that respondents would add or drop: how many named it, and their share in percent of all."""

    label: str
    respondents: int
    share: Score


def value_curve(
    party: str,
    factors: Sequence[str],
    ratings: FloatArray,
    design: SurveyDesign,
    replicates: ReplicateWeights,
    confidence: float = 0.95,
) -> ValueCurve:
    """The curve of one party from ratings (n, k) of 0–10, missing is not a number.

    The probabilities are the shares of the design's bootstrap replicates in which a factor is among the three best or
    worst. Refuses with SurveyProblem: other shapes, replicates of other rows, ratings off the scale, fewer than seven
    factors (best and worst would overlap), a factor that fewer than five rated.
    """
    refuse_if_any(_shape_faults(factors, ratings, design, replicates))
    there = ~np.isnan(ratings) & (design.weights > 0)[:, None]
    refuse_if_any(_rating_faults(factors, ratings, there))
    sums, counts = replicates.totals(np.where(there, ratings, 0.0)), replicates.totals(there.astype(np.float64))
    order = np.argsort(np.argsort(sums / np.maximum(counts, 1e-300), axis=1, kind="stable"), axis=1)
    in_top = (order >= len(factors) - EXTREMES).mean(axis=0)
    in_bottom = (order < EXTREMES).mean(axis=0)
    rated = [_rating(design, column, own, confidence) for column, own in zip(ratings.T, there.T, strict=True)]
    return ValueCurve(
        party,
        tuple(
            RatedFactor(name, rating, float(top), float(bottom))
            for name, rating, top, bottom in zip(factors, rated, in_top, in_bottom, strict=True)
        ),
    )


def compare_curves(curve: ValueCurve, other: ValueCurve, confidence: float = 0.95) -> dict[str, Difference]:
    """One party's ratings less another's, by factor: where staff misjudge customers, where a competitor is ahead.

    Refuses with SurveyProblem curves over different factors.
    """
    names, other_names = [[factor.name for factor in each.factors] for each in (curve, other)]
    refuse_if_any([] if names == other_names else [Problem(other.party, f"its factors are not those of {curve.party}")])
    return {
        factor.name: difference(factor.rating, counterpart.rating, confidence)
        for factor, counterpart in zip(curve.factors, other.factors, strict=True)
    }


def count_suggestions(labels: ArrayLike, design: SurveyDesign, confidence: float = 0.95) -> tuple[Suggestion, ...]:
    """What respondents (n,) would add, or drop, by label of the coded answer (empty: nothing), the most wanted first.

    Refuses with SurveyProblem labels of another length than the design's.
    """
    texts = np.asarray(labels, dtype=np.str_)
    if texts.shape != (design.rows,):
        refuse_if_any([Problem("labels", f"{design.rows} rows are expected, not shape {texts.shape}")])
    coded = encode(texts)
    everybody = np.ones(design.rows, dtype=np.bool_)
    found = [
        _suggestion(str(label), coded.codes == code, everybody, design, confidence)
        for code, label in enumerate(coded.labels)
        if label != ""
    ]
    return tuple(sorted(found, key=lambda each: (-(each.share.value or 0.0), each.label)))


def _suggestion(
    label: str, named: BoolArray, everybody: BoolArray, design: SurveyDesign, confidence: float
) -> Suggestion:
    return Suggestion(label, int(named.sum()), share_in_percent(named, everybody, design, confidence))


def _rating(design: SurveyDesign, column: FloatArray, there: BoolArray, confidence: float) -> Score:
    mean = estimate_mean(design, column, there)
    interval = t_interval(mean.value, mean.standard_error, mean.degrees_of_freedom, confidence)
    return Score(mean.rows, mean.value, mean.standard_error, interval)


def _shape_faults(
    factors: Sequence[str], ratings: FloatArray, design: SurveyDesign, replicates: ReplicateWeights
) -> Iterator[Problem]:
    if ratings.shape != (design.rows, len(factors)):
        yield Problem("ratings", f"shape {(design.rows, len(factors))} is expected, not {ratings.shape}")
    if len(replicates.unit) != design.rows:
        yield Problem("replicates", f"{design.rows} rows are expected, not {len(replicates.unit)}")
    if len(factors) <= 2 * EXTREMES:
        yield Problem("factors", f"more than {2 * EXTREMES} are expected, not {len(factors)}")


def _rating_faults(factors: Sequence[str], ratings: FloatArray, there: BoolArray) -> Iterator[Problem]:
    off_scale = (ratings < LOWEST_RATING) | (ratings > HIGHEST_RATING)
    for row, column in np.argwhere(off_scale)[:20]:
        expected = f"{LOWEST_RATING} to {HIGHEST_RATING}"
        yield Problem(f"{factors[column]}[{row}]", f"{expected} is expected, not {ratings[row, column]:g}")
    for name, rated in zip(factors, there.sum(axis=0), strict=True):
        if rated < SHOWN_FROM:
            yield Problem(name, f"{rated} rated it; at least {SHOWN_FROM} are expected")
