"""Rake 1,000,000 rows to 4 margins and estimate a mean of 1,000,000 rows in 2,000 clusters, beside bare NumPy.

Run: python -m benchmarks.survey_weighting
"""

from collections.abc import Callable, Sequence
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from domain.surveys.variance.design import StageColumns, SurveyDesign
from domain.surveys.variance.estimates import Estimate, estimate_mean
from domain.surveys.weighting.margins import Margin
from domain.surveys.weighting.raking import rake

ROWS, CLUSTERS = 1_000_000, 2_000
RAKING_LIMIT_SECONDS, MEAN_LIMIT_SECONDS = 0.1, 0.3


def main() -> None:
    generator = np.random.default_rng(1)
    late = [measured_raking(generator), measured_mean(generator)]
    if any(late):
        raise SystemExit("slower than its limit")


def measured_raking(generator: np.random.Generator) -> bool:
    columns = {f"margin {size}": generator.integers(size, size=ROWS) for size in (2, 5, 8, 12)}
    targets = {name: known_totals(labels, generator) for name, labels in columns.items()}
    weights = generator.uniform(0.5, 2, size=ROWS)
    margins = [Margin.of(name, labels, targets[name]) for name, labels in columns.items()]
    raked = rake(weights, margins)
    if not np.allclose(raked.weights, raked_by_rows(weights, margins, raked.rounds), rtol=1e-6):
        raise SystemExit("both ways must give the same weights")
    print(f"raking {ROWS:,} rows to 4 margins in {raked.rounds} rounds, best of 15")
    built = best_of(15, lambda: [Margin.of(name, labels, targets[name]) for name, labels in columns.items()])
    taken = best_of(15, lambda: rake(weights, margins))
    by_rows = best_of(2, lambda: raked_by_rows(weights, margins, raked.rounds))
    print(f"  rake                     {taken:8.4f} s   (limit {RAKING_LIMIT_SECONDS} s)")
    print(f"  matching labels before   {built:8.4f} s")
    print(f"  NumPy, row by row        {by_rows:8.4f} s   ({by_rows / taken:.0f} ×)")
    return taken > RAKING_LIMIT_SECONDS


def known_totals(labels: NDArray[np.int64], generator: np.random.Generator) -> dict[str, float]:
    shares = np.bincount(labels) * generator.uniform(0.7, 1.3, size=int(labels.max()) + 1)
    return {str(code): total for code, total in enumerate(shares / shares.sum() * 5e6)}


def raked_by_rows(weights: NDArray[np.float64], margins: Sequence[Margin], rounds: int) -> NDArray[np.float64]:
    for _ in range(rounds):
        for margin in margins:
            weights = weights * (margin.targets / np.bincount(margin.codes, weights))[margin.codes]
    return weights


def measured_mean(generator: np.random.Generator) -> bool:
    clusters = generator.integers(CLUSTERS, size=ROWS)
    weights, values = generator.uniform(0.5, 2, size=ROWS), generator.normal(75, 10, size=ROWS)
    ours = clustered_mean(weights, clusters, values)
    if not np.allclose([ours.value, ours.standard_error], mean_by_sorting(weights, clusters, values)):
        raise SystemExit("both ways must give the same mean and standard error")
    print(f"mean of {ROWS:,} rows in {CLUSTERS:,} clusters with its standard error, best of 15")
    taken = best_of(15, lambda: clustered_mean(weights, clusters, values))
    by_sorting = best_of(3, lambda: mean_by_sorting(weights, clusters, values))
    print(f"  estimate_mean            {taken:8.4f} s   (limit {MEAN_LIMIT_SECONDS} s)")
    print(f"  NumPy, sorted clusters   {by_sorting:8.4f} s   ({by_sorting / taken:.1f} ×)")
    return taken > MEAN_LIMIT_SECONDS


def clustered_mean(weights: NDArray[np.float64], clusters: NDArray[np.int64], values: NDArray[np.float64]) -> Estimate:
    return estimate_mean(SurveyDesign.of(weights, [StageColumns(units=clusters)]), values)


def mean_by_sorting(
    weights: NDArray[np.float64], clusters: NDArray[np.int64], values: NDArray[np.float64]
) -> tuple[float, float]:
    """The textbook: sort by cluster, add the linearised values up, take the spread of the sums."""
    mean = float(np.average(values, weights=weights))
    order = np.argsort(clusters, kind="stable")
    linear = (weights * (values - mean) / weights.sum())[order]
    sums = np.add.reduceat(linear, np.flatnonzero(np.diff(clusters[order], prepend=-1)))
    return mean, float(np.sqrt(len(sums) * sums.var(ddof=1)))


def best_of(times: int, call: Callable[[], object]) -> float:
    return min(seconds(call) for _ in range(times))


def seconds(call: Callable[[], object]) -> float:
    begin = perf_counter()
    call()
    return perf_counter() - begin


if __name__ == "__main__":
    main()
