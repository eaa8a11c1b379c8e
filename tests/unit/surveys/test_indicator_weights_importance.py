"""Derived importance: the values of relaimpo in R, exact cases, survey weights, and what is refused."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, SurveyProblem
from domain.surveys.indicator_weights.importance import derived_importance, shapley_shares

Answers = dict[str, FloatArray]


@pytest.fixture
def answers() -> Answers:
    generator = np.random.default_rng(8)
    a, b, c, noise = generator.normal(size=(4, 80))
    return {"a": a, "b": b + a, "c": c, "target": 2 * a + b + noise}


def problems_of(names: list[str], answers: Answers, weights: FloatArray | None = None) -> tuple[Problem, ...]:
    with pytest.raises(SurveyProblem) as refusal:
        derived_importance("target", names, answers, weights)
    return refusal.value.problems


def test_the_swiss_provinces_have_the_shares_of_relaimpo(
    reference_table: Callable[[str], Answers], reference_numbers: Callable[[str], Any]
) -> None:
    expected = reference_numbers("expected_weights_ahp_mcda.json")["lmg_shapley_swiss"]
    found = derived_importance("Fertility", list(expected["lmg"]), reference_table("swiss.csv"))
    np.testing.assert_allclose(found.explained, list(expected["lmg"].values()), atol=1e-10)
    assert found.r_squared == pytest.approx(expected["R2"], abs=1e-10)
    assert found.weights.sum() == pytest.approx(1)


def test_shares_are_the_gains_averaged_over_every_order_of_entry(answers: Answers) -> None:
    found = derived_importance("target", ["a", "b", "c"], answers)
    matrix, target = np.column_stack([answers[name] for name in "abc"]), answers["target"]
    gains = np.zeros(3)
    for order in permutations(range(3)):
        before = 0.0
        for position, item in enumerate(order, start=1):
            after = explained_by(matrix[:, order[:position]], target)
            gains[item] += (after - before) / 6
            before = after
    np.testing.assert_allclose(found.explained, gains, rtol=1e-9)


def explained_by(columns: FloatArray, target: FloatArray) -> float:
    design = np.column_stack([columns, np.ones(len(target))])
    residual = target - design @ np.linalg.lstsq(design, target)[0]
    return float(1 - residual @ residual / ((target - target.mean()) @ (target - target.mean())))


def test_variance_inflation_is_that_of_the_regression_on_the_others(answers: Answers) -> None:
    found = derived_importance("target", ["a", "b", "c"], answers)
    of_a = explained_by(np.column_stack([answers["b"], answers["c"]]), answers["a"])
    assert found.variance_inflation[0] == pytest.approx(1 / (1 - of_a))


def test_coefficients_are_those_of_the_standardised_regression(answers: Answers) -> None:
    standard = {name: (column - column.mean()) / column.std() for name, column in answers.items()}
    slopes = np.linalg.lstsq(np.column_stack([standard[name] for name in "abc"]), standard["target"])[0]
    np.testing.assert_allclose(derived_importance("target", ["a", "b", "c"], answers).coefficients, slopes)


def test_uncorrelated_items_share_by_their_squared_correlation() -> None:
    np.testing.assert_allclose(shapley_shares(np.eye(3), np.array([0.5, 0.4, 0.0])), [0.25, 0.16, 0], atol=1e-15)


def test_sixteen_items_of_equal_standing_share_equally() -> None:
    alike = np.full((16, 16), 0.5) + 0.5 * np.eye(16)
    shares = shapley_shares(alike, np.full(16, 0.6))
    # One factor: R² = k r² / (1 + (k - 1) ρ).
    np.testing.assert_allclose(shares, np.full(16, 0.36 / 8.5), rtol=1e-9)


def test_whole_number_weights_equal_repeated_rows(answers: Answers) -> None:
    counts = np.random.default_rng(1).integers(0, 4, 80)
    repeated = {name: np.repeat(column, counts) for name, column in answers.items()}
    weighted = derived_importance("target", ["a", "b", "c"], answers, counts.astype(float))
    np.testing.assert_allclose(
        weighted.explained, derived_importance("target", ["a", "b", "c"], repeated).explained, rtol=1e-12
    )


def test_rows_with_a_missing_answer_are_left_out(answers: Answers) -> None:
    some = {name: column.copy() for name, column in answers.items()}
    some["a"][:5], some["target"][5:8] = np.nan, np.nan
    kept = {name: column[8:] for name, column in answers.items()}
    found = derived_importance("target", ["a", "b", "c"], some)
    assert found.rows == 72
    np.testing.assert_allclose(found.explained, derived_importance("target", ["a", "b", "c"], kept).explained)


def test_an_item_without_variance_is_named(answers: Answers) -> None:
    answers["b"] = np.full(80, 4.0)
    (problem,) = problems_of(["a", "b", "c"], answers)
    assert problem.place == "b"
    assert "without variance" in problem.message


def test_dependent_items_are_named_and_the_independent_one_is_not(answers: Answers) -> None:
    answers["d"] = 2 * answers["a"] - answers["b"]
    assert problems_of(["a", "b", "c", "d"], answers) == (
        Problem("a, b, d", "linearly dependent: their importance cannot be told apart"),
    )


def test_too_few_complete_rows_are_refused(answers: Answers) -> None:
    few = {name: column[:15] for name, column in answers.items()}
    assert problems_of(["a", "b", "c"], few) == (Problem("answers", "15 complete rows; 3 items need more than 15"),)


def test_more_than_sixteen_items_are_refused(answers: Answers) -> None:
    names = [f"i{number}" for number in range(17)]
    found = problems_of(names, {**answers, **dict.fromkeys(names, answers["a"])})
    assert found == (Problem("names", "1 to 16 items are expected, not 17"),)


def test_unknown_and_repeated_items_are_named(answers: Answers) -> None:
    assert problems_of(["a", "a", "z"], answers) == (
        Problem("a", "named twice"),
        Problem("z", "the answers have no such column"),
    )


def test_a_target_that_nothing_explains_is_refused() -> None:
    level = np.tile([1.0, 1.0, 2.0, 2.0], 10)
    unrelated = {"a": level, "target": np.tile([1.0, 2.0, 1.0, 2.0], 10)}
    assert problems_of(["a"], unrelated) == (Problem("target", "the items explain nothing of it"),)


def test_a_negative_weight_is_refused_by_its_row(answers: Answers) -> None:
    assert problems_of(["a"], answers, np.r_[np.ones(79), -1.0])[0].place == "weights[79]"
