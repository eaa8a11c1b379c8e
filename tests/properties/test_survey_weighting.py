"""What holds for all weights: totals are kept, margins are met, order is irrelevant, integer weights repeat rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from domain.surveys.arrays import encode
from domain.surveys.variance.design import StageColumns, SurveyDesign
from domain.surveys.variance.estimates import estimate_mean, estimate_total
from domain.surveys.weighting.adjustment import CollapseRule, pass_weights_on
from domain.surveys.weighting.margins import Margin
from domain.surveys.weighting.raking import rake
from domain.surveys.weighting.summary import summarise_weights
from domain.surveys.weighting.trimming import trim_weights

weights_of_rows = st.lists(st.floats(0.1, 100), min_size=2, max_size=40).map(np.array)
seeds = st.integers(0, 2**32 - 1)


@given(weights_of_rows, seeds, st.integers(1, 10), st.floats(1, 5))
def test_passing_weights_on_keeps_the_total(
    weights: NDArray[np.float64], seed: int, least: int, largest: float
) -> None:
    generator = np.random.default_rng(seed)
    fate = generator.integers(3, size=len(weights))
    fate[0] = 0
    classes = encode(generator.choice(list("abcd"), size=len(weights)))
    found = pass_weights_on(
        weights, stayed=fate == 0, lost=fate == 1, classes=classes, rule=CollapseRule(least, largest)
    )
    assert found.weights.sum() == pytest.approx(weights.sum())
    assert not found.weights[fate == 1].any()
    assert (found.weights[fate == 0] >= weights[fate == 0] * (1 - 1e-12)).all()
    assert found.weights[fate == 2].tolist() == weights[fate == 2].tolist()


@given(weights_of_rows, seeds, st.integers(1, 10), st.floats(1, 5))
def test_classes_that_stand_alone_are_thick_enough(
    weights: NDArray[np.float64], seed: int, least: int, largest: float
) -> None:
    generator = np.random.default_rng(seed)
    stayed = generator.random(len(weights)) < 0.6
    stayed[0] = True
    classes = encode(generator.choice(list("abcd"), size=len(weights)))
    found = pass_weights_on(weights, stayed=stayed, lost=~stayed, classes=classes, rule=CollapseRule(least, largest))
    limit = largest * weights.sum() / weights[stayed].sum() * (1 + 1e-12)
    if len(found.classes) > 1:
        assert all(each.rows >= least and each.factor <= limit for each in found.classes)


@st.composite
def samples_to_rake(draw: st.DrawFn) -> tuple[NDArray[np.float64], list[Margin]]:
    """Margins of a population that has everything the sample has, so that they can be met."""
    generator = np.random.default_rng(draw(seeds))
    rows = draw(st.integers(6, 60))
    columns = {name: generator.integers(size, size=rows) for name, size in (("a", 3), ("b", 4), ("c", 2))}
    people = generator.uniform(1, 5, size=rows)
    margins = [
        Margin.of(name, labels, {str(code): people[labels == code].sum() for code in np.unique(labels)})
        for name, labels in columns.items()
    ]
    return generator.uniform(1, 3, size=rows), margins


@given(samples_to_rake())
def test_raked_weights_meet_every_margin(given_sample: tuple[NDArray[np.float64], list[Margin]]) -> None:
    weights, margins = given_sample
    raked = rake(weights, margins).weights
    for margin in margins:
        assert np.bincount(margin.codes, raked) == pytest.approx(margin.targets, rel=1e-8)


@given(samples_to_rake(), seeds)
def test_raking_does_not_depend_on_the_order_of_rows_or_margins(
    given_sample: tuple[NDArray[np.float64], list[Margin]], seed: int
) -> None:
    weights, margins = given_sample
    order = np.random.default_rng(seed).permutation(len(weights))
    shuffled = [Margin(each.name, each.codes[order], each.categories, each.targets) for each in reversed(margins)]
    found = rake(weights[order], shuffled).weights
    assert found == pytest.approx(rake(weights, margins).weights[order], rel=1e-6)


@given(samples_to_rake())
def test_raking_twice_changes_nothing(given_sample: tuple[NDArray[np.float64], list[Margin]]) -> None:
    weights, margins = given_sample
    once = rake(weights, margins).weights
    assert rake(once, margins).weights == pytest.approx(once, rel=1e-8)


@given(weights_of_rows, st.floats(1.01, 10))
def test_trimming_keeps_the_total_and_the_order_and_holds_the_cap(weights: NDArray[np.float64], largest: float) -> None:
    found = trim_weights(weights, largest=largest)
    assert found.weights.sum() == pytest.approx(weights.sum())
    assert found.weights.max() <= found.cap * (1 + 1e-12)
    by_size = np.argsort(weights, kind="stable")
    assert (np.diff(found.weights[by_size]) >= -1e-9).all()


@given(weights_of_rows)
def test_effective_rows_are_never_more_than_rows(weights: NDArray[np.float64]) -> None:
    found = summarise_weights(weights)
    assert found.effective_rows <= found.rows * (1 + 1e-12)
    assert found.kish_effect == pytest.approx(1 + found.variation**2)


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(-10, 10)), min_size=2, max_size=20))
def test_a_mean_by_whole_weights_is_the_mean_of_repeated_rows(rows: list[tuple[int, float]]) -> None:
    weights, values = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    repeated = np.repeat(values, weights.astype(int))
    found = estimate_mean(SurveyDesign.of(weights), values)
    assert found.value == pytest.approx(estimate_mean(SurveyDesign.of(np.ones(len(repeated))), repeated).value)


@given(weights_of_rows, seeds)
def test_estimates_do_not_depend_on_the_order_of_rows(weights: NDArray[np.float64], seed: int) -> None:
    generator = np.random.default_rng(seed)
    rows = len(weights) * 3
    order = generator.permutation(rows)
    weight = np.tile(weights, 3)
    strata = np.repeat(["x", "y", "z"], len(weights))
    values = generator.normal(size=rows)
    plain = SurveyDesign.of(weight, [StageColumns(strata=strata)])
    shuffled = SurveyDesign.of(weight[order], [StageColumns(strata=strata[order])])
    found, again = estimate_total(plain, values), estimate_total(shuffled, values[order])
    assert (found.value, found.standard_error) == pytest.approx((again.value, again.standard_error), abs=1e-6)
