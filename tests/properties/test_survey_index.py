"""What must hold of every index by weighted tree, whatever the tree and the answers."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import parse_document
from domain.surveys.indicators import IndicatorTree
from domain.surveys.tree_index import compute_tree_index, leaf_points, respondent_scores
from domain.surveys.variance.design import StageColumns, SurveyDesign

Answers = dict[str, FloatArray]
ROWS = 12
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def trees(draw: st.DrawFn) -> IndicatorTree:
    """Trees of one or two levels with whatever weights and five-point questions."""
    generator = np.random.default_rng(draw(SEEDS))
    children = [
        branch(f"b{number}", share, generator, draw(st.integers(0, 3)))
        for number, share in enumerate(shares(generator, draw(st.integers(1, 4))))
    ]
    content = {"id": "csi", "title": {"en": "csi"}, "scale_map": "minmax", "children": children}
    return parse_document(IndicatorTree, content)


def branch(name: str, weight: float, generator: np.random.Generator, leaves: int) -> dict[str, Any]:
    node: dict[str, Any] = {"id": name, "title": {"en": name}, "weight": weight}
    if leaves == 0:
        return {**node, "question": f"q_{name}"}
    parts = enumerate(shares(generator, leaves))
    return {**node, "children": [branch(f"{name}_{number}", share, generator, 0) for number, share in parts]}


def shares(generator: np.random.Generator, size: int) -> list[float]:
    parts = generator.dirichlet(np.ones(size)) * 0.9 + 0.1 / size
    return [float(part) for part in parts / parts.sum()]


def drawn_answers(tree: IndicatorTree, seed: int) -> Answers:
    generator = np.random.default_rng(seed)
    drawn = {str(leaf.question): generator.integers(1, 6, ROWS).astype(float) for leaf in tree.leaves()}
    for column in drawn.values():
        column[generator.random(ROWS) < 0.2] = np.nan
        column[0] = 3.0
    return drawn


def scores_of(tree: IndicatorTree, answers: Answers, weights: FloatArray) -> dict[str, float]:
    found = compute_tree_index(tree, answers, SurveyDesign.of(weights))
    shown = {each.id: each.score.value for each in found.indicators} | {"": found.index.value}
    return {name: value for name, value in shown.items() if value is not None}


@given(trees(), SEEDS)
def test_whole_number_weights_equal_repeated_rows(tree: IndicatorTree, seed: int) -> None:
    answers = drawn_answers(tree, seed)
    counts = np.random.default_rng(seed).integers(1, 4, ROWS)
    weighted = scores_of(tree, answers, counts.astype(float))
    repeated = scores_of(
        tree, {name: np.repeat(column, counts) for name, column in answers.items()}, np.ones(counts.sum())
    )
    for name, value in weighted.items():
        np.testing.assert_allclose(repeated[name], value, rtol=1e-12, atol=1e-12)


@given(trees(), SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_indicators_is_irrelevant(tree: IndicatorTree, seed: int, random: Any) -> None:
    answers = drawn_answers(tree, seed)
    order = random.sample(range(ROWS), ROWS)
    children = [
        node.model_copy(update={"children": tuple(random.sample(node.children, len(node.children)))})
        for node in random.sample(tree.children, len(tree.children))
    ]
    shuffled = tree.model_copy(update={"children": tuple(children)})
    expected = scores_of(tree, answers, np.ones(ROWS))
    actual = scores_of(shuffled, {name: column[order] for name, column in answers.items()}, np.ones(ROWS))
    assert actual.keys() == expected.keys()
    np.testing.assert_allclose([actual[name] for name in expected], list(expected.values()), rtol=1e-12, atol=1e-12)


@settings(max_examples=50)
@given(trees(), SEEDS)
def test_a_better_answer_never_lowers_the_index_or_the_respondents_score(tree: IndicatorTree, seed: int) -> None:
    answers = drawn_answers(tree, seed)
    weights = np.random.default_rng(seed).uniform(0.5, 2, ROWS)
    index, scores = scores_of(tree, answers, weights)[""], respondent_scores(tree, answers)
    for name, column in answers.items():
        better = {**answers, name: np.minimum(column + np.eye(ROWS)[1], 5)}
        assert scores_of(tree, better, weights)[""] >= index - 1e-12
        risen = respondent_scores(tree, better) - scores
        assert (np.nan_to_num(risen) >= -1e-12).all()


@given(trees(), st.floats(0.1, 10))
def test_all_best_is_100_and_all_worst_is_0(tree: IndicatorTree, weight: float) -> None:
    for code, expected in ((5.0, 100.0), (1.0, 0.0)):
        answers = {str(leaf.question): np.full(ROWS, code) for leaf in tree.leaves()}
        found = scores_of(tree, answers, np.full(ROWS, weight))
        np.testing.assert_allclose(list(found.values()), expected, atol=1e-9)
        np.testing.assert_allclose(respondent_scores(tree, answers), expected, atol=1e-9)


@given(trees(), SEEDS)
def test_the_index_is_the_sum_of_global_weights_times_leaf_means(tree: IndicatorTree, seed: int) -> None:
    answers = drawn_answers(tree, seed)
    means = np.nanmean(leaf_points(tree, answers), axis=0)
    expected = means @ np.array(list(tree.leaf_weights().values()))
    np.testing.assert_allclose(scores_of(tree, answers, np.ones(ROWS))[""], expected, rtol=1e-12)


def test_the_interval_of_the_index_holds_the_population_in_about_95_of_100_stratified_samples() -> None:
    generator = np.random.default_rng(11)
    tree = two_leaves()
    population = population_of(generator)
    truth = float(0.7 * np.nanmean(population["q_a"]) + 0.3 * np.nanmean(population["q_b"]))
    hits = sum(holds(tree, population, generator, (truth - 1) * 25) for _ in range(2_000))
    assert 0.93 <= hits / 2_000 <= 0.97


STRATUM_SIZES, TAKEN = (3_000, 800, 200), (80, 40, 30)


def two_leaves() -> IndicatorTree:
    leaves = [branch("a", 0.7, np.random.default_rng(0), 0), branch("b", 0.3, np.random.default_rng(0), 0)]
    return parse_document(IndicatorTree, {"id": "t", "title": {"en": "t"}, "scale_map": "minmax", "children": leaves})


def population_of(generator: np.random.Generator) -> Answers:
    """Three strata of other levels; a fifth has no answer to the second question."""
    level = np.repeat([3.0, 4.0, 2.0], STRATUM_SIZES)
    rows = len(level)
    first, second = (np.clip(level + generator.integers(-1, 2, rows), 1, 5) for _ in range(2))
    return {"q_a": first, "q_b": np.where(generator.random(rows) < 0.2, np.nan, second)}


def holds(tree: IndicatorTree, population: Answers, generator: np.random.Generator, truth: float) -> bool:
    first = np.concatenate([[0], np.cumsum(STRATUM_SIZES)[:-1]])
    sizes = list(zip(first, STRATUM_SIZES, TAKEN, strict=True))
    rows = np.concatenate([start + generator.choice(size, take, replace=False) for start, size, take in sizes])
    size_of_row = np.repeat(STRATUM_SIZES, TAKEN).astype(float)
    columns = StageColumns(strata=np.repeat(["big", "mid", "small"], TAKEN), population=size_of_row)
    design = SurveyDesign.of(size_of_row / np.repeat(TAKEN, TAKEN), [columns])
    answers = {name: column[rows] for name, column in population.items()}
    interval = compute_tree_index(tree, answers, design).index.interval
    return interval is not None and interval.low <= truth <= interval.high
