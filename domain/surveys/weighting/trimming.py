"""Trimming of extreme weights: a little bias for less variance (Potter 1990)."""

from dataclasses import dataclass

import numpy as np

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, SurveyProblem


@dataclass(frozen=True, slots=True)
class TrimmedWeights:
    """Weights (n,) of the same total, none above the cap, and how many were cut back to it."""

    weights: FloatArray
    cap: float
    trimmed: int


def trim_weights(weights: FloatArray, *, largest: float) -> TrimmedWeights:
    """Cut weights (n,) above `largest` times their mean, and spread what was cut over the others in proportion.

    Rows of weight 0 stay at 0. Refuses with SurveyProblem a `largest` of at most 1, which no weights could meet.
    """
    if not largest > 1:
        raise SurveyProblem(Problem("largest", f"above 1 (times the mean weight), not {largest}"))
    used = weights > 0
    total = float(weights[used].sum())
    cap = largest * total / int(used.sum())
    capped = np.zeros(len(weights), dtype=np.bool_)
    scaled = weights
    while (above := (scaled > cap) & ~capped).any():
        capped |= above
        rest = total - cap * capped.sum()
        scaled = np.where(capped, cap, weights * (rest / weights[~capped].sum()))
    return TrimmedWeights(scaled, cap, int(capped.sum()))
