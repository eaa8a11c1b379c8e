"""The satisfaction index as a weighted tree (加权平均法): scores of every indicator and of every respondent.

The published index is Σ (global weight · leaf mean); respondents' scores serve segments, loyalty and drivers only.
Owns the scores; does not own the weights (`indicator_weights`) nor the variance (`variance`).
Source: the reference procedure of satisfaction measurement (满意度测评工作流程); GB/T 19038, GB/T 19039.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from domain.surveys.arrays import BoolArray, FloatArray, encode
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.indicators import AnswerScale, Indicator, IndicatorTree, ScaleMap
from domain.surveys.variance.design import SurveyDesign
from domain.surveys.variance.estimates import degrees_of_freedom, estimate_mean
from domain.surveys.variance.intervals import Interval, t_interval
from domain.surveys.variance.taylor import taylor_covariance

SOUND_FROM = 30
SHOWN_FROM = 5
SCORE_NEEDS_WEIGHT = 0.5
"""A respondent's score needs answers to leaves that carry at least this share of the tree's weight."""

FIVE_POINTS = AnswerScale(minimum=1, maximum=5)

AnswersByQuestion = Mapping[str, ArrayLike]
"""Columns (n,) of codes by question; not applicable, don't know and skipped are not a number."""


class Reliability(StrEnum):
    """Whether a figure rests on enough respondents to be shown."""

    SOUND = "sound"
    FEW = "few"
    """Under 30: shown with a warning."""
    SUPPRESSED = "suppressed"
    """Under 5: the figure is withheld."""

    @classmethod
    def of(cls, respondents: int) -> "Reliability":
        if respondents < SHOWN_FROM:
            return cls.SUPPRESSED
        return cls.FEW if respondents < SOUND_FROM else cls.SOUND


@dataclass(frozen=True, slots=True)
class Score:
    """A score of 0–100 points from so many respondents, with its error; none of its figures if it is suppressed."""

    respondents: int
    value: float | None
    standard_error: float | None
    interval: Interval | None

    @property
    def reliability(self) -> Reliability:
        return Reliability.of(self.respondents)


@dataclass(frozen=True, slots=True)
class IndicatorScore:
    """The score of one indicator of the tree; `weight` among its siblings, `global_weight` in the index.

    `gap` is what it costs the index that this indicator is not at 100: global weight · (100 - score).
    """

    id: str
    path: str
    is_leaf: bool
    weight: float
    global_weight: float
    score: Score
    gap: float | None


@dataclass(frozen=True, slots=True)
class TreeIndex:
    """The index of a wave and the scores of all indicators, in the order of the tree.

    `by_scale_map` has the index on every scale map that its questions allow: they are not comparable, show both.
    """

    tree: str
    scale_map: ScaleMap
    index: Score
    by_scale_map: dict[ScaleMap, float]
    indicators: tuple[IndicatorScore, ...]

    def priorities(self) -> tuple[IndicatorScore, ...]:
        """The leaves that are shown, by what they cost the index, the dearest first."""
        leaves = [each for each in self.indicators if each.is_leaf and each.gap is not None]
        return tuple(sorted(leaves, key=lambda leaf: (-(leaf.gap or 0.0), leaf.id)))


def compute_tree_index(
    tree: IndicatorTree, answers: AnswersByQuestion, design: SurveyDesign, confidence: float = 0.95
) -> TreeIndex:
    """Index and scores in points of 0–100 from answers (n,) by question and the design of the n respondents.

    A leaf is the weighted mean of its valid answers, a node the weighted mean of its children; errors by Taylor
    linearisation, intervals by t. Refuses with SurveyProblem: a question without column, other lengths, codes that
    are not on the scale, a question that nobody with a weight answered.
    """
    points = leaf_points(tree, answers, design.rows)
    valid = ~np.isnan(points)
    counted = valid & (design.weights > 0)[:, None]
    refuse_if_any(_unanswered(tree, counted))
    means, influence = _leaf_means(points, valid, design.weights)
    contributions = _contributions(tree)
    scores = contributions @ means
    variances = np.diag(taylor_covariance(design, influence @ contributions.T))
    respondents = [np.any(counted[:, row != 0], axis=1) for row in contributions]
    root, *found = (
        _score(design, value, variance, there, confidence)
        for value, variance, there in zip(scores, variances, respondents, strict=True)
    )
    return TreeIndex(
        tree=tree.id,
        scale_map=tree.scale_map,
        index=root,
        by_scale_map={} if root.value is None else _by_scale_map(tree, root.value),
        indicators=tuple(_indicator(*node, score) for node, score in zip(tree.nodes(), found, strict=True)),
    )


