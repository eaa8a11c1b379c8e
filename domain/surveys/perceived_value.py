"""Perceived value asked both ways: the quality for the price paid, and the price for the quality received.

The two questions and their average are those of the ACSI (Fornell and others 1996); their difference says whether it
is the price or the quality that holds the value down.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.indicators import AnswerScale
from domain.surveys.tree_index import SHOWN_FROM, Score, code_faults
from domain.surveys.variance.design import SurveyDesign
from domain.surveys.variance.estimates import estimate_mean
from domain.surveys.variance.intervals import t_interval

TEN_POINTS = AnswerScale(minimum=1, maximum=10)


class ValueDrag(StrEnum):
    """What holds the perceived value down."""

    PRICE = "price"
    """The price is found too high for the quality."""
    QUALITY = "quality"
    """The quality is found too low for the price."""
    NEITHER = "neither"
    """The two cannot be told apart."""


@dataclass(frozen=True, slots=True)
class PerceivedValue:
    """Scores of 0–100 points from those who answered both questions, and quality less price with its interval."""

    quality_given_price: Score
    price_given_quality: Score
    value: Score
    difference: Score
    drag: ValueDrag


def perceived_value(
    quality_given_price: ArrayLike,
    price_given_quality: ArrayLike,
    design: SurveyDesign,
    scale: AnswerScale = TEN_POINTS,
    confidence: float = 0.95,
) -> PerceivedValue:
    """Value as customers see it, from codes (n,) to both questions; missing is not a number.

    Refuses with SurveyProblem: other lengths than the design's, codes off the scale, fewer than 5 who answered both.
    """
    columns = {
        "quality_given_price": np.asarray(quality_given_price, dtype=np.float64),
        "price_given_quality": np.asarray(price_given_quality, dtype=np.float64),
    }
    refuse_if_any(_length_faults(columns, design))
    refuse_if_any(fault for name, column in columns.items() for fault in code_faults(name, column, scale))
    quality, price = ((column - scale.minimum) / (scale.maximum - scale.minimum) * 100 for column in columns.values())
    refuse_if_any(_too_few(quality + price, design))
    difference = _mean(design, quality - price, confidence)
    return PerceivedValue(
        quality_given_price=_mean(design, np.where(np.isnan(price), np.nan, quality), confidence),
        price_given_quality=_mean(design, np.where(np.isnan(quality), np.nan, price), confidence),
        value=_mean(design, (quality + price) / 2, confidence),
        difference=difference,
        drag=_drag(difference),
    )


def _mean(design: SurveyDesign, points: FloatArray, confidence: float) -> Score:
    mean = estimate_mean(design, points, ~np.isnan(points))
    interval = t_interval(mean.value, mean.standard_error, mean.degrees_of_freedom, confidence)
    return Score(mean.rows, mean.value, mean.standard_error, interval)


def _drag(difference: Score) -> ValueDrag:
    if difference.interval is None or difference.interval.low <= 0 <= difference.interval.high:
        return ValueDrag.NEITHER
    return ValueDrag.PRICE if difference.interval.low > 0 else ValueDrag.QUALITY


def _length_faults(columns: dict[str, FloatArray], design: SurveyDesign) -> Iterator[Problem]:
    for name, column in columns.items():
        if column.shape != (design.rows,):
            yield Problem(name, f"{design.rows} rows are expected, not shape {column.shape}")


def _too_few(both: FloatArray, design: SurveyDesign) -> Iterator[Problem]:
    answered = int(np.count_nonzero(~np.isnan(both) & (design.weights > 0)))
    if answered < SHOWN_FROM:
        yield Problem("answers", f"{answered} respondents answered both questions; at least {SHOWN_FROM} are expected")
