"""Outer weights of a path model, for one covariance matrix or for a batch of them at once.

Works on covariances (B, p, p) alone, so that the cost does not depend on the number of respondents and the replicates
of a bootstrap are estimated side by side. Source: Wold 1982; Lohmöller, Latent Variable Path Modeling with PLS, 1989.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np

from domain.surveys.arrays import BoolArray, FloatArray, IntArray
from domain.surveys.path_model.document import InnerScheme, Mode, PathModel

ITERATION_LIMIT = 300
_DEPENDENT = 1e-13
"""Determinant of a correlation matrix from which on its variables count as linearly dependent."""


class StoppingRule(StrEnum):
    """When the weights count as settled."""

    LARGEST_CHANGE = "largest_change"
    """No weight of a standardised item, scores having variance 1, moved by 1e-7."""
    PLSPM = "plspm"
    """The rule of R plspm: squared changes of the raw outer weights sum to less than 1e-6. Stops earlier."""


_TOLERANCES = {StoppingRule.LARGEST_CHANGE: 1e-7, StoppingRule.PLSPM: 1e-6}


@dataclass(frozen=True, slots=True)
class OuterWeights:
    """Weights (B, p) that give every score variance 1 and most loadings a positive sign, and how they were reached.

    Where `settled` (B,) is false the weights are not a number: they did not settle, or items are linearly dependent.
    `spread` (B, p, J) is the covariance of the items with the scores.
    """

    weights: FloatArray
    spread: FloatArray
    settled: BoolArray
    iterations: IntArray


@dataclass(frozen=True, slots=True)
class Layout:
    """The model as arrays: construct of each item (p,), membership (p, J), paths and neighbours (J, J)."""

    blocks: IntArray
    membership: FloatArray
    paths: BoolArray
    neighbours: BoolArray
    formative: tuple[IntArray, ...]
    scheme: InnerScheme

    @classmethod
    def of(cls, model: PathModel) -> Self:
        blocks, paths = model.blocks(), model.paths()
        modes = [construct.mode for construct in model.constructs]
        formative = tuple(np.flatnonzero(blocks == number) for number, mode in enumerate(modes) if mode is Mode.B)
        return cls(blocks, np.eye(len(modes))[blocks], paths, paths | paths.T, formative, model.scheme)

    def regressions(self) -> Iterator[tuple[int, IntArray]]:
        """Each driven construct with its drivers, as positions."""
        for driven in np.flatnonzero(self.paths.any(axis=1)):
            yield int(driven), np.flatnonzero(self.paths[driven])

    def correlations(self, weights: FloatArray, spread: FloatArray) -> FloatArray:
        """Correlations (B, J, J) of the scores from weights (B, p) and the items' covariance with the scores."""
        return np.swapaxes(weights[:, :, None] * self.membership, 1, 2) @ spread


@np.errstate(divide="ignore", invalid="ignore")
def estimate_outer_weights(
    layout: Layout, covariances: FloatArray, rule: StoppingRule = StoppingRule.LARGEST_CHANGE
) -> OuterWeights:
    """Iterate outer and inner estimation on each covariance matrix (B, p, p) until its weights settle."""
    count, size = covariances.shape[:2]
    final, iterations = np.full((count, size), np.nan), np.full(count, ITERATION_LIMIT)
    active: IntArray = np.arange(count)
    matrices = covariances
    weights, spread = _normalised(layout, matrices, np.ones((count, size)))
    raw = weights
    for iteration in range(1, ITERATION_LIMIT + 1):
        before, raw = (weights, raw), _outer_step(layout, matrices, weights, spread)
        weights, spread = _normalised(layout, matrices, raw)
        going = _still_moving(rule, matrices, before, (weights, raw))
        done = active[~going]
        final[done], iterations[done] = weights[~going], iteration
        if not going.any():
            break
        if len(done):
            active, matrices = active[going], matrices[going]
            weights, spread, raw = weights[going], spread[going], raw[going]
    return _oriented(layout, covariances, final, iterations)


