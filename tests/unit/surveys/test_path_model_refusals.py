"""Answers that a path model cannot be estimated from are refused by item, construct or row."""

from typing import Any

import numpy as np
import pytest

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, SurveyProblem, parse_document
from domain.surveys.path_model.document import PathModel
from domain.surveys.path_model.fit import fit_path_model

Answers = dict[str, FloatArray]


def two_constructs(**of_quality: Any) -> PathModel:
    scale = {"minimum": 1, "maximum": 10}
    quality = {"id": "quality", "title": {"en": "q"}, "items": ["q1", "q2", "q3"], "scale": scale, **of_quality}
    loyalty = {"id": "loyalty", "title": {"en": "l"}, "items": ["l1", "l2"], "driven_by": ["quality"], "scale": scale}
    return parse_document(PathModel, {"id": "two", "title": {"en": "two"}, "constructs": [quality, loyalty]})


@pytest.fixture
def answers() -> Answers:
    generator = np.random.default_rng(3)
    common = generator.integers(3, 9, 100)
    return {name: np.asarray(common + generator.integers(-2, 2, 100), dtype=float) for name in two_constructs().items}


def problems_of(model: PathModel, answers: Answers, weights: FloatArray | None = None) -> tuple[Problem, ...]:
    with pytest.raises(SurveyProblem) as refusal:
        fit_path_model(model, answers, weights)
    return refusal.value.problems


def test_an_item_that_the_answers_lack_is_named(answers: Answers) -> None:
    del answers["q2"]
    assert problems_of(two_constructs(), answers) == (Problem("q2", "the answers have no such column"),)


def test_an_item_that_everybody_answers_alike_is_named(answers: Answers) -> None:
    answers["q2"] = np.full(100, 7.0)
    (problem,) = problems_of(two_constructs(), answers)
    assert problem.place == "q2"
    assert "without variance" in problem.message


def test_an_answer_off_the_scale_is_named_by_item_and_row(answers: Answers) -> None:
    answers["l1"][17] = 99
    assert problems_of(two_constructs(), answers) == (Problem("l1[17]", "99 is off the scale of loyalty: 1 to 10"),)


def test_five_percent_missing_count_as_the_mean_and_more_is_refused(answers: Answers) -> None:
    answers["q1"][:5] = np.nan
    filled = {**answers, "q1": np.where(np.isnan(answers["q1"]), np.nanmean(answers["q1"]), answers["q1"])}
    np.testing.assert_allclose(
        fit_path_model(two_constructs(), answers).weights, fit_path_model(two_constructs(), filled).weights, rtol=1e-12
    )
    answers["q1"][5] = np.nan
    (problem,) = problems_of(two_constructs(), answers)
    assert problem == Problem("q1", "6 of 100 answers are missing; more than 5% is refused")


def test_columns_of_different_lengths_are_refused(answers: Answers) -> None:
    answers["l2"] = answers["l2"][:99]
    assert problems_of(two_constructs(), answers) == (Problem("l2", "100 rows are expected, not shape (99,)"),)


def test_a_negative_weight_is_named_by_its_row(answers: Answers) -> None:
    weights = np.ones(100)
    weights[4] = -1
    assert problems_of(two_constructs(), answers, weights)[0].place == "weights[4]"


def test_rows_without_weight_do_not_count_towards_the_rows_needed(answers: Answers) -> None:
    weights = np.zeros(100)
    weights[:9] = 1
    assert problems_of(two_constructs(), answers, weights) == (
        Problem("two", "9 rows with a weight; this model needs at least 10"),
    )


def test_a_formative_construct_needs_ten_rows_per_item(answers: Answers) -> None:
    few = {name: column[:25] for name, column in answers.items()}
    assert problems_of(two_constructs(mode="B"), few) == (
        Problem("two", "25 rows with a weight; this model needs at least 30"),
    )


def test_a_formative_construct_with_dependent_items_is_named(answers: Answers) -> None:
    answers["q3"] = answers["q2"]
    (problem,) = problems_of(two_constructs(mode="B"), answers)
    assert problem == Problem("quality", "its items are linearly dependent; mode B cannot weigh them")


def test_dependent_items_are_no_obstacle_to_a_reflective_construct(answers: Answers) -> None:
    answers["q3"] = answers["q2"]
    fit = fit_path_model(two_constructs(), answers)
    assert fit.weights[1] == pytest.approx(fit.weights[2])


def test_drivers_that_say_the_same_are_named(answers: Answers) -> None:
    twins = [
        {"id": name, "title": {"en": name}, "items": items, "scale": {"minimum": 1, "maximum": 10}}
        for name, items in (("quality", ["q1"]), ("service", ["q2"]))
    ]
    loyalty = {"id": "loyalty", "title": {"en": "l"}, "items": ["l1"], "driven_by": ["quality", "service"]}
    model = parse_document(PathModel, {"id": "twins", "title": {"en": "t"}, "constructs": [*twins, loyalty]})
    answers["q2"] = answers["q1"]
    assert problems_of(model, answers) == (Problem("loyalty", "its drivers quality, service are linearly dependent"),)


def test_a_construct_unrelated_to_its_neighbours_is_refused(answers: Answers) -> None:
    level, other = np.tile([4.0, 4.0, 6.0, 6.0], 25), np.tile([4.0, 6.0, 4.0, 6.0], 25)
    unrelated = {"q1": level, "q2": level, "q3": level, "l1": other, "l2": other}
    (problem,) = problems_of(two_constructs(), unrelated)
    assert problem.message == "a construct is unrelated to all its neighbours, so its items cannot be weighed"


def test_weights_that_never_settle_are_refused() -> None:
    constructs = [
        {"id": name, "title": {"en": name}, "items": [f"{name}1", f"{name}2"], "driven_by": driven_by}
        for name, driven_by in (("a", []), ("b", ["a"]), ("c", ["a", "b"]))
    ]
    model = parse_document(PathModel, {"id": "noise", "title": {"en": "n"}, "constructs": constructs})
    noise = np.random.default_rng(0).integers(1, 4, (8, 30, 6))[7].astype(float)
    answers = dict(zip(model.items, noise.T, strict=True))
    assert problems_of(model, answers) == (Problem("noise", "the weights do not settle within 300 iterations"),)
