"""The description of a design: hand-worked variances, policies for lonely units, refusals by place."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from domain.surveys.errors import Problem, SurveyProblem
from domain.surveys.variance.design import LonelyUnits, StageColumns, SurveyDesign
from domain.surveys.variance.estimates import degrees_of_freedom, estimate_mean, estimate_ratio, estimate_total

# Two strata: "a" holds 1 and 3, "b" holds 2, 4 and 6; every weight is 10.
# Variance of the total: 2/1 · (10² + 10²) + 3/2 · (20² + 0 + 20²) = 400 + 1,200.
VALUES = np.array([1.0, 3.0, 2.0, 4.0, 6.0])
STRATA = np.array(["a", "a", "b", "b", "b"])
WEIGHTS = np.full(5, 10.0)


def refusal(call: Callable[[], Any]) -> tuple[Problem, ...]:
    with pytest.raises(SurveyProblem) as caught:
        call()
    return caught.value.problems


def variance_of_total(design: SurveyDesign, values: np.typing.ArrayLike = VALUES) -> float:
    return float(estimate_total(design, values).standard_error ** 2)


def with_a_lonely_unit(policy: LonelyUnits) -> SurveyDesign:
    strata = np.array(["a", "a", "b", "b", "c"])
    return SurveyDesign.of(WEIGHTS, [StageColumns(strata=strata)], policy)


def test_the_variance_of_a_total_worked_by_hand() -> None:
    assert variance_of_total(SurveyDesign.of(WEIGHTS, [StageColumns(strata=STRATA)])) == pytest.approx(1600)


def test_a_stratum_taken_whole_adds_nothing() -> None:
    population = np.where(STRATA == "a", 2, 30)
    design = SurveyDesign.of(WEIGHTS, [StageColumns(strata=STRATA, population=population)])
    assert variance_of_total(design) == pytest.approx(1200 * (1 - 3 / 30))


def test_rows_of_one_unit_are_added_before_they_are_compared() -> None:
    units = np.array([1, 1, 2, 2, 2])
    # Unit totals 40 and 120 around 80: 2/1 · (40² + 40²).
    assert variance_of_total(SurveyDesign.of(WEIGHTS, [StageColumns(units=units)])) == pytest.approx(6400)


def test_the_second_stage_counts_by_the_part_of_the_first_that_was_sampled() -> None:
    units = np.array([1, 1, 2, 2, 2])
    first = StageColumns(units=units, population=np.full(5, 4))
    second = StageColumns(population=np.array([4, 4, 6, 6, 6]))
    # Half of the first stage is sampled, half of each second stage: 6400 · ½ + ½ · ½ · (400 + 1200) .
    assert variance_of_total(SurveyDesign.of(WEIGHTS, [first, second])) == pytest.approx(3200 + 400)


def test_second_stage_labels_may_repeat_in_other_units() -> None:
    units = np.array([1, 1, 2, 2, 2])
    first = StageColumns(units=units, population=np.full(5, 4))
    repeated = StageColumns(units=np.array([1, 2, 1, 2, 3]))
    distinct = StageColumns(units=np.array([1, 2, 3, 4, 5]))
    assert variance_of_total(SurveyDesign.of(WEIGHTS, [first, repeated])) == pytest.approx(
        variance_of_total(SurveyDesign.of(WEIGHTS, [first, distinct]))
    )


@pytest.mark.parametrize(
    ("policy", "expected"),
    # Strata a and b give 400 and 2 · (10² + 10²); the lonely unit's total is 60.
    [(LonelyUnits.CERTAINTY, 800), (LonelyUnits.ADJUST, 800 + 3600), (LonelyUnits.AVERAGE, 800 * 3 / 2)],
)
def test_a_lonely_unit_counts_as_its_policy_says(policy: LonelyUnits, expected: float) -> None:
    assert variance_of_total(with_a_lonely_unit(policy)) == pytest.approx(expected)


def test_a_lonely_unit_is_refused_by_stratum_where_no_policy_is_named() -> None:
    found = refusal(lambda: with_a_lonely_unit(LonelyUnits.FAIL))
    assert [problem.place for problem in found] == ["stage 1 stratum c"]


def test_a_lonely_unit_that_is_the_whole_stratum_needs_no_policy() -> None:
    strata = np.array(["a", "a", "b", "b", "c"])
    population = np.array([9, 9, 9, 9, 1])
    assert SurveyDesign.of(WEIGHTS, [StageColumns(strata=strata, population=population)]).rows == 5


def test_an_average_of_nothing_but_lonely_units_is_refused() -> None:
    found = refusal(lambda: SurveyDesign.of([1, 1], [StageColumns(strata=["a", "b"])], LonelyUnits.AVERAGE))
    assert found[0].place == "stage 1"


def test_weights_that_are_negative_or_missing_are_refused_by_row() -> None:
    found = refusal(lambda: SurveyDesign.of([1.0, -1.0, np.nan]))
    assert [problem.place for problem in found] == ["weights[1]", "weights[2]"]


def test_weights_that_are_all_zero_are_refused() -> None:
    assert refusal(lambda: SurveyDesign.of([0.0, 0.0])) == (Problem("weights", "all are 0"),)


@pytest.mark.parametrize("weights", [[], [[1.0, 2.0]]])
def test_weights_that_are_not_one_per_row_are_refused(weights: Any) -> None:
    assert refusal(lambda: SurveyDesign.of(weights))[0].place == "weights"


def test_a_unit_in_two_strata_is_refused_by_row() -> None:
    columns = StageColumns(units=[1, 1, 2, 2, 2], strata=STRATA[[0, 2, 2, 2, 2]])
    found = refusal(lambda: SurveyDesign.of(WEIGHTS, [columns]))
    assert found == (Problem("stage 1 row 0", "its unit is in another stratum elsewhere"),)


def test_a_stratum_with_two_populations_is_refused_by_row() -> None:
    columns = StageColumns(strata=STRATA, population=[9, 8, 30, 30, 30])
    assert refusal(lambda: SurveyDesign.of(WEIGHTS, [columns]))[0].place == "stage 1 row 1"


def test_more_units_than_the_population_holds_are_refused_by_stratum() -> None:
    columns = StageColumns(strata=STRATA, population=[9, 9, 2, 2, 2])
    found = refusal(lambda: SurveyDesign.of(WEIGHTS, [columns]))
    assert found == (Problem("stage 1 stratum b", "3 units cannot come from a population of 2.0"),)


def test_a_column_of_another_length_is_refused_by_name() -> None:
    assert refusal(lambda: SurveyDesign.of(WEIGHTS, [StageColumns(strata=["a"])]))[0].place == "stage 1 strata"


def test_a_missing_value_is_refused_by_row_unless_the_domain_leaves_it_out() -> None:
    design = SurveyDesign.of(WEIGHTS)
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0])
    assert refusal(lambda: estimate_mean(design, values))[0].place == "values[2]"
    assert estimate_mean(design, values, ~np.isnan(values)).value == pytest.approx(3.0)


def test_a_domain_without_rows_is_refused() -> None:
    design = SurveyDesign.of(WEIGHTS)
    assert refusal(lambda: estimate_mean(design, VALUES, np.zeros(5, dtype=bool)))[0].place == "domain"


def test_a_domain_that_is_not_true_or_false_is_refused() -> None:
    assert refusal(lambda: estimate_mean(SurveyDesign.of(WEIGHTS), VALUES, [0, 1, 1, 0, 1]))[0].place == "domain"


def test_values_of_another_length_are_refused_by_name() -> None:
    assert refusal(lambda: estimate_mean(SurveyDesign.of(WEIGHTS), VALUES[:3]))[0].place == "values"


def test_a_ratio_to_nothing_is_refused() -> None:
    found = refusal(lambda: estimate_ratio(SurveyDesign.of(WEIGHTS), VALUES, np.zeros(5)))
    assert found == (Problem("denominator", "its weighted total is 0"),)


def test_degrees_of_freedom_are_units_less_strata_of_the_rows_that_count() -> None:
    design = SurveyDesign.of(WEIGHTS, [StageColumns(strata=STRATA)])
    assert degrees_of_freedom(design) == 3
    assert degrees_of_freedom(design, STRATA == "b") == 2


def test_equal_weights_have_a_design_effect_of_one_without_strata_and_clusters() -> None:
    population = np.full(5, 50)
    found = estimate_mean(SurveyDesign.of(WEIGHTS, [StageColumns(population=population)]), VALUES)
    assert found.design_effect == pytest.approx(1)
    assert found.effective_rows == pytest.approx(5 / 0.9)
