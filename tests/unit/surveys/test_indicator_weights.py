"""Weights by dispersion, allocation and combination, and what they do to the index: published or hand-worked."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from domain.surveys.errors import Problem, SurveyProblem
from domain.surveys.indicator_weights.combination import combine_weights, index_sensitivity
from domain.surveys.indicator_weights.direct import allocated_weights
from domain.surveys.indicator_weights.dispersion import critic_weights, entropy_weights, variation_weights

ABC = ("a", "b", "c")


@pytest.fixture(scope="module")
def published(reference_numbers: Callable[[str], Any]) -> Any:
    return reference_numbers("expected_weights_ahp_mcda.json")


def names_for(matrix: Any) -> list[str]:
    return [f"i{number}" for number in range(len(matrix[0]))]


@pytest.mark.parametrize("example", ["entropy_1", "entropy_2"])
def test_entropy_weights_are_the_published_ones(published: Any, example: str) -> None:
    matrix = published[example]["matrix"]
    found = entropy_weights(names_for(matrix), np.array(matrix, dtype=float))
    np.testing.assert_allclose(found.weights, published[example]["weights"], atol=6e-5)


def test_variation_weights_are_the_published_ones(published: Any) -> None:
    matrix = published["entropy_1"]["matrix"]
    found = variation_weights(names_for(matrix), np.array(matrix, dtype=float))
    np.testing.assert_allclose(found.weights, published["coefficient_of_variation"]["weights"], atol=5e-5)


def test_critic_weights_are_the_published_ones(published: Any) -> None:
    matrix = published["critic"]["matrix"]
    found = critic_weights(names_for(matrix), np.array(matrix, dtype=float))
    np.testing.assert_allclose(found.weights, published["critic"]["precise"], atol=6e-5)
    np.testing.assert_allclose(found.weights, published["critic"]["weights"], atol=1e-3)


def test_dispersion_weights_say_that_they_are_about_dispersion() -> None:
    assert variation_weights(("a", "b"), np.array([[1.0, 2.0], [3.0, 2.5]])).label == "objective: dispersion"


def test_an_indicator_in_which_all_units_are_alike_has_no_entropy_weight() -> None:
    np.testing.assert_allclose(entropy_weights(("a", "b"), np.array([[1.0, 4.0], [3.0, 4.0]])).weights, [1, 0])


def test_critic_refuses_an_indicator_in_which_all_units_are_alike() -> None:
    with pytest.raises(SurveyProblem, match=r"^b: all units are alike in it$"):
        critic_weights(("a", "b"), np.array([[1.0, 4.0], [3.0, 4.0]]))


def test_critic_refuses_indicators_that_all_say_the_same() -> None:
    with pytest.raises(SurveyProblem, match=r"^matrix: its indicators all say the same$"):
        critic_weights(("a", "b"), np.array([[1.0, 2.0], [3.0, 6.0], [2.0, 4.0]]))


def test_a_negative_value_is_refused_by_indicator_and_row() -> None:
    with pytest.raises(SurveyProblem, match=r"^b\[1\]: at least 0 is expected, not -4$"):
        entropy_weights(("a", "b"), np.array([[1.0, 4.0], [3.0, -4.0]]))


def test_a_missing_value_is_refused_by_indicator_and_row() -> None:
    with pytest.raises(SurveyProblem, match=r"^a\[0\]: a finite value is expected, not nan$"):
        variation_weights(("a", "b"), np.array([[np.nan, 4.0], [3.0, 4.0]]))


def test_units_alike_in_everything_give_no_weights() -> None:
    with pytest.raises(SurveyProblem, match="all units are alike in every indicator"):
        variation_weights(("a", "b"), np.array([[3.0, 4.0], [3.0, 4.0]]))


def test_allocated_points_become_mean_shares_with_the_distance_of_the_judges() -> None:
    found = allocated_weights(ABC, np.array([[50.0, 30.0, 20.0], [70.0, 10.0, 20.0]]))
    np.testing.assert_allclose(found.weights, [0.6, 0.2, 0.2])
    np.testing.assert_allclose(found.deviations, [np.sqrt(0.02), np.sqrt(0.02), 0])


def test_points_that_do_not_sum_to_the_total_are_refused_by_judge() -> None:
    with pytest.raises(SurveyProblem) as refusal:
        allocated_weights(ABC, np.array([[50.0, 30.0, 20.0], [70.0, 10.0, 10.0], [120.0, -20.0, 0.0]]))
    assert refusal.value.problems == (
        Problem("judge 1", "the points must sum to 100, not 90"),
        Problem("judge 2, a", "0 to 100 points, not 120.0"),
        Problem("judge 2, b", "0 to 100 points, not -20.0"),
    )


def test_a_combination_mixes_both_sets_by_alpha_and_shows_them() -> None:
    found = combine_weights(ABC, np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.3, 0.5]), alpha=0.75)
    np.testing.assert_allclose(found.weights, [0.5, 0.3, 0.2])
    assert found.alpha == 0.75
    assert found.objective.tolist() == [0.2, 0.3, 0.5]


def test_weights_that_do_not_sum_to_one_are_refused_by_their_set() -> None:
    with pytest.raises(SurveyProblem, match=r"^objective: shares must sum to 1, not 0.9$"):
        combine_weights(ABC, np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.3, 0.4]), alpha=0.5)


def test_alpha_outside_its_range_is_refused() -> None:
    with pytest.raises(SurveyProblem, match=r"^alpha: 0 to 1 is expected, not 1.5$"):
        combine_weights(ABC, np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.3, 0.5]), alpha=1.5)


def test_an_index_moves_by_a_hand_worked_range_when_one_weight_moves() -> None:
    found = index_sensitivity(("a", "b"), np.array([0.5, 0.5]), np.array([90.0, 50.0]), perturbation=0.2)
    assert found.index == 70
    # Weights 0.6 : 0.5 give (54 + 25) / 1.1, weights 0.4 : 0.5 give (36 + 25) / 0.9.
    np.testing.assert_allclose(found.high, [79 / 1.1, (45 + 20) / 0.9])
    np.testing.assert_allclose(found.low, [61 / 0.9, (45 + 30) / 1.1])
    # Both at once: 0.6 : 0.4 and 0.4 : 0.6.
    assert (found.lowest, found.highest) == pytest.approx((66, 74))


def test_the_extremes_over_all_weights_are_those_of_every_corner() -> None:
    generator = np.random.default_rng(4)
    weights, scores = generator.dirichlet(np.ones(7)), generator.uniform(20, 95, 7)
    corners = weights * np.where((np.arange(128)[:, None] >> np.arange(7)) & 1, 1.3, 0.7)
    indices = corners @ scores / corners.sum(axis=1)
    found = index_sensitivity([f"i{number}" for number in range(7)], weights, scores, perturbation=0.3)
    assert (found.lowest, found.highest) == pytest.approx((indices.min(), indices.max()), rel=1e-12)


def test_a_missing_score_is_refused_by_name() -> None:
    with pytest.raises(SurveyProblem, match=r"^scores b: missing$"):
        index_sensitivity(("a", "b"), np.array([0.5, 0.5]), np.array([90.0, np.nan]))
