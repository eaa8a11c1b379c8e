"""The steps of a case: planned by facts, delivered, parked, retried, skipped, dropped; and what comes too late."""

from datetime import timedelta

from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.situation import SYSTEM
from domain.complaints.steps import effect_key
from domain.complaints.terms import Status, Way
from tests.unit.complaints import story as s
from tests.unit.complaints.story import HANDLER, HOTLINE, Story, story_at

OPERATOR = "per_operator1"


def states(story: Story) -> dict[str, str]:
    return {step.key: step.state.value for step in story.case.steps}


def retry(story: Story, step: str) -> list[str]:
    return story.do(c.RetryStep(step=step), OPERATOR)


def skip(story: Story, step: str) -> list[str]:
    return story.do(c.SkipStep(step=step, reason=s.text(9)), OPERATOR)


def with_letter_parked() -> Story:
    story = story_at("responding")
    story.failed("response_letter.1", "mail_refused")
    return story


def test_a_written_complaint_gets_a_notice_if_it_can_be_mailed() -> None:
    assert states(Story()) == {"acknowledgement.1": "running"}
    assert states(Story(reachable_by=("phone",))) == {}
    assert states(Story(channel="phone")) == {}


def test_letters_carry_their_sealed_text_and_no_other() -> None:
    story = story_at("responding")
    letter = story.case.step("response_letter.1")
    assert letter is not None
    assert (letter.kind, letter.way, letter.text, letter.state) == ("response_letter", "email", s.text(4), "running")
    assert effect_key(story.case.reference, letter.key) == "C-2026-000017:response_letter.1"


def test_the_answer_counts_when_the_letter_was_delivered() -> None:
    story = story_at("responding")
    assert story.wait(minutes=3).delivered("response_letter.1") == ["step.done", "complaint.responded"]
    assert story.case.status == "responded"
    assert story.case.responded_at == story.now


def test_the_explanation_closes_the_case_when_the_letter_was_delivered() -> None:
    story = story_at("explaining")
    story.do(s.EXPLAIN_BY_MAIL)
    assert story.case.status == "explaining"
    assert story.wait(minutes=3).delivered("explanation_letter.1") == [
        "step.done",
        "complaint.explained",
        "complaint.closed",
    ]
    assert story.case.status == "closed"
    assert story.case.ended_at == story.now


def test_a_step_whose_attempts_are_spent_is_parked_with_its_error() -> None:
    story = with_letter_parked()
    [parked] = story.case.parked
    assert (parked.key, parked.error, parked.rounds) == ("response_letter.1", "mail_refused", 1)
    assert story.case.status is Status.RESPONDING


def test_a_retried_step_runs_again_under_its_own_key_and_remembers_its_rounds() -> None:
    story = with_letter_parked()
    assert retry(story, "response_letter.1") == ["step.retried"]
    [step] = [step for step in story.case.steps if step.kind == "response_letter"]
    assert (step.key, step.state, step.error, step.rounds) == ("response_letter.1", "running", None, 1)
    story.failed("response_letter.1")
    retry(story, "response_letter.1")
    story.delivered("response_letter.1")
    assert story.case.status is Status.RESPONDED
    assert story.case.step("response_letter.1") == step.model_copy(
        update={"state": "done", "rounds": 3, "evidence": "<1@mail.example>", "done_at": story.now}
    )


def amend(story: Story, step: str, **changes: object) -> list[str]:
    return story.do(c.AmendStep.model_validate({"step": step, "reason": s.text(9), **changes}), OPERATOR)


def test_a_step_that_was_put_off_begins_when_its_time_has_come_and_keeps_its_key() -> None:
    story = with_letter_parked()
    tomorrow = story.now + timedelta(days=1)
    assert amend(story, "response_letter.1", not_before=tomorrow) == ["step.amended"]
    step = story.case.step("response_letter.1")
    assert step is not None
    assert (step.state, step.not_before, step.error, step.rounds, step.renewals) == ("deferred", tomorrow, None, 1, 0)
    assert story.case.nearest_due() == tomorrow
    story.at(tomorrow).tick()
    assert states(story)["response_letter.1"] == "running"


def test_a_step_on_another_way_is_another_message_with_a_key_and_a_template_of_its_own() -> None:
    story = story_at("responding", reachable_by=("email", "phone"))
    story.failed("response_letter.1")
    amend(story, "response_letter.1", way="sms")
    step = story.case.step("response_letter.1")
    assert step is not None
    assert (step.way, step.template, step.state) == (Way.SMS, "response_letter.en.sms.1", "running")
    assert effect_key("C-2026-000017", step.key, step.renewals) == "C-2026-000017:response_letter.1~2"
    assert story.told(f.StepAmended)[-1].changed == ("template", "way")


def test_a_step_that_is_amended_to_a_way_by_hand_waits_for_a_person() -> None:
    story = story_at("responding", reachable_by=("email", "post"))
    story.failed("response_letter.1")
    amend(story, "response_letter.1", way="post")
    assert states(story)["response_letter.1"] == "waiting"


def test_an_operator_changes_the_mind_about_a_step_that_was_put_off() -> None:
    story = with_letter_parked()
    amend(story, "response_letter.1", not_before=story.now + timedelta(days=9))
    amend(story, "response_letter.1", not_before=story.now + timedelta(days=1))
    assert retry(story, "response_letter.1") == ["step.retried"]
    step = story.case.step("response_letter.1")
    assert step is not None
    assert (step.state, step.not_before) == ("running", None)
    assert story.refused(c.RetryStep(step="response_letter.1"), OPERATOR) == "step_not_parked"


