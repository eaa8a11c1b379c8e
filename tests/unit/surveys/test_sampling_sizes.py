"""Sample sizes and allocations against published and hand-worked numbers, and what is refused by name."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.surveys.errors import Problem, SurveyProblem
from domain.surveys.sampling.allocation import AllocationRule, Strata, allocate, variance_of_stratified_mean
from domain.surveys.sampling.sizes import FieldTerms, size_for_mean, size_for_share

# Schools of California by type (R `survey`, apipop): units and standard deviations of api00.
SCHOOLS = Strata(
    names=("E", "H", "M"),
    units=np.array([4421, 755, 1018]),
    deviations=np.array([131.3462986, 107.6562536, 124.7170559]),
)


def refusal(call: Callable[[], Any]) -> tuple[Problem, ...]:
    with pytest.raises(SurveyProblem) as caught:
        call()
    return caught.value.problems


def strata(*units: int, **columns: list[float]) -> Strata:
    names = [f"s{number}" for number in range(len(units))]
    return Strata(names, np.array(units), **{name: np.array(column) for name, column in columns.items()})


def test_half_within_five_points_needs_385() -> None:
    found = size_for_share(0.05)
    assert found.simple == pytest.approx(384.1459, abs=1e-4)
    assert (found.completes, found.to_draw) == (385, 385)


def test_a_population_of_2000_needs_323() -> None:
    assert size_for_share(0.05, terms=FieldTerms(population=2000)).completes == 323


def test_a_design_effect_and_a_response_rate_are_rounded_up_only_once() -> None:
    found = size_for_share(0.05, terms=FieldTerms(design_effect=1.5, response_rate=0.3))
    assert found.to_draw == 1921


def test_the_design_effect_comes_before_the_finite_population() -> None:
    assert size_for_share(0.05, terms=FieldTerms(population=500, design_effect=3)).completes == 349


def test_a_mean_with_deviation_15_within_2_needs_217() -> None:
    assert size_for_mean(2.0, deviation=15.0).completes == 217


def test_a_size_that_comes_out_whole_is_not_rounded_up() -> None:
    # (z · S / E)² = 4² for S/E = 4/z.
    assert size_for_mean(1.0, deviation=4 / 1.959963984540054).completes == 16


def test_eligibility_and_response_lift_the_draw_but_never_above_the_population() -> None:
    found = size_for_share(0.05, terms=FieldTerms(population=500, response_rate=0.5, eligibility=0.8))
    # 384.1459 / (1 + 383.1459/500) = 217.4872 completes are wanted; 500 · 0.4 = 200 will come.
    assert found.to_draw == 500
    assert found.shortfall == pytest.approx(17.4872, abs=1e-4)


@pytest.mark.parametrize(
    ("call", "place"),
    [
        (lambda: size_for_share(0), "margin"),
        (lambda: size_for_share(0.05, share=1), "share"),
        (lambda: size_for_share(0.05, confidence=95), "confidence"),
        (lambda: size_for_mean(1, deviation=0), "deviation"),
        (lambda: size_for_share(0.05, terms=FieldTerms(design_effect=0)), "design_effect"),
        (lambda: size_for_share(0.05, terms=FieldTerms(response_rate=1.1)), "response_rate"),
        (lambda: size_for_share(0.05, terms=FieldTerms(eligibility=math.nan)), "eligibility"),
        (lambda: size_for_share(0.05, terms=FieldTerms(population=0)), "population"),
    ],
)
def test_a_term_out_of_range_is_refused_by_name(call: Callable[[], Any], place: str) -> None:
    assert [problem.place for problem in refusal(call)] == [place]


def test_neyman_allocation_of_the_schools() -> None:
    found = allocate(200, SCHOOLS, AllocationRule.NEYMAN)
    assert found.exact == pytest.approx([147.2085, 20.6054, 32.1861], abs=1e-4)
    assert found.units.tolist() == [147, 21, 32]
    assert not found.census.any()


def test_proportional_allocation_of_the_schools() -> None:
    found = allocate(200, SCHOOLS, AllocationRule.PROPORTIONAL)
    assert found.exact == pytest.approx([142.7510494, 24.37843074, 32.87051986], abs=1e-7)
    assert found.units.tolist() == [143, 24, 33]


def test_the_variances_of_both_allocations_of_the_schools() -> None:
    for rule, expected in ((AllocationRule.NEYMAN, 78.48569491), (AllocationRule.PROPORTIONAL, 78.78476014)):
        found = variance_of_stratified_mean(SCHOOLS, allocate(200, SCHOOLS, rule).exact)
        assert found == pytest.approx(expected, rel=1e-6)


def test_neyman_allocation_from_the_population_itself(
    reference_table: Callable[[str], dict[str, NDArray[Any]]], reference_numbers: Callable[[str], Any]
) -> None:
    table, expected = reference_table("apipop.csv"), reference_numbers("expected_api_survey_r.json")
    scores = {name: table["api00"][table["stype"] == name] for name in "EHM"}
    units = np.array([len(scores[name]) for name in "EHM"])
    deviations = np.array([scores[name].std(ddof=1) for name in "EHM"])
    found = allocate(200, Strata("EHM", units, deviations), AllocationRule.NEYMAN)
    assert dict(zip("EHM", found.exact, strict=True)) == pytest.approx(expected["allocation_n200"]["neyman"], rel=1e-6)


def test_equal_allocation_ignores_the_units() -> None:
    assert allocate(30, strata(1000, 50, 400), AllocationRule.EQUAL).units.tolist() == [10, 10, 10]


def test_power_allocation_lies_between_equal_and_proportional() -> None:
    # Square roots 40 and 10 share 100 out as 80 and 20.
    assert allocate(100, strata(1600, 100), AllocationRule.POWER, power=0.5).units.tolist() == [80, 20]


def test_a_dear_stratum_gets_less_at_the_cost_optimum() -> None:
    # N·S/√c = 100·2/1 and 100·4/4 share 90 out as 60 and 30.
    found = allocate(90, strata(100, 100, deviations=[2, 4], costs=[1, 16]), AllocationRule.COST_OPTIMUM)
    assert found.units.tolist() == [60, 30]


def test_a_census_is_taken_where_the_allocation_exceeds_the_stratum_and_the_rest_is_shared_out_anew() -> None:
    # Neyman would give 90 of 50; the 50 left over are shared out 1:1.
    found = allocate(100, strata(50, 500, 500, deviations=[90, 0.5, 0.5]), AllocationRule.NEYMAN)
    assert found.units.tolist() == [50, 25, 25]
    assert found.census.tolist() == [True, False, False]


def test_no_stratum_gets_less_than_the_floor_and_the_others_pay_for_it() -> None:
    # Proportional gives 0.5, 49.75 and 49.75.
    assert allocate(100, strata(10, 995, 995), AllocationRule.PROPORTIONAL).units.tolist() == [2, 49, 49]


def test_the_floor_of_a_stratum_of_one_unit_is_that_unit() -> None:
    found = allocate(10, strata(1, 99), AllocationRule.PROPORTIONAL)
    assert found.units.tolist() == [1, 9]
    assert found.census.tolist() == [True, False]


def test_whole_units_go_to_the_largest_remainders() -> None:
    # 10 · (5.5, 3.3, 1.2)/10 with the remainders .5, .3 and .2: the one left over goes to the first.
    assert allocate(10, strata(55, 33, 12), AllocationRule.PROPORTIONAL, at_least=0).units.tolist() == [6, 3, 1]


def test_a_total_of_all_units_is_a_census() -> None:
    found = allocate(60, strata(10, 20, 30), AllocationRule.PROPORTIONAL)
    assert found.units.tolist() == [10, 20, 30]
    assert found.census.all()


@pytest.mark.parametrize(
    ("call", "place"),
    [
        (lambda: allocate(5, strata(), AllocationRule.EQUAL), "strata"),
        (lambda: allocate(5, strata(9, 0), AllocationRule.EQUAL), "stratum s1"),
        (lambda: allocate(3, strata(9, 9), AllocationRule.EQUAL), "total"),
        (lambda: allocate(19, strata(9, 9), AllocationRule.EQUAL), "total"),
        (lambda: allocate(5, strata(9, 9), AllocationRule.NEYMAN), "deviations"),
        (lambda: allocate(5, strata(9, 9, deviations=[1, 0]), AllocationRule.NEYMAN), "stratum s1"),
        (lambda: allocate(5, strata(9, 9, deviations=[1, 1]), AllocationRule.COST_OPTIMUM), "costs"),
        (lambda: allocate(5, strata(9, 9), AllocationRule.POWER, power=2), "power"),
        (lambda: variance_of_stratified_mean(strata(9, 9), [2, 2]), "deviations"),
    ],
)
def test_an_allocation_that_cannot_be_made_is_refused_by_name(call: Callable[[], Any], place: str) -> None:
    assert [problem.place for problem in refusal(call)] == [place]
