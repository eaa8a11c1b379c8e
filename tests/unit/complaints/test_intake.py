"""What happens when a complaint arrives: an emergency is raised at once, and the clocks are those of such a case."""

from datetime import timedelta
from typing import Any

import pytest

from domain.calendar import Span, Unit
from domain.complaints import shipped
from domain.complaints.facts import Escalated
from domain.complaints.policy import Anchor, ClockRule
from domain.complaints.terms import Way
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import PLAIN, RICH
from tests.unit.complaints.story import SUPERVISOR, Story, march, story_at


def hours(amount: int, **changes: object) -> ClockRule:
    """The answer within some hours, for some cases."""
    rule = PLAIN.clocks[1].model_copy(update={"span": Span(amount=amount, unit=Unit.ELAPSED_HOURS)})
    return rule.model_copy(update=changes)


SOME_SOONER = PLAIN.model_copy(
    update={
        "clocks": (
            hours(2, severity_from=5),
            hours(8, categories=("safety", "supply"), severity_from=3),
            hours(24, categories=("safety", "supply")),
            *PLAIN.clocks,
        )
    }
)


@pytest.mark.parametrize("channel", ["web", "phone"])
def test_a_danger_is_raised_at_once_with_the_highest_severity_whatever_else_is_missing(channel: str) -> None:
    story = Story(RICH, is_emergency=True, severity=2, channel=channel, reachable_by=())
    assert story.facts[:2] == ["complaint.received", "complaint.escalated"]
    [escalated] = story.told(Escalated)
    assert (escalated.level, escalated.cause) == (4, "emergency")
    assert (story.case.escalation_level, story.case.escalation_is_open, story.case.intake.severity) == (4, True, 5)
    story.do(s.ACKNOWLEDGE_ESCALATION, SUPERVISOR)
    assert not story.case.escalation_is_open


def test_an_ordinary_complaint_is_not_raised_and_keeps_its_severity() -> None:
    story = Story(RICH, severity=2)
    assert story.facts == ["complaint.received"]
    assert (story.case.escalation_level, story.case.intake.severity) == (0, 2)


def test_a_danger_that_is_logged_late_is_raised_all_the_same_and_its_broken_promises_count() -> None:
    story = Story(PLAIN, is_emergency=True, logged_at=march(4))
    assert story.facts == ["complaint.received", "complaint.escalated", "clock.breached"]


@pytest.mark.parametrize(
    ("of_intake", "hours_to_answer"),
    [
        ({"severity": 5}, 2),
        ({"is_emergency": True, "severity": 1}, 2),
        ({"category": "safety", "severity": 4}, 8),
        ({"category": "supply", "severity": 3}, 8),
        ({"category": "supply", "severity": 2}, 24),
    ],
)
def test_of_the_rules_for_a_clock_the_first_that_fits_the_case_is_taken(
    of_intake: dict[str, Any], hours_to_answer: int
) -> None:
    story = Story(SOME_SOONER, **of_intake)
    assert story.due("final_response.1") == s.RECEIVED_AT + timedelta(hours=hours_to_answer)
    assert sum(clock.kind == "final_response" for clock in story.case.clocks) == 1


def test_a_case_that_no_narrow_rule_fits_has_the_general_one() -> None:
    assert Story(SOME_SOONER, category="billing").due("final_response.1") == march(18)


@pytest.mark.parametrize(
    ("words", "is_danger"),
    [
        ("There is a smell of gas in the kitchen", True),
        ("There is a SMELL  OF\nGAS in the kitchen", True),
        ("厨房有燃气味", True),
        ("My bill is wrong", False),
        ("", False),
    ],
)
def test_safety_words_of_any_language_are_heard(words: str, is_danger: bool) -> None:
    assert shipped.taxonomy().names_a_danger(words) is is_danger


def test_a_notice_that_arrives_after_the_answer_starts_no_clock() -> None:
    """A policy whose time to answer begins with the acknowledgement, and a notice that was stuck in the mail."""
    since_notice = PLAIN.model_copy(
        update={"clocks": (PLAIN.clocks[0], PLAIN.clocks[1].model_copy(update={"anchor": Anchor.ACKNOWLEDGED}))}
    )
    answered = story_at("responded", since_notice)
    answered.delivered("acknowledgement.1")
    withdrawn = story_at("withdrawn", since_notice)
    withdrawn.delivered("acknowledgement.1")
    assert answered.case.nearest_due() is withdrawn.case.nearest_due() is None

    waiting = story_at("accepted", since_notice).at(march(3, 9))
    waiting.delivered("acknowledgement.1")
    assert waiting.due("final_response.1") == march(19)  # the 4th to the 18th


def test_the_receipt_of_our_own_form_tells_the_customer_unless_a_notice_follows_by_mail() -> None:
    without, with_mail = (Story(RICH, taken_by="customer", reachable_by=ways) for ways in ((Way.PHONE,), (Way.EMAIL,)))
    assert without.facts == ["complaint.received", "complaint.acknowledged"]
    assert without.clock_states["acknowledge.1"] == "met"
    assert with_mail.facts == ["complaint.received"]
    assert [step.kind for step in with_mail.case.steps] == ["acknowledgement"]


def test_what_a_hotline_typed_in_from_a_web_form_was_not_told_by_that() -> None:
    assert Story(RICH, taken_by=s.HOTLINE, channel="web", reachable_by=(Way.PHONE,)).facts == ["complaint.received"]