def test_a_withdrawal_drops_a_letter_that_was_put_off_and_not_one_that_is_under_way() -> None:
    story = with_letter_parked()
    amend(story, "response_letter.1", not_before=story.now + timedelta(days=1))
    story.do(s.WITHDRAW, HOTLINE)
    assert states(story) == {"acknowledgement.1": "running", "response_letter.1": "dropped"}


def test_a_skipped_answer_goes_back_to_the_handler_who_writes_another_under_a_new_key() -> None:
    story = with_letter_parked()
    assert skip(story, "response_letter.1") == ["step.skipped"]
    assert story.case.status is Status.INVESTIGATING
    story.do(s.RESPOND_BY_MAIL)
    assert states(story)["response_letter.1"] == "skipped"
    assert states(story)["response_letter.2"] == "running"


def test_a_skipped_explanation_lets_the_case_be_explained_otherwise() -> None:
    story = story_at("explaining")
    story.do(s.EXPLAIN_BY_MAIL)
    story.failed("explanation_letter.1")
    skip(story, "explanation_letter.1")
    assert story.case.status == "explaining"
    story.do(s.EXPLAIN)
    assert story.case.status == "closed"


def test_a_skipped_notice_leaves_the_promise_open() -> None:
    story = Story()
    story.failed("acknowledgement.1")
    skip(story, "acknowledgement.1")
    assert story.case.acknowledged_at is None
    assert story.do(s.ACKNOWLEDGE) == ["complaint.acknowledged"]


def test_a_notice_delivered_after_the_customer_was_told_says_nothing_new() -> None:
    story = Story()
    story.do(s.ACKNOWLEDGE)
    told_at = story.case.acknowledged_at
    assert story.wait(hours=1).delivered("acknowledgement.1") == ["step.done"]
    assert story.case.acknowledged_at == told_at


def test_a_letter_delivered_after_the_withdrawal_does_not_take_the_case_up_again() -> None:
    story = story_at("responding")
    story.do(s.WITHDRAW, HOTLINE)
    assert states(story)["response_letter.1"] == "running"
    assert story.delivered("response_letter.1") == ["step.done"]
    assert story.case.status is Status.WITHDRAWN


def test_a_letter_that_fails_after_the_withdrawal_waits_for_nobody() -> None:
    story = story_at("responding")
    story.do(s.WITHDRAW, HOTLINE)
    assert story.failed("response_letter.1") == ["step.failed"]
    assert states(story)["response_letter.1"] == "dropped"


def test_a_withdrawal_drops_a_parked_letter_in_the_same_fact() -> None:
    story = with_letter_parked()
    assert story.do(s.WITHDRAW, HOTLINE) == ["complaint.withdrawn"]
    assert states(story)["response_letter.1"] == "dropped"
    assert story.case.parked == ()


def test_a_correction_of_personal_data_is_carried_out_though_the_complaint_was_withdrawn() -> None:
    """The right to have wrong data put right does not end with the complaint."""
    story = Story()
    correct = c.Correct(field="address", text=s.text(8))
    story.do(correct)
    story.do(correct)
    story.failed("identity_correction.1")
    story.do(s.WITHDRAW, HOTLINE)
    story.failed("identity_correction.2")
    assert states(story)["identity_correction.1"] == "parked"
    assert states(story)["identity_correction.2"] == "parked"
    assert retry(story, "identity_correction.1") == ["step.retried"]


def test_the_outcome_of_a_step_that_has_one_already_is_refused() -> None:
    story = Story()
    story.delivered("acknowledgement.1")
    again = c.StepDone(step="acknowledgement.1", evidence="<2@mail.example>")
    assert story.refused(again, SYSTEM) == "step_not_running"
    late = c.StepFailed(step="acknowledgement.1", error="timed_out", attempts=5)
    assert story.refused(late, SYSTEM) == "step_not_running"
    assert story.refused(c.StepDone(step="acknowledgement.7"), SYSTEM) == "unknown_step"


def test_the_outcome_of_a_parked_step_comes_too_late_for_it() -> None:
    story = with_letter_parked()
    assert story.refused(c.StepDone(step="response_letter.1"), SYSTEM) == "step_not_running"


def test_steps_are_carried_out_all_at_once_while_no_correction_waits() -> None:
    story = story_at("responding")
    assert [step.key for step in story.case.steps_to_carry_out()] == ["acknowledgement.1", "response_letter.1"]


def test_letters_wait_for_corrections_of_the_address_or_they_would_go_to_the_wrong_one() -> None:
    story = story_at("investigating")
    story.delivered("acknowledgement.1")
    story.do(c.Correct(field="email", text=s.text(8)))
    story.do(s.RESPOND_BY_MAIL)
    assert [step.key for step in story.case.steps_to_carry_out()] == ["identity_correction.1"]
    story.failed("identity_correction.1")
    assert story.case.steps_to_carry_out() == ()
    skip(story, "identity_correction.1")
    assert [step.key for step in story.case.steps_to_carry_out()] == ["response_letter.1"]


def test_corrections_are_carried_out_one_after_the_other_so_that_the_last_one_holds() -> None:
    story = Story(channel="phone")
    for number in (8, 9):
        story.do(c.Correct(field="phone", text=s.text(number)), HANDLER)
    assert [step.key for step in story.case.steps_to_carry_out()] == ["identity_correction.1"]
    story.delivered("identity_correction.1")
    assert [step.key for step in story.case.steps_to_carry_out()] == ["identity_correction.2"]
