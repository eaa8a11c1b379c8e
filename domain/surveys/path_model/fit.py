"""A path model fitted to the answers of one wave, and the tables that are read off it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from domain.surveys.arrays import FloatArray, IntArray
from domain.surveys.errors import Problem, SurveyProblem, refuse_if_any
from domain.surveys.path_model.answers import ItemAnswers, constant_items
from domain.surveys.path_model.document import PathModel, Scaling
from domain.surveys.path_model.estimation import (
    ITERATION_LIMIT,
    Layout,
    OuterWeights,
    StoppingRule,
    estimate_outer_weights,
)
from domain.surveys.path_model.inner import InnerEstimates, estimate_inner


@dataclass(frozen=True, slots=True)
class PathModelFit:
    """A fitted model of p items and J constructs, in the order of the document.

    `means` (p,) and `covariance` (p, p) of the items as answered; `weights` (p,) give scores of variance 1 (for items
    divided by their deviation if the model is standardised); `loadings` (p,) and `cross_loadings` (p, J) are
    correlations; `construct_correlations`, `paths` and `total_effects` (J, J), row the driven; `r_squared` (J,), 0
    where nothing drives. `effective_rows` is Kish's, equal to `rows` without weights.
    """

    model: PathModel
    means: FloatArray
    covariance: FloatArray
    weights: FloatArray
    cross_loadings: FloatArray
    construct_correlations: FloatArray
    paths: FloatArray
    r_squared: FloatArray
    total_effects: FloatArray
    rows: int
    effective_rows: float
    rule: StoppingRule
    iterations: int

    @property
    def loadings(self) -> FloatArray:
        """Correlation (p,) of each item with its own construct."""
        return self.cross_loadings[np.arange(len(self.weights)), self.model.blocks()]

    @property
    def communalities(self) -> FloatArray:
        """Share (p,) of each item's variance that its construct explains."""
        return self.loadings**2

    @property
    def redundancies(self) -> FloatArray:
        """Share (p,) of each item's variance that the drivers of its construct explain."""
        return self.communalities * self.r_squared[self.model.blocks()]

    @property
    def indirect_effects(self) -> FloatArray:
        return self.total_effects - self.paths

    @property
    def item_correlations(self) -> FloatArray:
        """Correlations (p, p) of the items."""
        return correlations_of(self.covariance)


@dataclass(frozen=True, slots=True)
class PathRegression:
    """One path: its coefficient as ordinary least squares sees it, effect size f² and variance inflation (VIF).

    The error is that of a regression of `effective_rows` independent rows; for a design, take the bootstrap's.
    """

    driver: str
    driven: str
    estimate: float
    standard_error: float
    t_value: float
    p_value: float
    effect_size: float
    variance_inflation: float


def fit_path_model(
    model: PathModel,
    answers: Mapping[str, FloatArray],
    weights: FloatArray | None = None,
    rule: StoppingRule = StoppingRule.LARGEST_CHANGE,
) -> PathModelFit:
    """Fit the model to answers by item name (n rows each, missing is not a number) and survey weights (n,).

    Refuses with SurveyProblem what `ItemAnswers.of` refuses, items without variance, weights that do not settle, and
    items of a formative construct or drivers of a construct that are linearly dependent.
    Source: Wold 1982; Tenenhaus, Esposito Vinzi, Chatelin, Lauro 2005. Divisors are sums of weights, as in R plspm.
    """
    admitted = ItemAnswers.of(model, answers, weights)
    covariance = admitted.covariance()
    refuse_if_any(constant_items(model, covariance))
    analysed = analysed_matrix(model, covariance)
    layout = Layout.of(model)
    outer = estimate_outer_weights(layout, analysed[None], rule)
    refuse_if_any(_unsettled(model, layout, analysed, outer))
    inner = estimate_inner(layout, layout.correlations(outer.weights, outer.spread))
    refuse_if_any(_dependent_drivers(model, inner))
    return PathModelFit(
        model=model,
        means=admitted.means,
        covariance=covariance,
        weights=outer.weights[0],
        cross_loadings=outer.spread[0] / np.sqrt(np.diag(analysed))[:, None],
        construct_correlations=inner.correlations[0],
        paths=inner.paths[0],
        r_squared=inner.r_squared[0],
        total_effects=inner.total_effects[0],
        rows=admitted.rows,
        effective_rows=admitted.effective_rows,
        rule=rule,
        iterations=int(outer.iterations[0]),
    )


