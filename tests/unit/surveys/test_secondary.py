"""Satisfaction rate, NPS, CSAT and CES: published examples, intervals under a design, small groups, refusals."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, SurveyProblem
from domain.surveys.indicators import AnswerScale
from domain.surveys.secondary import customer_effort_score, net_promoter_score, satisfaction_rate
from domain.surveys.tree_index import Reliability
from domain.surveys.variance.design import StageColumns, SurveyDesign


def equal_weights(rows: int) -> SurveyDesign:
    return SurveyDesign.of(np.ones(rows))


def recommendations(promoters: int, passives: int, detractors: int) -> FloatArray:
    codes = [9, 10] * promoters + [7, 8] * passives + [0, 6] * detractors
    return np.array(codes, dtype=float)


def test_the_published_net_promoter_score_has_its_error_and_interval(reference_numbers: Callable[[str], Any]) -> None:
    expected = reference_numbers("expected_outcome_and_quality.json")["nps"]
    found = net_promoter_score("nps", recommendations(25, 15, 10), equal_weights(100))
    assert (found.promoters, found.passives, found.detractors) == pytest.approx((50, 30, 20))
    assert found.score.value == pytest.approx(expected["NPS"])
    assert found.score.standard_error == pytest.approx(expected["SE"], abs=1e-9)
    assert found.score.interval is not None
    bounds = [found.score.interval.low, found.score.interval.high]
    assert bounds == pytest.approx(expected["CI_adjusted_wald"], abs=4e-4)  # which rounds the quantile to 1.96


def test_everybody_a_promoter_still_leaves_room_for_doubt() -> None:
    found = net_promoter_score("nps", np.full(20, 10.0), equal_weights(20)).score
    assert (found.value, found.standard_error) == (100, 0)
    assert found.interval is not None
    assert found.interval.low < 100


def test_clusters_widen_the_interval_of_a_net_promoter_score() -> None:
    answers = np.repeat(recommendations(5, 3, 2), 5)
    alone = net_promoter_score("nps", answers, equal_weights(100)).score.interval
    clusters = SurveyDesign.of(np.ones(100), [StageColumns(units=np.repeat(np.arange(20), 5))])
    clustered = net_promoter_score("nps", answers, clusters).score.interval
    assert alone is not None
    assert clustered is not None
    assert clustered.high - clustered.low > 2 * (alone.high - alone.low)


def test_satisfied_are_the_two_best_of_five_among_those_who_answered() -> None:
    answers = np.array([5] * 40 + [4] * 30 + [3] * 20 + [1] * 10, dtype=float)
    found = satisfaction_rate("q", answers, equal_weights(100))
    assert found.value == pytest.approx(70)
    assert found.interval is not None
    # Wilson's interval of 70 in 100: 0.6041515, 0.7810511 (R binom::binom.wilson).
    assert (found.interval.low, found.interval.high) == pytest.approx((60.41515, 78.10511), abs=1e-4)


def test_missing_answers_count_neither_as_satisfied_nor_as_dissatisfied() -> None:
    answers = np.array([5] * 7 + [1] * 3 + [math.nan] * 20)
    found = satisfaction_rate("q", answers, equal_weights(30))
    assert found.respondents == 10
    assert found.value == pytest.approx(70)


def test_satisfied_may_begin_at_another_code() -> None:
    seven = AnswerScale(minimum=1, maximum=7)
    answers = np.array([7, 6, 5, 5, 4, 3, 2, 1, 7, 7], dtype=float)
    assert satisfaction_rate("q", answers, equal_weights(10), seven).value == pytest.approx(40)
    assert satisfaction_rate("q", answers, equal_weights(10), seven, satisfied_from=5).value == pytest.approx(60)


def test_a_respondent_of_double_weight_counts_twice() -> None:
    design = SurveyDesign.of(np.array([2.0, 1, 1, 1, 1]))
    assert satisfaction_rate("q", np.array([5.0, 5, 1, 1, 1]), design).value == pytest.approx(50)


def test_effort_is_the_mean_code_with_an_interval_by_t() -> None:
    answers = np.array([7, 6, 5, 4, 3, 5, 5], dtype=float)
    found = customer_effort_score("ces", answers, equal_weights(7))
    error = answers.std(ddof=1) / math.sqrt(7)
    assert found.value == pytest.approx(5)
    assert found.standard_error == pytest.approx(error)
    assert found.interval is not None
    assert found.interval.high == pytest.approx(5 + 2.4469118511449692 * error)


def test_figures_of_under_five_respondents_are_withheld() -> None:
    answers = np.array([5, 4, 3, 2, math.nan])
    for found in (
        satisfaction_rate("q", answers, equal_weights(5)),
        net_promoter_score("q", answers, equal_weights(5)).score,
        customer_effort_score("q", answers, equal_weights(5)),
    ):
        assert (found.respondents, found.reliability) == (4, Reliability.SUPPRESSED)
        assert (found.value, found.interval) == (None, None)


def test_a_code_off_the_scale_is_named_by_its_row() -> None:
    with pytest.raises(SurveyProblem) as refusal:
        net_promoter_score("nps", np.array([9.0, 11.0]), equal_weights(2))
    assert refusal.value.problems == (Problem("nps[1]", "a code from 0 to 10 is expected, not 11"),)


def test_a_question_that_nobody_answered_has_no_rate() -> None:
    with pytest.raises(SurveyProblem, match="q: nobody with a weight answered it"):
        satisfaction_rate("q", np.full(3, math.nan), equal_weights(3))


def test_satisfied_from_the_worst_code_on_would_be_everybody_and_is_refused() -> None:
    with pytest.raises(SurveyProblem, match="satisfied_from: a code from 2 to 5 is expected, not 1"):
        satisfaction_rate("q", np.ones(10), equal_weights(10), satisfied_from=1)


def test_answers_of_another_length_than_the_design_are_refused() -> None:
    with pytest.raises(SurveyProblem, match=r"q: 4 rows are expected, not shape \(3,\)"):
        customer_effort_score("q", np.ones(3), equal_weights(4))
