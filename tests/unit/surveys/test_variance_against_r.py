"""Estimates, standard errors and design effects equal R `survey` on the samples of the California schools."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.surveys.variance.design import StageColumns, SurveyDesign
from domain.surveys.variance.estimates import (
    Estimate,
    estimate_mean,
    estimate_means_by,
    estimate_ratio,
    estimate_total,
)
from domain.surveys.variance.intervals import t_interval
from domain.surveys.variance.replicates import jackknife

Table = dict[str, NDArray[Any]]
ReadTable = Callable[[str], Table]
ReadNumbers = Callable[[str], Any]


@pytest.fixture(scope="module")
def expected(reference_numbers: ReadNumbers) -> Any:
    return reference_numbers("expected_api_survey_r.json")


@pytest.fixture(scope="module")
def strata(reference_table: ReadTable) -> Table:
    return reference_table("apistrat.csv")


@pytest.fixture(scope="module")
def stratified(strata: Table) -> SurveyDesign:
    return SurveyDesign.of(strata["pw"], [StageColumns(strata=strata["stype"], population=strata["fpc"])])


def equals(found: Estimate, value_and_error: list[float]) -> bool:
    return [found.value, found.standard_error] == pytest.approx(value_and_error, rel=1e-6)


def test_a_simple_random_sample(reference_table: ReadTable, expected: Any) -> None:
    table = reference_table("apisrs.csv")
    design = SurveyDesign.of(table["pw"], [StageColumns(population=table["fpc"])])
    assert equals(estimate_mean(design, table["api00"]), expected["apisrs"]["mean_api00"])
    assert equals(estimate_total(design, table["enroll"]), expected["apisrs"]["total_enroll"])


def test_a_stratified_mean_with_its_design_effect_and_interval(
    stratified: SurveyDesign, strata: Table, expected: Any
) -> None:
    found = estimate_mean(stratified, strata["api00"])
    assert equals(found, expected["apistrat"]["mean_api00"])
    assert found.design_effect == pytest.approx(expected["apistrat"]["deff_mean"], rel=1e-5)
    assert found.degrees_of_freedom == expected["apistrat"]["df"]
    interval = t_interval(found.value, found.standard_error, found.degrees_of_freedom)
    assert [interval.low, interval.high] == pytest.approx(expected["apistrat"]["ci95_t"], rel=1e-6)


def test_a_stratified_total_with_its_design_effect(stratified: SurveyDesign, strata: Table, expected: Any) -> None:
    found = estimate_total(stratified, strata["enroll"])
    assert equals(found, expected["apistrat"]["total_enroll"])
    assert found.design_effect == pytest.approx(expected["apistrat"]["deff_total"], rel=2e-5)


def test_a_stratified_ratio(stratified: SurveyDesign, strata: Table, expected: Any) -> None:
    found = estimate_ratio(stratified, strata["api.stu"], strata["enroll"])
    assert equals(found, expected["apistrat"]["ratio_api.stu_enroll"])


def test_without_populations_there_is_no_finite_population_factor(strata: Table, expected: Any) -> None:
    design = SurveyDesign.of(strata["pw"], [StageColumns(strata=strata["stype"])])
    found = estimate_mean(design, strata["api00"])
    assert found.standard_error == pytest.approx(expected["apistrat"]["mean_no_fpc_se"], rel=1e-6)


def test_groups_that_are_strata(stratified: SurveyDesign, strata: Table, expected: Any) -> None:
    found = estimate_means_by(stratified, strata["api00"], strata["stype"])
    assert list(found) == ["E", "H", "M"]
    assert all(equals(found[label], pair) for label, pair in expected["apistrat"]["by_stype"].items())


def test_domains_that_cut_across_strata_keep_the_full_design(
    stratified: SurveyDesign, strata: Table, expected: Any
) -> None:
    for label in ("No", "Yes"):
        found = estimate_mean(stratified, strata["api00"], strata["sch.wide"] == label)
        assert equals(found, expected["apistrat"][f"domain_sch.wide_{label}"])


def test_clusters(reference_table: ReadTable, expected: Any) -> None:
    table = reference_table("apiclus1.csv")
    design = SurveyDesign.of(table["pw"], [StageColumns(units=table["dnum"], population=table["fpc"])])
    mean = estimate_mean(design, table["api00"])
    assert equals(mean, expected["apiclus1"]["mean_api00"])
    assert mean.design_effect == pytest.approx(expected["apiclus1"]["deff"], rel=1e-6)
    assert mean.degrees_of_freedom == expected["apiclus1"]["df"]
    assert equals(estimate_total(design, table["enroll"]), expected["apiclus1"]["total_enroll"])


def test_two_stages_with_missing_values_as_a_domain(reference_table: ReadTable, expected: Any) -> None:
    table = reference_table("apiclus2.csv")
    stages = [
        StageColumns(units=table["dnum"], population=table["fpc1"]),
        StageColumns(units=table["snum"], population=table["fpc2"]),
    ]
    design = SurveyDesign.of(table["pw"], stages)
    mean = estimate_mean(design, table["api00"])
    assert equals(mean, expected["apiclus2"]["mean_api00"])
    assert mean.design_effect == pytest.approx(expected["apiclus2"]["deff"], rel=1e-6)
    total = estimate_total(design, table["enroll"], ~np.isnan(table["enroll"]))
    assert equals(total, expected["apiclus2"]["total_enroll_na_rm"])


def test_jackknife_of_clusters_and_of_strata(
    reference_table: ReadTable, stratified: SurveyDesign, strata: Table, expected: Any
) -> None:
    table = reference_table("apiclus1.csv")
    clusters = SurveyDesign.of(table["pw"], [StageColumns(units=table["dnum"], population=table["fpc"])])
    assert jackknife_error(clusters, table) == pytest.approx(expected["apiclus1"]["JK1_se"], rel=1e-6)
    assert jackknife_error(stratified, strata) == pytest.approx(expected["apistrat"]["JKn_se"], rel=1e-6)


def jackknife_error(design: SurveyDesign, table: Table) -> float:
    replicates = jackknife(design)
    means = replicates.means(table["api00"][:, None])
    return float(replicates.covariance(means)[0, 0] ** 0.5)
