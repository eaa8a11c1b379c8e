"""Replicate weights: their factors worked by hand, their agreement with the formulas, refusals."""

import numpy as np
import pytest

from domain.surveys.errors import SurveyProblem
from domain.surveys.variance.design import StageColumns, SurveyDesign
from domain.surveys.variance.estimates import estimate_mean
from domain.surveys.variance.replicates import jackknife, rao_wu_bootstrap

STRATA = np.array(["a", "a", "b", "b", "b"])
WEIGHTS = np.array([10.0, 10.0, 20.0, 20.0, 20.0])
DESIGN = SurveyDesign.of(WEIGHTS, [StageColumns(strata=STRATA)])


def test_the_jackknife_leaves_one_unit_out_and_lifts_its_stratum() -> None:
    weights = jackknife(DESIGN).weights_of(slice(None))
    assert weights[0] == pytest.approx([0, 20, 20, 20, 20])
    assert weights[4] == pytest.approx([10, 10, 30, 30, 0])


def test_the_jackknife_carries_the_finite_population_factor_in_its_variance() -> None:
    population = np.where(STRATA == "a", 4, 30)
    replicates = jackknife(SurveyDesign.of(WEIGHTS, [StageColumns(strata=STRATA, population=population)]))
    assert replicates.variance_factors == pytest.approx([0.5 * 0.5] * 2 + [0.9 * 2 / 3] * 3)


def test_every_bootstrap_replicate_keeps_the_weight_of_each_stratum() -> None:
    weights = rao_wu_bootstrap(DESIGN, 50, np.random.default_rng(1)).weights_of(slice(None))
    assert weights[:, :2].sum(axis=1) == pytest.approx(np.full(50, 20))
    assert weights[:, 2:].sum(axis=1) == pytest.approx(np.full(50, 60))


def test_the_bootstrap_of_two_units_takes_one_of_them_twice() -> None:
    weights = rao_wu_bootstrap(DESIGN, 50, np.random.default_rng(1)).weights_of(slice(0, 2))
    assert {tuple(pair) for pair in weights.tolist()} == {(20.0, 0.0), (0.0, 20.0)}


def test_the_same_seed_gives_the_same_replicates() -> None:
    first, second = (rao_wu_bootstrap(DESIGN, 20, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first.multiplicity, second.multiplicity)


def test_rows_of_one_unit_share_their_factor() -> None:
    design = SurveyDesign.of(np.ones(6), [StageColumns(units=[1, 1, 2, 2, 3, 3])])
    weights = rao_wu_bootstrap(design, 20, np.random.default_rng(1)).weights_of(slice(None))
    assert np.array_equal(weights[:, ::2], weights[:, 1::2])


def test_totals_by_units_equal_totals_by_the_replicate_weights_of_the_rows() -> None:
    generator = np.random.default_rng(3)
    design = SurveyDesign.of(generator.uniform(1, 5, 60), [StageColumns(units=np.arange(60) // 3)])
    columns = generator.normal(size=(60, 4))
    replicates = rao_wu_bootstrap(design, 30, generator)
    assert replicates.totals(columns) == pytest.approx(replicates.weights_of(slice(None)) @ columns)


def test_the_bootstrap_agrees_with_the_formula_within_its_own_error() -> None:
    generator = np.random.default_rng(11)
    strata = np.repeat([0, 1, 2], 40)
    values = generator.normal(strata * 10, 5)
    population = np.repeat([80, 200, 4000], 40)
    design = SurveyDesign.of(population / 40, [StageColumns(strata=strata, population=population)])
    replicates = rao_wu_bootstrap(design, 4000, generator)
    error = replicates.covariance(replicates.means(values[:, None]))[0, 0] ** 0.5
    # The relative error of a bootstrap standard error is about 1/sqrt(2 · 4,000) = 1.1 %.
    assert error == pytest.approx(estimate_mean(design, values).standard_error, rel=0.05)


@pytest.mark.parametrize("kind", ["jackknife", "bootstrap"])
def test_a_stratum_of_one_unit_is_refused_by_name(kind: str) -> None:
    columns = StageColumns(strata=["a", "a", "b"], population=[2, 2, 1])
    design = SurveyDesign.of(np.ones(3), [columns])
    with pytest.raises(SurveyProblem) as caught:
        jackknife(design) if kind == "jackknife" else rao_wu_bootstrap(design, 10, np.random.default_rng(1))
    assert caught.value.problems[0].place == "stratum b"


def test_a_jackknife_of_too_many_units_is_refused() -> None:
    with pytest.raises(SurveyProblem, match="10,000 sampling units"):
        jackknife(SurveyDesign.of(np.ones(10_001)))


def test_a_bootstrap_of_one_replicate_is_refused() -> None:
    with pytest.raises(SurveyProblem, match="replicates: at least 2"):
        rao_wu_bootstrap(DESIGN, 1, np.random.default_rng(1))
