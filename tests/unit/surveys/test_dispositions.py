"""Dispositions derived from events, and the AAPOR rates of their counts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from domain.surveys.dispositions import (
    Channel,
    CompletenessThresholds,
    ContactEvent,
    ContactEventKind,
    Disposition,
    disposition_of,
    transitions_of,
)
from domain.surveys.errors import SurveyProblem
from domain.surveys.outcome_rates import count_dispositions, outcome_rates

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
D = Disposition


def history(*steps: str) -> list[ContactEvent]:
    """Events an hour apart from words like "delivered", "saved .6" or "2 bounced" (of the second attempt)."""
    return [event(hour, *step.split()) for hour, step in enumerate(steps)]


def event(hour: int, *words: str) -> ContactEvent:
    attempt = int(words[0]) if words[0].isdigit() else 1
    kind, *share = words[1:] if words[0].isdigit() else words
    return ContactEvent(
        kind=ContactEventKind("answers_saved" if kind == "saved" else kind),
        at=START + timedelta(hours=hour),
        attempt=attempt,
        channel=Channel.TELEPHONE if kind == "no_answer" else Channel.EMAIL,
        core_share=float(share[0]) if share else None,
    )


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], D.UNKNOWN_OTHER),
        (["delivered"], D.NOT_CONTACTED),
        (["delivered", "opened"], D.NOT_CONTACTED),
        (["delivered", "opened", "saved .8"], D.COMPLETE),
        (["delivered", "opened", "saved .79"], D.PARTIAL),
        (["delivered", "opened", "saved .5"], D.PARTIAL),
        (["delivered", "opened", "saved .49"], D.REFUSED),
        (["delivered", "opened", "refused"], D.REFUSED),
        (["delivered", "opened", "opted_out"], D.REFUSED),
        (["opted_out"], D.REFUSED),
        (["quarantined"], D.NOT_CONTACTED),
        (["delivered", "language_barrier"], D.OTHER),
        (["delivered", "ill"], D.OTHER),
        (["delivered", "opened", "technical_failure"], D.OTHER),
        (["bounced"], D.UNKNOWN_OTHER),
        (["no_channel"], D.UNKNOWN_OTHER),
        (["no_answer", "2 no_answer"], D.UNKNOWN_IF_REACHABLE),
        (["deceased"], D.NOT_ELIGIBLE),
        (["delivered", "opened", "not_a_customer"], D.NOT_ELIGIBLE),
        (["delivered", "out_of_scope"], D.NOT_ELIGIBLE),
    ],
)
def test_what_events_make_of_a_contact(steps: list[str], expected: Disposition) -> None:
    assert disposition_of(history(*steps)) is expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["saved .3", "saved .9"], D.COMPLETE),
        (["refused", "saved .6"], D.PARTIAL),
        (["saved .6", "refused"], D.REFUSED),
        (["bounced", "2 delivered"], D.NOT_CONTACTED),
        (["no_answer", "2 bounced"], D.UNKNOWN_OTHER),
        (["deceased", "saved .9"], D.COMPLETE),
        (["refused", "2 delivered"], D.REFUSED),
    ],
)
def test_the_latest_substantive_event_wins(steps: list[str], expected: Disposition) -> None:
    assert disposition_of(history(*steps)) is expected


def test_a_message_that_bounces_after_all_was_not_delivered() -> None:
    assert disposition_of(history("delivered", "bounced")) is D.UNKNOWN_OTHER


def test_a_bounce_of_another_attempt_does_not_undo_a_delivery() -> None:
    assert disposition_of(history("delivered", "2 bounced")) is D.NOT_CONTACTED


def test_what_happens_to_messages_no_longer_counts_once_the_person_was_reached() -> None:
    assert disposition_of(history("delivered", "opened", "bounced")) is D.NOT_CONTACTED
    assert disposition_of(history("opened", "2 no_answer")) is D.NOT_CONTACTED
    assert disposition_of(history("saved .6", "2 no_answer", "3 bounced")) is D.PARTIAL


@pytest.mark.parametrize("later", ["refused", "opted_out", "technical_failure", "bounced", "saved .1"])
def test_a_complete_interview_stays_complete(later: str) -> None:
    assert disposition_of(history("saved 1", later)) is D.COMPLETE


def test_a_complete_interview_of_somebody_out_of_scope_is_not_eligible() -> None:
    assert disposition_of(history("saved 1", "out_of_scope")) is D.NOT_ELIGIBLE


def test_thresholds_are_parameters() -> None:
    strict = CompletenessThresholds(complete=1.0, partial=0.9)
    assert disposition_of(history("saved .95"), strict) is D.PARTIAL
    assert disposition_of(history("saved .8"), strict) is D.REFUSED


def test_events_count_by_their_time_and_not_by_their_order() -> None:
    events = history("delivered", "opened", "saved .6", "refused")
    assert {disposition_of(order) for order in permutations(events)} == {D.REFUSED}


def test_every_transition_is_logged_with_its_event() -> None:
    events = history("bounced", "2 delivered", "2 opened", "2 saved .6", "2 saved .9")
    found = transitions_of(events)
    assert [(each.before, each.after) for each in found] == [
        (D.UNKNOWN_OTHER, D.NOT_CONTACTED),
        (D.NOT_CONTACTED, D.PARTIAL),
        (D.PARTIAL, D.COMPLETE),
    ]
    assert [(each.event.attempt, each.event.at.hour) for each in found] == [(2, 10), (2, 12), (2, 13)]


def test_every_kind_of_event_has_an_outcome_after_every_other() -> None:
    shares = {ContactEventKind.ANSWERS_SAVED: " .6"}
    for first in ContactEventKind:
        for second in ContactEventKind:
            steps = [f"{kind}{shares.get(kind, '')}" for kind in (first, second)]
            assert disposition_of(history(*steps)) in Disposition


@pytest.mark.parametrize("step", ["answers_saved", "saved 1.2", "opened .5"])
def test_a_core_share_that_does_not_fit_is_refused_by_event(step: str) -> None:
    with pytest.raises(SurveyProblem) as caught:
        disposition_of(history("delivered", step))
    assert caught.value.problems[0].place.startswith("event 1 ")


TWELVE = {D.COMPLETE: 4, D.PARTIAL: 2} | dict.fromkeys(
    [D.REFUSED, D.NOT_CONTACTED, D.OTHER, D.UNKNOWN_IF_REACHABLE, D.UNKNOWN_OTHER, D.NOT_ELIGIBLE], 1
)


def test_the_rates_of_twelve_cases(reference_numbers: Callable[[str], Any]) -> None:
    expected = reference_numbers("expected_outcome_and_quality.json")["aapor_12_cases"]
    found = outcome_rates({D(code): count for code, count in expected["counts"].items()})
    rates = [name for name in expected if name not in {"counts", "e", "source"}]
    assert len(rates) == 16
    for name in rates:
        assert getattr(found, name.lower()) == pytest.approx(expected[name], rel=1e-12)
    assert found.estimated_eligibility == pytest.approx(expected["e"])


def test_the_rates_of_twelve_cases_as_exact_fractions() -> None:
    found = outcome_rates(TWELVE)
    assert (found.rr1, found.rr2, found.rr5, found.rr6) == pytest.approx((4 / 11, 6 / 11, 4 / 9, 6 / 9))
    assert (found.rr3, found.ref2, found.con2) == pytest.approx((4 / 10.8, 1 / 10.8, 8 / 10.8))


def test_eligibility_of_the_unknown_may_be_given() -> None:
    found = outcome_rates(TWELVE, e=0.5)
    assert found.rr3 == pytest.approx(4 / 10)
    assert found.estimated_eligibility == 0.5


def test_nothing_over_nothing_is_no_rate() -> None:
    found = outcome_rates({D.UNKNOWN_OTHER: 3})
    assert found.rr1 == 0
    assert found.estimated_eligibility is None
    assert (found.rr3, found.rr5, found.coop1, found.ref3) == (None, None, None, None)
    assert outcome_rates({}).rr1 is None


def test_counts_of_all_dispositions_sum_to_the_sample() -> None:
    found = count_dispositions([D.COMPLETE, D.REFUSED, D.COMPLETE])
    assert list(found) == list(D)
    assert sum(found.values()) == 3
    assert found[D.COMPLETE] == 2


def test_rates_may_be_weighted() -> None:
    assert outcome_rates({D.COMPLETE: 10.5, D.REFUSED: 31.5}).rr1 == pytest.approx(0.25)


def test_a_negative_count_is_refused_by_disposition() -> None:
    with pytest.raises(SurveyProblem, match="NC: a count of at least 0"):
        outcome_rates({D.NOT_CONTACTED: -1})


def test_an_eligibility_above_one_is_refused() -> None:
    with pytest.raises(SurveyProblem, match="e: between 0 and 1"):
        outcome_rates(TWELVE, e=1.2)
