"""Messages between their order and the customer: posted, called, put off, sent back, sent another way.

The promise is kept by what reached the customer: the due times are those of the plain policy (1 and 15 days).
"""

import pytest

from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.situation import SYSTEM
from domain.complaints.steps import effect_key, place_of
from domain.complaints.terms import Reached, Status, Way
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import DISPATCH, PLAIN, RICH
from tests.unit.complaints.story import EVERY_WAY, HANDLER, OPERATOR, SUPERVISOR, Story, story_at, tell

POSTED = c.MarkPosted(item="response_letter.1", tracking="RR123456789CN")


def states(story: Story) -> dict[str, str]:
    return {step.key: step.state.value for step in story.case.steps}


def way_of(story: Story, key: str) -> Way | None:
    step = story.case.step(key)
    assert step is not None
    return step.way


def bounced(story: Story, step: str) -> list[str]:
    return story.do(c.StepBounced(step=step, error="mailbox_gone"), SYSTEM)


def answered_by_mail(**of_intake: object) -> Story:
    story = story_at("responding", channel="phone", **of_intake)
    story.wait(days=1).delivered("response_letter.1")
    return story


# Print and post


def posting() -> Story:
    return tell(story_at("investigating", reachable_by=EVERY_WAY), s.RESPOND_BY_POST)


def test_a_letter_by_post_waits_for_who_prints_it_and_the_clock_runs_on() -> None:
    story = posting()
    assert states(story)["response_letter.1"] == "waiting"
    assert story.case.status is Status.RESPONDING
    assert story.clock_states["final_response.1"] == "running"
    assert "response_letter.1" not in [step.key for step in story.case.steps_to_carry_out()]


def test_the_clock_is_met_when_the_letter_was_marked_posted() -> None:
    story = posting().wait(hours=3)
    assert story.do(POSTED) == ["step.done", "complaint.responded"]
    assert story.clock("final_response.1").met_at == story.now
    letter = story.case.step("response_letter.1")
    assert letter is not None
    assert (letter.state, letter.evidence, letter.done_at) == ("done", "RR123456789CN", story.now)


def test_a_letter_posted_after_the_due_time_is_late() -> None:
    story = posting().wait(days=20)
    assert story.do(POSTED) == ["clock.breached", "clock.breached", "step.done", "complaint.responded"]
    assert story.clock_states["final_response.1"] == "breached"


def test_only_what_waits_to_be_posted_is_marked_posted_and_once() -> None:
    story = story_at("responding", reachable_by=EVERY_WAY)
    assert story.refused(POSTED) == "not_to_be_posted"
    story = posting()
    story.do(POSTED)
    assert story.refused(POSTED) == "not_to_be_posted"


def test_a_letter_without_an_address_is_refused_before_it_is_ordered() -> None:
    assert story_at("investigating").refused(s.RESPOND_BY_POST) == "no_address"
    assert story_at("investigating").refused(s.RESPOND.model_copy(update={"way": Way.SMS})) == "no_phone"
    assert story_at("investigating").refused(s.RESPOND.model_copy(update={"way": Way.CALL})) == "no_phone"


def test_a_letter_that_nobody_needs_any_more_is_given_up_before_it_is_posted() -> None:
    story = posting()
    story.do(c.SkipStep(step="response_letter.1", reason=s.text(9)), OPERATOR)
    assert story.case.status is Status.INVESTIGATING
    assert story.refused(POSTED) == "not_to_be_posted"


# Telephone tasks


def test_a_call_that_was_asked_for_counts_when_the_customer_was_reached() -> None:
    story = tell(story_at("investigating", RICH, reachable_by=EVERY_WAY), s.UPDATE_BY_CALL)
    called = c.RecordCall(item="update_letter.1", result=Reached.NO_ANSWER)
    assert story.do(called) == ["step.call_tried"]
    assert story.case.updated_at is None
    reached = called.model_copy(update={"result": Reached.REACHED})
    assert story.wait(hours=2).do(reached) == ["step.call_told", "step.done", "complaint.customer_updated"]
    assert story.case.updated_at == story.now
    assert story.refused(reached) == "no_call_asked"


