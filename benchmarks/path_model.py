"""Path modelling: bootstrap replicates and one fit of a million rows, beside plain NumPy in the same run.

The baseline is the textbook way on rows: redraw the rows, standardise scores, iterate, one replicate after the other.
Run: python -m benchmarks.path_model
"""

import time
from collections.abc import Callable

import numpy as np

from domain.surveys.arrays import FloatArray
from domain.surveys.path_model.answers import ItemAnswers
from domain.surveys.path_model.bootstrap import bootstrap_path_model
from domain.surveys.path_model.fit import fit_path_model
from domain.surveys.path_model.library import named_model
from domain.surveys.variance.design import SurveyDesign
from domain.surveys.variance.replicates import rao_wu_bootstrap

ROWS, REPLICATES, BASELINE_REPLICATES, MANY_ROWS = 250, 1_000, 50, 1_000_000
BOOTSTRAP_LIMIT_SECONDS = 0.5


def main() -> None:
    model = named_model("ecsi")
    answers = drawn_answers(ROWS, model.items, model.blocks())
    fit = fit_path_model(model, answers)
    design = SurveyDesign.of(np.ones(ROWS))

    def batched() -> None:
        bootstrap_path_model(fit, answers, rao_wu_bootstrap(design, REPLICATES, np.random.default_rng(1)))

    matrix = np.column_stack([answers[item] for item in model.items])
    ours = fastest(batched, 5)
    baseline = fastest(lambda: redraw_rows(matrix, model.blocks(), model.paths(), BASELINE_REPLICATES), 3)
    baseline *= REPLICATES / BASELINE_REPLICATES
    print(f"{REPLICATES:,} replicates on {ROWS} × {len(model.items)}")
    print(
        f"  this project  {ours:7.3f} s   limit {BOOTSTRAP_LIMIT_SECONDS} s: {verdict(ours <= BOOTSTRAP_LIMIT_SECONDS)}"
    )
    print(f"  rows redrawn  {baseline:7.3f} s   {baseline / ours:.0f} × (scaled from {BASELINE_REPLICATES})")
    report_many_rows()


def report_many_rows() -> None:
    model = named_model("ecsi")
    answers = drawn_answers(MANY_ROWS, model.items, model.blocks())
    weights = np.random.default_rng(2).uniform(0.5, 2, MANY_ROWS)
    whole = fastest(lambda: fit_path_model(model, answers, weights), 9)
    admitted = ItemAnswers.of(model, answers, weights)
    covariance = fastest(admitted.covariance, 9)
    checks = fastest(lambda: ItemAnswers.of(model, answers, weights), 9)
    matrix = np.column_stack([answers[item] for item in model.items])
    plain = fastest(lambda: np.cov(matrix, rowvar=False, aweights=weights), 9)
    print(f"one fit of {MANY_ROWS:,} × {len(model.items)} weighted rows")
    print(f"  this project  {whole:7.3f} s   of it covariance {covariance:.3f} s, checks and means {checks:.3f} s")
    print(f"  np.cov alone  {plain:7.3f} s   bound by the covariance: {verdict(whole <= plain)}")


def drawn_answers(rows: int, items: tuple[str, ...], blocks: np.ndarray) -> dict[str, FloatArray]:
    """Answers of 0–10 with a level per respondent, one per construct and noise."""
    generator = np.random.default_rng(0)
    level = generator.normal(7, 1.5, rows)
    by_construct = level[:, None] + generator.normal(0, 1, (rows, int(blocks.max()) + 1))
    return {
        item: np.clip(np.rint(by_construct[:, block] + generator.normal(0, 1.2, rows)), 0, 10)
        for item, block in zip(items, blocks, strict=True)
    }


def redraw_rows(matrix: FloatArray, blocks: np.ndarray, paths: np.ndarray, replicates: int) -> list[FloatArray]:
    generator = np.random.default_rng(1)
    return [
        path_coefficients(matrix[generator.integers(len(matrix), size=len(matrix))], blocks, paths)
        for _ in range(replicates)
    ]


def path_coefficients(rows: FloatArray, blocks: np.ndarray, paths: np.ndarray) -> FloatArray:
    """PLS with the centroid scheme on rows and scores, as its textbooks write it."""
    centred = rows - rows.mean(axis=0)
    constructs = len(paths)
    weights = np.ones(len(blocks))
    while True:
        scores = np.column_stack([centred[:, blocks == j] @ weights[blocks == j] for j in range(constructs)])
        scores /= scores.std(axis=0)
        inner = scores @ (np.sign(np.corrcoef(scores, rowvar=False)) * (paths | paths.T))
        inner /= inner.std(axis=0)
        renewed = np.array([centred[:, k] @ inner[:, block] / len(rows) for k, block in enumerate(blocks)])
        settled = np.abs(renewed - weights).max() < 1e-7
        weights = renewed
        if settled:
            break
    coefficients = np.zeros(paths.shape)
    for driven in np.flatnonzero(paths.any(axis=1)):
        drivers = np.flatnonzero(paths[driven])
        coefficients[driven, drivers] = np.linalg.lstsq(scores[:, drivers], scores[:, driven])[0]
    return coefficients


def fastest(work: Callable[[], object], times: int) -> float:
    """Shortest of several runs, in seconds."""
    runs = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        runs.append(time.perf_counter() - start)
    return min(runs)


def verdict(met: bool) -> str:
    return "met" if met else "MISSED"


if __name__ == "__main__":
    main()
