"""Expected values: Freireich et al. 1963 (6-MP and placebo) as Kalbfleisch, Prentice (1980) and others publish them."""

import numpy as np
import pytest
from scipy.stats import CensoredData, logrank

from domain.analysis.refusal import AnalysisProblem
from domain.analysis.survival import chance_to_miss, compare_speed, ends_by_kind, time_to_end

TREATED = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
TREATED_ENDED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def test_the_curve_of_the_published_example() -> None:
    curve = time_to_end(TREATED, TREATED_ENDED)
    assert curve.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.open_share == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=0.0005)
    assert curve.quantile(0.5) == 23
    assert curve.quantile(0.9) is None


def test_the_median_of_the_placebo_group_is_eight_weeks() -> None:
    curve = time_to_end(PLACEBO, np.ones(21))
    assert curve.quantile(0.5) == 8
    assert curve.open_after(0.5) == 1
    assert curve.open_after(23) == 0


def test_the_interval_holds_the_curve() -> None:
    curve = time_to_end(TREATED, TREATED_ENDED)
    assert np.all(curve.low <= curve.open_share)
    assert np.all(curve.open_share <= curve.high)


def test_the_log_rank_test_of_the_published_example() -> None:
    """χ² = 16.79 on one degree of freedom; expected 19.25 and 10.75."""
    times, ended = TREATED + PLACEBO, [*TREATED_ENDED, *[1] * 21]
    test = compare_speed(times, ended, ["6-MP"] * 21 + ["placebo"] * 21)
    assert test.observed == (9, 21)
    assert test.expected == pytest.approx((19.25, 10.75), abs=0.005)
    assert test.statistic == pytest.approx(16.79, abs=0.005)
    assert test.degrees_of_freedom == 1


def test_two_groups_are_compared_as_scipy_compares_them() -> None:
    chance = np.random.default_rng(3)
    times, ended, group = chance.exponential(5, 90), chance.random(90) < 0.7, chance.random(90) < 0.4
    first, second = (
        CensoredData(uncensored=times[rows & ended], right=times[rows & ~ended]) for rows in (group, ~group)
    )
    ours = compare_speed(times, ended, group)
    assert ours.p_value == pytest.approx(logrank(first, second).pvalue, rel=1e-9)


def test_three_groups_have_two_degrees_of_freedom() -> None:
    test = compare_speed([1, 2, 3, 4, 5, 6], [1] * 6, list("aabbcc"))
    assert test.degrees_of_freedom == 2
    assert sum(test.observed) == pytest.approx(sum(test.expected))


def test_ends_that_compete_make_up_one_with_what_is_open() -> None:
    chance = np.random.default_rng(5)
    times = np.round(chance.exponential(10, 400), 0)
    kinds = chance.choice(["", "resolved", "withdrawn", "transferred"], 400, p=[0.2, 0.5, 0.2, 0.1])
    curve, ends = time_to_end(times, kinds != ""), ends_by_kind(times, kinds)
    for time in (0, 3, 10, 25, 60):
        assert sum(end.by(time) for end in ends.values()) + curve.open_after(time) == pytest.approx(1)


def test_incidence_by_hand() -> None:
    """Five cases: resolved at 1, withdrawn at 2, open at 3, resolved at 4, open at 5: 1/5, then 3/5 · 1/2 more."""
    ends = ends_by_kind([1, 2, 3, 4, 5], ["resolved", "withdrawn", "", "resolved", ""])
    assert ends["resolved"].times.tolist() == [1, 4]
    assert ends["resolved"].share == pytest.approx([0.2, 0.5])
    assert ends["withdrawn"].share == pytest.approx([0.2])
    assert ends["resolved"].quantile(0.5) == 4
    assert ends["withdrawn"].quantile(0.5) is None


def test_without_competition_incidence_is_what_has_ended() -> None:
    curve, ends = (
        time_to_end(TREATED, TREATED_ENDED),
        ends_by_kind(TREATED, ["ended" if e else "" for e in TREATED_ENDED]),
    )
    assert ends["ended"].share == pytest.approx(1 - curve.open_share)


def test_the_chance_to_miss_is_what_is_left_of_those_still_open() -> None:
    curve = time_to_end([1, 2, 3, 4], np.ones(4))
    assert chance_to_miss(curve, [0, 2, 9], [2, 1, 1]) == pytest.approx([0.5, 0.5, 1])


def test_nothing_that_ended_and_negative_times_are_refused() -> None:
    with pytest.raises(AnalysisProblem, match="ended"):
        time_to_end([1, 2], [0, 0])
    with pytest.raises(AnalysisProblem, match=r"times\[1\]"):
        ends_by_kind([1, -2], ["a", "b"])
    with pytest.raises(AnalysisProblem, match="groups"):
        compare_speed([1, 2], [1, 1], ["a", "a"])
