"""Careless responding: the indices of R careless, hand-worked cases, flags by rules, the index with and without."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import SurveyProblem, parse_document
from domain.surveys.indicators import IndicatorTree
from domain.surveys.quality.flags import (
    QualityFlag,
    QualityRules,
    ResponseSheet,
    assess_quality,
    index_with_and_without,
)
from domain.surveys.quality.indices import (
    OppositePair,
    average_strings,
    closest_matches,
    contradictions,
    even_odd_inconsistency,
    longest_strings,
    mahalanobis_distances,
    response_variability,
    responses_per_device,
    straightlined_batteries,
    synonym_consistency,
)
from domain.surveys.variance.design import SurveyDesign


@pytest.fixture(scope="module")
def answers(reference_table: Callable[[str], dict[str, FloatArray]]) -> FloatArray:
    return np.column_stack(list(reference_table("careless_dataset.csv").values()))


@pytest.fixture(scope="module")
def expected(reference_numbers: Callable[[str], Any]) -> Any:
    return reference_numbers("expected_outcome_and_quality.json")["careless_dataset"]


def test_the_reference_data_are_the_ones_that_were_measured(answers: FloatArray, expected: Any) -> None:
    assert answers.shape == (expected["n"], expected["items"])
    assert answers.sum() == expected["sum"]


def test_runs_of_the_same_answer_are_those_of_careless(answers: FloatArray, expected: Any) -> None:
    longest = longest_strings(answers)
    assert longest[:12].tolist() == expected["longstring_first12"]
    assert longest.mean() == pytest.approx(expected["longstring_mean"])
    assert (longest >= 10).sum() == expected["n_longstring_ge10"]
    assert average_strings(answers).mean() == pytest.approx(expected["avgstr_mean"], abs=1e-8)


def test_variability_is_that_of_careless(answers: FloatArray, expected: Any) -> None:
    variability = response_variability(answers)
    np.testing.assert_allclose(variability[:6], expected["irv_first6"], atol=1e-10)
    assert variability.mean() == pytest.approx(expected["irv_mean"], abs=1e-7)
    assert (variability == 0).sum() == expected["n_irv_zero"]


def test_distances_and_their_outliers_are_those_of_careless(answers: FloatArray, expected: Any) -> None:
    np.testing.assert_allclose(mahalanobis_distances(answers)[:6], expected["mahad_first6"], atol=1e-8)
    sheet = ResponseSheet(answers, points=(answers - 1) * 25)
    flagged = assess_quality(sheet, QualityRules(outlier_confidence=0.99)).flags[QualityFlag.OUTLIER]
    assert flagged.sum() == expected["mahad_flagged_p01"]


def test_even_odd_inconsistency_is_that_of_careless(answers: FloatArray, expected: Any) -> None:
    found = even_odd_inconsistency(answers, [5] * 10)
    np.testing.assert_allclose(found[:6], expected["evenodd_first6_subscales_of_5"], atol=1e-9)
    assert np.isnan(found).sum() == expected["evenodd_NA"]


def test_consistency_over_synonyms_is_that_of_careless(answers: FloatArray, expected: Any) -> None:
    np.testing.assert_allclose(synonym_consistency(answers, 0.6)[:6], expected["psychsyn_first6_r60"], atol=1e-9)


def test_a_missing_answer_ends_a_run() -> None:
    assert longest_strings(np.array([[3, 3, math.nan, 3, 3, 3, 4]])).tolist() == [3]


def test_variability_passes_over_missing_answers() -> None:
    found = response_variability(np.array([[1, 3, math.nan], [4, math.nan, math.nan]]))
    np.testing.assert_allclose(found, [math.sqrt(2), math.nan])


def test_a_missing_answer_does_not_add_to_a_distance() -> None:
    complete = np.random.default_rng(0).normal(size=(50, 3))
    some = complete.copy()
    some[0, 0] = math.nan
    filled = complete.copy()
    filled[0, 0] = np.nanmean(some[:, 0])
    np.testing.assert_allclose(mahalanobis_distances(some), mahalanobis_distances(filled))


def test_distances_refuse_an_item_that_everybody_answers_alike() -> None:
    with pytest.raises(SurveyProblem, match="linearly dependent or constant"):
        mahalanobis_distances(np.column_stack([np.arange(9.0), np.full(9, 3.0)]))


def test_subscales_that_do_not_make_up_the_items_are_refused() -> None:
    with pytest.raises(SurveyProblem, match="they have 6 items together, the answers 5"):
        even_odd_inconsistency(np.ones((4, 5)), [3, 3])


def test_no_synonyms_among_unrelated_items_are_refused() -> None:
    with pytest.raises(SurveyProblem, match=r"no two items correlate above 0.9"):
        synonym_consistency(np.random.default_rng(0).normal(size=(50, 4)), 0.9)


def test_a_battery_counts_as_straightlined_only_if_it_was_answered_throughout() -> None:
    rows = np.array([[4, 4, 4, 2, 2], [4, 4, 5, 2, 2], [4, 4, math.nan, 1, 2]])
    assert straightlined_batteries(rows, [(0, 1, 2), (3, 4)]).tolist() == [2, 1, 0]


def test_opposite_statements_contradict_each_other_when_both_are_affirmed_or_both_denied() -> None:
    points = np.array([[100, 100], [0, 0], [100, 0], [75, 50], [100, math.nan]])
    assert contradictions(points, [OppositePair(0, 1)]).tolist() == [1, 1, 0, 0, 0]


def test_the_same_question_asked_twice_contradicts_itself_when_the_answers_lie_apart() -> None:
    points = np.array([[100, 25], [100, 50], [0, 100]])
    assert contradictions(points, [OppositePair(0, 1, opposite=False)]).tolist() == [1, 0, 1]


def test_the_closest_match_is_the_largest_share_of_equal_answers() -> None:
    rows = np.array([[1, 2, 3, 4], [1, 2, 3, 5], [5, 5, 5, 5], [1, math.nan, 3, 4]])
    np.testing.assert_allclose(closest_matches(rows), [0.75, 0.75, 0.25, 0.75])


def test_too_many_responses_to_compare_each_with_each_are_refused() -> None:
    with pytest.raises(SurveyProblem, match="20001 responses; at most 20000"):
        closest_matches(np.ones((20_001, 1)))


def test_responses_without_a_known_device_share_none() -> None:
    assert responses_per_device(["a", "b", "a", "", ""]).tolist() == [2, 1, 2, 1, 1]


def careful_sheet(rows: int = 40, **more: Any) -> ResponseSheet:
    codes = np.random.default_rng(3).integers(1, 6, (rows, 12)).astype(float)
    return ResponseSheet(codes, points=(codes - 1) * 25, **more)


def test_a_response_in_a_third_of_the_usual_time_is_a_speeder() -> None:
    durations = np.full(40, 300.0)
    durations[[5, 6]] = 99, 101
    flags = assess_quality(careful_sheet(durations=durations)).flags
    assert np.flatnonzero(flags[QualityFlag.SPEEDER]).tolist() == [5]


def test_nobody_reads_an_item_in_under_two_seconds_even_if_everybody_hurries() -> None:
    durations = np.full(40, 23.0)
    durations[0], durations[1] = 25, math.nan
    speeders = assess_quality(careful_sheet(durations=durations)).flags[QualityFlag.SPEEDER]
    assert speeders.sum() == 38
    assert not speeders[:2].any()


def test_a_fourth_response_from_one_device_flags_them_all() -> None:
    devices = ["kiosk"] * 4 + ["shared"] * 3 + [f"own{number}" for number in range(33)]
    flags = assess_quality(careful_sheet(devices=devices)).flags
    assert np.flatnonzero(flags[QualityFlag.SHARED_DEVICE]).tolist() == [0, 1, 2, 3]


def test_flags_without_their_input_are_not_judged() -> None:
    judged = set(assess_quality(careful_sheet()).flags)
    assert judged == {
        QualityFlag.LONG_STRING,
        QualityFlag.LOW_VARIABILITY,
        QualityFlag.OUTLIER,
        QualityFlag.NEAR_DUPLICATE,
    }


def test_a_rule_of_none_switches_its_flag_off() -> None:
    rules = QualityRules(outlier_confidence=None, matching_share=None)
    judged = assess_quality(careful_sheet(), rules).flags
    assert QualityFlag.OUTLIER not in judged
    assert QualityFlag.NEAR_DUPLICATE not in judged


def test_two_flags_make_a_response_careless_and_one_does_not() -> None:
    sheet = careful_sheet(durations=np.r_[10.0, 10.0, np.full(38, 300.0)])
    sheet.answers[0] = 3
    found = assess_quality(sheet)
    assert found.count[0] >= 3  # speeder, long string, no variability
    assert found.count[1] == 1
    assert found.careless[:2].tolist() == [True, False]


def test_durations_of_another_length_are_refused() -> None:
    with pytest.raises(SurveyProblem, match=r"durations: 40 rows are expected, not shape \(39,\)"):
        assess_quality(careful_sheet(durations=np.ones(39)))


def test_the_index_is_shown_with_and_without_the_flagged() -> None:
    leaf = {"id": "a", "title": {"en": "a"}, "weight": 1, "question": "q"}
    content = {"id": "t", "title": {"en": "t"}, "scale_map": "likert_x20", "children": [leaf]}
    flagged = np.r_[np.ones(10, dtype=bool), np.zeros(30, dtype=bool)]
    both = index_with_and_without(
        parse_document(IndicatorTree, content),
        {"q": np.r_[np.full(10, 5.0), np.full(30, 3.0)]},
        SurveyDesign.of(np.ones(40)),
        flagged,
    )
    assert both.flagged == 10
    assert both.everybody.index.value == pytest.approx((10 * 100 + 30 * 60) / 40)
    assert both.without.index.value == pytest.approx(60)
    assert both.without.index.respondents == 30
