"""How long an ended case can be taken up again: the windows, at their edges, computed once when the case ends."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.complaints import story as s
from tests.unit.complaints.story import COLLEAGUE, HANDLER, HOTLINE, story_at

WINDOW_ENDS = datetime(2026, 4, 2, tzinfo=UTC)  # thirty days after 2 March: 1 April is the last one
LAST_MOMENT = WINDOW_ENDS - timedelta(microseconds=1)


@pytest.mark.parametrize("place", ["closed as invalid", "duplicate", "transferred"])
def test_an_explained_complaint_can_be_appealed_until_the_window_ends(place: str) -> None:
    story = story_at(place)
    assert (story.case.appeal_until, story.case.reopen_until) == (WINDOW_ENDS, None)
    story.now = LAST_MOMENT
    assert story.refused(s.APPEAL, HOTLINE) is None
    story.now = WINDOW_ENDS
    assert story.refused(s.APPEAL, HOTLINE) == "appeal_window_over"


def test_an_answered_case_can_be_reopened_until_the_window_ends() -> None:
    story = story_at("closed after an answer")
    assert (story.case.reopen_until, story.case.appeal_until) == (WINDOW_ENDS, None)
    story.now = LAST_MOMENT
    assert story.refused(s.REOPEN, HOTLINE) is None
    story.now = WINDOW_ENDS
    assert story.refused(s.REOPEN, HOTLINE) == "reopen_window_over"


def test_an_answered_case_that_is_not_closed_can_be_reopened_at_any_time() -> None:
    story = story_at("responded").wait(days=400)
    story.do(s.REOPEN, HOTLINE)
    assert story.case.status == "assigned"


def test_the_window_of_an_earlier_end_does_not_bind_a_case_that_was_taken_up_again() -> None:
    story = story_at("closed after an answer").wait(days=3)
    for command in (s.REOPEN, s.START, s.RESPOND):
        story.do(command)
    assert story.case.reopen_until is None
    story.wait(days=60)
    assert story.refused(s.REOPEN, HOTLINE) is None


def test_an_appeal_leaves_no_window_behind() -> None:
    story = story_at("assessing on appeal")
    assert story.case.appeal_until is None


def test_each_end_opens_a_window_of_its_own() -> None:
    story = story_at("closed after an answer").wait(days=10)
    for command in (s.REOPEN, s.START, s.RESPOND, s.CLOSE):
        story.do(command)
    assert story.case.reopen_until == WINDOW_ENDS + timedelta(days=10)
    assert story.case.attempt == 2


def test_a_reopened_case_goes_to_the_handler_it_had() -> None:
    story = story_at("closed after an answer")
    story.do(s.REOPEN, HOTLINE)
    assert (story.case.status, story.case.handler) == ("assigned", HANDLER)
    assert story.case.ended_at is None


def test_an_appeal_that_is_upheld_ends_like_any_answered_complaint() -> None:
    story = story_at("assessing on appeal").wait(days=1)
    story.do(s.VALID, COLLEAGUE)
    for command in (s.CLAIM, s.START, s.RESPOND, s.CLOSE):
        story.do(command, COLLEAGUE)
    assert (story.case.reopen_until, story.case.appeal_until) == (WINDOW_ENDS + timedelta(days=1), None)


def test_a_withdrawn_complaint_has_no_window() -> None:
    story = story_at("withdrawn")
    assert (story.case.reopen_until, story.case.appeal_until) == (None, None)
    assert story.refused(s.REOPEN, HOTLINE) == story.refused(s.APPEAL, HOTLINE) == "not_lawful_now"
