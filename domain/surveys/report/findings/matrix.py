"""Importance against performance, for leaves of a tree and for constructs of a model alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.surveys.arrays import FloatArray
from domain.surveys.comparison.importance_performance import (
    Crosshair,
    PlacedIndicator,
    place_indicators,
    usual_crosshair,
)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Indicators in their quadrants, and where the quadrants meet."""

    placed: tuple[PlacedIndicator, ...]
    crosshair: Crosshair


def matrix_of(
    names: Sequence[str], importance: FloatArray, performance: FloatArray, errors: FloatArray
) -> Matrix | None:
    """Place k indicators by importance (k,) and performance (k,) in points with its errors (k,); none of none."""
    if not names:
        return None
    crosshair = usual_crosshair(importance, performance)
    return Matrix(place_indicators(names, importance, performance, crosshair, performance_errors=errors), crosshair)
