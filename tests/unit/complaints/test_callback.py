"""Calling the customer back (回访): who is called, by whom, how often, by which way, and what follows.

Under `RICH` everybody is called, at most three times, after two failures by another way; within three working days.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.complaints import commands as c
from domain.complaints.callback import is_selected
from domain.complaints.facts import Visited
from domain.complaints.policy import CallbackRule, Policy, Selection
from domain.complaints.terms import Reached, Solved, Status, Way
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import OFFICE, PLAIN, RICH
from tests.unit.complaints.story import (
    CALLER,
    COLLEAGUE,
    HANDLER,
    HOTLINE,
    OPERATOR,
    Story,
    answered_story,
    march,
    tell,
)

BY_VISIT = c.RecordVisit(way=Way.VISIT, result=Reached.NO_ANSWER)


def with_callback(**changes: Any) -> Policy:
    return RICH.model_copy(update={"callback": RICH.callback.model_copy(update=changes)})


def called(*visits: c.RecordVisit, policy: Policy = RICH) -> Story:
    """One attempt a day, the last of them just made."""
    story = answered_story(policy)
    for number, visit in enumerate(visits):
        story.wait(days=min(number, 1)).do(visit, CALLER)
    return story


def plan(window_from: datetime, window_to: datetime, caller: str | None = None) -> c.PlanCallback:
    return c.PlanCallback(window_from=window_from, window_to=window_to, caller=caller)


@pytest.mark.parametrize(
    ("select", "status"), [(Selection.NONE, Status.RESPONDED), (Selection.ALL, Status.CALLBACK)], ids=str
)
def test_the_policy_says_who_is_called(select: Selection, status: Status) -> None:
    story = answered_story(with_callback(select=select))
    assert story.case.status is status
    assert ("callback.1" in story.clock_states) is (select is Selection.ALL)


@pytest.mark.parametrize(
    ("visit", "status"),
    [(s.SETTLED, Status.CLOSED), (s.NOT_SETTLED, Status.ASSIGNED), (s.NO_ANSWER, Status.CALLBACK)],
    ids=["settled", "not settled", "no answer"],
)
def test_a_customer_who_need_not_be_called_may_be(visit: c.RecordVisit, status: Status) -> None:
    story = answered_story(with_callback(select=Selection.NONE))
    story.do(visit, CALLER)
    assert story.case.status is status


def test_a_letter_that_was_delivered_makes_the_callback_due_and_not_one_that_was_ordered() -> None:
    story = s.story_at("responding", RICH)
    assert "callback.1" not in story.clock_states
    assert story.delivered("response_letter.1") == ["step.done", "complaint.responded", "callback.due"]
    assert story.due("callback.1") == march(6)  # the 3rd, 4th and 5th


def test_a_sample_has_its_share_and_is_the_same_for_everybody() -> None:
    rule = CallbackRule(select=Selection.SAMPLE, share=0.35)
    references = [f"C-2026-{number:06d}" for number in range(4_000)]
    drawn = [reference for reference in references if is_selected(reference, 1, rule)]
    assert abs(len(drawn) - 1_400) < 3 * 30.2  # three standard errors of a share of 0.35 among 4,000
    assert drawn == [reference for reference in references if is_selected(reference, 1, rule)]
    assert drawn != [reference for reference in references if is_selected(reference, 2, rule)]
    assert all(is_selected(reference, 1, rule.model_copy(update={"share": 1.0})) for reference in references)


def test_a_case_outside_the_sample_is_closed_by_hand() -> None:
    rule = with_callback(select=Selection.SAMPLE, share=1e-9)
    story = tell(answered_story(rule), s.CLOSE)
    assert story.case.status is Status.CLOSED


def test_who_handled_the_case_does_not_call() -> None:
    story = answered_story(RICH)
    before = story.case
    assert story.refused(s.SETTLED, HANDLER) == "handler_calls"
    assert story.refused(plan(march(3, 9), march(3, 12), HANDLER), CALLER) == "handler_calls"
    assert story.case == before
    assert story.refused(s.SETTLED, COLLEAGUE) is None


def test_a_policy_may_let_the_handler_call() -> None:
    story = answered_story(with_callback(by_another=False))
    assert story.refused(s.SETTLED, HANDLER) is None


def test_a_planned_call_names_its_window_and_its_caller() -> None:
    story = tell(answered_story(RICH), plan(march(3, 9), march(3, 12), CALLER), by=CALLER)
    callback = story.case.callback
    assert (callback.window_from, callback.window_to, callback.caller) == (march(3, 9), march(3, 12), CALLER)
    story.at(march(3, 10)).do(s.NO_ANSWER, CALLER)
    assert story.case.callback.window_from is None  # the next attempt is planned anew


@pytest.mark.parametrize(
    ("window", "guard"),
    [
        ((march(2, 8), march(2, 9, 30)), "window_over"),
        ((march(2, 8), march(2, 9, 31)), None),
        ((march(6, 16), march(6, 20)), None),  # an hour before they go home
        ((march(6, 17), march(10, 9)), "closed_then"),  # from closing on Friday over the closed Monday
        ((march(6, 17), march(10, 9, 1)), None),
        ((march(2, 8), march(1, 9)), "validation"),
    ],
)
def test_the_window_is_ahead_and_in_working_hours(window: tuple[datetime, datetime], guard: str | None) -> None:
    story = answered_story(RICH)
    if guard == "validation":
        with pytest.raises(ValueError, match="window_to lies after window_from"):
            plan(*window)
    else:
        assert story.refused(plan(*window), CALLER) == guard


def test_a_satisfied_customer_closes_the_case_in_the_same_breath() -> None:
    story = answered_story(RICH).wait(days=1)
    assert story.do(s.SETTLED, CALLER) == ["callback.visited", "complaint.closed"]
    assert (story.case.status, story.clock_states["callback.1"]) == (Status.CLOSED, "met")
    assert story.case.reopen_until is not None


@pytest.mark.parametrize(
    ("solved", "satisfaction", "settled"),
    [
        (Solved.YES, None, True),
        (Solved.YES, 3, True),
        (Solved.YES, 2, False),
        (Solved.PARTLY, 5, False),
        (Solved.NO, 5, False),
    ],
)
def test_settled_is_what_is_solved_and_does_not_leave_the_customer_dissatisfied(
    solved: Solved, satisfaction: int | None, settled: bool
) -> None:
    story = answered_story(RICH)
    visit = c.RecordVisit(way=Way.PHONE, result=Reached.REACHED, solved=solved, satisfaction=satisfaction)
    assert story.do(visit, CALLER)[-1] == ("complaint.closed" if settled else "complaint.reopened")


def test_a_customer_for_whom_it_is_not_settled_has_the_case_reopened_with_a_clock_of_its_own() -> None:
    story = called(s.NOT_SETTLED)
    assert (story.case.status, story.case.attempt, story.case.handler) == (Status.ASSIGNED, 2, HANDLER)
    assert story.due("final_response.2") == march(11)  # 3, 4, 5, 6, 10
    assert story.clock_states["callback.1"] == "met"


def test_the_second_time_it_goes_to_stage_two() -> None:
    story = tell(called(s.NOT_SETTLED), s.START, s.RESPOND)
    assert story.do(s.NOT_SETTLED, CALLER) == ["callback.visited", "complaint.to_stage_two"]
    assert (story.case.status, story.case.stage, story.case.stage_one_handler) == (Status.STAGE_TWO, 2, HANDLER)


def test_without_a_second_stage_it_is_reopened_again() -> None:
    one_stage = RICH.model_copy(update={"stage_two": False})
    story = tell(called(s.NOT_SETTLED, policy=one_stage), s.START, s.RESPOND)
    assert story.do(s.NOT_SETTLED, CALLER)[-1] == "complaint.reopened"
    assert story.case.attempt == 3


def test_stage_two_that_did_not_settle_it_is_reopened() -> None:
    story = tell(called(s.NOT_SETTLED), s.START, s.RESPOND)
    story.do(s.NOT_SETTLED, CALLER)
    tell(story, s.CLAIM, s.START, s.RESPOND, by=COLLEAGUE)
    assert story.do(s.NOT_SETTLED, CALLER)[-1] == "complaint.reopened"
    assert (story.case.handler, story.case.stage) == (COLLEAGUE, 2)


def test_attempts_are_on_different_days() -> None:
    story = called(s.NO_ANSWER)
    before = story.case
    assert story.at(march(2, 23, 59)).refused(s.NO_ANSWER, CALLER) == "same_day"
    assert story.case == before
    assert story.at(march(3)).refused(s.NO_ANSWER, CALLER) is None


def test_the_days_are_those_of_the_calendars_zone() -> None:
    in_shanghai = OFFICE.model_copy(update={"zone": "Asia/Shanghai"})
    story = answered_story(RICH, in_shanghai).at(march(2, 15, 30))  # 23:30 there
    story.do(s.NO_ANSWER, CALLER)
    assert story.at(march(2, 15, 59)).refused(s.NO_ANSWER, CALLER) == "same_day"
    assert story.at(march(2, 16)).refused(s.NO_ANSWER, CALLER) is None


def test_after_two_failures_by_one_way_another_is_tried() -> None:
    story = called(s.NO_ANSWER, s.NO_ANSWER).wait(days=1)
    before = story.case
    assert story.refused(s.SETTLED, CALLER) == story.refused(s.NO_ANSWER, CALLER) == "try_another_way"
    assert story.case == before
    assert story.refused(BY_VISIT, CALLER) is None


def test_once_another_way_was_tried_any_way_will_do() -> None:
    story = called(s.NO_ANSWER, s.NO_ANSWER, BY_VISIT, policy=with_callback(attempts=5)).wait(days=1)
    assert story.refused(s.NO_ANSWER, CALLER) is None


@pytest.mark.parametrize("result", [Reached.NO_ANSWER, Reached.BUSY, Reached.WRONG_NUMBER, Reached.ANOTHER_TIME])
def test_a_customer_who_cannot_be_reached_gets_a_letter_and_the_case_is_closed(result: Reached) -> None:
    vain = s.NO_ANSWER.model_copy(update={"result": result})
    story = called(vain, vain).wait(days=1)
    made = story.do(vain.model_copy(update={"way": Way.VISIT}), CALLER)
    assert made[-3:] == ["callback.visited", "callback.spent", "complaint.closed"]
    assert story.case.step("callback_letter.1") is not None
    assert story.clock_states["callback.1"] == "met"


def test_without_an_address_the_case_is_closed_without_a_letter() -> None:
    story = answered_story(with_callback(attempts=1), reachable_by=(Way.PHONE,))
    story.do(s.NO_ANSWER, CALLER)
    assert (story.case.status, story.case.step("callback_letter.1")) == (Status.CLOSED, None)


def test_a_parked_letter_of_a_closed_case_waits_for_the_operator_and_no_second_one_is_planned() -> None:
    story = called(s.NO_ANSWER, policy=with_callback(attempts=1))
    story.failed("callback_letter.1")
    assert story.refused(c.RetryStep(step="callback_letter.1"), OPERATOR) is None
    tell(story, s.REOPEN, s.START, s.RESPOND)
    story.do(s.NO_ANSWER, CALLER)
    assert [step.key for step in story.case.steps if step.kind == "callback_letter"] == ["callback_letter.1"]


def test_who_does_not_want_to_be_asked_is_left_in_peace() -> None:
    story = answered_story(RICH)
    assert story.do(s.NO_ANSWER.model_copy(update={"result": Reached.REFUSED}), CALLER) == [
        "callback.visited",
        "complaint.closed",
    ]
    assert story.case.step("callback_letter.1") is None
    assert story.clock_states["callback.1"] == "met"


def test_every_attempt_is_a_row_of_the_visit_record() -> None:
    said = c.RecordVisit(
        way=Way.VISIT,
        result=Reached.REACHED,
        carried_out=True,
        matches_answer=False,
        solved=Solved.PARTLY,
        satisfaction=2,
        reason=s.text(14),
        new_demand=s.text(24),
    )
    story = called(s.NO_ANSWER, s.NO_ANSWER, said)
    visits = [fact.visit for fact in story.told(Visited)]
    assert [(visit.attempt, visit.caller, visit.result) for visit in visits] == [
        (1, CALLER, "no_answer"),
        (2, CALLER, "no_answer"),
        (3, CALLER, "reached"),
    ]
    last = visits[-1]
    assert last.at == s.RECEIVED_AT + timedelta(days=2)
    assert last.model_dump(include=set(said.model_dump()) - {"command"}) == said.model_dump(exclude={"command"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"result": "reached"},
        {"result": "busy", "solved": "yes"},
        {"result": "reached", "solved": "yes", "satisfaction": 6},
    ],
)
def test_only_who_was_reached_says_whether_it_is_solved(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        c.RecordVisit.model_validate({"way": "phone"} | wrong)


def test_the_attempts_are_counted_anew_after_a_second_answer() -> None:
    story = tell(called(s.NO_ANSWER, s.NOT_SETTLED), s.START, s.RESPOND)
    story.do(s.NO_ANSWER, CALLER)
    assert [visit.attempt for visit in story.case.callback.visits] == [1]


def test_a_late_call_raises_the_case_and_stays_late() -> None:
    story = answered_story(RICH).at(march(6))
    story.tick()
    assert story.case.escalation_is_open
    story.do(s.SETTLED, CALLER)
    assert story.clock_states["callback.1"] == "breached"


@pytest.mark.parametrize("again", [s.REOPEN, s.TO_STAGE_TWO, s.REFER])
def test_nobody_owes_a_call_once_the_case_is_taken_up_again(again: c.Command) -> None:
    story = tell(answered_story(RICH), again, by=HOTLINE)
    assert story.clock_states["callback.1"] == "cancelled"


def test_under_a_policy_without_callbacks_one_can_be_planned_all_the_same() -> None:
    story = tell(answered_story(PLAIN), s.PLAN)
    assert story.case.status is Status.CALLBACK
    story.do(s.SETTLED, CALLER)
    assert story.case.ended_at == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("policy", [RICH, PLAIN])
def test_a_customer_who_confirms_the_answer_closes_the_case_and_is_not_called_any_more(policy: Policy) -> None:
    story = answered_story(policy)
    assert story.do(c.Confirm(satisfaction=4, reason=s.text(14)), s.CUSTOMER) == [
        "callback.visited",
        "complaint.closed",
    ]
    [visit] = [fact.visit for fact in story.told(Visited)]
    assert (visit.way, visit.caller, visit.solved, visit.satisfaction) == ("web", "customer", "yes", 4)
    assert story.case.status is Status.CLOSED
    assert "running" not in story.clock_states.values()
