"""Differences of scores, competitors and groups, and the importance-performance matrix."""

import numpy as np
import pytest

from domain.surveys.comparison.differences import combine_groups, compare_with_others, difference
from domain.surveys.comparison.importance_performance import (
    Crosshair,
    Quadrant,
    place_indicators,
    usual_crosshair,
)
from domain.surveys.errors import SurveyProblem
from domain.surveys.tree_index import Score

WITHHELD = Score(4, None, None, None)


def score(value: float, error: float = 1.0, respondents: int = 100) -> Score:
    return Score(respondents, value, error, None)


def test_errors_of_independent_samples_add_as_squares() -> None:
    found = difference(score(80, 3), score(70, 4))
    assert (found.value, found.standard_error) == (10, 5)
    assert (found.interval.low, found.interval.high) == pytest.approx((10 - 9.79981992, 10 + 9.79981992))
    assert found.p_value == pytest.approx(0.0455002639)  # two standard errors, two-sided
    assert found.is_significant


def test_a_difference_that_could_be_chance_is_not_significant() -> None:
    assert not difference(score(80, 3), score(75, 4)).is_significant


def test_exact_scores_differ_if_they_differ_at_all() -> None:
    assert difference(score(80, 0), score(79, 0)).p_value == 0
    assert difference(score(80, 0), score(80, 0)).p_value == 1


def test_a_withheld_score_is_not_compared() -> None:
    with pytest.raises(SurveyProblem, match="other: withheld: it rests on 4 respondents"):
        difference(score(80), WITHHELD)


def test_competitors_are_compared_by_indicator_and_the_best_is_named() -> None:
    ours = {"quality": score(75), "service": score(80)}
    others = {
        "north": {"quality": score(79), "service": score(70)},
        "south": {"quality": score(85), "service": WITHHELD},
        "west": {"quality": score(99, respondents=12)},
    }
    quality, service = compare_with_others(ours, others)
    assert {party: each.value for party, each in quality.differences.items()} == {
        "north": -4,
        "south": -10,
        "west": -24,
    }
    assert quality.best == "south"
    assert quality.gap_to_best is not None
    assert quality.gap_to_best.value == -10
    assert list(service.differences) == ["north"]


def test_a_party_of_few_respondents_is_not_the_best_in_class() -> None:
    (only,) = compare_with_others({"quality": score(75)}, {"west": {"quality": score(99, respondents=12)}})
    assert (only.best, only.gap_to_best) == (None, None)


def test_a_party_without_any_of_our_indicators_is_refused() -> None:
    with pytest.raises(SurveyProblem, match="north: none of its indicators is ours"):
        compare_with_others({"quality": score(75)}, {"north": {"price": score(70)}})


def test_groups_combine_by_their_shares() -> None:
    found = combine_groups({"homes": score(80, 3), "firms": score(60, 4, 50)}, {"homes": 0.75, "firms": 0.25})
    assert (found.value, found.respondents) == (75, 150)
    assert found.standard_error == pytest.approx(np.hypot(0.75 * 3, 0.25 * 4))


def test_a_withheld_group_matters_only_if_it_has_a_share() -> None:
    groups = {"homes": score(80), "islands": WITHHELD}
    assert combine_groups(groups, {"homes": 1.0, "islands": 0.0}).value == 80
    with pytest.raises(SurveyProblem, match="islands: withheld"):
        combine_groups(groups, {"homes": 0.9, "islands": 0.1})


def test_shares_that_do_not_fit_the_groups_are_refused_by_name() -> None:
    with pytest.raises(SurveyProblem) as refusal:
        combine_groups({"homes": score(80), "firms": score(60)}, {"homes": 0.7, "shops": 0.2})
    assert [str(problem) for problem in refusal.value.problems] == [
        "firms: the group has no share",
        "shops: there is no such group",
        "shares: they must sum to 1, not 0.9",
    ]


CROSSHAIR = Crosshair(importance=0.25, performance=80)


def test_each_corner_of_the_matrix_has_its_quadrant() -> None:
    placed = place_indicators(
        ["a", "b", "c", "d"], np.array([0.4, 0.4, 0.1, 0.1]), np.array([70.0, 90, 70, 90]), CROSSHAIR
    )
    assert [each.quadrant for each in placed] == list(Quadrant)
    assert all(each.probability == 1 for each in placed)


def test_a_point_on_the_crosshair_is_important_and_strong() -> None:
    (placed,) = place_indicators(["a"], np.array([0.25]), np.array([80.0]), CROSSHAIR)
    assert placed.quadrant is Quadrant.KEEP_UP


def test_a_quadrant_within_the_error_of_its_border_is_not_stable() -> None:
    near, far = place_indicators(
        ["near", "far"],
        np.array([0.4, 0.4]),
        np.array([79.0, 78.0]),
        CROSSHAIR,
        performance_errors=np.array([2.0, 2.0]),
    )
    assert near.quadrant is far.quadrant is Quadrant.CONCENTRATE_HERE
    assert near.probability == pytest.approx(0.6914624613)  # half a standard error below the line
    assert far.probability == pytest.approx(0.8413447461)  # a whole one
    assert (near.is_stable, far.is_stable) == (False, True)


def test_both_errors_count() -> None:
    (placed,) = place_indicators(["a"], np.array([0.3]), np.array([78.0]), CROSSHAIR, np.array([0.05]), np.array([2.0]))
    assert placed.probability == pytest.approx(0.8413447461**2)


def test_the_usual_crosshair_is_average_importance_and_the_index() -> None:
    found = usual_crosshair(np.array([3.0, 1.0]), np.array([90.0, 50.0]))
    assert (found.importance, found.performance) == (2, 80)


def test_a_missing_figure_is_refused_by_indicator() -> None:
    with pytest.raises(SurveyProblem, match="performance b: a figure is expected, not nan"):
        place_indicators(["a", "b"], np.array([0.3, 0.7]), np.array([78.0, np.nan]), CROSSHAIR)
