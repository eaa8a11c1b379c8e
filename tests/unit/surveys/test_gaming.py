"""Signs of gaming: each finds the handler who games and nobody else, limits and shrinkage, and few false alarms."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from domain.surveys.errors import SurveyProblem
from domain.surveys.gaming import (
    GamingReview,
    GamingSign,
    HandledCases,
    HandlerSign,
    ReviewRules,
    benjamini_hochberg,
    review_handlers,
    shrink,
)

HANDLERS, CASES_EACH = 10, 200
CHEAT = "h3"


def honest_cases(seed: int = 0) -> HandledCases:
    """Ten handlers who all ask 80 % of their customers, half of whom respond; a tenth of the scores are perfect."""
    generator = np.random.default_rng(seed)
    rows = HANDLERS * CASES_EACH
    invited = generator.random(rows) < 0.8
    responded = invited & (generator.random(rows) < 0.5)
    score = np.where(generator.random(rows) < 0.1, 100.0, generator.integers(8, 20, rows) * 5.0)
    return HandledCases(
        handler=np.array([f"h{number}" for number in np.repeat(np.arange(HANDLERS), CASES_EACH)]),
        customer=np.array([f"c{number}" for number in range(rows)]),
        invited=invited,
        contact_changed=generator.random(rows) < 0.03,
        complained=generator.random(rows) < 0.4,
        responded=responded,
        score=np.where(responded, score, np.nan),
        lag_hours=np.where(responded, generator.exponential(48, rows), np.nan),
        device=np.array([f"d{number}" if there else "" for number, there in enumerate(responded)]),
        asked_for_score=np.where(responded, generator.random(rows) < 0.02, np.nan),
    )


def gamed(**columns: Any) -> GamingReview:
    return review_handlers(replace(honest_cases(), **columns))


def of_cheat(cases: HandledCases) -> Any:
    return cases.handler == CHEAT


def assert_only_the_cheat_is_reviewed_for(review: GamingReview, sign: GamingSign) -> None:
    assert [(task.handler, task.signs[0].sign) for task in review.tasks] == [(CHEAT, sign)]


def test_honest_handlers_open_no_review() -> None:
    review = review_handlers(honest_cases())
    assert review.tasks == ()
    assert {sign.sign for sign in review.signs} == set(GamingSign) - {GamingSign.SHARED_DEVICE}


def test_false_alarms_are_rare_among_honest_handlers() -> None:
    alarms = sum(bool(review_handlers(honest_cases(seed)).tasks) for seed in range(40))
    assert alarms <= 5  # 5 % of 40 are 2; more than 5 happen in under 2 % of such trials


def test_inviting_few_customers_opens_a_review() -> None:
    cases = honest_cases()
    spared = of_cheat(cases) & (np.arange(len(cases.handler)) % 2 == 0)
    review = gamed(invited=cases.invited & ~spared, responded=cases.responded & ~spared)
    assert_only_the_cheat_is_reviewed_for(review, GamingSign.LOW_COVERAGE)


def test_changing_contact_data_before_the_invitation_opens_a_review() -> None:
    cases = honest_cases()
    changed = of_cheat(cases) & (np.arange(len(cases.handler)) % 5 == 0)
    assert_only_the_cheat_is_reviewed_for(
        gamed(contact_changed=cases.contact_changed | changed), GamingSign.CONTACT_CHANGED
    )


def test_too_many_perfect_scores_open_a_review() -> None:
    cases = honest_cases()
    perfect = of_cheat(cases) & cases.responded & (np.arange(len(cases.handler)) % 3 == 0)
    assert_only_the_cheat_is_reviewed_for(gamed(score=np.where(perfect, 100.0, cases.score)), GamingSign.PERFECT_SCORES)


def test_better_scores_the_sooner_they_are_given_open_a_review() -> None:
    cases = honest_cases()
    praise = np.clip(97 - 0.4 * cases.lag_hours, 0, 97)
    assert_only_the_cheat_is_reviewed_for(
        gamed(score=np.where(of_cheat(cases), praise, cases.score)), GamingSign.PROMPT_PRAISE
    )


def test_complainers_who_do_not_respond_open_a_review() -> None:
    cases = honest_cases()
    silenced = of_cheat(cases) & cases.complained & (np.arange(len(cases.handler)) % 5 != 0)
    review = gamed(responded=cases.responded & ~silenced)
    assert_only_the_cheat_is_reviewed_for(review, GamingSign.SILENT_COMPLAINERS)


def test_one_device_for_many_customers_opens_a_review() -> None:
    cases = honest_cases()
    own = of_cheat(cases) & cases.responded & (np.arange(len(cases.handler)) % 3 == 0)
    assert_only_the_cheat_is_reviewed_for(gamed(device=np.where(own, "tablet", cases.device)), GamingSign.SHARED_DEVICE)


def test_a_device_of_two_customers_is_not_shared() -> None:
    cases = honest_cases()
    first, second = np.flatnonzero(cases.responded)[:2]
    device = cases.device.copy()
    device[second] = device[first]
    assert GamingSign.SHARED_DEVICE not in {sign.sign for sign in gamed(device=device).signs}


def test_customers_who_were_asked_for_a_score_open_a_review() -> None:
    cases = honest_cases()
    asked = of_cheat(cases) & cases.responded & (np.arange(len(cases.handler)) % 4 == 0)
    assert_only_the_cheat_is_reviewed_for(
        gamed(asked_for_score=np.where(asked, 1.0, cases.asked_for_score)), GamingSign.ASKED_FOR_SCORE
    )


def sign_of(review: GamingReview, handler: str, sign: GamingSign) -> HandlerSign:
    return next(each for each in review.signs if each.handler == handler and each.sign is sign)


def twenty_each(invited_by_second: int) -> HandledCases:
    """Two handlers of twenty cases; the first invites ten."""
    rows = 40
    invited = np.r_[np.arange(20) < 10, np.arange(20) < invited_by_second]
    none, nothing = np.zeros(rows, dtype=bool), np.full(rows, np.nan)
    labels = np.repeat(["first", "second"], 20)
    return HandledCases(
        labels, np.arange(rows).astype(str), invited, none, none, none, nothing, nothing, np.full(rows, ""), nothing
    )


def test_a_share_has_the_funnel_and_the_exact_tail_of_the_binomial() -> None:
    sign = sign_of(review_handlers(twenty_each(20)), "first", GamingSign.LOW_COVERAGE)
    assert (sign.cases, sign.observed, sign.expected) == (20, 0.5, 0.75)
    reach = 3.090232306167813 * np.sqrt(0.75 * 0.25 / 20)
    assert (sign.low, sign.high) == pytest.approx((0.75 - reach, 1.0))
    # At most 10 of 20 at a chance of 0.75, by pbinom of R.
    assert sign.p_value == pytest.approx(0.01386442, abs=1e-8)


def test_handlers_with_fewer_cases_than_the_rules_ask_for_are_not_judged() -> None:
    assert review_handlers(twenty_each(20), ReviewRules(least_cases=21)).signs == ()


def test_where_nothing_differs_nothing_is_judged() -> None:
    cases = twenty_each(20)
    assert review_handlers(replace(cases, invited=np.ones(40, dtype=bool))).signs == ()


def test_the_published_p_values_of_benjamini_and_hochberg_select_four() -> None:
    p_values = np.array(
        [
            0.0001,
            0.0004,
            0.0019,
            0.0095,
            0.0201,
            0.0278,
            0.0298,
            0.0344,
            0.0459,
            0.324,
            0.4262,
            0.5719,
            0.6528,
            0.759,
            1,
        ]
    )
    adjusted = benjamini_hochberg(p_values[::-1])[::-1]
    assert (adjusted <= 0.05).sum() == 4
    assert adjusted[0] == pytest.approx(0.0015)
    assert (np.diff(adjusted) >= 0).all()


def test_estimates_shrink_by_the_share_of_their_own_variance() -> None:
    # Two estimates of variance 1 at distance 3: Q = 18, between = (18 - 1) / (2 - 1) = 17.
    np.testing.assert_allclose(shrink(np.array([-3.0, 3.0]), np.ones(2), 0.0), [-3 * 17 / 18, 3 * 17 / 18])


def test_estimates_that_differ_no_more_than_by_chance_are_all_the_same() -> None:
    np.testing.assert_allclose(shrink(np.array([0.49, 0.51]), np.array([0.01, 0.01]), 0.5), 0.5)


def test_a_response_without_an_invitation_is_refused_by_row() -> None:
    cases = honest_cases()
    responded = cases.responded.copy()
    row = int(np.flatnonzero(~cases.invited)[0])
    responded[row] = True
    with pytest.raises(SurveyProblem, match=rf"responded\[{row}\]: a response of somebody who was not invited"):
        review_handlers(replace(cases, responded=responded))


def test_columns_of_another_length_are_refused_by_name() -> None:
    with pytest.raises(SurveyProblem, match=r"device: 2000 rows are expected, not shape \(1,\)"):
        gamed(device=np.array(["d"]))
