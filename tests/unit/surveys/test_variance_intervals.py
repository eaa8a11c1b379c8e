"""Intervals against published numbers, and their behaviour at the ends."""

import pytest

from domain.surveys.errors import SurveyProblem
from domain.surveys.variance.intervals import (
    effective_rows_of_share,
    logit_interval,
    net_promoter_interval,
    t_interval,
    wilson_interval,
)


def test_a_t_interval_is_the_textbook_one() -> None:
    # t(0.975; 10) = 2.228139 (any table of Student's t)
    found = t_interval(50.0, 2.0, 10)
    assert (found.low, found.high) == pytest.approx((50 - 4.456277, 50 + 4.456277), abs=1e-5)


def test_the_wilson_interval_of_a_published_example() -> None:
    # 81 of 263, Newcombe 1998, table I (a), method 3: 0.2553 to 0.3662
    found = wilson_interval(81 / 263, 263)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_the_wilson_interval_of_none_at_all_starts_at_zero() -> None:
    # 0 of 20, Newcombe 1998: 0.0000 to 0.1611
    found = wilson_interval(0.0, 20)
    assert (found.low, found.high) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_a_logit_interval_worked_by_hand() -> None:
    # logit(.2) = -1.386294; 1.959964 · .04 / .16 = .489991; logistic of -1.876285 and -.896303
    found = logit_interval(0.2, 0.04, 1e9)
    assert (found.low, found.high) == pytest.approx((0.132816, 0.289811), abs=1e-6)


def test_the_net_promoter_interval_of_50_30_20() -> None:
    # Given with z rounded to 1.96.
    found = net_promoter_interval(0.5, 0.2, 100)
    assert (found.low, found.high) == pytest.approx((14.0509, 44.2016), abs=5e-4)


def test_a_net_promoter_interval_never_leaves_its_scale() -> None:
    assert net_promoter_interval(1.0, 0.0, 3).high <= 100


def test_effective_rows_of_a_share_are_those_of_a_simple_random_sample() -> None:
    assert effective_rows_of_share(0.3, (0.3 * 0.7 / 150) ** 0.5, otherwise=1) == pytest.approx(150)
    assert effective_rows_of_share(1.0, 0.0, otherwise=80) == 80


@pytest.mark.parametrize(
    ("call", "place"),
    [
        (lambda: wilson_interval(1.2, 10), "share"),
        (lambda: wilson_interval(0.5, 0), "effective_rows"),
        (lambda: logit_interval(1.0, 0.1, 10), "share"),
        (lambda: t_interval(0, 1, 0), "degrees_of_freedom"),
        (lambda: t_interval(0, 1, 5, confidence=95), "confidence"),
        (lambda: net_promoter_interval(0.7, 0.4, 10), "detractors"),
    ],
)
def test_what_has_no_interval_is_refused_by_name(call: object, place: str) -> None:
    with pytest.raises(SurveyProblem) as caught:
        call()  # type: ignore[operator]
    assert caught.value.problems[0].place == place
