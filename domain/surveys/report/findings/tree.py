"""The findings of an indicator tree: scores, satisfaction rates, priorities, segments, sensitivity, importance."""

from dataclasses import dataclass

import numpy as np

from domain.surveys.errors import SurveyProblem
from domain.surveys.indicator_weights.combination import IndexSensitivity, index_sensitivity
from domain.surveys.indicator_weights.importance import MOST_ITEMS, DerivedImportance, derived_importance
from domain.surveys.indicators import IndicatorTree
from domain.surveys.questionnaire import Role
from domain.surveys.report.findings.matrix import Matrix, matrix_of
from domain.surveys.report.findings.priorities import Priority
from domain.surveys.report.findings.responses import Responses
from domain.surveys.report.subject import Subject
from domain.surveys.secondary import satisfaction_rate
from domain.surveys.tree_index import IndicatorScore, Score, TreeIndex, compute_tree_index, score_segments

PERTURBATION = 0.1


@dataclass(frozen=True, slots=True)
class TreeFindings:
    """`satisfied` are satisfaction rates by leaf; `sensitivity` is none where a leaf is withheld; `segments` by
    attribute and label; `derived` is none without a question on overall satisfaction or where it cannot be computed."""

    tree: IndicatorTree
    index: TreeIndex
    satisfied: dict[str, Score]
    priorities: tuple[Priority, ...]
    matrix: Matrix | None
    sensitivity: IndexSensitivity | None
    segments: dict[str, dict[str, Score]]
    derived: DerivedImportance | None


def find_in_tree(tree: IndicatorTree, subject: Subject, responses: Responses) -> TreeFindings:
    """Compute what the tree says. Refuses with SurveyProblem what `compute_tree_index` refuses."""
    design, confidence = responses.design, subject.options.confidence
    index = compute_tree_index(tree, responses.codes, design, confidence)
    leaves = [each for each in index.indicators if each.is_leaf and each.score.value is not None]
    weights = np.array([leaf.global_weight for leaf in leaves])
    scores = np.array([leaf.score.value for leaf in leaves], dtype=np.float64)
    errors = np.array([leaf.score.standard_error for leaf in leaves], dtype=np.float64)
    names = [leaf.id for leaf in leaves]
    return TreeFindings(
        tree=tree,
        index=index,
        satisfied=_satisfied(tree, subject, responses),
        priorities=tuple(map(_priority, leaves)),
        matrix=matrix_of(names, weights, scores, errors),
        sensitivity=index_sensitivity(names, weights, scores, PERTURBATION) if _is_whole(index) else None,
        segments={
            attribute: score_segments(tree, responses.codes, design, labels, confidence)
            for attribute, labels in responses.labels.items()
        },
        derived=_derived(tree, subject, responses),
    )


def _satisfied(tree: IndicatorTree, subject: Subject, responses: Responses) -> dict[str, Score]:
    return {
        leaf.id: satisfaction_rate(
            leaf.question,
            responses.codes[leaf.question],
            responses.design,
            leaf.scale,
            leaf.scale.maximum - subject.satisfied + 1,
            subject.options.confidence,
        )
        for leaf in tree.leaves()
        if leaf.question is not None
    }


def _priority(leaf: IndicatorScore) -> Priority:
    return Priority(leaf.id, leaf.score.value or 0.0, leaf.global_weight)


def _is_whole(index: TreeIndex) -> bool:
    return all(each.score.value is not None for each in index.indicators)


def _derived(tree: IndicatorTree, subject: Subject, responses: Responses) -> DerivedImportance | None:
    """By the regression of overall satisfaction on the leaves; it explains and decides nothing, so it may be absent."""
    overall = [name for name, question in subject.standing_beside().items() if question.role is Role.SATISFACTION]
    items = [leaf.question for leaf in tree.leaves() if leaf.question is not None]
    if not overall or overall[0] not in responses.codes or len(items) > MOST_ITEMS:
        return None
    try:
        return derived_importance(overall[0], items, responses.codes, responses.design.weights)
    except SurveyProblem:
        return None
