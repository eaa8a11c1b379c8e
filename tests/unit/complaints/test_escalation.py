"""Bringing a case higher: levels, the second stage, bodies outside the house."""

from datetime import timedelta

import pytest

from domain.complaints import commands as c
from domain.complaints.terms import Status, Way
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import PLAIN, RICH
from tests.unit.complaints.story import (
    CALLER,
    COLLEAGUE,
    HANDLER,
    HOTLINE,
    OPERATOR,
    SUPERVISOR,
    Story,
    answered_story,
    march,
    story_at,
    tell,
)


def escalate(level: int) -> c.Escalate:
    return c.Escalate(level=level, reason=s.text(13))


def in_stage_two() -> Story:
    return tell(answered_story(RICH), s.TO_STAGE_TWO, by=HOTLINE)


def test_a_person_raises_a_case_and_another_acknowledges_it() -> None:
    story = tell(story_at("assigned"), escalate(3))
    assert (story.case.escalation_level, story.case.escalation_is_open) == (3, True)
    story.do(s.ACKNOWLEDGE_ESCALATION, SUPERVISOR)
    assert (story.case.escalation_level, story.case.escalation_is_open) == (3, False)
    story.do(escalate(4))
    assert story.case.escalation_is_open


@pytest.mark.parametrize("level", [1, 3])
def test_a_case_is_only_ever_raised(level: int) -> None:
    story = tell(story_at("assigned"), escalate(3))
    before = story.case
    assert story.refused(escalate(level)) == "not_higher"
    assert story.case == before


def test_what_was_not_raised_is_not_acknowledged() -> None:
    story = story_at("assigned")
    assert story.refused(s.ACKNOWLEDGE_ESCALATION, SUPERVISOR) == "nothing_escalated"
    tell(story, escalate(1), s.ACKNOWLEDGE_ESCALATION)
    assert story.refused(s.ACKNOWLEDGE_ESCALATION, SUPERVISOR) == "nothing_escalated"


def test_stage_two_begins_afresh_with_a_clock_of_its_own() -> None:
    story = in_stage_two()
    case = story.case
    assert (case.status, case.stage, case.attempt) == (Status.STAGE_TWO, 2, 2)
    assert (case.handler, case.team, case.stage_one_handler) == (None, None, HANDLER)
    assert story.due("final_response.2") == march(18)  # 3, 4, 5, 6, 10, 11, 12, 13, 16, 17
    assert story.clock_states["callback.1"] == "cancelled"


def test_stage_two_goes_to_another_person() -> None:
    story = in_stage_two()
    before = story.case
    assert story.refused(s.CLAIM, HANDLER) == "not_eligible"
    assert story.refused(c.Assign(handler=HANDLER), SUPERVISOR) == "not_eligible"
    assert story.case == before
    story.do(s.CLAIM, COLLEAGUE)
    assert (story.case.status, story.case.handler) == (Status.STAGE_TWO, COLLEAGUE)


def test_the_first_handler_gets_it_back_by_no_way_while_it_is_in_stage_two() -> None:
    story = in_stage_two()
    tell(story, s.CLAIM, s.START, by=COLLEAGUE)
    assert story.refused(c.Assign(handler=HANDLER), SUPERVISOR) == "not_eligible"
    tell(story, s.RESPOND, s.REOPEN, by=COLLEAGUE)
    assert story.refused(c.Assign(handler=HANDLER), SUPERVISOR) == "not_eligible"


def test_of_two_that_claim_a_case_in_stage_two_the_first_one_has_it() -> None:
    third = s.STAFF[COLLEAGUE].model_copy(update={"id": "per_handler3"})
    story = in_stage_two()
    story.staff = {**s.STAFF, third.id: third}
    story.do(s.CLAIM, COLLEAGUE)
    assert story.refused(s.CLAIM, third.id) == "already_assigned"
    assert story.case.handler == COLLEAGUE


def test_a_case_is_in_stage_two_once() -> None:
    story = in_stage_two()
    tell(story, s.CLAIM, s.START, s.RESPOND, by=COLLEAGUE)
    before = story.case
    assert story.refused(s.TO_STAGE_TWO, HOTLINE) == "already_stage_two"
    assert story.case == before


