"""Value curves, key customers by value, and the defection study."""

import math
from typing import Any

import numpy as np
import pytest

from domain.surveys.arrays import FloatArray
from domain.surveys.comparison.defection import (
    CauseKind,
    Defection,
    causes_of_defection,
    plan_interviews,
    study_defection,
)
from domain.surveys.comparison.key_customers import ValueClass, classify_by_value, key_customer_index
from domain.surveys.comparison.value_curve import ValueCurve, compare_curves, count_suggestions, value_curve
from domain.surveys.errors import SurveyProblem
from domain.surveys.variance.design import SurveyDesign
from domain.surveys.variance.replicates import rao_wu_bootstrap

FACTORS = ("price", "safety", "speed", "courtesy", "reach", "bills", "website", "meters")


def curve(ratings: FloatArray, party: str = "customers", factors: tuple[str, ...] = FACTORS) -> ValueCurve:
    design = SurveyDesign.of(np.ones(len(ratings)))
    return value_curve(party, factors, ratings, design, rao_wu_bootstrap(design, 400, np.random.default_rng(1)))


def ratings_around(means: list[float], rows: int = 80, noise: int = 1) -> FloatArray:
    generator = np.random.default_rng(2)
    drawn = np.array(means) + generator.integers(-noise, noise + 1, (rows, len(means)))
    return np.clip(drawn, 0, 10).astype(float)


CLEAR = [8.0, 2.0, 5.0, 9.0, 3.0, 7.0, 1.0, 5.0]


def test_clear_factors_are_surely_among_the_best_or_worst_three() -> None:
    found = curve(ratings_around(CLEAR))
    assert [each.name for each in found.top()] == ["courtesy", "price", "bills"]
    assert [each.name for each in found.bottom()] == ["website", "safety", "reach"]
    assert all(each.in_top == 1 for each in found.top())
    assert all(each.in_bottom == 1 for each in found.bottom())


def test_two_equal_factors_share_the_third_place_by_chance() -> None:
    close = ratings_around([8.0, 2.0, 6.0, 9.0, 3.0, 4.0, 1.0, 6.0], noise=2)
    chances = {each.name: each.in_top for each in curve(close).factors}
    assert chances["price"] == chances["courtesy"] == 1
    assert chances["speed"] + chances["meters"] == pytest.approx(1)
    assert 0 < chances["speed"] < 1


def test_probabilities_sum_to_three_places() -> None:
    found = curve(ratings_around(CLEAR, noise=3))
    assert sum(each.in_top for each in found.factors) == pytest.approx(3)
    assert sum(each.in_bottom for each in found.factors) == pytest.approx(3)


def test_a_missing_rating_counts_neither_for_nor_against_a_factor() -> None:
    ratings = ratings_around(CLEAR)
    ratings[:40, 3] = np.nan
    price = curve(ratings).factors[3]
    assert price.rating.respondents == 40
    assert price.rating.value == pytest.approx(np.nanmean(ratings[:, 3]))


def test_staff_who_misjudge_customers_show_by_factor() -> None:
    staff = curve(ratings_around([8.0, 6.0, *CLEAR[2:]]), "staff")
    gaps = compare_curves(staff, curve(ratings_around(CLEAR)))
    assert gaps["safety"].value == pytest.approx(4)
    assert gaps["safety"].is_significant
    assert not gaps["price"].is_significant


def test_curves_over_other_factors_are_not_compared() -> None:
    other = curve(ratings_around(CLEAR), "rival", ("fame", *FACTORS[1:]))
    with pytest.raises(SurveyProblem, match="rival: its factors are not those of customers"):
        compare_curves(curve(ratings_around(CLEAR)), other)


def test_a_rating_off_the_scale_is_named_by_factor_and_row() -> None:
    ratings = ratings_around(CLEAR)
    ratings[7, 1] = 11
    with pytest.raises(SurveyProblem, match=r"safety\[7\]: 0 to 10 is expected, not 11"):
        curve(ratings)


def test_three_best_and_three_worst_need_more_than_six_factors() -> None:
    with pytest.raises(SurveyProblem, match="factors: more than 6 are expected, not 6"):
        curve(ratings_around(CLEAR[:6]), factors=FACTORS[:6])


def test_suggestions_are_counted_among_all_respondents() -> None:
    labels = ["app"] * 6 + ["night service"] * 3 + [""] * 11
    found = count_suggestions(labels, SurveyDesign.of(np.ones(20)))
    assert [(each.label, each.respondents) for each in found] == [("app", 6), ("night service", 3)]
    assert [each.share.value for each in found] == pytest.approx([30, 15])


def test_customers_are_classed_by_the_value_that_comes_before_them() -> None:
    # In descending order 50, 20, 10, 10, 5, 3, 2: A while less than 80 % comes before, B while less than 95 %.
    found = classify_by_value([2, 50, 10, 20, 5, 10, 3])
    assert "".join(found) == "CAAABBC"


def test_equal_customers_fall_into_classes_by_their_number() -> None:
    found = classify_by_value(np.ones(20))
    assert [found.count(each) for each in ValueClass] == [16, 3, 1]


def test_survey_weights_make_the_value_that_of_the_population() -> None:
    # The big customer stands for one, the small ones for nine each: 10 of 100 against 90.
    found = classify_by_value([10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], weights=[1, *[9] * 10])
    assert found[0] is ValueClass.A
    assert found.count(ValueClass.A) == 9