def test_a_wrong_number_parks_the_call() -> None:
    story = tell(story_at("investigating", reachable_by=EVERY_WAY), s.UPDATE_BY_CALL)
    story.do(c.RecordCall(item="update_letter.1", result=Reached.WRONG_NUMBER))
    [parked] = story.case.parked
    assert parked.error == "call_wrong_number"
    story.do(c.RetryStep(step="update_letter.1"), OPERATOR)
    assert states(story)["update_letter.1"] == "waiting"


# Quiet hours


def test_a_deferred_message_waits_until_its_time_and_is_released_then_not_before() -> None:
    story = Story()
    until = story.now.replace(hour=22)
    story.do(c.StepDeferred(step="acknowledgement.1", until=until), SYSTEM)
    assert states(story)["acknowledgement.1"] == "deferred"
    assert story.case.steps_to_carry_out() == ()
    assert story.case.nearest_due() == until
    assert story.at(until.replace(hour=21, minute=59)).tick() == []
    assert story.at(until).tick() == ["step.released"]
    assert [step.key for step in story.case.steps_to_carry_out()] == ["acknowledgement.1"]


def test_a_withdrawal_drops_what_waits_for_morning_and_what_waits_for_the_post() -> None:
    story = posting()
    story.do(c.StepDeferred(step="acknowledgement.1", until=s.march(3)), SYSTEM)
    story.do(s.WITHDRAW)
    assert set(states(story).values()) == {"dropped"}
    assert story.case.nearest_due() is None


# Bounces


def test_an_answer_that_came_back_was_not_given_and_its_clock_runs_again() -> None:
    story = answered_by_mail()
    assert story.clock_states["final_response.1"] == "met"
    due = story.due("final_response.1")
    assert bounced(story.wait(days=1), "response_letter.1") == ["step.bounced"]
    assert story.case.status is Status.RESPONDING
    assert (story.clock_states["final_response.1"], story.due("final_response.1")) == ("running", due)
    assert story.case.responded_at is None
    assert [step.error for step in story.case.parked] == ["mailbox_gone"]


def test_a_bounce_after_the_due_time_shows_the_promise_as_broken() -> None:
    story = answered_by_mail()
    assert bounced(story.wait(days=20), "response_letter.1") == ["step.bounced", "clock.breached"]
    assert story.clock_states["final_response.1"] == "breached"


def test_a_closed_case_whose_answer_came_back_is_open_again() -> None:
    story = tell(answered_by_mail(), s.CLOSE)
    bounced(story, "response_letter.1")
    assert (story.case.status, story.case.ended_at, story.case.reopen_until) == (Status.RESPONDING, None, None)


def test_an_explanation_that_came_back_leaves_the_complaint_unexplained() -> None:
    story = tell(story_at("explaining", channel="phone"), s.EXPLAIN_BY_MAIL)
    story.delivered("explanation_letter.1")
    bounced(story.wait(hours=1), "explanation_letter.1")
    assert story.case.status is Status.EXPLAINING
    story.do(c.RetryStep(step="explanation_letter.1"), OPERATOR)
    story.delivered("explanation_letter.1")
    assert story.case.status is Status.CLOSED


def test_a_customer_who_was_reached_by_telephone_has_heard_the_answer_whatever_came_back() -> None:
    story = story_at("responding", RICH, channel="phone")
    story.wait(days=1).delivered("response_letter.1")
    story.do(s.SETTLED, s.CALLER)
    assert story.case.status is Status.CLOSED
    bounced(story, "response_letter.1")
    assert (story.case.status, states(story)["response_letter.1"]) == (Status.CLOSED, "dropped")


def test_a_notice_that_came_back_opens_the_acknowledgement_again() -> None:
    story = Story()
    story.wait(hours=1).delivered("acknowledgement.1")
    bounced(story.wait(hours=1), "acknowledgement.1")
    assert story.case.acknowledged_at is None
    assert story.clock_states["acknowledge.1"] == "running"
    story.do(s.ACKNOWLEDGE)
    assert story.clock_states["acknowledge.1"] == "met"


def test_a_notice_that_comes_back_after_the_answer_waits_for_nobody() -> None:
    story = story_at("investigating")
    story.delivered("acknowledgement.1")
    story.do(s.RESPOND)
    bounced(story, "acknowledgement.1")
    assert (story.case.status, states(story)["acknowledgement.1"]) == (Status.RESPONDED, "dropped")


