"""Constructs on 0–100: bounds, hand-worked values, respondents' scores, and resampling."""

from typing import Any

import numpy as np
import pytest

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, SurveyProblem, parse_document
from domain.surveys.path_model.bootstrap import bootstrap_path_model
from domain.surveys.path_model.document import PathModel
from domain.surveys.path_model.fit import PathModelFit, fit_path_model
from domain.surveys.path_model.index import construct_indices, construct_scores, index_weights
from domain.surveys.variance.design import StageColumns, SurveyDesign
from domain.surveys.variance.replicates import ReplicateWeights, rao_wu_bootstrap

Answers = dict[str, FloatArray]


def two_constructs(**more: Any) -> PathModel:
    constructs = [
        {"id": "quality", "title": {"en": "q"}, "items": ["q1", "q2"], "scale": {"minimum": 1, "maximum": 5}},
        {"id": "loyalty", "title": {"en": "l"}, "items": ["l1"], "driven_by": ["quality"]},
    ]
    return parse_document(PathModel, {"id": "two", "title": {"en": "two"}, "constructs": constructs, **more})


@pytest.fixture
def answers() -> Answers:
    generator = np.random.default_rng(11)
    level = generator.integers(2, 5, 120)
    noisy = {name: np.clip(level + generator.integers(-1, 2, 120), 1, 5).astype(float) for name in ("q1", "q2")}
    return {**noisy, "l1": np.clip(2 * level + generator.integers(-1, 2, 120), 1, 10).astype(float)}


@pytest.mark.parametrize("scaling", ["raw", "standardised"])
def test_an_index_is_the_weighted_mean_of_the_points_of_its_items(answers: Answers, scaling: str) -> None:
    fit = fit_path_model(two_constructs(scaling=scaling), answers)
    divisor = np.std(answers["q1"]), np.std(answers["q2"])
    first, second = fit.weights[:2] / (divisor if scaling == "standardised" else 1)
    share = first / (first + second)
    points = [(answers[item].mean() - 1) / 4 * 100 for item in ("q1", "q2")]
    expected = [share * points[0] + (1 - share) * points[1], (answers["l1"].mean() - 1) / 9 * 100]
    np.testing.assert_allclose(construct_indices(fit), expected, rtol=1e-12)


def test_the_mean_of_complete_scores_is_the_index(answers: Answers) -> None:
    fit = fit_path_model(two_constructs(), answers)
    np.testing.assert_allclose(construct_scores(fit, answers).mean(axis=0), construct_indices(fit), rtol=1e-12)


def test_the_best_answers_score_100_and_the_worst_0(answers: Answers) -> None:
    fit = fit_path_model(two_constructs(), answers)
    extremes = {"q1": np.array([5.0, 1.0]), "q2": np.array([5.0, 1.0]), "l1": np.array([10.0, 1.0])}
    np.testing.assert_allclose(construct_scores(fit, extremes), [[100, 100], [0, 0]], atol=1e-12)


def test_a_score_rests_on_the_answered_items_if_they_carry_half_of_the_weight(answers: Answers) -> None:
    fit = fit_path_model(two_constructs(), answers)
    heavier, lighter = ("q1", "q2") if fit.weights[0] > fit.weights[1] else ("q2", "q1")
    some = {heavier: np.array([4.0, np.nan]), lighter: np.array([np.nan, 4.0]), "l1": np.array([np.nan, 10.0])}
    np.testing.assert_allclose(construct_scores(fit, some), [[75, np.nan], [np.nan, 100]])


def test_an_index_refuses_an_item_of_negative_weight_but_the_fit_does_not(answers: Answers) -> None:
    more = {"a1": answers["q1"], "a2": answers["q2"], "a3": 6 - answers["q1"]}
    constructs = [
        {"id": "quality", "title": {"en": "q"}, "items": list(more), "scale": {"minimum": 1, "maximum": 5}},
        {"id": "loyalty", "title": {"en": "l"}, "items": ["l1"], "driven_by": ["quality"]},
    ]
    model = parse_document(PathModel, {"id": "m", "title": {"en": "m"}, "constructs": constructs})
    fit = fit_path_model(model, {**more, "l1": answers["l1"]})
    with pytest.raises(
        SurveyProblem, match=r"^a3: its weight in quality is -.*; an index needs weights of at least 0$"
    ):
        index_weights(fit)


