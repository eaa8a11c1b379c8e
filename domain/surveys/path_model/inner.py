"""What the scores say about the paths: coefficients, explained variance and effects, for a batch of models at once."""

from dataclasses import dataclass

import numpy as np

from domain.surveys.arrays import FloatArray
from domain.surveys.path_model.estimation import Layout, regress


@dataclass(frozen=True, slots=True)
class InnerEstimates:
    """Paths and total effects (B, J, J), row the driven construct, column its driver; explained variance (B, J).

    Where a construct's drivers are linearly dependent its paths are not a number.
    """

    correlations: FloatArray
    paths: FloatArray
    r_squared: FloatArray
    total_effects: FloatArray


def estimate_inner(layout: Layout, correlations: FloatArray) -> InnerEstimates:
    """Regress each construct on its drivers, given the correlations (B, J, J) of the scores."""
    paths = np.zeros_like(correlations)
    for driven, drivers in layout.regressions():
        among = correlations[:, drivers[:, None], drivers]
        paths[:, driven, drivers] = regress(among, correlations[:, drivers, driven])
    return InnerEstimates(correlations, paths, (paths * correlations).sum(axis=2), _total_effects(paths))


def _total_effects(paths: FloatArray) -> FloatArray:
    """Direct and indirect effects: the sum of the powers of the paths, which ends because nothing runs in a circle."""
    total = paths
    for _ in range(paths.shape[1] - 2):
        total = paths + paths @ total
    return total