def test_an_update_that_came_back_is_still_owed_and_the_next_one_is_not() -> None:
    story = tell(story_at("investigating", RICH, channel="phone"), s.UPDATE_BY_MAIL)
    story.wait(days=1).delivered("update_letter.1")
    assert story.clock_states["periodic_update.2"] == "running"
    bounced(story.wait(hours=1), "update_letter.1")
    assert (story.clock_states["periodic_update.1"], story.clock_states["periodic_update.2"]) == (
        "running",
        "cancelled",
    )


def test_what_came_back_waits_for_nobody_once_a_newer_letter_of_its_kind_is_under_way() -> None:
    story = story_at("external")
    story.delivered("referral_letter.1")
    story.do(c.RecordExternalOutcome(decision="settled", remedies=()), SUPERVISOR)
    story.do(s.REFER, SUPERVISOR)
    bounced(story.wait(hours=1), "referral_letter.1")
    assert [(step.key, step.state) for step in story.case.steps if step.kind == "referral_letter"] == [
        ("referral_letter.1", "dropped"),
        ("referral_letter.2", "running"),
    ]


def test_a_referral_that_came_back_waits_for_an_operator() -> None:
    story = story_at("external")
    story.delivered("referral_letter.1")
    bounced(story.wait(hours=1), "referral_letter.1")
    assert story.case.step("referral_letter.1").state == "parked"


def test_an_extension_that_nobody_heard_of_does_not_hold() -> None:
    story = story_at("investigating", channel="phone")
    first = story.due("final_response.1")
    story.do(s.EXTEND.model_copy(update={"way": Way.EMAIL}))
    story.do(s.APPROVE_EXTENSION, SUPERVISOR)
    story.delivered("extension_letter.1")
    assert story.due("final_response.1") > first
    later = story.due("final_response.1")
    bounced(story, "extension_letter.1")
    assert story.due("final_response.1") == first
    story.do(c.RetryStep(step="extension_letter.1"), OPERATOR)
    story.delivered("extension_letter.1")
    assert story.due("final_response.1") == later


def test_a_clock_that_runs_again_during_a_hold_stands_still() -> None:
    story = story_at("responding", RICH, channel="phone")
    story.wait(days=1).delivered("response_letter.1")
    story.do(c.Hold(kind=s.HOLD.kind, until=s.march(9), reason=s.text(10)))
    bounced(story, "response_letter.1")
    assert story.clock_states["final_response.1"] == "paused"


def test_a_message_comes_back_once_and_only_after_a_channel_took_it() -> None:
    story = story_at("responding", channel="phone")
    again = c.StepBounced(step="response_letter.1", error="mailbox_gone")
    assert story.refused(again, SYSTEM) == "not_sent"
    story.delivered("response_letter.1")
    bounced(story, "response_letter.1")
    assert story.refused(again, SYSTEM) == "not_sent"


def test_what_goes_out_after_a_bounce_is_another_message_under_another_key() -> None:
    story = answered_by_mail()
    bounced(story, "response_letter.1")
    step = story.case.step("response_letter.1")
    assert step is not None
    key = effect_key(story.case.reference, step.key, step.bounces)
    assert key == "C-2026-000017:response_letter.1~2"
    assert place_of(key) == ("C-2026-000017", "response_letter.1")
    assert place_of(effect_key("C-2026-000017", "response_letter.1")) == ("C-2026-000017", "response_letter.1")


# Another way


def final_failure(story: Story, step: str) -> list[str]:
    return story.do(c.StepFailed(step=step, error="mail_recipient_refused", attempts=1, is_final=True), SYSTEM)


def test_where_a_way_does_not_work_the_next_one_of_the_policy_is_taken() -> None:
    story = story_at("responding", DISPATCH, channel="phone", reachable_by=EVERY_WAY)
    assert final_failure(story, "response_letter.1") == ["step.failed", "step.rerouted"]
    assert states(story) == {"response_letter.1": "replaced", "response_letter.2": "running"}
    second = story.case.step("response_letter.2")
    assert second is not None
    assert (second.way, second.text) == (Way.SMS, s.text(4))
    final_failure(story, "response_letter.2")
    assert (way_of(story, "response_letter.3"), states(story)["response_letter.3"]) == (Way.POST, "waiting")
    story.do(c.MarkPosted(item="response_letter.3"))
    assert story.case.status is Status.RESPONDED


