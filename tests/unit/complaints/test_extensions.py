"""Extensions: before the due time, within the policy's limit, approved by another, told before the old date.

Under `RICH` the answer is due when 10 March ends; ten working days more are 11, 12, 13, 16, 17, 18, 19, 20, 23 and 24.
"""

from datetime import date, datetime, timedelta

import pytest

from domain.calendar import ClosedDay, DayName
from domain.complaints import commands as c
from domain.complaints.policy import Duty
from domain.complaints.terms import ClockKind, HoldKind, Way
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import OFFICE, RICH
from tests.unit.complaints.story import (
    HANDLER,
    HOTLINE,
    OPERATOR,
    SUPERVISOR,
    Story,
    march,
    story_at,
    tell,
)

DUE, NEW, LATEST = march(11), march(20), march(25)
FINAL, EXPLAIN = ClockKind.FINAL_RESPONSE, ClockKind.EXPLAIN


def extend(until: datetime, way: Way = Way.PHONE, clock: ClockKind = FINAL) -> c.Extend:
    return c.Extend(clock=clock, until=until, way=way, letter=s.text(11))


def asked(until: datetime = NEW, way: Way = Way.PHONE) -> Story:
    return tell(story_at("investigating", RICH), extend(until, way))


def ordered(until: datetime = NEW) -> Story:
    """Approved, and the letter is on the way."""
    return tell(asked(until, Way.EMAIL), s.APPROVE_EXTENSION, by=SUPERVISOR)


def test_what_a_handler_asks_for_takes_effect_with_the_approval_of_another() -> None:
    story = asked()
    assert story.facts[-1] == "complaint.extension_requested"
    assert story.due("final_response.1") == DUE
    assert story.do(s.APPROVE_EXTENSION, SUPERVISOR) == ["complaint.extension_approved", "complaint.extended"]
    assert story.due("final_response.1") == march(20)
    assert story.case.extension is None


def test_how_far_a_clock_can_be_extended_is_counted_in_the_calendar_that_it_pinned() -> None:
    the_16th = ClosedDay(day=date(2026, 3, 16), name=DayName(zh="盘点", en="stocktaking"))
    newer = OFFICE.model_copy(update={"version": 4, "closed": (*OFFICE.closed, the_16th)})
    story = story_at("investigating", RICH).renew(newer)
    assert story.refused(extend(march(26))) == "extension_too_long"
    assert story.refused(extend(LATEST)) is None


def test_a_supervisor_needs_no_approval() -> None:
    story = story_at("investigating", RICH)
    made = story.do(extend(march(20)), SUPERVISOR)
    assert made == ["complaint.extension_approved", "complaint.extended"]


def test_a_clock_that_the_policy_lets_handlers_extend_needs_no_approval() -> None:
    story = story_at("explaining", RICH)
    assert story.due("explain.1") == march(5)  # the 3rd and the 4th
    story.do(extend(march(10), clock=EXPLAIN))
    assert story.due("explain.1") == march(10)


@pytest.mark.parametrize(
    ("until", "guard"),
    [
        (DUE, "not_an_extension"),
        (DUE + timedelta(microseconds=1), None),
        (LATEST, None),
        (LATEST + timedelta(microseconds=1), "extension_too_long"),
    ],
)
def test_the_new_date_lies_beyond_the_old_one_and_within_the_policys_limit(until: datetime, guard: str | None) -> None:
    story = story_at("investigating", RICH)
    assert story.refused(extend(until), SUPERVISOR) == guard


def test_a_second_extension_is_measured_from_the_first_due_time() -> None:
    story = story_at("investigating", RICH)
    story.do(extend(march(20)), SUPERVISOR)
    assert story.refused(extend(LATEST + timedelta(minutes=1)), SUPERVISOR) == "extension_too_long"
    story.do(extend(LATEST), SUPERVISOR)
    assert story.due("final_response.1") == LATEST


def test_a_hold_moves_the_limit_with_the_due_time() -> None:
    story = story_at("investigating", RICH).at(march(3, 10))
    story.do(c.Hold(kind=HoldKind.CUSTOMER, until=march(5, 12), reason=s.text(10)))
    story.at(march(5, 12)).tick()  # due when the 12th ends; ten days more: 13, 16, … 26
    assert story.refused(extend(march(27)), SUPERVISOR) is None
    assert story.refused(extend(march(27, 0, 1)), SUPERVISOR) == "extension_too_long"


def test_stage_two_is_extended_by_its_own_rule() -> None:
    story = tell(story_at("investigating", RICH), s.RESPOND, s.TO_STAGE_TWO)
    assert story.due("final_response.2") == march(18)  # 3, 4, 5, 6, 10, 11, 12, 13, 16, 17
    # twenty working days more, without approval: 18 March to 14 April
    until = datetime(2026, 4, 15, tzinfo=DUE.tzinfo)
    assert story.refused(extend(until + timedelta(minutes=1))) == "extension_too_long"
    assert story.do(extend(until)) == ["complaint.extension_approved", "complaint.extended"]


REFUSALS: dict[str, tuple[Story, c.Command, str]] = {
    "clock_not_running": (story_at("explaining", RICH).at(march(5)), extend(march(9), clock=EXPLAIN), HANDLER),
    "extension_not_allowed": (
        story_at("received", RICH),
        extend(march(20), clock=ClockKind.ACKNOWLEDGE),
        SUPERVISOR,
    ),
    "extension_under_way": (asked(), extend(march(21)), HANDLER),
    "own_request": (asked(), s.APPROVE_EXTENSION, HANDLER),
    "no_extension_asked": (asked(), c.ApproveExtension(clock=EXPLAIN), SUPERVISOR),
    "no_email": (
        story_at("investigating", RICH, reachable_by=(Way.PHONE,)),
        extend(march(20), Way.EMAIL),
        SUPERVISOR,
    ),
}


