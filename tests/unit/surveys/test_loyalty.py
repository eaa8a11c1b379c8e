"""Loyalty zones, the curve with its knee, and perceived value both ways."""

import math

import numpy as np
import pytest

from domain.surveys.errors import SurveyProblem
from domain.surveys.loyalty import LoyaltyZone, ZoneCuts, loyalty_curve, loyalty_zones
from domain.surveys.perceived_value import ValueDrag, perceived_value
from domain.surveys.variance.design import SurveyDesign


def equal_weights(rows: int) -> SurveyDesign:
    return SurveyDesign.of(np.ones(rows))


def test_customers_fall_into_zones_by_cuts_that_belong_to_the_upper_zone() -> None:
    satisfaction = np.array([49.9] * 20 + [50] * 10 + [74.9] * 20 + [75] * 40 + [100] * 10)
    zones = loyalty_zones(satisfaction, satisfaction, equal_weights(100))
    assert [each.zone for each in zones] == list(LoyaltyZone)
    assert [each.respondents for each in zones] == [20, 30, 50]
    assert [each.share.value for each in zones] == pytest.approx([20, 30, 50])


def test_a_share_of_half_in_a_hundred_has_wilsons_interval() -> None:
    zones = loyalty_zones(np.repeat([20.0, 90.0], 50), np.zeros(100), equal_weights(100))
    reach = 1.959963984540054 / math.sqrt(100 + 1.959963984540054**2) * 50
    assert zones[2].share.interval is not None
    assert (zones[2].share.interval.low, zones[2].share.interval.high) == pytest.approx((50 - reach, 50 + reach))


def test_other_cuts_move_customers() -> None:
    satisfaction = np.array([10.0, 30, 50, 70, 90])
    zones = loyalty_zones(satisfaction, satisfaction, equal_weights(5), ZoneCuts(20, 80))
    assert [each.respondents for each in zones] == [1, 3, 1]


def test_mean_loyalty_of_a_zone_needs_five_answers() -> None:
    satisfaction = np.array([10.0] * 6 + [90] * 6)
    loyalty = np.array([20.0] * 6 + [80] * 4 + [math.nan] * 2)
    defection, _, affection = loyalty_zones(satisfaction, loyalty, equal_weights(12))
    assert defection.mean_loyalty == pytest.approx(20)
    assert affection.mean_loyalty is None


def test_zones_count_customers_by_their_weight_and_leave_out_those_without_a_score() -> None:
    satisfaction = np.array([10.0, 60, 90, 90, 90, math.nan])
    zones = loyalty_zones(satisfaction, satisfaction, SurveyDesign.of(np.array([3.0, 1, 1, 1, 4, 7])))
    assert [each.share.value for each in zones] == pytest.approx([30, 10, 60])


def test_cuts_that_do_not_ascend_are_refused() -> None:
    with pytest.raises(SurveyProblem, match="cuts: 0 < 80 < 60 < 100 does not hold"):
        loyalty_zones(np.zeros(9), np.zeros(9), equal_weights(9), ZoneCuts(80, 60))


def test_points_beyond_100_are_refused_by_row() -> None:
    with pytest.raises(SurveyProblem, match=r"loyalty\[2\]: 0 to 100 points are expected, not 101"):
        loyalty_zones(np.zeros(5), np.array([0, 0, 101, 0, 0]), equal_weights(5))


def test_the_curve_pools_levels_that_would_fall() -> None:
    satisfaction = np.repeat([20.0, 40, 60, 80], 10)
    loyalty = np.repeat([10.0, 50, 30, 90], 10)
    curve = loyalty_curve(satisfaction, loyalty, equal_weights(40))
    np.testing.assert_allclose(curve.satisfaction, [20, 40, 60, 80])
    np.testing.assert_allclose(curve.loyalty, [10, 40, 40, 90])


def test_the_curve_pools_by_weight() -> None:
    weights = np.repeat([1.0, 3, 1, 1], 10)
    curve = loyalty_curve(
        np.repeat([20.0, 40, 60, 80], 10), np.repeat([10.0, 50, 30, 90], 10), SurveyDesign.of(weights)
    )
    np.testing.assert_allclose(curve.loyalty, [10, 45, 45, 90])


def test_the_knee_is_where_loyalty_takes_off() -> None:
    satisfaction = np.repeat([0.0, 25, 50, 75, 100], 8)
    loyalty = np.repeat([0.0, 5, 10, 20, 100], 8)
    knee = loyalty_curve(satisfaction, loyalty, equal_weights(40)).knee
    assert knee is not None
    assert (knee.satisfaction, knee.loyalty) == (75, 20)
    assert knee.distance == pytest.approx(0.2 - 0.75)


def test_a_curve_that_does_not_rise_has_no_knee() -> None:
    curve = loyalty_curve(np.repeat([20.0, 40, 60, 80], 10), np.repeat([50.0, 40, 30, 20], 10), equal_weights(40))
    assert curve.knee is None
    np.testing.assert_allclose(curve.loyalty, 35)


def test_a_curve_needs_thirty_respondents_with_both_scores() -> None:
    loyalty = np.r_[np.full(29, 50.0), np.full(11, math.nan)]
    with pytest.raises(SurveyProblem, match="29 respondents have what is needed; at least 30 are expected"):
        loyalty_curve(np.linspace(0, 100, 40), loyalty, equal_weights(40))


def test_value_is_the_mean_of_quality_given_price_and_price_given_quality() -> None:
    found = perceived_value(np.full(10, 10.0), np.full(10, 5.5 + 0.5), equal_weights(10))
    assert found.quality_given_price.value == pytest.approx(100)
    assert found.price_given_quality.value == pytest.approx(5 / 9 * 100)
    assert found.value.value == pytest.approx((100 + 500 / 9) / 2)


def test_the_price_drags_where_it_is_rated_below_the_quality() -> None:
    generator = np.random.default_rng(0)
    good, bad = generator.integers(7, 10, 40), generator.integers(3, 6, 40)
    assert perceived_value(good, bad, equal_weights(40)).drag is ValueDrag.PRICE
    assert perceived_value(bad, good, equal_weights(40)).drag is ValueDrag.QUALITY


def test_neither_drags_where_the_difference_could_be_chance() -> None:
    codes = np.array([4, 5, 6, 7, 8, 9])
    found = perceived_value(codes, codes[::-1], equal_weights(6))
    assert found.difference.value == pytest.approx(0)
    assert found.drag is ValueDrag.NEITHER


def test_value_counts_only_those_who_answered_both_questions() -> None:
    quality = np.array([10, 10, 10, 10, 10, 1, math.nan])
    price = np.array([10, 10, 10, 10, 10, math.nan, 1])
    found = perceived_value(quality, price, equal_weights(7))
    assert [found.quality_given_price.value, found.price_given_quality.value] == pytest.approx([100, 100])
    assert found.value.respondents == 5


def test_value_needs_five_who_answered_both() -> None:
    with pytest.raises(SurveyProblem, match="4 respondents answered both questions; at least 5 are expected"):
        perceived_value(np.full(5, 7.0), np.array([7, 7, 7, 7, math.nan]), equal_weights(5))


def test_a_code_of_zero_on_a_scale_from_one_is_refused() -> None:
    with pytest.raises(SurveyProblem, match=r"price_given_quality\[0\]: a code from 1 to 10 is expected, not 0"):
        perceived_value(np.full(5, 7.0), np.zeros(5), equal_weights(5))
