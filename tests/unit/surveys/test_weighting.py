"""Each step of weighting worked by hand, and what is refused where."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from domain.surveys.arrays import encode
from domain.surveys.errors import Problem, SurveyProblem
from domain.surveys.weighting.adjustment import AdjustedClass, CollapseRule, base_weights, pass_weights_on
from domain.surveys.weighting.plan import WeightingPlan
from domain.surveys.weighting.steps import SampledUnits, weigh
from domain.surveys.weighting.summary import summarise_weights
from domain.surveys.weighting.trimming import trim_weights

NO_LIMITS = CollapseRule(least_rows=1, largest_factor=1e9)


def refusal(call: Callable[[], Any]) -> tuple[Problem, ...]:
    with pytest.raises(SurveyProblem) as caught:
        call()
    return caught.value.problems


def places(call: Callable[[], Any]) -> list[str]:
    return [problem.place for problem in refusal(call)]


def flags(text: str, mark: str) -> np.typing.NDArray[np.bool_]:
    return np.array([letter == mark for letter in text])


def test_a_base_weight_is_one_over_the_probability() -> None:
    assert base_weights([0.5, 0.25, 1.0]).tolist() == [2.0, 4.0, 1.0]


def test_a_probability_outside_its_range_is_refused_by_row() -> None:
    assert places(lambda: base_weights([0.5, 0.0, 1.5, np.nan])) == ["inclusion[1]", "inclusion[2]", "inclusion[3]"]


def test_lost_weight_is_passed_on_within_the_class_and_others_keep_theirs() -> None:
    # Class a: 2 + 4 stay, 6 is lost, so a factor of 2. Class b: 5 stays, 5 is lost; 9 is neither.
    weights = np.array([2.0, 4, 6, 5, 5, 9])
    fate = "ssl" + "slx"
    found = pass_weights_on(
        weights, stayed=flags(fate, "s"), lost=flags(fate, "l"), classes=encode(list("aaabbb")), rule=NO_LIMITS
    )
    assert found.weights.tolist() == [4, 8, 0, 10, 0, 9]
    assert [(each.labels, each.rows, each.factor) for each in found.classes] == [(("a",), 2, 2.0), (("b",), 1, 2.0)]


def test_a_class_of_few_answers_joins_the_one_with_the_nearest_rate() -> None:
    # Rates: a 2 of 4, b 6 of 8 and c 9 of 10; b is nearer to a than c is.
    labels = list("a" * 4 + "b" * 8 + "c" * 10)
    fate = "ssll" + "ssssssll" + "sssssssssl"
    found = pass_weights_on(
        np.ones(22), stayed=flags(fate, "s"), lost=flags(fate, "l"), classes=encode(labels), rule=CollapseRule(3, 9)
    )
    assert [each.labels for each in found.classes] == [("a", "b"), ("c",)]
    assert [each.factor for each in found.classes] == pytest.approx([12 / 8, 10 / 9])


def test_a_class_far_less_willing_than_all_is_collapsed_too() -> None:
    # Factors: a 40/4 = 10, b 40/36; overall 2, so 10 exceeds 3 · 2 and both become one.
    labels = list("a" * 40 + "b" * 40)
    fate = "s" * 4 + "l" * 36 + "s" * 36 + "l" * 4

    def classes(largest_factor: float) -> tuple[AdjustedClass, ...]:
        return pass_weights_on(
            np.ones(80),
            stayed=flags(fate, "s"),
            lost=flags(fate, "l"),
            classes=encode(labels),
            rule=CollapseRule(1, largest_factor),
        ).classes

    assert [(each.labels, each.factor) for each in classes(3)] == [(("a", "b"), 2.0)]
    assert len(classes(6)) == 2


def test_a_class_in_which_nobody_stayed_is_never_left_alone() -> None:
    found = pass_weights_on(
        np.ones(4), stayed=flags("ssll", "s"), lost=flags("ssll", "l"), classes=encode(list("aabb")), rule=NO_LIMITS
    )
    assert found.weights.tolist() == [2, 2, 0, 0]


def test_an_adjustment_with_nobody_left_is_refused() -> None:
    nobody = np.zeros(2, dtype=bool)
    call = lambda: pass_weights_on(np.ones(2), stayed=nobody, lost=~nobody, classes=encode(["a", "a"]))  # noqa: E731
    assert places(call) == ["stayed"]


def test_rows_that_stayed_and_are_lost_are_refused() -> None:
    both = np.array([True, False])
    assert places(lambda: pass_weights_on(np.ones(2), stayed=both, lost=both, classes=encode([1, 1]))) == ["row 0"]


def test_an_adjustment_of_columns_that_do_not_fit_is_refused_by_name() -> None:
    one = np.array([True])
    found = places(lambda: pass_weights_on(np.ones(2), stayed=one, lost=one, classes=encode([1, 1])))
    assert found == ["stayed", "lost"]


def test_trimming_spreads_what_it_cuts_in_proportion() -> None:
    # Mean 4, cap 8: the 13 becomes 8 and the other three share 8 as 1 : 1 : 1.
    found = trim_weights(np.array([1.0, 1, 1, 13]), largest=2.0)
    assert found.weights == pytest.approx([8 / 3, 8 / 3, 8 / 3, 8])
    assert (found.cap, found.trimmed) == (8.0, 1)


def test_what_is_spread_may_not_lift_another_weight_above_the_cap() -> None:
    # Mean 5, cap 7.5: cutting 12 lifts 7 to 7 · 12.5/8 > 7.5, so it is capped as well and 1 becomes 5/1.
    found = trim_weights(np.array([1.0, 7, 12, 0, 0]), largest=1.125)
    assert found.weights == pytest.approx([5, 7.5, 7.5, 0, 0])
    assert found.trimmed == 2


def test_trimming_below_the_mean_is_refused() -> None:
    assert places(lambda: trim_weights(np.ones(3), largest=1.0)) == ["largest"]


def test_the_summary_of_weights_worked_by_hand() -> None:
    # Σw = 8, Σw² = 20 of three rows: effective 3.2 of 4 is 64/20; deff 4 · 20/64 = 1.25; cv = .5.
    found = summarise_weights(np.array([1.0, 1, 3, 3, 0]))
    assert (found.rows, found.total, found.smallest, found.largest) == (4, 8.0, 1.0, 3.0)
    assert (found.kish_effect, found.variation, found.effective_rows) == pytest.approx((1.25, 0.5, 3.2))


UNITS = SampledUnits(
    inclusion=np.array([0.1] * 6 + [0.2] * 6),
    # region a: one unknown, one silent, one not eligible; region b: two silent.
    dispositions=np.array(["I", "P", "I", "R", "UO", "NE", "I", "I", "I", "P", "NC", "O"]),
    attributes={"region": np.array(["a"] * 6 + ["b"] * 6), "sex": np.array(list("fmfmfm" * 2))},
)


def test_weights_go_through_all_steps() -> None:
    plan = WeightingPlan(classes=("region",), least_respondents=1)
    found = weigh(UNITS, plan)
    # a: 60 over the five known units is 12 each; the refusal's 12 go to three answers: 16.
    # b: 30 over six; the two silent pass 10 on to four: 7.5.
    assert found.rows.tolist() == [0, 1, 2, 6, 7, 8, 9]
    assert found.weights == pytest.approx([16] * 3 + [7.5] * 4)
    assert [step.name for step in found.steps] == ["base", "eligibility", "nonresponse", "final"]
    assert [step.summary.total for step in found.steps] == pytest.approx([90, 90, 78, 78])


def test_final_weights_meet_the_margins_and_carry_their_calibration() -> None:
    plan = WeightingPlan(margins={"sex": {"f": 60, "m": 40}})
    found = weigh(UNITS, plan)
    sex = np.asarray(UNITS.attributes["sex"])[found.rows]
    assert [found.weights[sex == each].sum() for each in "fm"] == pytest.approx([60, 40])
    assert found.calibration is not None
    assert found.margin_deviation < 1e-9


def test_trimmed_weights_are_raked_again_until_both_hold() -> None:
    plan = WeightingPlan(
        classes=("region",), least_respondents=1, margins={"sex": {"f": 60, "m": 40}}, largest_weight=1.3
    )
    found = weigh(UNITS, plan)
    assert found.weights.max() <= 1.3 * found.weights.mean() * (1 + 1e-9)
    assert found.trimmed > 0
    assert found.margin_deviation < 1e-5


def test_a_cap_that_the_margins_do_not_admit_is_reported_as_a_deviation() -> None:
    # Three answers of men would need 33 each, more than 1.5 times the mean of 100/7.
    found = weigh(UNITS, WeightingPlan(margins={"sex": {"f": 1, "m": 99}}, largest_weight=1.5))
    assert found.weights.max() <= 1.5 * found.weights.mean() * (1 + 1e-9)
    assert found.margin_deviation > 0.1


@pytest.mark.parametrize(
    ("changes", "plan", "expected"),
    [
        ({"dispositions": ["I"] * 11 + ["X"]}, {}, ["dispositions[11]"]),
        ({"dispositions": ["NC"] * 12}, {}, ["dispositions"]),
        ({"inclusion": [0.1]}, {}, ["inclusion"]),
        ({}, {"classes": ("age",)}, ["age"]),
        ({}, {"margins": {"age": {"old": 1.0}}}, ["age"]),
        ({}, {"margins": {"sex": {"f": 1.0}}}, ["sex=m"]),
    ],
)
def test_a_sample_that_does_not_fit_its_plan_is_refused(
    changes: dict[str, Any], plan: dict[str, Any], expected: list[str]
) -> None:
    columns = {"inclusion": UNITS.inclusion, "dispositions": UNITS.dispositions, "attributes": UNITS.attributes}
    assert places(lambda: weigh(SampledUnits(**(columns | changes)), WeightingPlan(**plan))) == expected