@pytest.mark.parametrize("guard", REFUSALS)
def test_an_extension_that_is_not_allowed_is_refused_and_changes_nothing(guard: str) -> None:
    story, command, by = REFUSALS[guard]
    before = story.case
    assert story.refused(command, by) == guard
    assert story.case == before


def test_an_extension_is_approved_once() -> None:
    story = ordered()
    assert story.refused(s.APPROVE_EXTENSION, SUPERVISOR) == "no_extension_asked"


def test_under_a_policy_that_only_warns_who_asked_may_approve() -> None:
    lenient = RICH.model_copy(update={"separation_of_duties": Duty.WARN})
    story = tell(story_at("investigating", lenient), extend(march(20)), s.APPROVE_EXTENSION)
    assert story.due("final_response.1") == march(20)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=3)], ids=["at the due time", "later"])
def test_a_clock_that_has_run_out_is_extended_no_more(late: timedelta) -> None:
    story = story_at("investigating", RICH).at(DUE + late)
    assert story.refused(extend(march(20)), SUPERVISOR) == "clock_not_running"


def test_a_clock_that_stands_still_is_not_extended() -> None:
    story = tell(story_at("investigating", RICH), s.HOLD)
    assert story.refused(extend(march(20)), SUPERVISOR) == "clock_not_running"


def test_by_letter_it_takes_effect_when_the_letter_was_delivered() -> None:
    story = ordered()
    assert story.case.step("extension_letter.1") is not None
    assert story.due("final_response.1") == DUE
    story.at(DUE - timedelta(microseconds=1)).tick()
    assert story.delivered("extension_letter.1") == ["step.done", "complaint.extended"]
    assert story.due("final_response.1") == march(20)


def test_told_after_the_old_date_it_does_not_hold() -> None:
    story = ordered().at(DUE)
    made = story.delivered("extension_letter.1")
    assert "clock.breached" in made
    assert "complaint.extended" not in made
    assert (story.clock_states["final_response.1"], story.due("final_response.1")) == ("breached", DUE)
    assert story.case.extension is None


def test_an_approval_after_the_old_date_comes_too_late() -> None:
    story = asked().at(DUE)
    assert story.refused(s.APPROVE_EXTENSION, SUPERVISOR) == "no_extension_asked"


def test_a_letter_that_is_skipped_takes_the_extension_with_it() -> None:
    story = ordered()
    story.failed("extension_letter.1")
    story.do(c.SkipStep(step="extension_letter.1", reason=s.text(9)), OPERATOR)
    assert story.case.extension is None
    assert story.due("final_response.1") == DUE
    assert story.refused(extend(march(20)), HANDLER) is None


def test_a_parked_letter_whose_date_does_not_hold_any_more_can_only_be_skipped() -> None:
    story = ordered()
    story.failed("extension_letter.1")
    assert story.refused(c.RetryStep(step="extension_letter.1"), OPERATOR) is None
    tell(story, s.RESPOND, s.REOPEN)
    assert story.refused(c.RetryStep(step="extension_letter.1"), OPERATOR) == "extension_over"
    assert story.refused(extend(march(20))) == "letter_under_way"
    story.do(c.SkipStep(step="extension_letter.1", reason=s.text(9)), OPERATOR)
    assert story.refused(extend(march(20))) is None


def test_an_extension_that_was_asked_for_goes_with_the_answer() -> None:
    story = tell(asked(), s.RESPOND, s.REOPEN)
    assert story.case.extension is None
    assert story.refused(s.APPROVE_EXTENSION, SUPERVISOR) == "no_extension_asked"


def test_a_letter_of_an_extension_that_went_does_not_extend_the_clock_of_the_next_attempt() -> None:
    story = tell(ordered(march(13)), s.RESPOND)
    story.at(march(4)).do(s.REOPEN, HOTLINE)
    before = story.due("final_response.2")
    assert story.delivered("extension_letter.1") == ["step.done"]
    assert story.due("final_response.2") == before


def test_a_letter_that_is_delivered_while_the_clock_stands_still_counts_and_the_rest_of_the_hold_is_added() -> None:
    story = ordered(march(20)).at(march(3, 10))
    story.do(c.Hold(kind=HoldKind.CUSTOMER, until=march(5, 10), reason=s.text(10)))
    story.at(march(4)).delivered("extension_letter.1")
    story.at(march(5, 10)).tick()
    assert story.due("final_response.1") == march(22)  # the hold took two days


def test_a_due_time_that_a_hold_has_moved_beyond_the_new_date_already_stays() -> None:
    story = ordered(march(12)).at(march(3, 10))
    story.do(c.Hold(kind=HoldKind.CUSTOMER, until=march(9), reason=s.text(10)))
    story.at(march(9)).tick()
    assert story.due("final_response.1") == march(17)  # 10, 11, 12, 13, 16
    story.delivered("extension_letter.1")
    assert story.due("final_response.1") == march(17)


def test_warnings_that_are_still_to_come_move_with_the_due_time() -> None:
    story = story_at("investigating", RICH)
    first = story.clock("final_response.1").warnings[0].at
    story.do(extend(DUE + timedelta(days=4)), SUPERVISOR)
    assert story.clock("final_response.1").warnings[0].at == first + timedelta(days=4)


def test_who_asked_stays_known_when_another_approves() -> None:
    story = ordered()
    assert story.case.extension is not None
    assert (story.case.extension.asked_by, story.case.extension.is_approved) == (HANDLER, True)
