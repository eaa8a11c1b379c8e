"""Constructs on a scale of 0–100: the indices of a wave and the scores of its respondents.

Owns the way from latent scores back to the units of the answers (Fornell and others 1996, the ACSI's formula).
"""

from collections.abc import Iterator, Mapping

import numpy as np

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.path_model.document import PathModel, Scaling
from domain.surveys.path_model.fit import PathModelFit

SCORE_NEEDS_WEIGHT = 0.5
"""A respondent's score needs answers to items that carry at least this share of the construct's weight."""


def construct_indices(fit: PathModelFit) -> FloatArray:
    """Index (J,) of each construct: 0 if everybody gave the worst answer to all its items, 100 the best.

    (Σw·mean − minimum) / (maximum − minimum) · 100 with unstandardised weights that sum to 1.
    Refuses with SurveyProblem what `index_weights` refuses.
    """
    return weighted_indices(fit.model, index_weights(fit), fit.means)


def index_weights(fit: PathModelFit) -> FloatArray:
    """Weight (p,) of each item in the index of its construct, in units of the answers; they sum to 1 per construct.

    Refuses with SurveyProblem an item of negative weight: the index would fall as the answers get better.
    """
    shares = unstandardised_shares(fit.model, fit.weights, fit.covariance)
    refuse_if_any(_negative_shares(fit, shares))
    return shares


def construct_scores(fit: PathModelFit, answers: Mapping[str, FloatArray]) -> FloatArray:
    """Scores (n, J) of 0–100 for each respondent, from answers by item name (n rows each).

    A missing answer is left out and the other items of the construct count for it; the score is not a number where
    the answered items carry less than half of the weight. Refuses with SurveyProblem what `index_weights` refuses.
    """
    shares = index_weights(fit)
    points = _points(fit.model, np.column_stack([answers[item] for item in fit.model.items]))
    there = ~np.isnan(points)
    membership = np.eye(len(fit.model.constructs))[fit.model.blocks()] * shares[:, None]
    answered = there @ membership
    summed = np.where(there, points, 0.0) @ membership
    known = answered >= SCORE_NEEDS_WEIGHT
    scores: FloatArray = np.divide(summed, answered, out=np.full(summed.shape, np.nan), where=known)
    return scores


def unstandardised_shares(model: PathModel, weights: FloatArray, covariance: FloatArray) -> FloatArray:
    """Weights (…, p) in units of the answers, divided by their sum per construct, given the items' (…, p, p)."""
    if model.scaling is Scaling.STANDARDISED:
        weights = weights / np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    blocks = model.blocks()
    sums = weights @ np.eye(len(model.constructs))[blocks]
    shares: FloatArray = weights / sums[..., blocks]
    return shares


def weighted_indices(model: PathModel, shares: FloatArray, means: FloatArray) -> FloatArray:
    """Indices (…, J) from shares (…, p) that sum to 1 per construct and means (…, p) of the answers."""
    indices: FloatArray = (shares * _points(model, means)) @ np.eye(len(model.constructs))[model.blocks()]
    return indices


def _points(model: PathModel, answers: FloatArray) -> FloatArray:
    """Answers (…, p) on 0–100 by the scale of their construct."""
    worst = np.array([construct.scale.minimum for construct in model.constructs])[model.blocks()]
    best = np.array([construct.scale.maximum for construct in model.constructs])[model.blocks()]
    points: FloatArray = (answers - worst) / (best - worst) * 100
    return points


def _negative_shares(fit: PathModelFit, shares: FloatArray) -> Iterator[Problem]:
    for item, share, block in zip(fit.model.items, shares, fit.model.blocks(), strict=True):
        if share < 0:
            yield Problem(
                item, f"its weight in {fit.model.names[block]} is {share:.3f}; an index needs weights of at least 0"
            )
