"""Reliability and the correction for attenuation, on answers whose covariance is exactly that of a known model."""

from typing import Any

import numpy as np
import pytest

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import SurveyProblem, parse_document
from domain.surveys.path_model.document import PathModel
from domain.surveys.path_model.fit import PathModelFit, fit_path_model
from domain.surveys.path_model.reliability import (
    construct_reliability,
    correct_for_attenuation,
    fornell_larcker,
    heterotrait_monotrait,
    item_inflation,
)

LOADINGS = {"quality": [0.9, 0.8, 0.7], "value": [0.85, 0.75, 0.65], "loyalty": [0.8, 0.7, 0.6]}
# quality → value 0.5; quality → loyalty 0.3, value → loyalty 0.4: correlations 0.5, 0.3 + 0.2, 0.4 + 0.15.
CONSTRUCT_CORRELATIONS = np.array([[1.0, 0.5, 0.5], [0.5, 1.0, 0.55], [0.5, 0.55, 1.0]])


def known_model(scaling: str = "standardised", mode: str = "A") -> PathModel:
    drivers = {"quality": [], "value": ["quality"], "loyalty": ["quality", "value"]}
    constructs = [
        {
            "id": name,
            "title": {"en": name},
            "items": [f"{name}_{number}" for number in range(3)],
            "driven_by": drivers[name],
            "mode": mode,
            "scale": {"minimum": -99, "maximum": 99},
        }
        for name in LOADINGS
    ]
    content = {"id": "known", "title": {"en": "k"}, "scaling": scaling, "constructs": constructs}
    return parse_document(PathModel, content)


def answers_of(covariance: FloatArray, model: PathModel) -> dict[str, FloatArray]:
    """Columns whose covariance (divisor n) is the given one to rounding error."""
    noise = np.random.default_rng(5).normal(size=(60, len(covariance)))
    orthonormal = np.linalg.qr(noise - noise.mean(axis=0))[0] * np.sqrt(60)
    columns = (orthonormal @ np.linalg.cholesky(covariance).T).T
    return dict(zip(model.items, columns, strict=True))


def population_correlations(loadings: dict[str, list[float]] = LOADINGS) -> FloatArray:
    pattern = np.zeros((9, 3))
    for number, column in enumerate(loadings.values()):
        pattern[3 * number : 3 * number + 3, number] = column
    common: FloatArray = pattern @ CONSTRUCT_CORRELATIONS @ pattern.T
    np.fill_diagonal(common, 1.0)
    return common


@pytest.fixture(params=["standardised", "raw"])
def fit(request: pytest.FixtureRequest) -> PathModelFit:
    model = known_model(request.param)
    deviations = np.array([1.0, 2.0, 3.0, 1.5, 0.5, 2.5, 1.0, 4.0, 2.0])
    covariance = population_correlations() * np.outer(deviations, deviations)
    return fit_path_model(model, answers_of(covariance, model))


def test_corrected_for_attenuation_the_paths_of_the_population_come_back(fit: PathModelFit) -> None:
    inner = correct_for_attenuation(fit).inner
    np.testing.assert_allclose(inner.correlations[0], CONSTRUCT_CORRELATIONS, atol=1e-7)
    np.testing.assert_allclose(inner.paths[0], [[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.3, 0.4, 0.0]], atol=1e-6)


def test_corrected_for_attenuation_the_loadings_of_the_population_come_back(fit: PathModelFit) -> None:
    np.testing.assert_allclose(correct_for_attenuation(fit).loadings, np.concatenate([*LOADINGS.values()]), atol=1e-6)


def test_uncorrected_correlations_are_attenuated(fit: PathModelFit) -> None:
    assert fit.construct_correlations[1, 0] < 0.45


def test_rho_a_is_the_squared_correlation_of_score_and_construct(fit: PathModelFit) -> None:
    root = np.sqrt([row.rho_a for row in construct_reliability(fit) if row.rho_a is not None])
    corrected = fit.construct_correlations / np.outer(root, root)
    between = np.triu_indices(3, k=1)
    np.testing.assert_allclose(corrected[between], CONSTRUCT_CORRELATIONS[between], atol=1e-7)


def test_composite_reliability_and_extracted_variance_follow_from_the_loadings(fit: PathModelFit) -> None:
    row, loadings = construct_reliability(fit)[0], fit.loadings[:3]
    assert row.average_variance_extracted == pytest.approx((loadings**2).mean())
    assert row.composite_reliability == pytest.approx(
        loadings.sum() ** 2 / (loadings.sum() ** 2 + 3 - (loadings**2).sum())
    )


def test_with_equal_loadings_htmt_is_the_correlation_of_the_constructs() -> None:
    model = known_model()
    covariance = population_correlations({name: [0.8] * 3 for name in LOADINGS})
    ratios = heterotrait_monotrait(fit_path_model(model, answers_of(covariance, model)))
    np.testing.assert_allclose(ratios, CONSTRUCT_CORRELATIONS, atol=1e-9)


def test_with_equal_loadings_alpha_is_that_of_spearman_and_brown() -> None:
    model = known_model()
    covariance = population_correlations({name: [0.8] * 3 for name in LOADINGS})
    alphas = [row.alpha for row in construct_reliability(fit_path_model(model, answers_of(covariance, model)))]
    assert alphas == pytest.approx([3 * 0.64 / (1 + 2 * 0.64)] * 3)


def test_fornell_larcker_has_the_root_of_the_extracted_variance_on_its_diagonal(fit: PathModelFit) -> None:
    table = fornell_larcker(fit)
    extracted = [row.average_variance_extracted for row in construct_reliability(fit)]
    np.testing.assert_allclose(np.diag(table) ** 2, np.array(extracted))
    assert table[1, 0] == fit.construct_correlations[1, 0]


def test_variance_inflation_of_two_items_follows_from_their_correlation() -> None:
    pair = np.array([[1, 0.6], [0.6, 1]])
    covariance = np.eye(4)
    covariance[:2, :2] = pair
    covariance[2:, :2] = covariance[:2, 2:] = 0.4
    constructs: list[dict[str, Any]] = [
        {"id": "a", "title": {"en": "a"}, "items": ["a1", "a2"]},
        {"id": "b", "title": {"en": "b"}, "items": ["b1", "b2"], "driven_by": ["a"]},
    ]
    wide = [{**each, "scale": {"minimum": -99, "maximum": 99}} for each in constructs]
    model = parse_document(PathModel, {"id": "m", "title": {"en": "m"}, "constructs": wide})
    fit = fit_path_model(model, answers_of(covariance, model))
    np.testing.assert_allclose(item_inflation(fit), [1 / (1 - 0.36)] * 2 + [1, 1], rtol=1e-9)


def test_formative_constructs_have_no_reliability_but_eigenvalues() -> None:
    model = known_model(mode="B")
    row = construct_reliability(fit_path_model(model, answers_of(population_correlations(), model)))[0]
    assert (row.alpha, row.rho_a, row.composite_reliability, row.average_variance_extracted) == (None,) * 4
    assert row.first_eigenvalue > 1


def test_a_corrected_correlation_of_one_is_not_admissible() -> None:
    model = known_model()
    correlations = population_correlations({name: [0.5] * 3 for name in LOADINGS})
    correlations[:3, 3:6] = correlations[3:6, :3] = 0.3  # items agree more across the constructs than within: 0.25
    fit = fit_path_model(model, answers_of(correlations, model))
    with pytest.raises(SurveyProblem, match=r"quality, value: .*not admissible"):
        correct_for_attenuation(fit)
