"""How sure the estimates of a path model are: the model on every replicate of the sample at once.

A replicate is the same rows under other weights, so all of them come out of one product: weights (B, n) times the
products of the item columns (n, p(p+1)/2) are B covariance matrices, which are then estimated as a batch.
Owns the resampled estimates; the replicate weights of a design are drawn elsewhere (`variance`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from domain.surveys.arrays import BoolArray, FloatArray
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.path_model.answers import NO_VARIANCE, ItemAnswers
from domain.surveys.path_model.estimation import Layout, estimate_outer_weights
from domain.surveys.path_model.fit import PathModelFit, analysed_matrix
from domain.surveys.path_model.index import unstandardised_shares, weighted_indices
from domain.surveys.path_model.inner import estimate_inner
from domain.surveys.variance.replicates import FACTORS_AT_ONCE, ReplicateWeights


@dataclass(frozen=True, slots=True)
class Resampled:
    """An estimate of any shape with mean, standard error and percentile limits over the replicates, shaped like it."""

    original: FloatArray
    mean: FloatArray
    standard_error: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True, slots=True)
class PathModelBootstrap:
    """Resampled estimates of a model, in the order and shapes of `PathModelFit`; `indices` (J,) on 0–100.

    `failed` of the `replicates` did not settle or had an item without variance; they count nowhere.
    """

    replicates: int
    failed: int
    weights: Resampled
    loadings: Resampled
    paths: Resampled
    r_squared: Resampled
    total_effects: Resampled
    indices: Resampled


def bootstrap_path_model(
    fit: PathModelFit,
    answers: Mapping[str, FloatArray],
    replicates: ReplicateWeights,
    confidence: float = 0.95,
) -> PathModelBootstrap:
    """Estimate a fitted model again under the B replicates of a bootstrap (`variance.replicates.rao_wu_bootstrap`).

    `answers` are those of the fit, n rows each. Refuses with SurveyProblem: what `ItemAnswers.of` refuses, replicates
    of another number of rows, fewer than two usable replicates.
    Source: Efron 1979; Rao, Wu and Yue 1992 for designs.
    """
    admitted = ItemAnswers.of(fit.model, answers, means=fit.means)
    refuse_if_any(_length_faults(admitted, replicates))
    drawn = _estimates(fit, *_moments(admitted, replicates))
    usable = np.all(np.isfinite(drawn["r_squared"]), axis=1)
    refuse_if_any(_too_few(usable))
    original = _estimates(fit, fit.means[None], fit.covariance[None])
    resampled = {name: _resampled(original[name][0], drawn[name][usable], confidence) for name in drawn}
    return PathModelBootstrap(replicates=len(usable), failed=int((~usable).sum()), **resampled)


def _moments(admitted: ItemAnswers, replicates: ReplicateWeights) -> tuple[FloatArray, FloatArray]:
    """Means (B, p) and covariances (B, p, p) of the items under each replicate."""
    size = len(admitted.columns)
    left, right = np.triu_indices(size)
    sums, mass = np.zeros((replicates.replicates, size + len(left))), np.zeros(replicates.replicates)
    for rows, deviation in admitted.centred(max(FACTORS_AT_ONCE // replicates.replicates, 1)):
        weights = replicates.weights_of(rows)
        sums += weights @ np.concatenate([deviation, deviation[left] * deviation[right]]).T
        mass += weights.sum(axis=1)
    sums /= mass[:, None]
    position = np.empty((size, size), dtype=np.int64)
    position[left, right] = position[right, left] = np.arange(size, size + len(left))
    shift = sums[:, :size]
    return admitted.means + shift, sums[:, position] - shift[:, :, None] * shift[:, None, :]


def _estimates(fit: PathModelFit, means: FloatArray, covariances: FloatArray) -> dict[str, FloatArray]:
    """The estimates (b, …) by name; not a number where they failed."""
    model, layout = fit.model, Layout.of(fit.model)
    constant = np.any(np.diagonal(covariances, axis1=1, axis2=2) <= NO_VARIANCE, axis=1)
    covariances = np.where(constant[:, None, None], np.nan, covariances)
    analysed = analysed_matrix(model, covariances)
    outer = estimate_outer_weights(layout, analysed, fit.rule)
    inner = estimate_inner(layout, layout.correlations(outer.weights, outer.spread))
    own = np.take_along_axis(outer.spread, layout.blocks[None, :, None], axis=2)[:, :, 0]
    return {
        "weights": outer.weights,
        "loadings": own / np.sqrt(np.diagonal(analysed, axis1=1, axis2=2)),
        "paths": inner.paths,
        "r_squared": inner.r_squared,
        "total_effects": inner.total_effects,
        "indices": weighted_indices(model, unstandardised_shares(model, outer.weights, covariances), means),
    }


def _resampled(original: FloatArray, drawn: FloatArray, confidence: float) -> Resampled:
    lower, upper = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return Resampled(original, drawn.mean(axis=0), drawn.std(axis=0, ddof=1), lower, upper)


def _length_faults(admitted: ItemAnswers, replicates: ReplicateWeights) -> Iterator[Problem]:
    if len(replicates.unit) != len(admitted.weights):
        yield Problem("replicates", f"{len(admitted.weights)} rows are expected, not {len(replicates.unit)}")


def _too_few(usable: BoolArray) -> Iterator[Problem]:
    if usable.sum() < 2:
        yield Problem("replicates", f"at least two usable ones are expected, not {usable.sum()} of {len(usable)}")
