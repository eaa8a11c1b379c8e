"""Sampling designs and group plans as documents: what they come to, and what is refused."""

from typing import Any

import pytest

from domain.surveys.errors import Problem, SurveyProblem, parse_document
from domain.surveys.sampling.groups import GroupPlan
from domain.surveys.sampling.plan import SamplingDesign
from domain.surveys.variance.estimates import Estimate

SCHOOLS = {"E": 4421, "H": 755, "M": 1018}
DEVIATIONS = {"E": 131.3462986, "H": 107.6562536, "M": 124.7170559}


def design(**content: Any) -> SamplingDesign:
    return parse_document(SamplingDesign, content)


def places(model: type[SamplingDesign] | type[GroupPlan], content: dict[str, Any]) -> list[str]:
    with pytest.raises(SurveyProblem) as caught:
        parse_document(model, content)
    return [problem.place for problem in caught.value.problems]


def test_a_design_allocates_its_size_by_its_rule() -> None:
    found = design(size=200, allocation="neyman", deviations=DEVIATIONS).allocated(SCHOOLS)
    assert found.exact == pytest.approx([147.2085, 20.6054, 32.1861], abs=1e-4)


def test_a_precision_becomes_a_size_for_the_population_at_hand() -> None:
    wanted = design(precision={"margin": 0.05})
    assert wanted.sample_size(2000) == 323
    assert wanted.allocated({"a": 1500, "b": 500}).units.sum() == 323


def test_the_precision_of_a_mean_needs_its_deviation() -> None:
    assert design(precision={"of": "mean", "margin": 2, "deviation": 15}).sample_size(10**9) == 217
    assert places(SamplingDesign, {"precision": {"of": "mean", "margin": 2}}) == ["precision"]


def test_a_census_takes_everybody() -> None:
    census = design(method="census")
    assert census.sample_size(77) == 77
    assert census.allocated({"a": 70, "b": 7}).units.tolist() == [70, 7]


def test_the_reserve_is_a_share_of_each_stratum_rounded_up() -> None:
    plan = design(size=15, reserve_share=0.5)
    assert plan.reserve(plan.allocated({"a": 100, "b": 50})).tolist() == [5, 3]


def test_a_size_above_the_population_is_the_population() -> None:
    assert design(size=500).sample_size(120) == 120


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({}, ["size"]),
        ({"size": 10, "precision": {"margin": 0.05}}, ["size"]),
        ({"method": "census", "size": 10}, ["size"]),
        ({"size": 0}, ["size"]),
        ({"size": 10, "method": "pps_systematic"}, ["size_attribute"]),
        ({"size": 10, "method": "two_stage", "cluster_attribute": "town"}, ["cluster_attribute"]),
        ({"size": 10, "allocation": "neyman"}, ["deviations"]),
        ({"size": 10, "allocation": "cost_optimum", "deviations": {"a": 1}}, ["costs"]),
        ({"size": 10, "deviations": {"a": 0}}, ["deviations.a"]),
        ({"size": 10, "method": "quota"}, ["method"]),
    ],
)
def test_a_design_that_cannot_be_drawn_is_refused_by_place(content: dict[str, Any], expected: list[str]) -> None:
    assert places(SamplingDesign, content) == expected


def test_a_stratum_without_its_deviation_is_refused_by_name() -> None:
    with pytest.raises(SurveyProblem) as caught:
        design(size=20, allocation="neyman", deviations={"a": 1}).allocated({"a": 50, "b": 50})
    assert caught.value.problems == (Problem("deviations b", "missing for this stratum"),)


def group(name: str, population: float, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "title": {"en": name},
        "population": population,
        "survey": "yearly",
        "channel": "telephone",
        "sampling": {"size": 100},
        **more,
    }


def test_the_whole_is_the_sum_of_population_shares_times_groups() -> None:
    plan = parse_document(GroupPlan, {"groups": [group("homes", 9000), group("firms", 1000)]})
    found = plan.combined({"homes": Estimate(80, 1.0, 400, 401), "firms": Estimate(60, 3.0, 50, 51)})
    # .9 · 80 + .1 · 60; √(.9² + .3²); Satterthwaite (.81 + .09)² / (.81²/400 + .09²/50)
    assert found.value == pytest.approx(78)
    assert found.standard_error == pytest.approx(0.9**0.5)
    assert found.degrees_of_freedom == int(0.81 / (0.6561 / 400 + 0.0081 / 50))
    assert found.rows == 452


def test_groups_may_count_by_their_value() -> None:
    content = {"counted_by": "value", "groups": [group("homes", 9000, value=20.0), group("firms", 1000, value=60.0)]}
    assert parse_document(GroupPlan, content).shares() == {"homes": 0.25, "firms": 0.75}


def test_a_group_plan_that_does_not_add_up_is_refused_by_group() -> None:
    assert places(GroupPlan, {"groups": [group("a", 1), group("a", 2)]}) == ["a"]
    assert places(GroupPlan, {"counted_by": "value", "groups": [group("a", 1)]}) == ["a"]
    assert places(GroupPlan, {"groups": []}) == ["groups"]
    assert places(GroupPlan, {"groups": [group("a", 0)]}) == ["groups[0].population"]


def test_groups_and_estimates_must_match() -> None:
    plan = parse_document(GroupPlan, {"groups": [group("homes", 1), group("firms", 1)]})
    with pytest.raises(SurveyProblem) as caught:
        plan.combined({"homes": Estimate(80, 1, 10, 11)})
    assert caught.value.problems == (Problem("firms", "the group has no estimate"),)
    both = {"homes": Estimate(80, 1, 10, 11), "firms": Estimate(80, 1, 10, 11), "farms": Estimate(80, 1, 10, 11)}
    with pytest.raises(SurveyProblem, match="farms: there is no such group"):
        plan.combined(both)
