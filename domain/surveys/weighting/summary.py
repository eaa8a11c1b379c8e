"""What a set of weights costs in precision."""

from dataclasses import dataclass

import numpy as np

from domain.surveys.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class WeightSummary:
    """Of the rows whose weight is above 0: their number, total, range, variation, and what that leaves of the rows.

    `kish_effect` is 1 + cv²; `effective_rows` = (Σw)²/Σw² (Kish 1965, 1992).
    """

    rows: int
    total: float
    smallest: float
    largest: float
    variation: float
    kish_effect: float
    effective_rows: float


def summarise_weights(weights: FloatArray) -> WeightSummary:
    """Summary of weights (n,), of which at least one is above 0."""
    used = weights[weights > 0]
    total, squares = float(used.sum()), float(used @ used)
    effect = len(used) * squares / total**2
    return WeightSummary(
        rows=len(used),
        total=total,
        smallest=float(used.min()),
        largest=float(used.max()),
        variation=float(np.sqrt(max(effect - 1, 0.0))),
        kish_effect=effect,
        effective_rows=total**2 / squares,
    )
