"""One set of weights out of a judged and a measured one, and how much the choice of weights matters to the index."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, refuse_if_any

SUM_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class CombinedWeights:
    """Shares (k,): `alpha` times the subjective ones and the rest the objective ones, all three to be shown."""

    names: tuple[str, ...]
    weights: FloatArray
    alpha: float
    subjective: FloatArray
    objective: FloatArray


@dataclass(frozen=True, slots=True)
class IndexSensitivity:
    """Range of an index while each weight moves within ± `perturbation` of itself and all are rescaled to sum to 1.

    `lowest` and `highest` are the exact extremes over all weights at once; `low` and `high` (k,) move one weight alone.
    """

    names: tuple[str, ...]
    index: float
    perturbation: float
    lowest: float
    highest: float
    low: FloatArray
    high: FloatArray


def combine_weights(
    names: Sequence[str], subjective: FloatArray, objective: FloatArray, alpha: float
) -> CombinedWeights:
    """Mix two sets of shares (k,): alpha · subjective + (1 − alpha) · objective.

    Refuses with SurveyProblem: alpha outside 0–1, other lengths, shares that are negative or do not sum to 1.
    """
    refuse_if_any(_share_faults("subjective", names, subjective))
    refuse_if_any(_share_faults("objective", names, objective))
    refuse_if_any([] if 0 <= alpha <= 1 else [Problem("alpha", f"0 to 1 is expected, not {alpha}")])
    mixed = alpha * subjective + (1 - alpha) * objective
    return CombinedWeights(tuple(names), mixed, alpha, subjective, objective)


def index_sensitivity(
    names: Sequence[str], weights: FloatArray, scores: FloatArray, perturbation: float = 0.1
) -> IndexSensitivity:
    """How far the index Σ weight · score can move if the weights (k,) are only known to within a share of themselves.

    Scores (k,) in points, so the range is in points. Refuses with SurveyProblem: a perturbation not from 0 to below 1,
    other lengths, scores that are missing, weights that are negative or do not sum to 1.
    """
    refuse_if_any(_share_faults("weights", names, weights))
    refuse_if_any(_score_faults(names, scores, perturbation))
    alone = np.stack([_one_moved(weights, scores, factor) for factor in (1 - perturbation, 1 + perturbation)])
    return IndexSensitivity(
        names=tuple(names),
        index=float(weights @ scores),
        perturbation=perturbation,
        lowest=-_highest(weights, -scores, perturbation),
        highest=_highest(weights, scores, perturbation),
        low=alone.min(axis=0),
        high=alone.max(axis=0),
    )


def _one_moved(weights: FloatArray, scores: FloatArray, factor: float) -> FloatArray:
    """The index (k,) after each weight alone is multiplied by the factor and all are rescaled."""
    added = weights * (factor - 1)
    moved: FloatArray = (weights @ scores + added * scores) / (1 + added)
    return moved


def _highest(weights: FloatArray, scores: FloatArray, perturbation: float) -> float:
    """Largest weighted mean: a linear fraction is largest at a corner, the best scores up and the others down."""
    order = np.argsort(-scores, kind="stable")
    share, score = weights[order], scores[order]
    up = np.tri(len(order) + 1, len(order), -1)
    corners = share * np.where(up > 0, 1 + perturbation, 1 - perturbation)
    return float((corners @ score / corners.sum(axis=1)).max())


def _share_faults(place: str, names: Sequence[str], shares: FloatArray) -> Iterator[Problem]:
    if shares.shape != (len(names),):
        yield Problem(place, f"{len(names)} shares are expected, not shape {shares.shape}")
        return
    for name, share in zip(names, shares, strict=True):
        if not share >= 0:
            yield Problem(f"{place} {name}", f"at least 0 is expected, not {share}")
    if abs(shares.sum() - 1) > SUM_TOLERANCE:
        yield Problem(place, f"shares must sum to 1, not {shares.sum():.6g}")


def _score_faults(names: Sequence[str], scores: FloatArray, perturbation: float) -> Iterator[Problem]:
    if not 0 <= perturbation < 1:
        yield Problem("perturbation", f"0 to below 1 is expected, not {perturbation}")
    if scores.shape != (len(names),):
        yield Problem("scores", f"{len(names)} scores are expected, not shape {scores.shape}")
        return
    yield from (
        Problem(f"scores {name}", "missing") for name, score in zip(names, scores, strict=True) if np.isnan(score)
    )
