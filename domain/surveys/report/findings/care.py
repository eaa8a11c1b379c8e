"""Whether the responses were given with care, and the index without those that were not."""

from dataclasses import dataclass, replace

import numpy as np

from domain.surveys.arrays import BoolArray
from domain.surveys.definition import IndexMethod
from domain.surveys.errors import SurveyProblem
from domain.surveys.path_model.fit import fit_path_model
from domain.surveys.path_model.index import construct_indices
from domain.surveys.quality.flags import QualityRules, ResponseQuality, ResponseSheet, assess_quality
from domain.surveys.quality.indices import MOST_COMPARED
from domain.surveys.report.findings.responses import Responses
from domain.surveys.report.subject import Subject
from domain.surveys.tree_index import compute_tree_index

FEWEST_ITEMS = 15
"""In a shorter questionnaire honest answers look alike, and every rule on patterns would flag the content."""


@dataclass(frozen=True, slots=True)
class CareFindings:
    """`quality` is none where the questionnaire is too short to judge; `index_without` the careless is none where
    nobody is careless or too few are left."""

    items: int
    quality: ResponseQuality | None
    index_without: float | None


def find_care(subject: Subject, responses: Responses) -> CareFindings:
    """Flag the responses by their ratings, in the order of the questionnaire if it is known."""
    items = _items_in_order(subject)
    if len(items) < FEWEST_ITEMS:
        return CareFindings(len(items), None, None)
    quality = _assessed(_sheet(subject, responses, items))
    careless = quality.careless & (responses.design.weights > 0)
    without = _index_without(subject, responses, careless) if careless.any() else None
    return CareFindings(len(items), quality, without)


def _items_in_order(subject: Subject) -> list[str]:
    rated = subject.ratings()
    asked = [name for name in subject.questions if name in rated]
    return [*asked, *(name for name in rated if name not in asked)]


def _sheet(subject: Subject, responses: Responses, items: list[str]) -> ResponseSheet:
    answers = np.column_stack([responses.codes[item] for item in items])
    scales = [subject.ratings()[item] for item in items]
    worst = np.array([scale.minimum for scale in scales], dtype=np.float64)
    best = np.array([scale.maximum for scale in scales], dtype=np.float64)
    batteries = tuple(
        tuple(items.index(row) for row in battery)
        for battery in subject.batteries
        if len(battery) > 2 and set(battery) <= set(items)
    )
    return ResponseSheet(answers, (answers - worst) / (best - worst) * 100, batteries=batteries)


def _assessed(sheet: ResponseSheet) -> ResponseQuality:
    """By all rules that the answers allow: not by likeness among very many, nor by distance if items are dependent."""
    rules = QualityRules()
    if len(sheet.answers) > MOST_COMPARED:
        rules = rules.model_copy(update={"matching_share": None})
    try:
        return assess_quality(sheet, rules)
    except SurveyProblem:
        return assess_quality(sheet, rules.model_copy(update={"outlier_confidence": None}))


def _index_without(subject: Subject, responses: Responses, careless: BoolArray) -> float | None:
    weights = np.where(careless, 0.0, responses.design.weights)
    try:
        if subject.method is IndexMethod.WEIGHTED_TREE and subject.tree is not None:
            kept = replace(responses.design, weights=weights)
            return compute_tree_index(subject.tree, responses.codes, kept).index.value
        if subject.model is not None and subject.index_construct is not None:
            indices = construct_indices(fit_path_model(subject.model, responses.codes, weights))
            return float(indices[subject.model.names.index(subject.index_construct)])
    except SurveyProblem:
        return None
    return None
