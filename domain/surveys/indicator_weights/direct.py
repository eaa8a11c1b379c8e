"""Weights that people state outright: each judge divides a number of points among the indicators."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, refuse_if_any


@dataclass(frozen=True, slots=True)
class AllocatedWeights:
    """Mean shares (k,) of the judges and how far the judges lie apart (k,), as a standard deviation (0 for one judge).

    A deviation as large as the share itself calls for another round of judgement (Delphi).
    """

    names: tuple[str, ...]
    weights: FloatArray
    deviations: FloatArray


def allocated_weights(names: Sequence[str], points: FloatArray, total: float = 100.0) -> AllocatedWeights:
    """Shares from the points (judges, k) that each judge divided among the indicators, `total` each.

    Refuses with SurveyProblem: another shape, points that are missing or negative, a judge whose points do not sum to
    the total (within 1e-6). Source: constant-sum scaling, Guilford 1954.
    """
    refuse_if_any(_faults(names, points, total))
    shares = points / total
    deviations = shares.std(axis=0, ddof=1) if len(shares) > 1 else np.zeros(len(names))
    return AllocatedWeights(tuple(names), shares.mean(axis=0), deviations)


def _faults(names: Sequence[str], points: FloatArray, total: float) -> Iterator[Problem]:
    if points.ndim != 2 or points.shape[1] != len(names) or not len(points):
        yield Problem("points", f"a row per judge and {len(names)} columns are expected, not shape {points.shape}")
        return
    for judge, given in enumerate(points):
        faulty = [(name, number) for name, number in zip(names, given, strict=True) if not 0 <= number <= total]
        yield from (
            Problem(f"judge {judge}, {name}", f"0 to {total:g} points, not {number}") for name, number in faulty
        )
        if not faulty and abs(given.sum() - total) > 1e-6:
            yield Problem(f"judge {judge}", f"the points must sum to {total:g}, not {given.sum():g}")