def test_a_way_for_which_the_customer_left_nothing_is_passed_over() -> None:
    story = story_at("responding", DISPATCH, channel="phone", reachable_by=(Way.EMAIL, Way.POST))
    final_failure(story, "response_letter.1")
    assert way_of(story, "response_letter.2") is Way.POST


@pytest.mark.parametrize("policy", [PLAIN, RICH])
def test_without_leave_of_the_policy_the_step_waits_for_an_operator(policy: object) -> None:
    story = story_at("responding", policy, channel="phone", reachable_by=EVERY_WAY)  # type: ignore[arg-type]
    assert final_failure(story, "response_letter.1") == ["step.failed"]
    assert states(story) == {"response_letter.1": "parked"}


def test_attempts_that_are_spent_for_now_take_no_other_way() -> None:
    story = story_at("responding", DISPATCH, channel="phone", reachable_by=EVERY_WAY)
    assert story.failed("response_letter.1") == ["step.failed"]


def test_a_bounce_takes_another_way_too() -> None:
    story = story_at("responding", DISPATCH, channel="phone", reachable_by=EVERY_WAY)
    story.delivered("response_letter.1")
    assert bounced(story, "response_letter.1") == ["step.bounced", "step.rerouted"]
    assert states(story) == {"response_letter.1": "replaced", "response_letter.2": "running"}


def test_an_extension_told_another_way_takes_effect() -> None:
    story = story_at("investigating", DISPATCH, channel="phone", reachable_by=EVERY_WAY)
    story.do(s.EXTEND.model_copy(update={"way": Way.EMAIL}))
    story.do(s.APPROVE_EXTENSION, SUPERVISOR)
    final_failure(story, "extension_letter.1")
    assert "complaint.extended" in story.delivered("extension_letter.2")


# Letters that nobody orders


def test_a_customer_without_e_mail_is_acknowledged_by_text_message_where_the_policy_says_so() -> None:
    story = Story(DISPATCH, reachable_by=(Way.PHONE,))
    assert way_of(story, "acknowledgement.1") is Way.SMS
    assert Story(PLAIN, reachable_by=(Way.PHONE,)).case.steps == ()


def test_a_customer_whom_the_case_waits_for_is_reminded_once() -> None:
    story = Story(DISPATCH)
    story.do(s.HOLD)
    assert story.wait(days=2).tick() == ["clock.breached"]  # by calendar days: the end of the second day
    assert story.at(story.case.holds[0].next_event()).tick() == ["complaint.hold_reminded"]
    assert states(story)["reminder_letter.1"] == "running"
    assert story.case.holds[0].remind_at is None


def test_staff_are_told_of_an_escalation_where_the_policy_says_so() -> None:
    story = Story(DISPATCH, channel="phone")
    story.do(s.ESCALATE, HANDLER)
    assert states(story) == {"escalation_notice.1": "running"}
    assert tell(Story(PLAIN, channel="phone"), s.ESCALATE).case.steps == ()


def test_a_partner_is_written_to_when_that_is_asked_for() -> None:
    story = story_at("investigating", channel="phone")
    story.do(s.ASK_PARTNER)
    assert story.case.steps == ()
    story.do(s.ASK_PARTNER.model_copy(update={"way": "email"}))
    request = story.case.step("partner_request.1")
    assert request is not None
    assert (request.text, request.detail) == (s.ASK_PARTNER.question, "installer")


def test_a_summary_resolution_answers_like_an_answer() -> None:
    story = story_at("investigating", channel="phone")
    story.do(s.RESPOND_BY_MAIL.model_copy(update={"summary": True}))
    assert story.delivered("summary_letter.1") == ["step.done", "complaint.responded"]


def test_every_letter_says_with_which_template_it_is_written() -> None:
    story = story_at("responding", language="zh")
    assert {step.key: step.template for step in story.case.steps} == {
        "acknowledgement.1": "acknowledgement.zh.2",
        "response_letter.1": "response_letter.zh.1",
    }
    assert [fact.steps[0].template for fact in story.told(f.ResponseApproved)] == ["response_letter.zh.1"]
