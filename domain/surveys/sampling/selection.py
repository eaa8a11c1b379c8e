"""Stratified simple random samples by permanent random numbers (sequential srswor; Fan, Muller, Rezucha 1962).

Each wave starts at a point of the unit interval and takes, in every stratum, the units whose numbers come next, round
the end back to 0. The draw does not depend on the order of rows, is prolonged by taking more, and successive waves ask
nobody again before the rest were asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.surveys.arrays import BoolArray, FloatArray, IntArray
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.sampling.frame import Frame


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample as rows of the frame (n,), by stratum and in drawing order, with inclusion probabilities (n,)."""

    rows: IntArray
    inclusion: FloatArray


@dataclass(frozen=True, slots=True)
class StratifiedDraw(Drawn):
    """With the next units (r,) to be released if too few answer, and where each stratum's (h,) next wave starts.

    Releasing the reserve is drawing again from the same start with more units: the probabilities change with it.
    """

    reserve: IntArray
    next_start: FloatArray


def draw_stratified(frame: Frame, take: ArrayLike, *, start: ArrayLike = 0.0, reserve: ArrayLike = 0) -> StratifiedDraw:
    """Draw take (h,) units of each stratum, and name the next `reserve` (h,) or as many as are left.

    `start` in [0, 1) is one point for all strata or one of each (h,): the `next_start` of the wave before. Refuses
    with SurveyProblem, by stratum: fewer than 1 unit, more than the stratum holds, a start or reserve out of range.
    """
    sizes = frame.stratum_sizes
    taken, begin, extra = (np.broadcast_to(np.asarray(given), sizes.shape) for given in (take, start, reserve))
    refuse_if_any(_faults(frame, taken, begin, extra))
    wanted = np.minimum(taken + extra, sizes)
    order = _next_units(frame, wanted, begin)
    ends = np.cumsum(wanted)
    firsts = ends - wanted
    position = np.arange(len(order)) - np.repeat(firsts, wanted)
    is_drawn = position < np.repeat(taken, wanted)
    return StratifiedDraw(
        rows=order[is_drawn],
        inclusion=np.repeat(taken / sizes, taken),
        reserve=order[~is_drawn],
        next_start=_after(frame.random_numbers[order[firsts + taken - 1]]),
    )


def _next_units(frame: Frame, wanted: IntArray, start: FloatArray) -> IntArray:
    """The wanted (h,) units of each stratum that follow its start, in that order; only likely candidates are sorted."""
    candidates = _candidates(frame, wanted, start)
    stratum = frame.strata.codes[candidates]
    number = frame.random_numbers[candidates]
    wrapped = number < start[stratum]
    order = np.lexsort((frame.unit_ids[candidates], number, wrapped, stratum))
    counts = np.bincount(stratum, minlength=len(wanted))
    position = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    return candidates[order[position < np.repeat(wanted, counts)]]


def _candidates(frame: Frame, wanted: IntArray, start: FloatArray) -> IntArray:
    """Rows within reach of the start: about as many as are wanted, and never fewer."""
    distance = frame.random_numbers - start[frame.strata.codes]
    distance[distance < 0] += 1
    reach = _likely_reach(wanted, frame.stratum_sizes)
    near = np.flatnonzero(distance <= reach[frame.strata.codes])
    short = np.bincount(frame.strata.codes[near], minlength=len(wanted)) < wanted
    if short.any():
        reach[short] = 1.0
        near = np.flatnonzero(distance <= reach[frame.strata.codes])
    return near


def _likely_reach(wanted: IntArray, sizes: IntArray) -> FloatArray:
    """Distance within which the wanted units lie but for a chance in a billion (six standard deviations)."""
    part = wanted / sizes
    reach: FloatArray = part + (6 * np.sqrt(wanted) + 12) / sizes
    return reach


def _after(numbers: FloatArray) -> FloatArray:
    following = np.nextafter(numbers, 2.0)
    return np.where(following >= 1, 0.0, following)


def _faults(frame: Frame, take: IntArray, start: FloatArray, reserve: IntArray) -> Iterator[Problem]:
    sizes = frame.stratum_sizes
    yield from _named(frame, (take < 1) | (take > sizes), take, "to draw between 1 and the units of the stratum")
    yield from _named(frame, reserve < 0, reserve, "in reserve at least 0")
    yield from _named(frame, ~((start >= 0) & (start < 1)), start, "start in [0, 1)")


def _named(frame: Frame, faulty: BoolArray, given: NDArray[np.generic], expected: str) -> Iterator[Problem]:
    for code in np.flatnonzero(faulty):
        yield Problem(f"stratum {frame.strata.labels[code]}", f"{expected} expected, not {given[code]}")