def test_big_customers_who_are_less_satisfied_pull_the_value_weighted_index_down() -> None:
    scores, value = np.r_[np.full(10, 50.0), np.full(30, 90.0)], np.r_[np.full(10, 90.0), np.full(30, 10.0)]
    found = key_customer_index(scores, value, SurveyDesign.of(np.ones(40)))
    assert found.count_weighted.value == pytest.approx((10 * 50 + 30 * 90) / 40)
    assert found.value_weighted.value == pytest.approx((900 * 50 + 300 * 90) / 1200)
    # Of 1,200 the big ten make 900, and six small ones stand before 960: ten at 50 and six at 90.
    assert found.by_class[ValueClass.A].value == pytest.approx(65)


def test_a_class_of_under_five_is_withheld() -> None:
    found = key_customer_index(np.full(20, 80.0), np.r_[1000.0, np.ones(19)], SurveyDesign.of(np.ones(20)))
    assert (found.by_class[ValueClass.A].respondents, found.by_class[ValueClass.A].value) == (1, None)


def test_a_negative_value_is_refused_by_row() -> None:
    with pytest.raises(SurveyProblem, match=r"value\[1\]: at least 0 is expected, not -3"):
        classify_by_value([5, -3])


def defection(**columns: Any) -> dict[str, Any]:
    usual = {
        "value_before": np.full(40, 100.0),
        "value_after": np.r_[np.zeros(12), np.full(8, 60.0), np.full(20, 90.0)],
        "scores": np.r_[np.full(9, 40.0), np.full(3, 80.0), np.full(4, 80.0), [math.nan] * 4, np.full(20, 90.0)],
    }
    return usual | columns


def test_customers_left_fully_or_in_part_or_stayed() -> None:
    study = study_defection(**defection())
    assert study.counts == {Defection.NONE: 20, Defection.PARTIAL: 8, Defection.FULL: 12}
    assert study.lost_value == pytest.approx({Defection.NONE: 0.05, Defection.PARTIAL: 0.08, Defection.FULL: 0.3})
    assert study.kinds[0] is Defection.FULL
    assert study.kinds[12] is Defection.PARTIAL


def test_those_who_left_although_satisfied_are_counted() -> None:
    assert study_defection(**defection()).satisfied_but_left == 7
    assert study_defection(**defection(), satisfied_from=85).satisfied_but_left == 0


def test_what_counts_as_partial_can_be_changed() -> None:
    assert study_defection(**defection(), partial_from=0.1).counts[Defection.PARTIAL] == 28


def test_a_customer_who_bought_nothing_before_cannot_have_left() -> None:
    with pytest.raises(SurveyProblem, match=r"value_before\[0\]: above 0 is expected, not 0"):
        study_defection(**defection(value_before=np.r_[0.0, np.full(39, 100.0)]))


def test_causes_are_ranked_apart_from_life_events() -> None:
    kinds = {"late": CauseKind.FAILURE, "rude": CauseKind.FAILURE, "moved": CauseKind.LIFE_EVENT}
    found = causes_of_defection(["late", "moved", "rude", "late", "late", "moved"], kinds)
    failures = [(cause.label, cause.customers, cause.cumulated) for cause in found[CauseKind.FAILURE]]
    assert failures == [("late", 3, 0.75), ("rude", 1, 1.0)]
    assert [cause.label for cause in found[CauseKind.LIFE_EVENT]] == ["moved"]


def test_a_cause_of_unknown_kind_is_refused() -> None:
    with pytest.raises(SurveyProblem, match="rude: its kind is not known"):
        causes_of_defection(["rude"], {})


def test_interviews_are_with_those_who_left_and_managers_regroup_after_a_third() -> None:
    plan = plan_interviews(study_defection(**defection()), np.full(40, 100.0), np.random.default_rng(0), interviews=14)
    assert len(set(plan.rows)) == 14
    assert max(plan.rows) < 20
    assert plan.regroup_after == 5


def test_the_same_seed_draws_the_same_interviews() -> None:
    study, value = study_defection(**defection()), np.arange(1.0, 41.0)
    first, second = (plan_interviews(study, value, np.random.default_rng(3)) for _ in range(2))
    assert first == second


def test_customers_of_more_value_are_likelier_to_be_interviewed() -> None:
    study, value = study_defection(**defection()), np.r_[np.full(5, 1e6), np.full(35, 1.0)]
    assert {0, 1, 2, 3, 4} <= set(plan_interviews(study, value, np.random.default_rng(3)).rows)


@pytest.mark.parametrize("interviews", [9, 26])
def test_ten_to_twenty_five_interviews_are_planned(interviews: int) -> None:
    with pytest.raises(SurveyProblem, match=f"interviews: 10 to 25 are expected, not {interviews}"):
        plan_interviews(study_defection(**defection()), np.full(40, 1.0), np.random.default_rng(0), interviews)


def test_without_anybody_who_left_there_is_nobody_to_interview() -> None:
    study = study_defection(**defection(value_after=np.full(40, 100.0)))
    with pytest.raises(SurveyProblem, match="study: nobody left"):
        plan_interviews(study, np.full(40, 100.0), np.random.default_rng(0))