def respondent_scores(tree: IndicatorTree, answers: AnswersByQuestion) -> FloatArray:
    """Score (n,) of each respondent in points of 0–100, from answers (n,) by question.

    An unanswered leaf is left out and its siblings count for it; the score is not a number where the answered leaves
    carry less than half of the weight. Refuses with SurveyProblem: a question without column, other lengths, codes
    that are not on the scale.
    """
    points = leaf_points(tree, answers)
    column = {leaf.id: number for number, leaf in enumerate(tree.leaves())}
    answered = ~np.isnan(points) @ np.array(list(tree.leaf_weights().values()))
    enough = answered >= SCORE_NEEDS_WEIGHT - 1e-12
    return np.where(enough, _combined(tree.children, points, column), np.nan)


def score_segments(
    tree: IndicatorTree,
    answers: AnswersByQuestion,
    design: SurveyDesign,
    segments: ArrayLike,
    confidence: float = 0.95,
) -> dict[str, Score]:
    """Mean score of the respondents of each segment (n,) of labels, in the order of the labels.

    Respondents without a score are left out. Refuses with SurveyProblem what `respondent_scores` refuses.
    """
    scores = respondent_scores(tree, answers)
    coded = encode(segments)
    scored = ~np.isnan(scores) & (design.weights > 0)
    return {
        str(label): _segment_score(design, scores, scored & (coded.codes == code), confidence)
        for code, label in enumerate(coded.labels)
    }


def leaf_points(tree: IndicatorTree, answers: AnswersByQuestion, rows: int | None = None) -> FloatArray:
    """Answers as points of 0–100 (n, leaves) by the tree's scale map, leaves in the order of the tree.

    `rows` is how many answers a column must have (the first column's if absent). Refuses with SurveyProblem: a
    question without column, other lengths, codes that are not on the scale.
    """
    leaves = tree.leaves()
    questions = [leaf.question or "" for leaf in leaves]
    refuse_if_any(Problem(name, "the answers have no such column") for name in questions if name not in answers)
    columns = [np.asarray(answers[name], dtype=np.float64) for name in questions]
    expected = (len(columns[0]) if rows is None else rows,)
    refuse_if_any(
        Problem(name, f"{expected[0]} rows are expected, not shape {column.shape}")
        for name, column in zip(questions, columns, strict=True)
        if column.shape != expected
    )
    leaf_columns = list(zip(leaves, columns, strict=True))
    refuse_if_any(
        fault for leaf, column in leaf_columns for fault in code_faults(leaf.question or "", column, leaf.scale)
    )
    return np.column_stack([_points(column, leaf.scale, tree.scale_map) for leaf, column in leaf_columns])


def on_scale_map(value: float, used: ScaleMap, wanted: ScaleMap) -> float:
    """A score of five-point questions on the other scale map: minmax = (likert_x20 - 20) · 1.25."""
    if used is wanted:
        return value
    return (value - 20) * 1.25 if wanted is ScaleMap.MINMAX else value / 1.25 + 20


def code_faults(question: str, codes: FloatArray, scale: AnswerScale) -> Iterator[Problem]:
    """The first answers (n,) that are neither missing nor a whole code of the scale."""
    faulty = ~np.isnan(codes) & ((codes < scale.minimum) | (codes > scale.maximum) | (codes != np.floor(codes)))
    for row in np.flatnonzero(faulty)[:20]:
        expected = f"a code from {scale.minimum} to {scale.maximum} is expected"
        yield Problem(f"{question}[{row}]", f"{expected}, not {codes[row]:g}")


