"""Exact Shapley shares of R² (LMG), beside one least-squares regression per subset in the same run.

Run: python -m benchmarks.importance
"""

import time
from collections.abc import Callable
from math import comb

import numpy as np

from domain.surveys.arrays import FloatArray
from domain.surveys.indicator_weights.importance import derived_importance

ROWS, ITEMS, MOST_ITEMS = 1_000, 12, 16
LIMIT_SECONDS = 0.3


def main() -> None:
    matrix, target = drawn_answers(ITEMS)
    answers = as_answers(matrix, target)
    names = [name for name in answers if name != "target"]
    same = np.allclose(derived_importance("target", names, answers).explained, regression_per_subset(matrix, target))
    if not same:
        raise SystemExit("both ways must give the same shares")
    ours = fastest(lambda: derived_importance("target", names, answers), 5)
    baseline = fastest(lambda: regression_per_subset(matrix, target), 1)
    print(f"LMG of {ITEMS} items, {ROWS:,} rows ({2**ITEMS:,} regressions)")
    verdict = "met" if ours <= LIMIT_SECONDS else "MISSED"
    print(f"  this project          {ours:7.3f} s   limit {LIMIT_SECONDS} s: {verdict}")
    print(f"  regression per subset {baseline:7.3f} s   {baseline / ours:.0f} ×")
    most = as_answers(*drawn_answers(MOST_ITEMS))
    longest = fastest(lambda: derived_importance("target", [name for name in most if name != "target"], most), 3)
    print(f"LMG of {MOST_ITEMS} items: {longest:.3f} s")


def drawn_answers(items: int) -> tuple[FloatArray, FloatArray]:
    """Items (n, k) that share a level, and a target that they explain in part."""
    generator = np.random.default_rng(0)
    matrix = generator.normal(size=(ROWS, items)) + generator.normal(size=(ROWS, 1))
    return matrix, matrix @ np.linspace(0, 1, items) + generator.normal(0, 3, ROWS)


def as_answers(matrix: FloatArray, target: FloatArray) -> dict[str, FloatArray]:
    return {**{f"item{number}": column for number, column in enumerate(matrix.T)}, "target": target}


def regression_per_subset(matrix: FloatArray, target: FloatArray) -> FloatArray:
    size = matrix.shape[1]
    explained = [
        explained_by(matrix[:, [k for k in range(size) if subset >> k & 1]], target) for subset in range(2**size)
    ]
    shares = np.zeros(size)
    for subset in range(2**size):
        for item in range(size):
            if not subset >> item & 1:
                gain = explained[subset | 1 << item] - explained[subset]
                shares[item] += gain / (size * comb(size - 1, subset.bit_count()))
    return shares


def explained_by(columns: FloatArray, target: FloatArray) -> float:
    design = np.column_stack([np.ones(len(target)), columns])
    residual = target - design @ np.linalg.lstsq(design, target)[0]
    centred = target - target.mean()
    return float(1 - residual @ residual / (centred @ centred))


def fastest(work: Callable[[], object], times: int) -> float:
    """Shortest of several runs, in seconds."""
    runs = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        runs.append(time.perf_counter() - start)
    return min(runs)


if __name__ == "__main__":
    main()
