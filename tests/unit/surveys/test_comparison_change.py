"""A change of the index splits into scores, mix of customers and weights of indicators, exactly."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest

from domain.surveys.arrays import FloatArray
from domain.surveys.comparison.change import Composition, decompose_change
from domain.surveys.errors import SurveyProblem, parse_document
from domain.surveys.indicators import IndicatorTree
from domain.surveys.tree_index import compute_tree_index
from domain.surveys.variance.design import SurveyDesign


def tree_of(weights: dict[str, float]) -> IndicatorTree:
    children = [
        {"id": name, "title": {"en": name}, "weight": weight, "question": f"q_{name}"}
        for name, weight in weights.items()
    ]
    content = {"id": "csi", "title": {"en": "csi"}, "scale_map": "likert_x20", "children": children}
    return parse_document(IndicatorTree, content)


def wave(**parts: Any) -> Composition:
    """Two leaves, two segments; every part can be replaced."""
    usual: dict[str, Any] = {
        "leaves": ("a", "b"),
        "segments": ("town", "country"),
        "weights": np.array([0.6, 0.4]),
        "shares": np.array([[0.5, 0.5], [0.5, 0.5]]),
        "scores": np.array([[80.0, 70.0], [60.0, 50.0]]),
    }
    return Composition(**(usual | parts))


def test_a_wave_taken_apart_has_its_published_index() -> None:
    generator = np.random.default_rng(0)
    tree = tree_of({"a": 0.3, "b": 0.7})
    answers = {name: generator.integers(1, 6, 60).astype(float) for name in ("q_a", "q_b")}
    answers["q_a"][generator.random(60) < 0.3] = np.nan
    weights = generator.uniform(0.5, 2, 60)
    segments = generator.choice(["town", "country", "island"], 60)
    composition = Composition.of(tree, answers, weights, segments)
    assert composition.index == pytest.approx(compute_tree_index(tree, answers, SurveyDesign.of(weights)).index.value)
    np.testing.assert_allclose(composition.shares.sum(axis=0), 1)


def test_only_scores_changed() -> None:
    found = decompose_change(wave(), wave(scores=np.array([[85.0, 70.0], [60.0, 50.0]])))
    assert found.change == pytest.approx(0.6 * 0.5 * 5)
    assert (found.score_effect, found.mix_effect, found.weight_effect) == pytest.approx((1.5, 0, 0))
    assert found.score_effect_by_leaf == pytest.approx({"a": 1.5, "b": 0})
    assert found.score_effect_by_segment == pytest.approx({"town": 1.5, "country": 0})


def test_only_the_mix_changed() -> None:
    found = decompose_change(wave(), wave(shares=np.array([[0.75, 0.75], [0.25, 0.25]])))
    assert (found.score_effect, found.mix_effect, found.weight_effect) == pytest.approx((0, 0.25 * 20, 0))


def test_only_the_weights_changed() -> None:
    found = decompose_change(wave(), wave(weights=np.array([0.8, 0.2])))
    assert (found.score_effect, found.mix_effect, found.weight_effect) == pytest.approx((0, 0, 0.2 * (70 - 60)))


def test_a_segment_that_only_came_is_mix_and_no_score() -> None:
    town = wave(segments=("town",), shares=np.ones((1, 2)), scores=np.array([[80.0, 70.0]]))
    found = decompose_change(town, wave())
    assert found.change == pytest.approx(66 - 76)
    assert (found.score_effect, found.mix_effect) == pytest.approx((0, -10))


def test_a_leaf_that_only_came_is_weight_and_no_score() -> None:
    first = wave(leaves=("a",), weights=np.ones(1), shares=np.full((2, 1), 0.5), scores=np.array([[80.0], [60.0]]))
    found = decompose_change(first, wave())
    assert found.change == pytest.approx(66 - 70)
    assert (found.score_effect, found.mix_effect, found.weight_effect) == pytest.approx((0, 0, -4))


def test_each_effect_is_the_mean_over_all_orders_of_change() -> None:
    generator = np.random.default_rng(5)
    before, after = drawn(generator), drawn(generator)
    factors = ("weights", "shares", "scores")
    effects = dict.fromkeys(factors, 0.0)
    for order in permutations(factors):
        current = {factor: getattr(before, factor) for factor in factors}
        for factor in order:
            old = wave(**current).index
            current[factor] = getattr(after, factor)
            effects[factor] += (wave(**current).index - old) / 6
    found = decompose_change(before, after)
    assert found.weight_effect == pytest.approx(effects["weights"])
    assert found.mix_effect == pytest.approx(effects["shares"])
    assert found.score_effect == pytest.approx(effects["scores"])
    assert found.score_effect + found.mix_effect + found.weight_effect == pytest.approx(found.change, abs=1e-12)


def drawn(generator: np.random.Generator) -> Composition:
    shares: FloatArray = generator.dirichlet(np.ones(2), 2).T
    return wave(weights=generator.dirichlet(np.ones(2)), shares=shares, scores=generator.uniform(20, 100, (2, 2)))


def test_backwards_every_effect_changes_its_sign() -> None:
    generator = np.random.default_rng(9)
    before, after = drawn(generator), drawn(generator)
    there, back = decompose_change(before, after), decompose_change(after, before)
    assert (there.score_effect, there.mix_effect) == pytest.approx((-back.score_effect, -back.mix_effect))


def test_waves_without_a_common_leaf_are_refused() -> None:
    with pytest.raises(SurveyProblem, match="leaves: the waves share none"):
        decompose_change(wave(), wave(leaves=("c", "d")))


def test_segments_of_another_length_are_refused() -> None:
    with pytest.raises(SurveyProblem, match="segments: 3 rows are expected, not 2"):
        Composition.of(tree_of({"a": 1.0}), {"q_a": np.ones(3)}, np.ones(3), ["x", "y"])
