"""Raking and calibration equal R `survey`, and faulty margins are found before anything is computed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.surveys.errors import Problem, SurveyProblem
from domain.surveys.variance.design import StageColumns, SurveyDesign
from domain.surveys.variance.estimates import estimate_mean, estimate_total
from domain.surveys.weighting.calibration import Distance, calibrate
from domain.surveys.weighting.margins import Margin
from domain.surveys.weighting.raking import CalibratedWeights, rake

Table = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def clusters(reference_table: Callable[[str], Table]) -> Table:
    return reference_table("apiclus1.csv")


@pytest.fixture(scope="module")
def expected(reference_numbers: Callable[[str], Any]) -> Any:
    return reference_numbers("expected_api_survey_r.json")["apiclus1"]


def refusal(call: Callable[[], Any]) -> tuple[Problem, ...]:
    with pytest.raises(SurveyProblem) as caught:
        call()
    return caught.value.problems


def places(call: Callable[[], Any]) -> list[str]:
    return [problem.place for problem in refusal(call)]


def raked(table: Table, expected: Any, *names: str) -> CalibratedWeights:
    return rake(table["pw"], [Margin.of(name, table[name], expected["rake_margins"][name]) for name in names])


def estimates(table: Table, calibrated: CalibratedWeights) -> list[float]:
    """Mean of api00 and total of enroll, each with its standard error."""
    stages = [StageColumns(units=table["dnum"], population=table["fpc"])]
    design = SurveyDesign.of(calibrated.weights, stages, calibration=calibrated.model)
    mean, total = estimate_mean(design, table["api00"]), estimate_total(design, table["enroll"])
    return [mean.value, mean.standard_error, total.value, total.standard_error]


def test_post_stratification_equals_r(clusters: Table, expected: Any) -> None:
    found = raked(clusters, expected, "stype")
    by_type = dict(zip(clusters["stype"], found.weights, strict=True))
    assert by_type == pytest.approx(expected["poststrat_weights"], rel=1e-9)
    assert estimates(clusters, found) == pytest.approx(
        [*expected["poststrat_mean"], *expected["poststrat_total_enroll"]], rel=1e-6
    )


def test_raking_equals_r(clusters: Table, expected: Any) -> None:
    found = raked(clusters, expected, "stype", "sch.wide")
    labels = (f"{a}/{b}" for a, b in zip(clusters["stype"], clusters["sch.wide"], strict=True))
    assert dict(zip(labels, found.weights, strict=True)) == pytest.approx(expected["rake_weights"], rel=1e-9)
    assert estimates(clusters, found) == pytest.approx(
        [*expected["rake_stype_schwide_mean"], *expected["rake_total_enroll"]], rel=1e-6
    )


def auxiliaries(table: Table) -> dict[str, NDArray[Any]]:
    return {
        "(Intercept)": np.ones(len(table["pw"])),
        "stypeH": table["stype"] == "H",
        "stypeM": table["stype"] == "M",
        "api99": table["api99"],
    }


def test_the_generalised_regression_estimator_equals_r(clusters: Table, expected: Any) -> None:
    found = calibrate(clusters["pw"], auxiliaries(clusters), expected["greg_totals"])
    assert estimates(clusters, found) == pytest.approx(
        [*expected["greg_mean"], *expected["greg_total_enroll"]], rel=1e-6
    )


def test_calibration_by_the_raking_distance_equals_r(clusters: Table, expected: Any) -> None:
    found = calibrate(clusters["pw"], auxiliaries(clusters), expected["greg_totals"], Distance.RAKING)
    # Given with six digits.
    assert estimates(clusters, found)[:2] == pytest.approx(expected["greg_raking_mean"], abs=5e-6)


def test_both_roads_to_raking_meet() -> None:
    sex, region = np.array(list("fmfmfmff")), np.array(list("aabbccab"))
    weights = np.arange(1.0, 9.0)
    by_sex, by_region = {"f": 30.0, "m": 20.0}, {"a": 10.0, "b": 25.0, "c": 15.0}
    fitted = rake(weights, [Margin.of("sex", sex, by_sex), Margin.of("region", region, by_region)])
    columns = {"f": sex == "f", "m": sex == "m", "a": region == "a", "b": region == "b"}
    solved = calibrate(weights, columns, {"f": 30, "m": 20, "a": 10, "b": 25}, Distance.RAKING)
    assert fitted.weights == pytest.approx(solved.weights, rel=1e-7)


def test_many_wide_margins_are_raked_without_their_full_table() -> None:
    generator = np.random.default_rng(1)
    weights = np.ones(400)
    margins = []
    for name in "abcdef":
        labels = generator.integers(40, size=400)
        counts = np.bincount(labels, minlength=40)
        targets = {str(code): float(count) for code, count in enumerate(counts) if count}
        margins.append(Margin.of(name, labels, targets))
    assert rake(weights, margins).weights == pytest.approx(weights)


def test_a_category_without_target_and_a_target_without_sample_are_both_named() -> None:
    found = refusal(lambda: Margin.of("region", ["a", "b"], {"a": 10, "c": 5}))
    assert found == (
        Problem("region=b", "it is in the sample but has no target"),
        Problem("region=c", "it has a target but nobody in the sample: merge categories"),
    )


@pytest.mark.parametrize("target", [0.0, -1.0, float("nan"), float("inf")])
def test_a_target_that_is_not_above_zero_is_refused_by_category(target: float) -> None:
    assert places(lambda: Margin.of("region", ["a", "b"], {"a": 10, "b": target})) == ["region=b"]


def test_a_row_without_category_is_refused_by_row() -> None:
    assert places(lambda: Margin.of("region", ["a", ""], {"a": 10})) == ["region[1]"]


def test_margins_of_unequal_sums_are_refused_and_not_rescaled() -> None:
    margins = [Margin.of("sex", ["f", "m"], {"f": 60, "m": 40}), Margin.of("region", ["a", "b"], {"a": 50, "b": 51})]
    found = refusal(lambda: rake(np.ones(2), margins))
    assert found == (Problem("region", "its targets sum to 101, those of sex to 100"),)


def test_a_category_whose_rows_weigh_nothing_is_refused() -> None:
    margin = Margin.of("sex", ["f", "m"], {"f": 60, "m": 40})
    assert places(lambda: rake(np.array([1.0, 0.0]), [margin])) == ["sex=m"]


def test_a_margin_of_another_length_is_refused_by_name() -> None:
    margin = Margin.of("sex", ["f", "m"], {"f": 60, "m": 40})
    assert places(lambda: rake(np.ones(3), [margin])) == ["sex"]


def test_raking_without_margins_is_refused() -> None:
    assert places(lambda: rake(np.ones(3), [])) == ["margins"]


def test_margins_that_empty_cells_make_irreconcilable_are_refused_by_category() -> None:
    # Only f/a and m/b occur, so both margins would have to be equal.
    margins = [Margin.of("sex", ["f", "m"], {"f": 60, "m": 40}), Margin.of("region", ["a", "b"], {"a": 50, "b": 50})]
    (found,) = refusal(lambda: rake(np.ones(2), margins))
    assert found.place in {"sex=f", "sex=m"}
    assert "merge categories" in found.message


@pytest.mark.parametrize(
    ("columns", "totals", "expected_places"),
    [
        ({"x": [1, 2]}, {}, ["totals", "x"]),
        ({"x": [1, 2]}, {"x": 9, "y": 3}, ["y"]),
        ({"x": [1, np.nan]}, {"x": 9}, ["x[1]"]),
        ({"x": [1, 2]}, {"x": np.inf}, ["x"]),
        ({"x": [1, 2, 3]}, {"x": 9}, ["auxiliaries"]),
        ({"one": [1, 1], "two": [2, 2]}, {"one": 5, "two": 10}, ["two"]),
    ],
)
def test_auxiliaries_that_do_not_fit_are_refused_by_name(
    columns: dict[str, Any], totals: dict[str, float], expected_places: list[str]
) -> None:
    assert places(lambda: calibrate(np.ones(2), columns, totals)) == expected_places


def test_a_linear_calibration_that_would_turn_weights_negative_is_refused_by_row() -> None:
    columns = {"one": [1, 1, 1], "x": [0, 1, 10]}
    found = refusal(lambda: calibrate(np.ones(3), columns, {"one": 3, "x": 1}))
    assert found[0].place == "weights[2]"


def test_totals_that_no_weights_can_meet_are_refused() -> None:
    columns = {"one": [1, 1, 1], "x": [1, 2, 3]}
    assert places(lambda: calibrate(np.ones(3), columns, {"one": 3, "x": 30}, Distance.RAKING)) == ["totals"]