def test_an_answer_in_stage_two_is_called_back_and_closed_like_the_first_one() -> None:
    story = in_stage_two()
    tell(story, s.CLAIM, s.START, s.RESPOND, by=COLLEAGUE)
    assert story.clock_states["final_response.2"] == "met"
    story.do(s.SETTLED, CALLER)
    assert (story.case.status, story.case.stage) == (Status.CLOSED, 2)


def test_a_policy_without_a_second_stage_has_none() -> None:
    story = answered_story(PLAIN.model_copy(update={"stage_two": False}))
    assert story.refused(s.TO_STAGE_TWO, HOTLINE) == "no_stage_two"


def test_stage_two_is_asked_for_inside_the_window() -> None:
    story = story_at("closed after an answer")
    ends = story.case.reopen_until
    assert ends is not None
    assert story.at(ends - timedelta(microseconds=1)).refused(s.TO_STAGE_TWO, HOTLINE) is None
    assert story.at(ends).refused(s.TO_STAGE_TWO, HOTLINE) == "reopen_window_over"


def test_what_was_not_taken_up_has_no_second_stage() -> None:
    assert story_at("closed as invalid").refused(s.TO_STAGE_TWO, HOTLINE) == "not_answered"


def test_while_an_external_body_has_the_case_nothing_of_ours_is_owed_but_money() -> None:
    story = story_at("investigating", RICH)
    story.do(s.ASK_REDRESS)
    story.do(s.APPROVE_REDRESS, SUPERVISOR)
    tell(story, s.ASK_PARTNER, s.RESPOND, s.REFER)
    assert {key for key, state in story.clock_states.items() if state == "running"} == {"redress_paid.1"}
    assert (story.case.status, story.case.referred_to) == (Status.EXTERNAL, "ombudsman")


def test_the_customer_is_told_where_the_case_is() -> None:
    told = tell(story_at("responded"), s.REFER)
    assert told.case.step("referral_letter.1") is not None
    not_mailed = tell(story_at("responded", reachable_by=(Way.PHONE,)), s.REFER)
    assert not_mailed.case.step("referral_letter.1") is None


def test_a_second_referral_sends_no_second_letter_while_the_first_is_under_way() -> None:
    story = tell(story_at("responded"), s.REFER, s.EXTERNAL_OUTCOME, s.REFER)
    assert [step.key for step in story.case.steps if step.kind == "referral_letter"] == ["referral_letter.1"]
    story.delivered("referral_letter.1")
    tell(story, s.EXTERNAL_OUTCOME, s.REFER)
    assert story.case.step("referral_letter.2") is not None


def test_the_outcome_closes_the_case_with_the_remedies_that_were_imposed() -> None:
    story = story_at("external").wait(days=60)
    outcome = s.EXTERNAL_OUTCOME.model_copy(update={"remedies": ("refund", "apology")})
    assert story.do(outcome, SUPERVISOR) == ["complaint.external_outcome", "complaint.closed"]
    assert (story.case.status, story.case.remedies) == (Status.CLOSED, ("refund", "apology"))
    assert story.case.reopen_until is not None


def test_a_remedy_that_we_granted_ourselves_is_named_once() -> None:
    story = story_at("investigating")
    story.do(s.RESPOND.model_copy(update={"remedies": ("apology", "repair")}))
    tell(story, s.REFER, s.EXTERNAL_OUTCOME, by=SUPERVISOR)
    assert story.case.remedies == ("apology", "repair")


def test_a_case_that_was_given_up_can_be_taken_up_again_inside_the_window() -> None:
    story = story_at("responding")
    story.failed("response_letter.1")
    assert story.do(s.ABORT, OPERATOR) == ["complaint.aborted"]
    assert (story.case.status, story.case.parked) == (Status.CLOSED, ())
    assert story.case.reopen_until is not None
    story.do(s.REOPEN, HOTLINE)
    assert (story.case.status, story.case.handler) == (Status.ASSIGNED, HANDLER)


def test_a_case_that_was_given_up_is_not_taken_up_again_for_ever() -> None:
    story = story_at("responding")
    story.failed("response_letter.1")
    story.do(s.ABORT, OPERATOR)
    assert story.wait(days=31).refused(s.REOPEN, HOTLINE) == "reopen_window_over"


def test_only_a_case_with_a_parked_step_is_given_up() -> None:
    story = story_at("responding")
    before = story.case
    assert story.refused(s.ABORT, OPERATOR) == "nothing_parked"
    assert story.case == before
