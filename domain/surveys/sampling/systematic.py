"""Systematic samples along the order of the frame, with equal probabilities or in proportion to size."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from domain.surveys.arrays import BoolArray, FloatArray, IntArray
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.sampling.selection import Drawn

ROUNDING_SLACK = 1e-9


def draw_systematic(units: int, take: int, *, start: float) -> Drawn:
    """Every (units/take)-th row from a random start in [0, 1) of the first interval; the frame is sorted beforehand.

    Source: Cochran 1977, 8.1, with a fractional interval. Refuses with SurveyProblem a take outside 1 … units or a
    start outside [0, 1).
    """
    refuse_if_any(_range_faults(units, take, start))
    rows = np.floor((_off_the_end(start) + np.arange(take)) * units / take).astype(np.int64)
    return Drawn(np.minimum(rows, units - 1), np.full(take, take / units))


def draw_pps_systematic(sizes: ArrayLike, take: int, *, start: float) -> Drawn:
    """Systematic sample with probabilities in proportion to sizes (N,), from a random start in [0, 1).

    Units whose share would reach 1 are taken with certainty and the rest is shared out anew (Särndal, Swensson,
    Wretman 1992, 3.6.2). Refuses with SurveyProblem as `draw_systematic` does, and sizes that are not above 0 by row.
    """
    measures = np.asarray(sizes, dtype=np.float64)
    refuse_if_any([*_range_faults(len(measures), take, start), *_size_faults(measures)])
    certain = _certain_units(measures, take)
    inclusion = np.where(certain, 1.0, _proportional(measures, certain, take))
    others = np.flatnonzero(~certain)
    picked = _every_whole_step(inclusion[others], take - int(certain.sum()), start)
    rows = np.sort(np.concatenate([np.flatnonzero(certain), others[picked]]))
    return Drawn(rows, inclusion[rows])


def _certain_units(sizes: FloatArray, take: int) -> BoolArray:
    """Grows until nobody else's share reaches 1; ends because each round adds a unit."""
    certain = np.zeros(len(sizes), dtype=np.bool_)
    while certain.sum() < take:
        more = ~certain & (_proportional(sizes, certain, take) >= 1 - ROUNDING_SLACK)
        if not more.any():
            break
        certain |= more
    return certain


def _proportional(sizes: FloatArray, certain: BoolArray, take: int) -> FloatArray:
    left = sizes[~certain].sum()
    shares: FloatArray = (take - certain.sum()) * sizes / left if left > 0 else np.zeros_like(sizes)
    return shares


def _every_whole_step(inclusion: FloatArray, take: int, start: float) -> IntArray:
    """Rows at which the running sum of probabilities passes start, start + 1, start + 2 …"""
    passed = np.searchsorted(np.cumsum(inclusion), _off_the_end(start) + np.arange(take), side="right")
    return np.minimum(passed, len(inclusion) - 1)


def _off_the_end(start: float) -> float:
    """A start so near to 1 that its sums would be rounded into the next interval is moved off it."""
    return min(start, 1 - ROUNDING_SLACK)


def _range_faults(units: int, take: int, start: float) -> Iterator[Problem]:
    if not 1 <= take <= units:
        yield Problem("take", f"between 1 and the {units} units of the frame, not {take}")
    if not 0 <= start < 1:
        yield Problem("start", f"in [0, 1), not {start}")


def _size_faults(sizes: FloatArray) -> Iterator[Problem]:
    for row in np.flatnonzero(~((sizes > 0) & (sizes < np.inf)))[:100]:
        yield Problem(f"sizes[{row}]", f"above 0, not {sizes[row]}")