def repeated(answers: Answers, counts: FloatArray) -> Answers:
    return {item: np.repeat(column, counts.astype(int)) for item, column in answers.items()}


def replicates_of(counts: FloatArray) -> ReplicateWeights:
    """Replicates in which row k counts counts[b, k] times."""
    rows = counts.shape[1]
    return ReplicateWeights(
        base_weights=np.ones(rows),
        unit=np.arange(rows),
        multiplicity=counts.astype(np.uint16),
        intercept=np.zeros(rows),
        slope=np.ones(rows),
        variance_factors=np.ones(len(counts)),
    )


def test_a_replicate_is_the_fit_of_its_redrawn_rows(answers: Answers) -> None:
    fit = fit_path_model(two_constructs(), answers)
    counts = np.random.default_rng(2).multinomial(120, np.full(120, 1 / 120), size=2).astype(float)
    redrawn = [fit_path_model(two_constructs(), repeated(answers, count)) for count in counts]
    resampled = bootstrap_path_model(fit, answers, replicates_of(counts))
    assert_mean_of(resampled.weights.mean, [each.weights for each in redrawn])
    assert_mean_of(resampled.loadings.mean, [each.loadings for each in redrawn])
    assert_mean_of(resampled.total_effects.mean, [each.total_effects for each in redrawn])
    assert_mean_of(resampled.indices.mean, [construct_indices(each) for each in redrawn])
    spread = np.std([construct_indices(each) for each in redrawn], axis=0, ddof=1)
    np.testing.assert_allclose(resampled.indices.standard_error, spread, rtol=1e-9)


def assert_mean_of(actual: FloatArray, parts: list[FloatArray]) -> None:
    np.testing.assert_allclose(actual, np.mean(parts, axis=0), rtol=1e-9, atol=1e-12)


def test_a_replicate_without_variance_is_counted_as_failed(answers: Answers) -> None:
    fit = fit_path_model(two_constructs(), answers)
    counts = np.ones((4, 120))
    counts[2] = np.where(answers["q1"] == answers["q1"][0], 1, 0)
    resampled = bootstrap_path_model(fit, answers, replicates_of(counts))
    assert (resampled.replicates, resampled.failed) == (4, 1)
    np.testing.assert_allclose(resampled.indices.mean, construct_indices(fit))


def test_replicates_of_other_rows_are_refused(answers: Answers) -> None:
    fit = fit_path_model(two_constructs(), answers)
    with pytest.raises(SurveyProblem) as refusal:
        bootstrap_path_model(fit, answers, replicates_of(np.ones((3, 119))))
    assert refusal.value.problems == (Problem("replicates", "120 rows are expected, not 119"),)


def test_clusters_that_answer_alike_widen_the_error_of_an_index(answers: Answers) -> None:
    order = np.argsort(answers["q1"] + answers["q2"], kind="stable")
    sorted_answers = {item: column[order] for item, column in answers.items()}
    fit = fit_path_model(two_constructs(), sorted_answers)
    alone = standard_error(fit, sorted_answers, SurveyDesign.of(np.ones(120)))
    clusters = SurveyDesign.of(np.ones(120), [StageColumns(units=np.repeat(np.arange(20), 6))])
    assert standard_error(fit, sorted_answers, clusters) > 1.5 * alone


def standard_error(fit: PathModelFit, answers: Answers, design: SurveyDesign) -> float:
    replicates = rao_wu_bootstrap(design, 200, np.random.default_rng(1))
    return float(bootstrap_path_model(fit, answers, replicates).indices.standard_error[0])
