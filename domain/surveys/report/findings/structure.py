"""The findings of a path model: indices, effects in points, reliability, priorities, segments, how sure they are."""

from dataclasses import dataclass

import numpy as np
from numpy.random import default_rng

from domain.surveys.arrays import FloatArray, encode
from domain.surveys.path_model.bootstrap import PathModelBootstrap, bootstrap_path_model
from domain.surveys.path_model.document import InnerScheme, PathModel, Scaling
from domain.surveys.path_model.fit import (
    PathModelFit,
    PathRegression,
    fit_path_model,
    goodness_of_fit,
    path_regressions,
)
from domain.surveys.path_model.index import construct_indices, construct_scores, index_weights
from domain.surveys.path_model.reliability import ConstructReliability, construct_reliability, heterotrait_monotrait
from domain.surveys.report.findings.matrix import Matrix, matrix_of
from domain.surveys.report.findings.priorities import Priority
from domain.surveys.report.findings.responses import Responses
from domain.surveys.tree_index import SHOWN_FROM, Score
from domain.surveys.variance.design import SurveyDesign
from domain.surveys.variance.estimates import estimate_mean
from domain.surveys.variance.intervals import Interval, t_interval
from domain.surveys.variance.replicates import rao_wu_bootstrap


@dataclass(frozen=True, slots=True)
class StructureFindings:
    """A fitted model of J constructs and p items in the order of the document; `target` is the construct whose index
    is published.

    `indices` by construct; `item_points` (p,) are means on 0–100; `index_shares` (p,) the weight of each item in the
    index of its construct; `effects` (J, J), points of the row's index for a point of the column's, direct and
    indirect; `scores` (n, J) of the respondents; `schemes` the published index under each inner scheme.
    `bootstrap` is none without replicates, and so are the intervals; `goodness_of_fit` is none where every
    construct has a single item.
    """

    fit: PathModelFit
    target: str
    indices: dict[str, Score]
    goodness_of_fit: float | None
    item_points: FloatArray
    index_shares: FloatArray
    effects: FloatArray
    regressions: tuple[PathRegression, ...]
    reliability: tuple[ConstructReliability, ...]
    htmt: FloatArray
    priorities: tuple[Priority, ...]
    matrix: Matrix | None
    scores: FloatArray
    segments: dict[str, dict[str, Score]]
    schemes: dict[InnerScheme, float]
    bootstrap: PathModelBootstrap | None

    @property
    def index(self) -> Score:
        return self.indices[self.target]


def find_in_structure(
    model: PathModel, target: str, responses: Responses, confidence: float, replicates: int, seed: int
) -> StructureFindings:
    """Fit the model and compute what it says, with so many bootstrap replicates (0 for none).

    Refuses with SurveyProblem what `fit_path_model`, `construct_indices` and `bootstrap_path_model` refuse.
    """
    fit = fit_path_model(model, responses.codes, responses.design.weights)
    points, shares, effects = construct_indices(fit), index_weights(fit), effects_in_points(fit)
    resampled = _bootstrap(fit, responses, confidence, replicates, seed)
    indices = _indices(fit, points, resampled)
    scores = construct_scores(fit, responses.codes)
    return StructureFindings(
        fit=fit,
        target=target,
        indices=indices,
        goodness_of_fit=goodness_of_fit(fit) if len(model.items) > len(model.names) else None,
        item_points=_item_points(fit),
        index_shares=shares,
        effects=effects,
        regressions=path_regressions(fit),
        reliability=construct_reliability(fit),
        htmt=heterotrait_monotrait(fit),
        priorities=_priorities(fit, target, shares, effects),
        matrix=_matrix(model, target, effects, indices),
        scores=scores,
        segments={
            attribute: mean_by_label(scores[:, model.names.index(target)], labels, responses.design, confidence)
            for attribute, labels in responses.labels.items()
        },
        schemes={scheme: _index_under(scheme, fit, target, responses) for scheme in InnerScheme},
        bootstrap=resampled,
    )


