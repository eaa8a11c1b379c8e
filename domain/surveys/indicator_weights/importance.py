"""Derived importance: how much of the differences in satisfaction each indicator explains.

Exact Shapley shares of R² (LMG: Lindeman, Merenda, Gold 1980; Grömping 2007), with the regression they come from.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from domain.surveys.arrays import FloatArray, IntArray
from domain.surveys.errors import Problem, refuse_if_any

MOST_ITEMS = 16
"""Every subset of the items is a regression: 65,536 for 16."""
ROWS_PER_ITEM = 5
"""Fewest complete rows for each item (Hair, Black, Babin, Anderson, Multivariate Data Analysis, 2010)."""
_DEPENDENT = 1e-10


@dataclass(frozen=True, slots=True)
class DerivedImportance:
    """What k items explain of a target in a linear regression.

    `coefficients` (k,) are standardised; `variance_inflation` (k,) above 5 warns that they cannot be told apart;
    `explained` (k,) are the Shapley shares, which sum to `r_squared`; `weights` (k,) are those shares scaled to sum
    to 1. `rows` had answers to everything.
    """

    target: str
    names: tuple[str, ...]
    coefficients: FloatArray
    variance_inflation: FloatArray
    explained: FloatArray
    weights: FloatArray
    r_squared: float
    rows: int


def derived_importance(
    target: str, names: Sequence[str], answers: Mapping[str, FloatArray], weights: FloatArray | None = None
) -> DerivedImportance:
    """Importance of up to 16 items for a target, all columns (n,) of the answers; missing is not a number.

    Rows with a missing answer are left out; weights (n,) are survey weights. Refuses with SurveyProblem: unknown
    columns, other lengths, negative weights, fewer than five complete rows per item, an item or target without
    variance, items that are linearly dependent or explain nothing.
    """
    refuse_if_any(_column_faults(target, names, answers))
    columns = np.stack([np.asarray(answers[name], dtype=np.float64) for name in (*names, target)])
    weight = np.ones(columns.shape[1]) if weights is None else np.asarray(weights, dtype=np.float64)
    refuse_if_any(_weight_faults(columns.shape[1], weight))
    complete = ~np.isnan(columns).any(axis=0) & (weight > 0)
    refuse_if_any(_row_faults(len(names), int(complete.sum())))
    correlations = _correlations((*names, target), columns[:, complete], weight[complete])
    among, with_target = correlations[:-1, :-1], correlations[:-1, -1]
    refuse_if_any(_dependent_faults(names, among))
    explained = shapley_shares(among, with_target)
    refuse_if_any([] if explained.sum() > _DEPENDENT else [Problem(target, "the items explain nothing of it")])
    coefficients = np.asarray(np.linalg.solve(among, with_target), dtype=np.float64)
    return DerivedImportance(
        target=target,
        names=tuple(names),
        coefficients=coefficients,
        variance_inflation=np.diag(np.linalg.inv(among)).copy(),
        explained=explained,
        weights=explained / explained.sum(),
        r_squared=float(coefficients @ with_target),
        rows=int(complete.sum()),
    )


def shapley_shares(correlations: FloatArray, with_target: FloatArray) -> FloatArray:
    """Share (k,) of R² of each item: its gain in R², averaged over all orders in which items can enter.

    `correlations` (k, k) of the items, not singular, and `with_target` (k,).
    """
    size = len(with_target)
    r_squared = _r_squared_of_subsets(correlations, with_target)
    subsets = np.arange(2**size)
    members = np.array([(subsets >> item) & 1 for item in range(size)], dtype=bool)
    taken = members.sum(axis=0)
    per_order = np.array([1 / (size * comb(size - 1, before)) for before in range(size)])
    shares = np.empty(size)
    for item in range(size):
        without = subsets[~members[item]]
        gain = r_squared[without | (1 << item)] - r_squared[without]
        shares[item] = per_order[taken[without]] @ gain
    return shares


def _r_squared_of_subsets(correlations: FloatArray, with_target: FloatArray) -> FloatArray:
    """R² (2^k,) of the regression on every subset, which is numbered by its bits; one batch per subset size."""
    size = len(with_target)
    r_squared = np.zeros(2**size)
    for taken in range(1, size + 1):
        members: IntArray = np.array(list(combinations(range(size), taken)))
        among = correlations[members[:, :, None], members[:, None, :]]
        target = with_target[members]
        slopes = np.linalg.solve(among, target[:, :, None])[:, :, 0]
        r_squared[(1 << members).sum(axis=1)] = (slopes * target).sum(axis=1)
    return r_squared


def _correlations(names: Sequence[str], columns: FloatArray, weight: FloatArray) -> FloatArray:
    share = weight / weight.sum()
    centred = columns - (columns @ share)[:, None]
    covariance = (centred * share) @ centred.T
    deviation = np.sqrt(np.diag(covariance))
    refuse_if_any(
        Problem(name, "everybody gave the same answer: without variance there is nothing to explain")
        for name, column in zip(names, columns, strict=True)
        if np.ptp(column) == 0
    )
    correlations: FloatArray = covariance / np.outer(deviation, deviation)
    return correlations


def _column_faults(target: str, names: Sequence[str], answers: Mapping[str, FloatArray]) -> Iterator[Problem]:
    if not 1 <= len(names) <= MOST_ITEMS:
        yield Problem("names", f"1 to {MOST_ITEMS} items are expected, not {len(names)}")
    repeated = sorted({name for name in (*names, target) if (*names, target).count(name) > 1})
    yield from (Problem(name, "named twice") for name in repeated)
    rows = len(answers[target]) if target in answers else 0
    for name in (*names, target):
        if name not in answers:
            yield Problem(name, "the answers have no such column")
        elif np.shape(answers[name]) != (rows,):
            yield Problem(name, f"{rows} rows are expected, not shape {np.shape(answers[name])}")


def _weight_faults(rows: int, weight: FloatArray) -> Iterator[Problem]:
    if weight.shape != (rows,):
        yield Problem("weights", f"{rows} rows are expected, not shape {weight.shape}")
        return
    for row in np.flatnonzero(~np.isfinite(weight) | (weight < 0))[:20]:
        yield Problem(f"weights[{row}]", f"a finite weight of at least 0 is expected, not {weight[row]}")


def _row_faults(items: int, complete: int) -> Iterator[Problem]:
    if complete < ROWS_PER_ITEM * items + 1:
        yield Problem("answers", f"{complete} complete rows; {items} items need more than {ROWS_PER_ITEM * items}")


def _dependent_faults(names: Sequence[str], correlations: FloatArray) -> Iterator[Problem]:
    """Names the items that take part in a linear dependence: those with a share in a vanishing principal axis."""
    values, vectors = np.linalg.eigh(correlations)
    vanishing = vectors[:, values < _DEPENDENT]
    involved = np.abs(vanishing).max(axis=1, initial=0) > 1e-6
    if involved.any():
        listed = ", ".join(name for name, is_involved in zip(names, involved, strict=True) if is_involved)
        yield Problem(listed, "linearly dependent: their importance cannot be told apart")
