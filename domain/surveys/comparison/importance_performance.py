"""What to work on first: importance against performance, with quadrants that do not flip by chance.

Source: Martilla and James, "Importance-Performance Analysis", Journal of Marketing 41(1), 1977.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from domain.surveys.arrays import BoolArray, FloatArray
from domain.surveys.errors import Problem, refuse_if_any

STABLE_FROM = 0.8


class Quadrant(StrEnum):
    CONCENTRATE_HERE = "concentrate_here"
    """Important and weak."""
    KEEP_UP = "keep_up"
    """Important and strong."""
    LOW_PRIORITY = "low_priority"
    """Unimportant and weak."""
    POSSIBLE_OVERKILL = "possible_overkill"
    """Unimportant and strong."""


@dataclass(frozen=True, slots=True)
class Crosshair:
    """Where the quadrants meet. Fixed from wave to wave, so that a point does not move because the others did."""

    importance: float
    performance: float


@dataclass(frozen=True, slots=True)
class PlacedIndicator:
    """An indicator in its likeliest quadrant; stable if the quadrant has a probability of at least 0.8."""

    name: str
    importance: float
    performance: float
    quadrant: Quadrant
    probability: float

    @property
    def is_stable(self) -> bool:
        return self.probability >= STABLE_FROM


def place_indicators(
    names: Sequence[str],
    importance: FloatArray,
    performance: FloatArray,
    crosshair: Crosshair,
    importance_errors: FloatArray | None = None,
    performance_errors: FloatArray | None = None,
) -> tuple[PlacedIndicator, ...]:
    """Put k indicators into the matrix, given importance (k,) in any unit and performance (k,) in points.

    The probability of a quadrant follows from the standard errors (k,), both normal and independent; without errors
    the point counts as exact. A point on the crosshair counts as important and as strong.
    Refuses with SurveyProblem: other lengths, missing figures, negative errors.
    """
    no_errors = np.zeros(len(names))
    columns = {
        "importance": np.asarray(importance, dtype=np.float64),
        "performance": np.asarray(performance, dtype=np.float64),
        "importance_errors": no_errors if importance_errors is None else importance_errors,
        "performance_errors": no_errors if performance_errors is None else performance_errors,
    }
    refuse_if_any(_faults(names, columns))
    important = _chance_above(columns["importance"], crosshair.importance, columns["importance_errors"])
    strong = _chance_above(columns["performance"], crosshair.performance, columns["performance_errors"])
    chances = np.column_stack(
        [important * (1 - strong), important * strong, (1 - important) * (1 - strong), (1 - important) * strong]
    )
    return tuple(
        PlacedIndicator(name, float(weight), float(score), tuple(Quadrant)[int(np.argmax(chance))], float(chance.max()))
        for name, weight, score, chance in zip(names, importance, performance, chances, strict=True)
    )


def usual_crosshair(importance: FloatArray, performance: FloatArray) -> Crosshair:
    """For a first wave: the average importance (k,), and the performance (k,) weighted by it, which is the index."""
    return Crosshair(float(importance.mean()), float(importance @ performance / importance.sum()))


def _chance_above(values: FloatArray, cut: float, errors: FloatArray) -> FloatArray:
    from scipy.special import ndtr

    exact: BoolArray = np.equal(errors, 0)
    distance = np.divide(values - cut, errors, out=np.zeros(len(values)), where=~exact)
    return np.where(exact, (values >= cut).astype(np.float64), ndtr(distance))


def _faults(names: Sequence[str], columns: dict[str, FloatArray]) -> Iterator[Problem]:
    for place, column in columns.items():
        if np.shape(column) != (len(names),):
            yield Problem(place, f"{len(names)} figures are expected, not shape {np.shape(column)}")
            continue
        for name, figure in zip(names, column, strict=True):
            if not np.isfinite(figure) or (place.endswith("errors") and figure < 0):
                yield Problem(f"{place} {name}", f"a figure is expected, not {figure}")