def analysed_matrix(model: PathModel, covariance: FloatArray) -> FloatArray:
    """The matrix (…, p, p) that the model works on: covariances, or correlations if it is standardised."""
    return correlations_of(covariance) if model.scaling is Scaling.STANDARDISED else covariance


def correlations_of(covariance: FloatArray) -> FloatArray:
    """Correlations (…, p, p) of a covariance matrix."""
    deviation = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    correlations: FloatArray = covariance / (deviation[..., :, None] * deviation[..., None, :])
    return correlations


def goodness_of_fit(fit: PathModelFit) -> float:
    """Geometric mean of the average communality and the average R² (Tenenhaus, Amato, Esposito Vinzi 2004).

    Constructs of a single item say nothing about measurement; refuses with SurveyProblem a model of only such.
    """
    items = np.array([len(construct.items) for construct in fit.model.constructs])
    measured = items[fit.model.blocks()] > 1
    refuse_if_any([] if measured.any() else [Problem(fit.model.id, "every construct has a single item")])
    driven = fit.model.paths().any(axis=1)
    return float(np.sqrt(fit.communalities[measured].mean() * fit.r_squared[driven].mean()))


def path_regressions(fit: PathModelFit) -> tuple[PathRegression, ...]:
    """Every path with its standard error, t, p (two-sided), f² (Cohen 1988) and VIF, driven construct by construct.

    Refuses with SurveyProblem weights so unequal that no degree of freedom remains.
    """
    layout = Layout.of(fit.model)
    return tuple(row for driven, drivers in layout.regressions() for row in _regressions(fit, driven, drivers))


def _regressions(fit: PathModelFit, driven: int, drivers: IntArray) -> Iterator[PathRegression]:
    from scipy.special import stdtr

    freedom = fit.effective_rows - len(drivers) - 1
    if freedom <= 0:
        raise SurveyProblem(Problem("weights", f"{fit.effective_rows:.1f} effective rows leave no degree of freedom"))
    inflation = np.diag(np.linalg.inv(fit.construct_correlations[np.ix_(drivers, drivers)]))
    unexplained = 1 - fit.r_squared[driven]
    estimates = fit.paths[driven, drivers]
    errors = np.sqrt(unexplained * inflation / freedom)
    for driver, estimate, error, factor in zip(drivers, estimates, errors, inflation, strict=True):
        yield PathRegression(
            driver=fit.model.names[driver],
            driven=fit.model.names[driven],
            estimate=float(estimate),
            standard_error=float(error),
            t_value=float(estimate / error),
            p_value=float(2 * stdtr(freedom, -abs(estimate / error))),
            effect_size=float(estimate**2 / factor / unexplained),
            variance_inflation=float(factor),
        )


def _unsettled(model: PathModel, layout: Layout, analysed: FloatArray, outer: OuterWeights) -> Iterator[Problem]:
    if outer.settled[0]:
        return
    dependent = [block for block in layout.formative if _is_dependent(analysed[np.ix_(block, block)])]
    for block in dependent:
        yield Problem(
            model.names[layout.blocks[block[0]]], "its items are linearly dependent; mode B cannot weigh them"
        )
    if outer.iterations[0] == ITERATION_LIMIT:
        yield Problem(model.id, f"the weights do not settle within {ITERATION_LIMIT} iterations")
    elif not dependent:
        yield Problem(model.id, "a construct is unrelated to all its neighbours, so its items cannot be weighed")


def _is_dependent(covariance: FloatArray) -> bool:
    return bool(np.linalg.matrix_rank(correlations_of(covariance)) < len(covariance))


def _dependent_drivers(model: PathModel, inner: InnerEstimates) -> Iterator[Problem]:
    for construct, paths in zip(model.constructs, inner.paths[0], strict=True):
        if np.isnan(paths).any():
            yield Problem(construct.id, f"its drivers {', '.join(construct.driven_by)} are linearly dependent")
