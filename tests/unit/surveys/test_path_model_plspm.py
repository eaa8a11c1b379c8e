"""The shipped ECSI model on the `satisfaction` data gives the numbers of R plspm."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.surveys.path_model.bootstrap import Resampled, bootstrap_path_model
from domain.surveys.path_model.document import InnerScheme, Mode, PathModel
from domain.surveys.path_model.estimation import StoppingRule
from domain.surveys.path_model.fit import PathModelFit, fit_path_model, goodness_of_fit, path_regressions
from domain.surveys.path_model.library import named_model
from domain.surveys.path_model.reliability import construct_reliability
from domain.surveys.variance.design import SurveyDesign
from domain.surveys.variance.replicates import rao_wu_bootstrap

Table = dict[str, NDArray[Any]]
ReadTable = Callable[[str], Table]

CONSTRUCTS = ["IMAG", "EXPE", "QUAL", "VAL", "SAT", "LOY"]
PUBLISHED_REPLICATES = 100  # the default of R plspm; its Monte-Carlo error bounds what agreement can be asked for


@pytest.fixture(scope="module")
def answers(reference_table: ReadTable) -> Table:
    return reference_table("satisfaction.csv")


@pytest.fixture(scope="module")
def as_plspm(answers: Table) -> PathModelFit:
    return fit_path_model(named_model("ecsi"), answers, rule=StoppingRule.PLSPM)


def variant(**changes: Any) -> PathModel:
    return named_model("ecsi").model_copy(update=changes)


def assert_equal_to(expected: NDArray[Any], actual: NDArray[Any]) -> None:
    np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-12)


def test_weights_loadings_communalities_and_redundancies_are_those_of_plspm(
    as_plspm: PathModelFit, reference_table: ReadTable
) -> None:
    expected = reference_table("expected_satisfaction_outer_model.csv")
    assert list(as_plspm.model.items) == list(expected["name"])
    assert_equal_to(expected["weight"], as_plspm.weights)
    assert_equal_to(expected["loading"], as_plspm.loadings)
    assert_equal_to(expected["communality"], as_plspm.communalities)
    assert_equal_to(expected["redundancy"], as_plspm.redundancies)


def test_iterated_to_the_end_the_weights_differ_from_plspm_only_by_its_early_stop(
    answers: Table, reference_table: ReadTable
) -> None:
    expected = reference_table("expected_satisfaction_outer_model.csv")
    settled = fit_path_model(named_model("ecsi"), answers)
    np.testing.assert_allclose(settled.weights, expected["weight"], rtol=2e-5)
    np.testing.assert_allclose(settled.loadings, expected["loading"], rtol=2e-5)


def test_the_path_scheme_gives_the_weights_of_plspm(answers: Table, reference_table: ReadTable) -> None:
    expected = reference_table("expected_satisfaction_outer_model_path.csv")
    fit = fit_path_model(variant(scheme=InnerScheme.PATH), answers, rule=StoppingRule.PLSPM)
    assert_equal_to(expected["weight"], fit.weights)
    assert_equal_to(expected["loading"], fit.loadings)


def test_the_factorial_scheme_gives_the_weights_of_plspm(answers: Table) -> None:
    fit = fit_path_model(variant(scheme=InnerScheme.FACTORIAL), answers, rule=StoppingRule.PLSPM)
    weight = dict(zip(fit.model.items, fit.weights, strict=True))
    published = {
        "imag1": 0.0982545375897477,
        "qual3": 0.117498232409339,
        "sat4": 0.131824636097498,
        "loy2": 0.0814752201910471,
    }
    assert {item: weight[item] for item in published} == pytest.approx(published, rel=1e-9)


def test_formative_constructs_give_the_explained_variance_and_communality_of_plspm(answers: Table) -> None:
    formative = [construct.model_copy(update={"mode": Mode.B}) for construct in named_model("ecsi").constructs]
    fit = fit_path_model(variant(constructs=tuple(formative)), answers, rule=StoppingRule.PLSPM)
    r_squared = [0.0, 0.372046006581529, 0.722837619445379, 0.614360808369793, 0.732183693952877, 0.539969047981518]
    communality = [0.532480143903468, 0.60484775361322, 0.657778609805617]
    np.testing.assert_allclose(fit.r_squared, r_squared, rtol=1e-9)
    by_construct = [fit.communalities[fit.model.blocks() == number].mean() for number in range(3)]
    np.testing.assert_allclose(by_construct, communality, rtol=1e-9)


def test_cross_loadings_are_those_of_plspm(as_plspm: PathModelFit, reference_table: ReadTable) -> None:
    expected = reference_table("expected_satisfaction_crossloadings.csv")
    for number, construct in enumerate(CONSTRUCTS):
        assert_equal_to(expected[construct], as_plspm.cross_loadings[:, number])


def test_direct_indirect_and_total_effects_are_those_of_plspm(
    as_plspm: PathModelFit, reference_table: ReadTable
) -> None:
    expected = reference_table("expected_satisfaction_effects.csv")
    place = [(CONSTRUCTS.index(to), CONSTRUCTS.index(start)) for start, to in pairs(expected)]
    rows, columns = map(list, zip(*place, strict=True))
    assert_equal_to(expected["direct"], as_plspm.paths[rows, columns])
    assert_equal_to(expected["indirect"], as_plspm.indirect_effects[rows, columns])
    assert_equal_to(expected["total"], as_plspm.total_effects[rows, columns])
    assert np.count_nonzero(as_plspm.total_effects) == len(place)


def pairs(expected: Table) -> list[tuple[str, str]]:
    return list(zip(expected["from"], expected["to"], strict=True))


def test_the_regression_of_satisfaction_is_that_of_plspm(as_plspm: PathModelFit, reference_table: ReadTable) -> None:
    expected = reference_table("expected_satisfaction_inner_model.csv")
    rows = [row for row in path_regressions(as_plspm) if row.driven == "satisfaction"]
    assert [row.driver for row in rows] == ["image", "expectations", "quality", "value"]
    assert_equal_to(expected["Estimate"], np.array([row.estimate for row in rows]))
    assert_equal_to(expected["Std. Error"], np.array([row.standard_error for row in rows]))
    assert_equal_to(expected["t value"], np.array([row.t_value for row in rows]))
    assert_equal_to(expected["Pr(>|t|)"], np.array([row.p_value for row in rows]))


def test_explained_variance_communality_and_fit_are_those_of_plspm(
    as_plspm: PathModelFit, reference_table: ReadTable
) -> None:
    expected = reference_table("expected_satisfaction_inner_summary.csv")
    of_construct = [as_plspm.model.blocks() == number for number in range(6)]
    assert_equal_to(expected["r_squared"], as_plspm.r_squared)
    assert_equal_to(
        expected["block_communality"], np.array([as_plspm.communalities[own].mean() for own in of_construct])
    )
    assert_equal_to(expected["mean_redundancy"], np.array([as_plspm.redundancies[own].mean() for own in of_construct]))
    extracted = [row.average_variance_extracted for row in construct_reliability(as_plspm)]
    assert_equal_to(expected["ave"], np.array(extracted))
    assert goodness_of_fit(as_plspm) == pytest.approx(0.609741624338411, rel=1e-12)


def test_alpha_rho_and_eigenvalues_are_those_of_plspm(as_plspm: PathModelFit, reference_table: ReadTable) -> None:
    expected = reference_table("expected_satisfaction_unidim.csv")
    table = construct_reliability(as_plspm)
    assert_equal_to(expected["cronbach_alpha"], np.array([row.alpha for row in table]))
    assert_equal_to(expected["dillon_goldstein_rho"], np.array([row.dillon_goldstein_rho for row in table]))
    assert_equal_to(expected["eig_1st"], np.array([row.first_eigenvalue for row in table]))
    assert_equal_to(expected["eig_2nd"], np.array([row.second_eigenvalue for row in table]))


def test_bootstrap_agrees_with_plspm_within_its_monte_carlo_error(
    as_plspm: PathModelFit, answers: Table, reference_table: ReadTable
) -> None:
    design = SurveyDesign.of(np.ones(250))
    resampled = bootstrap_path_model(as_plspm, answers, rao_wu_bootstrap(design, 2_000, np.random.default_rng(7)))
    assert resampled.failed == 0
    drawn = (np.nonzero(as_plspm.paths.T), np.nonzero(as_plspm.total_effects.T))
    path_columns, path_rows = drawn[0]
    effect_columns, effect_rows = drawn[1]
    assert_resampled(reference_table("expected_satisfaction_boot_weights.csv"), resampled.weights, ...)
    assert_resampled(
        reference_table("expected_satisfaction_boot_paths.csv"), resampled.paths, (path_rows, path_columns)
    )
    assert_resampled(reference_table("expected_satisfaction_boot_rsquared.csv"), resampled.r_squared, slice(1, None))
    assert_resampled(
        reference_table("expected_satisfaction_boot_total_effects.csv"),
        resampled.total_effects,
        (effect_rows, effect_columns),
    )


def assert_resampled(expected: Table, actual: Resampled, where: Any) -> None:
    error = expected["std.error"]
    assert_equal_to(expected["original"], actual.original[where])
    distance = np.abs(actual.mean[where] - expected["mean"])
    assert (distance < 4 * error / np.sqrt(PUBLISHED_REPLICATES)).all()
    np.testing.assert_allclose(actual.standard_error[where], error, rtol=4 / np.sqrt(2 * PUBLISHED_REPLICATES))
    assert (actual.lower[where] < actual.mean[where]).all()
    assert (actual.mean[where] < actual.upper[where]).all()