@np.errstate(invalid="ignore")
def regress(correlations: FloatArray, response: FloatArray) -> FloatArray:
    """Coefficients (B, k) of standardised regressions; not a number where the regressors are linearly dependent."""
    independent: BoolArray = np.linalg.det(correlations) > _DEPENDENT
    usable = np.where(independent[:, None, None], correlations, np.eye(correlations.shape[1]))
    solved = np.linalg.solve(usable, response[:, :, None])[:, :, 0]
    return np.where(independent[:, None], solved, np.nan)


def _still_moving(
    rule: StoppingRule,
    covariances: FloatArray,
    before: tuple[FloatArray, FloatArray],
    after: tuple[FloatArray, FloatArray],
) -> BoolArray:
    """Compares normalised and raw weights (B, p); one that is not a number does not move any more."""
    (weights_before, raw_before), (weights, raw) = before, after
    if rule is StoppingRule.PLSPM:
        moved = ((np.abs(raw) - np.abs(raw_before)) ** 2).sum(axis=1)
    else:
        deviations = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
        moved = (np.abs(np.abs(weights) - np.abs(weights_before)) * deviations).max(axis=1)
    moving: BoolArray = moved >= _TOLERANCES[rule]
    return moving


def _normalised(layout: Layout, covariances: FloatArray, raw: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weights that give every score variance 1, and the covariance of the items with those scores."""
    by_construct = raw[:, :, None] * layout.membership
    spread: FloatArray = covariances @ by_construct
    scale = 1 / np.sqrt((by_construct * spread).sum(axis=1))
    return raw * scale[:, layout.blocks], spread * scale[:, None, :]


def _outer_step(layout: Layout, covariances: FloatArray, weights: FloatArray, spread: FloatArray) -> FloatArray:
    """One round: inner estimate of each construct from its neighbours, then new weights of its items."""
    scores = layout.correlations(weights, spread)
    inner = _inner_weights(layout, scores)
    scale = 1 / np.sqrt((inner * (scores @ inner)).sum(axis=1))
    with_inner: FloatArray = ((spread @ (inner * scale[:, None, :])) * layout.membership).sum(axis=2)
    raw = with_inner.copy()
    for block in layout.formative:
        raw[:, block] = _formative_weights(covariances[:, block[:, None], block], with_inner[:, block])
    return raw


def _inner_weights(layout: Layout, scores: FloatArray) -> FloatArray:
    """Weight (B, J, J) of each construct (row) in the inner estimate of another (column)."""
    match layout.scheme:
        case InnerScheme.CENTROID:
            return np.sign(scores) * layout.neighbours
        case InnerScheme.FACTORIAL:
            return scores * layout.neighbours
        case InnerScheme.PATH:
            return _path_weights(layout, scores)


def _path_weights(layout: Layout, scores: FloatArray) -> FloatArray:
    """Drivers count by their regression coefficient, driven constructs by their correlation."""
    inner = scores * layout.paths
    for driven, drivers in layout.regressions():
        inner[:, drivers, driven] = regress(scores[:, drivers[:, None], drivers], scores[:, drivers, driven])
    return inner


def _formative_weights(covariances: FloatArray, with_inner: FloatArray) -> FloatArray:
    deviations = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    correlations = covariances / (deviations[:, :, None] * deviations[:, None, :])
    return regress(correlations, with_inner / deviations) / deviations


def _oriented(layout: Layout, covariances: FloatArray, weights: FloatArray, iterations: IntArray) -> OuterWeights:
    weights, spread = _normalised(layout, covariances, weights)
    own = np.sign(spread) * layout.membership
    sign = np.where(own.sum(axis=1) < 0, -1.0, 1.0)
    settled = np.all(np.isfinite(weights), axis=1)
    return OuterWeights(weights * sign[:, layout.blocks], spread * sign[:, None, :], settled, iterations)
