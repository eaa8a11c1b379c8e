"""Indices of careless responding, one number per response. Owns no limits: those are in `flags`.

Answers are (n responses, k items) codes in the order in which they were asked; missing is not a number. Equal to the R
package `careless` (Yentes and Wilhelm) where that has the index. Source: Curran, "Methods for the detection of
carelessly invalid responses in survey data", Journal of Experimental Social Psychology 66, 2016.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.surveys.arrays import BoolArray, FloatArray, IntArray, encode
from domain.surveys.errors import Problem, refuse_if_any

MOST_COMPARED = 20_000
"""Responses among which near duplicates are sought: every pair is compared."""
_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class OppositePair:
    """Two items, by position, that say the same (`opposite` false) or the opposite of each other."""

    first: int
    second: int
    opposite: bool = True


def longest_strings(answers: FloatArray) -> IntArray:
    """Length (n,) of the longest run of the same answer to consecutive items (Johnson 2005)."""
    longest = np.ones(len(answers), dtype=np.int64)
    running = longest.copy()
    for before, after in zip(answers.T[:-1], answers.T[1:], strict=True):
        running = np.where(before == after, running + 1, 1)
        longest = np.maximum(longest, running)
    return longest


def average_strings(answers: FloatArray) -> FloatArray:
    """Average length (n,) of the runs of the same answer."""
    runs = 1 + np.count_nonzero(answers[:, 1:] != answers[:, :-1], axis=1)
    averages: FloatArray = answers.shape[1] / runs
    return averages


def response_variability(answers: FloatArray) -> FloatArray:
    """Standard deviation (n,) of a respondent's own answers, the IRV (Dunn and others 2018); 0 is the same throughout.

    Not a number with fewer than two answers.
    """
    there = ~np.isnan(answers)
    count = there.sum(axis=1)
    filled = np.where(there, answers, 0.0)
    mean = filled.sum(axis=1) / np.maximum(count, 1)
    squares = np.where(there, (answers - mean[:, None]) ** 2, 0.0).sum(axis=1)
    variance: FloatArray = np.divide(squares, count - 1, out=np.full(len(answers), np.nan), where=count > 1)
    return np.sqrt(variance)


def mahalanobis_distances(answers: FloatArray) -> FloatArray:
    """Squared distance (n,) of each response from the centre of all, in units of their covariance.

    A missing answer counts as the mean of its item. About chi-squared with k degrees of freedom (Meade, Craig 2012).
    Refuses with SurveyProblem items that are linearly dependent or answered alike by everybody.
    """
    refuse_if_any(_answered_faults(answers))
    centred = answers - np.nanmean(answers, axis=0)
    centred[np.isnan(centred)] = 0.0
    covariance = centred.T @ centred / (len(answers) - 1)
    if np.linalg.matrix_rank(covariance, hermitian=True) < len(covariance):
        refuse_if_any([Problem("answers", "items are linearly dependent or constant; distances have no meaning")])
    distances: FloatArray = (centred @ np.linalg.inv(covariance) * centred).sum(axis=1)
    return distances


def even_odd_inconsistency(answers: FloatArray, subscales: Sequence[int]) -> FloatArray:
    """Inconsistency (n,) between the even and the odd items of all subscales, from -1 (none) to 1.

    `subscales` are the numbers of items of consecutive scales. The correlation of the two halves over the scales,
    corrected by Spearman and Brown and negated, so that high means careless. Not a number where a half never varies.
    Refuses with SurveyProblem: fewer than two subscales, of fewer than two items, or that do not make up all items.
    """
    refuse_if_any(_subscale_faults(answers, subscales))
    ends = np.cumsum(subscales)
    blocks = [answers[:, end - size : end] for size, end in zip(subscales, ends, strict=True)]
    odd = np.column_stack([_row_means(block[:, 0::2]) for block in blocks])
    even = np.column_stack([_row_means(block[:, 1::2]) for block in blocks])
    correlation = _row_correlations(even, odd)
    with np.errstate(divide="ignore"):
        return -np.maximum(2 * correlation / (1 + correlation), -1.0)


def synonym_consistency(answers: FloatArray, synonyms_from: float = 0.6) -> FloatArray:
    """Correlation (n,) between a respondent's answers to pairs of items that go together in the sample.

    Pairs are all that correlate above `synonyms_from`; low means careless. Not a number where a respondent answered
    fewer than three pairs or one side never varies. Refuses with SurveyProblem if no pair correlates so.
    """
    refuse_if_any(_answered_faults(answers))
    first, second = np.nonzero(np.tril(_pairwise_correlations(answers) > synonyms_from, k=-1))
    refuse_if_any([] if len(first) else [Problem("answers", f"no two items correlate above {synonyms_from:g}")])
    left, right = answers[:, first], answers[:, second]
    pairs = np.count_nonzero(~np.isnan(left) & ~np.isnan(right), axis=1)
    return np.where(pairs > 2, _row_correlations(left, right), np.nan)


def straightlined_batteries(answers: FloatArray, batteries: Sequence[Sequence[int]]) -> IntArray:
    """In how many batteries (n,), given as positions of items, all answers are there and the same."""
    alike = [np.ptp(answers[:, list(battery)], axis=1) == 0 for battery in batteries]
    return np.sum(alike, axis=0, dtype=np.int64) if alike else np.zeros(len(answers), dtype=np.int64)


def contradictions(points: FloatArray, pairs: Sequence[OppositePair], tolerance: float = 50.0) -> IntArray:
    """How many pairs (n,) of items contradict each other, from points (n, k) of 0–100.

    Two items that say the same contradict where they lie more than `tolerance` apart; opposite items where one lies
    so far from the mirror image of the other. A missing answer contradicts nothing.
    """
    count = np.zeros(len(points), dtype=np.int64)
    for pair in pairs:
        first, second = points[:, pair.first], points[:, pair.second]
        count += np.abs(first - (100 - second if pair.opposite else second)) > tolerance
    return count


def closest_matches(answers: FloatArray) -> FloatArray:
    """Share (n,) of items on which a response equals the one most like it, 0–1 (Kuriakose and Robbins 2016).

    Refuses with SurveyProblem more than 20,000 responses: compare them within interviewers or regions.
    """
    rows, items = answers.shape
    refuse_if_any([] if rows <= MOST_COMPARED else [Problem("answers", f"{rows} responses; at most {MOST_COMPARED}")])
    codes = np.concatenate([_indicator_columns(column) for column in answers.T], axis=1)
    closest = np.zeros(rows)
    for start in range(0, rows, _ROWS_AT_ONCE):
        equal = codes[start : start + _ROWS_AT_ONCE] @ codes.T
        own = np.arange(len(equal))
        equal[own, start + own] = 0
        closest[start : start + _ROWS_AT_ONCE] = equal.max(axis=1, initial=0) / items
    return closest


def responses_per_device(devices: ArrayLike) -> IntArray:
    """How many responses (n,) came from the device of each; an empty label is no known device and counts as 1."""
    labels = np.asarray(devices, dtype=np.str_)
    coded = encode(labels)
    return np.where(labels == "", 1, np.bincount(coded.codes)[coded.codes])


def _indicator_columns(column: FloatArray) -> NDArray[np.float32]:
    """One column of 0 and 1 per code; a missing answer equals nothing."""
    codes = np.unique(column[~np.isnan(column)])
    return np.equal(column[:, None], codes).astype(np.float32)


def _row_means(block: FloatArray) -> FloatArray:
    there = ~np.isnan(block)
    sums, count = np.where(there, block, 0.0).sum(axis=1), there.sum(axis=1)
    means: FloatArray = np.divide(sums, count, out=np.full(len(block), np.nan), where=count > 0)
    return means


def _row_correlations(left: FloatArray, right: FloatArray) -> FloatArray:
    """Correlation (n,) of two rows over the places where both are there; not a number where one does not vary."""
    there = ~np.isnan(left) & ~np.isnan(right)
    first, second = (_row_deviations(part, there) for part in (left, right))
    spread = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    correlations: FloatArray = np.divide(
        (first * second).sum(axis=1), spread, out=np.full(len(left), np.nan), where=spread > 1e-12
    )
    return correlations


def _row_deviations(part: FloatArray, there: BoolArray) -> FloatArray:
    mean = np.where(there, part, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return np.where(there, part - mean[:, None], 0.0)


def _pairwise_correlations(answers: FloatArray) -> FloatArray:
    """Correlations (k, k) of items over the responses that have both, as R computes them."""
    there = (~np.isnan(answers)).astype(np.float64)
    filled = np.nan_to_num(answers)
    count, sums, squares = there.T @ there, filled.T @ there, (filled**2).T @ there
    cross = filled.T @ filled - sums * sums.T / count
    variance = squares - sums**2 / count
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations: FloatArray = cross / np.sqrt(variance * variance.T)
    return correlations


def _answered_faults(answers: FloatArray) -> Iterator[Problem]:
    for item in np.flatnonzero(np.isnan(answers).all(axis=0)):
        yield Problem(f"item {item}", "nobody answered it")


def _subscale_faults(answers: FloatArray, subscales: Sequence[int]) -> Iterator[Problem]:
    if len(subscales) < 2:
        yield Problem("subscales", f"at least 2 are expected, not {len(subscales)}")
    if any(size < 2 for size in subscales):
        yield Problem("subscales", f"each needs at least 2 items, not {min(subscales)}")
    if sum(subscales) != answers.shape[1]:
        yield Problem("subscales", f"they have {sum(subscales)} items together, the answers {answers.shape[1]}")