def effects_in_points(fit: PathModelFit) -> FloatArray:
    """Total effects (J, J) in points of the row's index for a point of the column's.

    Standardised effects times the ratio of the indices' deviations, which follow from scores of variance 1: an index
    is 100 / (range · Σ weights) times the score. Source: importance-performance map analysis, Ringle and Sarstedt,
    Industrial Management & Data Systems 116(9), 2016.
    """
    weights = fit.weights
    if fit.model.scaling is Scaling.STANDARDISED:
        weights = weights / np.sqrt(np.diag(fit.covariance))
    ranges = np.array([construct.scale.maximum - construct.scale.minimum for construct in fit.model.constructs])
    deviations = 100 / (ranges * np.bincount(fit.model.blocks(), weights))
    effects: FloatArray = fit.total_effects * deviations[:, None] / deviations
    return effects


def mean_by_label(scores: FloatArray, labels: FloatArray, design: SurveyDesign, confidence: float) -> dict[str, Score]:
    """Mean score of the respondents of each label (n,), in the order of the labels; none of fewer than five."""
    coded = encode(labels)
    scored = ~np.isnan(scores) & (design.weights > 0)
    found: dict[str, Score] = {}
    for code, label in enumerate(coded.labels):
        inside = scored & (coded.codes == code)
        respondents = int(inside.sum())
        if respondents < SHOWN_FROM:
            found[str(label)] = Score(respondents, None, None, None)
        else:
            mean = estimate_mean(design, scores, inside)
            interval = t_interval(mean.value, mean.standard_error, mean.degrees_of_freedom, confidence)
            found[str(label)] = Score(respondents, mean.value, mean.standard_error, interval)
    return found


def _bootstrap(
    fit: PathModelFit, responses: Responses, confidence: float, replicates: int, seed: int
) -> PathModelBootstrap | None:
    if not replicates:
        return None
    weights = rao_wu_bootstrap(responses.design, replicates, default_rng(seed))
    return bootstrap_path_model(fit, responses.codes, weights, confidence)


def _indices(fit: PathModelFit, points: FloatArray, resampled: PathModelBootstrap | None) -> dict[str, Score]:
    if resampled is None:
        named = zip(fit.model.names, points, strict=True)
        return {name: Score(fit.rows, float(value), None, None) for name, value in named}
    found = resampled.indices
    return {
        name: Score(fit.rows, float(value), float(error), Interval(float(low), float(high)))
        for name, value, error, low, high in zip(
            fit.model.names, points, found.standard_error, found.lower, found.upper, strict=True
        )
    }


def _item_points(fit: PathModelFit) -> FloatArray:
    worst, best = (
        np.array([getattr(construct.scale, end) for construct in fit.model.constructs])[fit.model.blocks()]
        for end in ("minimum", "maximum")
    )
    points: FloatArray = (fit.means - worst) / (best - worst) * 100
    return points


def _priorities(fit: PathModelFit, target: str, shares: FloatArray, effects: FloatArray) -> tuple[Priority, ...]:
    """The items of every construct that does something for the index."""
    blocks = fit.model.blocks()
    of_item = effects[fit.model.names.index(target)][blocks] * shares
    return tuple(
        Priority(item, float(score), float(effect))
        for item, score, effect in zip(fit.model.items, _item_points(fit), of_item, strict=True)
        if effect > 0
    )


def _matrix(model: PathModel, target: str, effects: FloatArray, indices: dict[str, Score]) -> Matrix | None:
    """Of the constructs that do something for the index."""
    of_target = effects[model.names.index(target)]
    drivers = np.flatnonzero(of_target > 0)
    names = [model.names[number] for number in drivers]
    performance = np.array([indices[name].value for name in names], dtype=np.float64)
    errors = np.array([indices[name].standard_error or 0.0 for name in names])
    return matrix_of(names, of_target[drivers], performance, errors)


def _index_under(scheme: InnerScheme, fit: PathModelFit, target: str, responses: Responses) -> float:
    model = fit.model.model_copy(update={"scheme": scheme})
    other = fit_path_model(model, responses.codes, responses.design.weights)
    return float(construct_indices(other)[model.names.index(target)])
