"""What must hold of every path model, whatever the answers."""

from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import SurveyProblem, parse_document
from domain.surveys.path_model.document import PathModel
from domain.surveys.path_model.fit import PathModelFit, fit_path_model
from domain.surveys.path_model.index import construct_scores, index_weights

Answers = dict[str, FloatArray]

CONSTRUCTS: dict[str, dict[str, Any]] = {
    "image": {"items": ["i1", "i2", "i3"]},
    "quality": {"items": ["q1", "q2", "q3"], "driven_by": ["image"]},
    "value": {"items": ["v1", "v2"], "driven_by": ["image", "quality"]},
    "loyalty": {"items": ["l1", "l2"], "driven_by": ["value"]},
}
ITEMS = [item for construct in CONSTRUCTS.values() for item in construct["items"]]
SEEDS = st.integers(0, 2**32 - 1)


def model_of(scheme: str, scaling: str, order: list[str]) -> PathModel:
    constructs = [{"id": name, "title": {"en": name}, **CONSTRUCTS[name]} for name in order]
    content = {"id": "m", "title": {"en": "m"}, "scheme": scheme, "scaling": scaling, "constructs": constructs}
    return parse_document(PathModel, content)


MODELS = st.builds(
    model_of,
    st.sampled_from(["centroid", "factorial", "path"]),
    st.sampled_from(["raw", "standardised"]),
    st.permutations(list(CONSTRUCTS)),
)


def drawn_answers(seed: int, rows: int = 60) -> Answers:
    """Answers of 1–10 that share a level, so that most models settle."""
    generator = np.random.default_rng(seed)
    level = generator.integers(3, 9, rows)
    return {item: np.clip(level + generator.integers(-2, 3, rows), 1, 10).astype(float) for item in ITEMS}


def settled(model: PathModel, answers: Answers, weights: FloatArray | None = None) -> PathModelFit:
    try:
        return fit_path_model(model, answers, weights)
    except SurveyProblem:
        assume(False)
        raise


def by_name(fit: PathModelFit) -> dict[Any, float]:
    """Every estimate by the names it concerns, so that orders do not matter."""
    names = fit.model.names
    flat: dict[Any, float] = dict(zip(fit.model.items, fit.weights, strict=True))
    for item, row in zip(fit.model.items, fit.cross_loadings, strict=True):
        flat |= {(item, name): value for name, value in zip(names, row, strict=True)}
    for driven, row in zip(names, fit.total_effects, strict=True):
        flat |= {(driven, driver): value for driver, value in zip(names, row, strict=True)}
    return flat | {(name, "r2"): value for name, value in zip(names, fit.r_squared, strict=True)}


def assert_same(left: PathModelFit, right: PathModelFit, tolerance: float) -> None:
    expected, actual = by_name(left), by_name(right)
    assert expected.keys() == actual.keys()
    np.testing.assert_allclose(
        [actual[key] for key in expected], list(expected.values()), rtol=tolerance, atol=tolerance
    )


@settings(max_examples=40, deadline=None)
@given(MODELS, SEEDS)
def test_whole_number_weights_equal_repeated_rows(model: PathModel, seed: int) -> None:
    answers = drawn_answers(seed)
    counts = np.random.default_rng(seed).integers(0, 4, 60)
    assume(np.count_nonzero(counts) >= 30)
    weighted = settled(model, answers, counts.astype(float))
    repeated = settled(model, {item: np.repeat(column, counts) for item, column in answers.items()})
    assert_same(weighted, repeated, 1e-12)


@settings(max_examples=40, deadline=None)
@given(MODELS, SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_rows_constructs_and_items_is_irrelevant(model: PathModel, seed: int, random: Any) -> None:
    answers = drawn_answers(seed)
    order = random.sample(range(60), 60)
    constructs = [
        construct.model_copy(update={"items": tuple(random.sample(construct.items, len(construct.items)))})
        for construct in random.sample(model.constructs, len(model.constructs))
    ]
    shuffled = model.model_copy(update={"constructs": tuple(constructs)})
    reordered = {item: column[order] for item, column in answers.items()}
    assert_same(settled(model, answers), settled(shuffled, reordered), 1e-10)


@settings(max_examples=30, deadline=None)
@given(MODELS, SEEDS)
def test_scores_rise_with_every_answer_and_stay_between_0_and_100(model: PathModel, seed: int) -> None:
    answers = drawn_answers(seed)
    fit = settled(model, answers)
    assume(bool((fit.weights >= 0).all()))
    scores = construct_scores(fit, answers)
    assert scores.min() >= -1e-9
    assert scores.max() <= 100 + 1e-9
    for item, share in zip(model.items, index_weights(fit), strict=True):
        better = construct_scores(fit, {**answers, item: np.minimum(answers[item] + 1, 10)})
        own = int(model.blocks()[model.items.index(item)])
        risen = np.where(answers[item] < 10, share * 100 / 9, 0.0)
        np.testing.assert_allclose(better[:, own] - scores[:, own], risen, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(MODELS, SEEDS, st.floats(0.01, 1000))
def test_the_unit_of_the_weights_is_irrelevant(model: PathModel, seed: int, unit: float) -> None:
    answers = drawn_answers(seed)
    weights = np.random.default_rng(seed).uniform(0.5, 2, 60)
    assert_same(settled(model, answers, weights), settled(model, answers, weights * unit), 1e-9)
