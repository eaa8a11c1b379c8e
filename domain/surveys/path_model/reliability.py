"""Whether the items measure their constructs, and constructs differ: the table that stands beside every path model."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from domain.surveys.arrays import BoolArray, FloatArray, IntArray
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.path_model.document import Construct, Mode
from domain.surveys.path_model.estimation import Layout
from domain.surveys.path_model.fit import PathModelFit, analysed_matrix
from domain.surveys.path_model.inner import InnerEstimates, estimate_inner


@dataclass(frozen=True, slots=True)
class ConstructReliability:
    """How well one construct is measured. None where a figure has no meaning: formative, or a single item.

    `alpha` of the standardised items (Cronbach 1951); `dillon_goldstein_rho` from the first principal component, whose
    eigenvalue should be the only one above 1; `rho_a` (Dijkstra, Henseler 2015); `composite_reliability` ρ_C from the
    loadings (Werts, Linn, Jöreskog 1974); `average_variance_extracted` (Fornell, Larcker 1981).
    """

    construct: str
    items: int
    mode: Mode
    alpha: float | None
    dillon_goldstein_rho: float | None
    rho_a: float | None
    composite_reliability: float | None
    average_variance_extracted: float | None
    first_eigenvalue: float
    second_eigenvalue: float | None


@dataclass(frozen=True, slots=True)
class ConsistentFit:
    """The model corrected for measurement error (PLSc): loadings (p,), and the inner estimates with B = 1."""

    loadings: FloatArray
    inner: InnerEstimates


def construct_reliability(fit: PathModelFit) -> tuple[ConstructReliability, ...]:
    """The reliability table of a fitted model, in the order of its constructs."""
    blocks, rho_a = fit.model.blocks(), _rho_a(fit)
    return tuple(
        _reliability(fit, construct, np.flatnonzero(blocks == number), float(rho_a[number]))
        for number, construct in enumerate(fit.model.constructs)
    )


def item_inflation(fit: PathModelFit) -> FloatArray:
    """Variance inflation (p,) of each item among the items of its construct; infinite where they are dependent."""
    blocks = fit.model.blocks()
    inflation = np.empty(len(blocks))
    for number in range(len(fit.model.constructs)):
        block = np.flatnonzero(blocks == number)
        inflation[block] = variance_inflation(fit.item_correlations[np.ix_(block, block)])
    return inflation


def variance_inflation(correlations: FloatArray) -> FloatArray:
    """1 / (1 − R²) of each of k variables on the others, given their correlations (k, k); infinite if dependent."""
    if np.linalg.matrix_rank(correlations) < len(correlations):
        return np.full(len(correlations), np.inf)
    return np.diag(np.linalg.inv(correlations)).copy()


def fornell_larcker(fit: PathModelFit) -> FloatArray:
    """Correlations (J, J) of the constructs with √AVE on the diagonal: it should be the largest of its row.

    Source: Fornell and Larcker 1981. Not a number on the diagonal of formative and single-item constructs.
    """
    table = fit.construct_correlations.copy()
    for number, row in enumerate(construct_reliability(fit)):
        extracted = row.average_variance_extracted
        table[number, number] = np.nan if extracted is None else np.sqrt(extracted)
    return table


def heterotrait_monotrait(fit: PathModelFit) -> FloatArray:
    """HTMT (J, J): correlations between the items of two constructs against those within them; below 0.85 or 0.90.

    Absolute correlations; 1 on the diagonal; not a number for formative constructs.
    Source: Henseler, Ringle, Sarstedt 2015.
    """
    layout = Layout.of(fit.model)
    correlations = np.abs(fit.item_correlations)
    items = layout.membership.sum(axis=0)
    total = layout.membership.T @ correlations @ layout.membership
    between = total / np.outer(items, items)
    pairs = items * (items - 1)
    within = np.divide(np.diag(total) - items, pairs, out=np.ones(len(items)), where=pairs > 0)
    ratios: FloatArray = between / np.sqrt(np.outer(within, within))
    np.fill_diagonal(ratios, 1.0)
    formative = np.array([construct.mode is Mode.B for construct in fit.model.constructs])
    ratios[formative | formative[:, None]] = np.nan
    return ratios


def correct_for_attenuation(fit: PathModelFit) -> ConsistentFit:
    """Consistent estimates (PLSc) of a model whose reflective constructs are common factors.

    Refuses with SurveyProblem two constructs whose corrected correlation reaches 1: the model is not admissible.
    Source: Dijkstra and Henseler, MIS Quarterly 39(2), 2015.
    """
    layout = Layout.of(fit.model)
    root = np.sqrt(_rho_a(fit))
    corrected = fit.construct_correlations / np.outer(root, root)
    np.fill_diagonal(corrected, 1.0)
    refuse_if_any(_inadmissible(fit, corrected))
    factor = root / (layout.membership.T @ fit.weights**2)
    loadings = fit.weights * factor[layout.blocks] / np.sqrt(_analysed_variances(fit))
    taken_as_they_are = ~_common_factors(fit)[layout.blocks]
    return ConsistentFit(np.where(taken_as_they_are, fit.loadings, loadings), estimate_inner(layout, corrected[None]))


def _reliability(fit: PathModelFit, construct: Construct, block: IntArray, rho_a: float) -> ConstructReliability:
    correlations = fit.item_correlations[np.ix_(block, block)]
    values, vectors = np.linalg.eigh(correlations)
    scaled = construct.mode is Mode.A and len(block) > 1
    loadings = fit.loadings[block]
    return ConstructReliability(
        construct=construct.id,
        items=len(block),
        mode=construct.mode,
        alpha=_alpha(correlations) if scaled else None,
        dillon_goldstein_rho=_congeneric(vectors[:, -1] * np.sqrt(values[-1])) if scaled else None,
        rho_a=rho_a if scaled else None,
        composite_reliability=_congeneric(loadings) if scaled else None,
        average_variance_extracted=float((loadings**2).mean()) if scaled else None,
        first_eigenvalue=float(values[-1]),
        second_eigenvalue=float(values[-2]) if len(block) > 1 else None,
    )


def _alpha(correlations: FloatArray) -> float:
    """Never below 0, as R plspm reports it."""
    size = len(correlations)
    return max(0.0, float(size / (size - 1) * (1 - size / correlations.sum())))


def _congeneric(loadings: FloatArray) -> float:
    """Share of the variance of the items' sum that what they have in common explains."""
    common = loadings.sum() ** 2
    return float(common / (common + (1 - loadings**2).sum()))