def _points(codes: FloatArray, scale: AnswerScale, scale_map: ScaleMap) -> FloatArray:
    if scale_map is ScaleMap.LIKERT_X20:
        return codes * 20
    points: FloatArray = (codes - scale.minimum) / (scale.maximum - scale.minimum) * 100
    return points


def _leaf_means(points: FloatArray, valid: BoolArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Means (leaves,) and the influence (n, leaves) of each respondent on them, per unit of weight."""
    mass = weights @ valid
    means = weights @ np.where(valid, points, 0.0) / mass
    return means, np.where(valid, points - means, 0.0) / mass


def _contributions(tree: IndicatorTree) -> FloatArray:
    """Weight of each leaf in the index (first row) and in each indicator of the tree (1 + indicators, leaves)."""
    place = {leaf.id: number for number, leaf in enumerate(tree.leaves())}
    rows = [_shares(tree.children, place), *(_shares((node,), place) / node.weight for _, _, node in tree.nodes())]
    return np.array(rows)


def _shares(siblings: Sequence[Indicator], place: Mapping[str, int]) -> FloatArray:
    shares = np.zeros(len(place))
    for node in siblings:
        if node.is_leaf:
            shares[place[node.id]] += node.weight
        else:
            shares += node.weight * _shares(node.children, place)
    return shares


def _combined(siblings: Sequence[Indicator], points: FloatArray, column: Mapping[str, int]) -> FloatArray:
    """Weighted mean (n,) of the siblings that a respondent answered; not a number where that is none."""
    total, weight = np.zeros(len(points)), np.zeros(len(points))
    for node in siblings:
        score = points[:, column[node.id]] if node.is_leaf else _combined(node.children, points, column)
        there = ~np.isnan(score)
        total += np.where(there, node.weight * score, 0.0)
        weight += np.where(there, node.weight, 0.0)
    combined: FloatArray = np.divide(total, weight, out=np.full(len(points), np.nan), where=weight > 0)
    return combined


def _score(design: SurveyDesign, value: float, variance: float, there: BoolArray, confidence: float) -> Score:
    respondents = int(there.sum())
    if Reliability.of(respondents) is Reliability.SUPPRESSED:
        return Score(respondents, None, None, None)
    error = float(np.sqrt(variance))
    interval = t_interval(float(value), error, degrees_of_freedom(design, there), confidence)
    return Score(respondents, float(value), error, interval)


def _segment_score(design: SurveyDesign, scores: FloatArray, inside: BoolArray, confidence: float) -> Score:
    respondents = int(inside.sum())
    if Reliability.of(respondents) is Reliability.SUPPRESSED:
        return Score(respondents, None, None, None)
    mean = estimate_mean(design, scores, inside)
    interval = t_interval(mean.value, mean.standard_error, mean.degrees_of_freedom, confidence)
    return Score(respondents, mean.value, mean.standard_error, interval)


def _indicator(path: str, global_weight: float, node: Indicator, score: Score) -> IndicatorScore:
    return IndicatorScore(
        id=node.id,
        path=path,
        is_leaf=node.is_leaf,
        weight=node.weight,
        global_weight=global_weight,
        score=score,
        gap=None if score.value is None else global_weight * (100 - score.value),
    )


def _by_scale_map(tree: IndicatorTree, index: float) -> dict[ScaleMap, float]:
    five_points = all(leaf.scale == FIVE_POINTS for leaf in tree.leaves())
    wanted = tuple(ScaleMap) if five_points else (tree.scale_map,)
    return {scale_map: on_scale_map(index, tree.scale_map, scale_map) for scale_map in wanted}


def _unanswered(tree: IndicatorTree, counted: BoolArray) -> Iterator[Problem]:
    for leaf, there in zip(tree.leaves(), np.any(counted, axis=0), strict=True):
        if not there:
            yield Problem(leaf.question or leaf.id, f"nobody with a weight answered it, so {leaf.id} has no score")
