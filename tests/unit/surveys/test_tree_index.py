"""The index by weighted tree: the gas utility of the reference procedure, missing answers, errors and small groups."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, SurveyProblem, parse_document
from domain.surveys.indicators import IndicatorTree, ScaleMap
from domain.surveys.tree_index import (
    Reliability,
    TreeIndex,
    compute_tree_index,
    on_scale_map,
    respondent_scores,
    score_segments,
)
from domain.surveys.variance.design import StageColumns, SurveyDesign

Answers = dict[str, FloatArray]
GAS: dict[str, tuple[float, dict[str, float]]] = {
    "supply": (0.7, {"pressure": 0.6, "quality": 0.4}),
    "repair": (0.2, {"attitude": 0.2, "timeliness": 0.4, "result": 0.4}),
    "meter": (0.1, {"courtesy": 0.3, "accuracy": 0.4, "punctuality": 0.3}),
}
GAS_ANSWERS = (5, 4, 4, 4, 4, 5, 5, 3)


def leaf(name: str, weight: float, **more: Any) -> dict[str, Any]:
    return {"id": name, "title": {"en": name}, "weight": weight, "question": f"q_{name}", **more}


def tree(*children: dict[str, Any], scale_map: str = "likert_x20") -> IndicatorTree:
    content = {"id": "csi", "title": {"en": "Satisfaction"}, "scale_map": scale_map, "children": list(children)}
    return parse_document(IndicatorTree, content)


def gas_tree(scale_map: str = "likert_x20") -> IndicatorTree:
    branches = [
        {"id": name, "title": {"en": name}, "weight": weight, "children": [leaf(*each) for each in leaves.items()]}
        for name, (weight, leaves) in GAS.items()
    ]
    return tree(*branches, scale_map=scale_map)


def gas_answers(rows: int = 40) -> Answers:
    names = [name for _, leaves in GAS.values() for name in leaves]
    return {f"q_{name}": np.full(rows, float(code)) for name, code in zip(names, GAS_ANSWERS, strict=True)}


def pair(first: Sequence[float], second: Sequence[float], weight: float = 0.5) -> tuple[IndicatorTree, Answers]:
    both = tree(leaf("a", weight), leaf("b", 1 - weight))
    return both, {"q_a": np.array(first, dtype=float), "q_b": np.array(second, dtype=float)}


def equal_weights(rows: int) -> SurveyDesign:
    return SurveyDesign.of(np.ones(rows))


def value_of(index: TreeIndex, name: str) -> float | None:
    return next(each.score.value for each in index.indicators if each.id == name)


def test_the_gas_utility_scores_what_its_procedure_says() -> None:
    index = compute_tree_index(gas_tree(), gas_answers(), equal_weights(40))
    assert index.index.value == pytest.approx(89.2)
    branches = [value_of(index, name) for name in ("supply", "repair", "meter")]
    assert branches == pytest.approx([4.6 * 20, 4.0 * 20, 4.4 * 20])


def test_both_scale_maps_of_a_five_point_tree_are_shown() -> None:
    published = {ScaleMap.LIKERT_X20: pytest.approx(89.2), ScaleMap.MINMAX: pytest.approx(86.5)}
    for used in ScaleMap:
        assert compute_tree_index(gas_tree(used), gas_answers(), equal_weights(40)).by_scale_map == published


def test_a_ten_point_tree_has_only_one_scale_map() -> None:
    ten = tree(leaf("a", 1.0, scale={"minimum": 1, "maximum": 10}), scale_map="minmax")
    index = compute_tree_index(ten, {"q_a": np.tile([1.0, 10.0], 20)}, equal_weights(40))
    assert index.by_scale_map == {ScaleMap.MINMAX: pytest.approx(50)}


def test_scale_maps_convert_into_each_other() -> None:
    assert on_scale_map(20, ScaleMap.LIKERT_X20, ScaleMap.MINMAX) == 0
    assert on_scale_map(100, ScaleMap.MINMAX, ScaleMap.LIKERT_X20) == 100
    assert on_scale_map(86.5, ScaleMap.MINMAX, ScaleMap.LIKERT_X20) == pytest.approx(89.2)


def test_the_dearest_gap_comes_first_and_gaps_sum_to_what_the_index_lacks() -> None:
    index = compute_tree_index(gas_tree(), gas_answers(), equal_weights(40))
    first = index.priorities()[0]
    assert first.id == "quality"
    assert first.gap == pytest.approx(0.7 * 0.4 * 20)
    assert sum(each.gap or 0 for each in index.priorities()) == pytest.approx(100 - 89.2)


def test_a_leaf_is_the_weighted_mean_of_its_valid_answers() -> None:
    both, answers = pair([5, 1, math.nan, *[3] * 37], [4] * 40)
    weights = np.r_[2.0, 1.0, 9.0, np.zeros(32), np.ones(5)]
    index = compute_tree_index(both, answers, SurveyDesign.of(weights))
    assert value_of(index, "a") == pytest.approx((2 * 100 + 20 + 5 * 60) / 8)


def test_the_index_is_the_weighted_leaf_means_even_where_respondents_miss_answers() -> None:
    both, answers = pair([5] * 20 + [1] * 20, [3] * 10 + [math.nan] * 30)
    index = compute_tree_index(both, answers, equal_weights(40))
    assert index.index.value == pytest.approx((60 + 60) / 2)
    assert respondent_scores(both, answers).mean() == pytest.approx((10 * 80 + 10 * 100 + 20 * 20) / 40)


def test_the_error_of_the_index_is_that_of_the_mean_of_complete_scores() -> None:
    generator = np.random.default_rng(1)
    first, second = generator.integers(1, 6, (2, 50)).astype(float)
    both, answers = pair(first.tolist(), second.tolist(), weight=0.25)
    index = compute_tree_index(both, answers, equal_weights(50)).index
    scores = 20 * (0.25 * first + 0.75 * second)
    assert index.standard_error == pytest.approx(scores.std(ddof=1) / math.sqrt(50))
    assert index.interval is not None
    assert index.interval.high - index.interval.low == pytest.approx(
        2 * 2.0095752344892093 * (index.standard_error or 0)
    )


def test_clusters_that_answer_alike_widen_the_error() -> None:
    both, answers = pair(np.repeat([1, 2, 3, 4, 5] * 2, 5).tolist(), [3] * 50)
    clusters = SurveyDesign.of(np.ones(50), [StageColumns(units=np.repeat(np.arange(10), 5))])
    clustered = compute_tree_index(both, answers, clusters).index.standard_error
    alone = compute_tree_index(both, answers, equal_weights(50)).index.standard_error
    assert clustered is not None
    assert alone is not None
    # Cluster means as ten observations against fifty: √(49/9 · n/n), answers being equal within a cluster.
    assert clustered / alone == pytest.approx(math.sqrt(49 / 9))


def test_figures_of_under_thirty_respondents_warn_and_of_under_five_are_withheld() -> None:
    both, answers = pair([5.0] * 4 + [math.nan] * 36, [4.0] * 29 + [math.nan] * 11)
    first, second = compute_tree_index(both, answers, equal_weights(40)).indicators
    assert (first.score.respondents, first.score.reliability) == (4, Reliability.SUPPRESSED)
    assert (first.score.value, first.score.standard_error, first.score.interval, first.gap) == (None,) * 4
    assert (second.score.respondents, second.score.reliability) == (29, Reliability.FEW)
    assert second.score.value == pytest.approx(80)


def test_a_withheld_leaf_is_not_among_the_priorities() -> None:
    both, answers = pair([5.0] * 4 + [math.nan] * 36, [4.0] * 40)
    assert [each.id for each in compute_tree_index(both, answers, equal_weights(40)).priorities()] == ["b"]


def test_siblings_count_for_an_unanswered_leaf_in_a_respondents_score() -> None:
    answers = gas_answers(1)
    answers["q_attitude"][0] = math.nan
    answers["q_pressure"][0] = math.nan
    supply, repair, meter = 4.0, 4.0, 4.4
    expected = 20 * (0.7 * supply + 0.2 * repair + 0.1 * meter)
    assert respondent_scores(gas_tree(), answers)[0] == pytest.approx(expected)


def test_an_unanswered_branch_is_left_out_of_a_respondents_score() -> None:
    answers = gas_answers(1)
    for name in GAS["repair"][1]:
        answers[f"q_{name}"][0] = math.nan
    assert respondent_scores(gas_tree(), answers)[0] == pytest.approx(20 * (0.7 * 4.6 + 0.1 * 4.4) / 0.8)


def test_half_of_the_weight_is_enough_for_a_score_and_less_is_not() -> None:
    both, answers = pair([5, math.nan], [math.nan, 4])
    assert respondent_scores(both, answers).tolist() == [100, 80]
    uneven, answers = pair([5, math.nan], [math.nan, 4], weight=0.49)
    np.testing.assert_array_equal(respondent_scores(uneven, answers), [np.nan, 80])


def test_segments_are_scored_by_their_respondents_and_small_ones_withheld() -> None:
    both, answers = pair([5] * 30 + [1] * 5 + [3] * 4, [5] * 30 + [2] * 5 + [3] * 4)
    segments = ["town"] * 30 + ["country"] * 5 + ["island"] * 4
    found = score_segments(both, answers, equal_weights(39), segments)
    assert list(found) == ["country", "island", "town"]
    assert found["island"].value is None
    assert [found[name].value for name in ("country", "town")] == pytest.approx([30, 100])
    reliability = [score.reliability for score in found.values()]
    assert reliability == [Reliability.FEW, Reliability.SUPPRESSED, Reliability.SOUND]


def problems_of(answers: Answers, rows: int = 40) -> tuple[Problem, ...]:
    with pytest.raises(SurveyProblem) as refusal:
        compute_tree_index(gas_tree(), answers, equal_weights(rows))
    return refusal.value.problems


def test_a_question_without_answers_is_named() -> None:
    answers = gas_answers()
    del answers["q_result"]
    assert problems_of(answers) == (Problem("q_result", "the answers have no such column"),)


def test_unknown_codes_are_named_by_question_and_row() -> None:
    answers = gas_answers()
    answers["q_result"][[3, 7]] = 6, 4.5
    assert problems_of(answers) == (
        Problem("q_result[3]", "a code from 1 to 5 is expected, not 6"),
        Problem("q_result[7]", "a code from 1 to 5 is expected, not 4.5"),
    )


def test_a_question_that_nobody_answered_leaves_no_index() -> None:
    answers = gas_answers()
    answers["q_result"][:] = math.nan
    assert problems_of(answers) == (Problem("q_result", "nobody with a weight answered it, so result has no score"),)


def test_columns_of_another_length_than_the_design_are_refused() -> None:
    answers = gas_answers()
    answers["q_result"] = answers["q_result"][:39]
    assert problems_of(answers) == (Problem("q_result", "40 rows are expected, not shape (39,)"),)