def _rho_a(fit: PathModelFit) -> FloatArray:
    """Reliability (J,) of the scores; 1 for formative and single-item constructs, which are taken as they are.

    (w'w)² · w'(S − diag S)w / w'(ww' − diag ww')w on the analysed matrix S, where w'Sw = 1.
    """
    membership = Layout.of(fit.model).membership
    square, fourth = membership.T @ fit.weights**2, membership.T @ fit.weights**4
    between_items = 1 - membership.T @ (fit.weights**2 * _analysed_variances(fit))
    ones = np.ones(len(square))
    return np.divide(square**2 * between_items, square**2 - fourth, out=ones, where=_common_factors(fit))


def _common_factors(fit: PathModelFit) -> BoolArray:
    """Constructs (J,) that several items reflect."""
    return np.array([construct.mode is Mode.A and len(construct.items) > 1 for construct in fit.model.constructs])


def _analysed_variances(fit: PathModelFit) -> FloatArray:
    return np.diag(analysed_matrix(fit.model, fit.covariance))


def _inadmissible(fit: PathModelFit, corrected: FloatArray) -> Iterator[Problem]:
    for row, column in zip(*np.triu_indices(len(corrected), k=1), strict=True):
        if abs(corrected[row, column]) >= 1:
            pair = f"{fit.model.names[row]}, {fit.model.names[column]}"
            yield Problem(
                pair, f"corrected for attenuation they correlate at {corrected[row, column]:.3f}; not admissible"
            )
