"""Why an index changed between two waves: other scores, another mix of customers, or other weights of indicators.

The index is Σ over segments and leaves of weight · share · score. Each factor's effect is its Shapley value: what it
changes, averaged over all orders in which the three could have changed, so that the effects sum to the change exactly
and none depends on an order (Shapley 1953; Sun 1998 for decompositions of indices).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from domain.surveys.arrays import FloatArray, IntArray
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.indicators import IndicatorTree
from domain.surveys.tree_index import AnswersByQuestion, leaf_points


@dataclass(frozen=True, slots=True)
class Composition:
    """What one wave's index is made of, for L leaves and G segments.

    `weights` (L,) sum to 1; `shares` (G, L) of each segment among those who answered the leaf sum to 1 over the
    segments; `scores` (G, L) in points, not a number where a segment did not answer.
    """

    leaves: tuple[str, ...]
    segments: tuple[str, ...]
    weights: FloatArray
    shares: FloatArray
    scores: FloatArray

    @classmethod
    def of(cls, tree: IndicatorTree, answers: AnswersByQuestion, weights: FloatArray, segments: ArrayLike) -> Self:
        """Take a wave apart by its answers by question, survey weights (n,) and segments (n,) of labels.

        Refuses with SurveyProblem what `tree_index.leaf_points` refuses, segments of another length, a question that
        nobody with a weight answered.
        """
        points = leaf_points(tree, answers, len(weights))
        labels, codes = np.unique(np.asarray(segments, dtype=np.str_), return_inverse=True)
        refuse_if_any(_segment_faults(codes, len(weights)))
        member = (codes[:, None] == np.arange(len(labels))) * weights[:, None]
        mass = member.T @ ~np.isnan(points)
        refuse_if_any(
            Problem(leaf.question or leaf.id, "nobody with a weight answered it")
            for leaf, total in zip(tree.leaves(), mass.sum(axis=0), strict=True)
            if total <= 0
        )
        sums = member.T @ np.nan_to_num(points)
        return cls(
            leaves=tuple(tree.leaf_weights()),
            segments=tuple(str(label) for label in labels),
            weights=np.array(list(tree.leaf_weights().values())),
            shares=mass / mass.sum(axis=0),
            scores=np.divide(sums, mass, out=np.full(mass.shape, np.nan), where=mass > 0),
        )

    @property
    def index(self) -> float:
        """Σ weight · share · score: the published index."""
        return float((self.weights * self.shares * np.nan_to_num(self.scores)).sum())


@dataclass(frozen=True, slots=True)
class ChangeOfIndex:
    """A change in points and the three effects that sum to it; the score effect also by leaf and by segment.

    Segments that are there in one wave only count with that wave's scores, so that their coming or going is mix.
    """

    change: float
    score_effect: float
    mix_effect: float
    weight_effect: float
    score_effect_by_leaf: dict[str, float]
    score_effect_by_segment: dict[str, float]


def decompose_change(before: Composition, after: Composition) -> ChangeOfIndex:
    """Split the change of an index between two waves of the same tree into score, mix and weight effects.

    Leaves and segments may differ. Refuses with SurveyProblem waves that share no leaf.
    """
    refuse_if_any([] if set(before.leaves) & set(after.leaves) else [Problem("leaves", "the waves share none")])
    leaves = tuple(dict.fromkeys((*before.leaves, *after.leaves)))
    segments = tuple(dict.fromkeys((*before.segments, *after.segments)))
    first, second = (_aligned(wave, leaves, segments) for wave in (before, after))
    weights, shares, scores = (_known_in_either(old, new) for old, new in zip(first, second, strict=True))
    by_score = _effect(scores, weights, shares)
    return ChangeOfIndex(
        change=after.index - before.index,
        score_effect=float(by_score.sum()),
        mix_effect=float(_effect(shares, weights, scores).sum()),
        weight_effect=float(_effect(weights, shares, scores).sum()),
        score_effect_by_leaf=dict(zip(leaves, by_score.sum(axis=0).tolist(), strict=True)),
        score_effect_by_segment=dict(zip(segments, by_score.sum(axis=1).tolist(), strict=True)),
    )


Pair = tuple[FloatArray, FloatArray]
"""A factor (G, L) before and after."""


def _effect(factor: Pair, one: Pair, other: Pair) -> FloatArray:
    """Shapley value (G, L) of a factor in a product of three.

    In two of six orders the others are both as before, in two both as after, in one each way mixed.
    """
    changed = factor[1] - factor[0]
    mixed = one[0] * other[1] + one[1] * other[0]
    return changed * (2 * one[0] * other[0] + mixed + 2 * one[1] * other[1]) / 6


def _aligned(
    wave: Composition, leaves: tuple[str, ...], segments: tuple[str, ...]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weights, shares and scores (G, L) over all leaves and segments of both waves; not a number where unknown."""
    rows = [segments.index(name) for name in wave.segments]
    columns = [leaves.index(name) for name in wave.leaves]
    shape = (len(segments), len(leaves))
    weights, shares, scores = np.zeros(shape), np.full(shape, np.nan), np.full(shape, np.nan)
    weights[:, columns] = wave.weights
    shares[:, columns] = 0.0
    shares[np.ix_(rows, columns)] = wave.shares
    scores[np.ix_(rows, columns)] = wave.scores
    return weights, shares, scores


def _known_in_either(before: FloatArray, after: FloatArray) -> Pair:
    """What only one wave knows holds for the other as well; what neither knows has no share and counts as 0."""
    first, second = np.where(np.isnan(before), after, before), np.where(np.isnan(after), before, after)
    return np.nan_to_num(first), np.nan_to_num(second)


def _segment_faults(codes: IntArray, rows: int) -> Iterator[Problem]:
    if len(codes) != rows:
        yield Problem("segments", f"{rows} rows are expected, not {len(codes)}")
