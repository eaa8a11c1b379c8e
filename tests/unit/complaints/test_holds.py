"""Holds: who may wait for whom, how long, which clocks stand still meanwhile, and when they are due then.

A day counts if the clock runs when the day ends. The working days of `RICH` are 3, 4, 5, 6, 10, 11, 12, 13, 16 … March:
without a hold the answer is due when the 10th ends, the update when the 9th does.
"""

from datetime import UTC, datetime, timedelta

import pytest

from domain.calendar import Span, Unit
from domain.complaints import commands as c
from domain.complaints.facts import ClockBreached
from domain.complaints.policy import Anchor, ClockRule
from domain.complaints.terms import ClockKind, HoldKind
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import NEWER_OFFICE, PLAIN, RICH
from tests.unit.complaints.story import HOTLINE, SUPERVISOR, Story, march, story_at, tell

CUSTOMER, EVIDENCE, LEGAL = HoldKind.CUSTOMER, HoldKind.EVIDENCE, HoldKind.LEGAL


def hold(kind: HoldKind, until: datetime) -> c.Hold:
    return c.Hold(kind=kind, until=until, reason=s.text(10))


def held(since: datetime, until: datetime, kind: HoldKind = CUSTOMER) -> Story:
    story = story_at("investigating", RICH).at(since)
    story.do(hold(kind, until))
    return story


def test_only_the_clocks_that_the_policy_names_stand_still() -> None:
    story = held(march(2, 10), march(5, 12))
    assert {key for key, state in story.clock_states.items() if state == "paused"} == {
        "final_response.1",
        "periodic_update.1",
    }
    assert story.clock_states["acknowledge.1"] == "running"
    story.at(march(4)).tick()
    assert {breach.kind for breach in story.told(ClockBreached)} == {"acknowledge", "first_response"}


def test_a_hold_that_no_clock_names_stops_none() -> None:
    story = held(march(2, 10), march(5, 12), LEGAL)
    assert "paused" not in story.clock_states.values()
    assert [entry.kind for entry in story.case.holds] == [LEGAL]


def test_days_that_end_in_the_hold_do_not_count() -> None:
    story = held(march(3, 10), march(6))
    story.at(march(5, 12)).do(s.RESUME)
    assert story.due("final_response.1") == march(13)  # 5, 6, 10, 11, 12
    assert story.due("periodic_update.1") == march(12)  # 5 to 11
    assert "paused" not in story.clock_states.values()


def test_a_resumed_clock_goes_on_in_the_calendar_that_it_pinned_whatever_version_is_the_newest() -> None:
    story = held(march(3, 10), march(6)).renew(NEWER_OFFICE)
    story.at(march(5, 12)).do(s.RESUME)
    assert story.due("final_response.1") == march(13)  # 5, 6, 10, 11, 12: the newer version leaves the 10th out
    assert story.clock("final_response.1").calendar == "office@3"


def test_a_clock_that_starts_after_a_new_version_counts_in_that_one_beside_the_older_clocks() -> None:
    story = held(march(3, 10), march(6)).renew(NEWER_OFFICE)
    story.at(march(5, 12)).do(s.RESUME)
    tell(story, s.RESPOND, s.REOPEN)
    assert (story.clock("final_response.2").calendar, story.due("final_response.2")) == (
        "office@4",
        march(17),  # 6, 11, 12, 13, 16
    )


def test_a_hold_that_ends_with_the_case_lets_what_is_owed_go_on_in_its_own_calendar() -> None:
    story = story_at("investigating", RICH)
    story.do(s.ASK_REDRESS)
    story.do(s.APPROVE_REDRESS, SUPERVISOR)
    story.at(march(3, 10)).do(hold(EVIDENCE, march(10)))
    story.renew(NEWER_OFFICE).at(march(4, 10)).do(s.WITHDRAW, HOTLINE)
    assert story.due("redress_paid.1") == march(19)  # 4, 5, 6, 10, 11, 12, 13, 16, 17, 18


def test_a_hold_within_a_day_takes_nothing() -> None:
    story = held(march(3, 10), march(3, 15))
    story.at(march(3, 15)).tick()
    assert story.due("final_response.1") == march(11)


@pytest.mark.parametrize(
    "noticed", [march(5, 12), march(6, 15), march(12, 9)], ids=["at once", "next day", "a week on"]
)
def test_a_hold_ends_when_it_said_however_late_that_is_noticed(noticed: datetime) -> None:
    story = held(march(3, 10), march(5, 12))
    assert story.case.nearest_due() is not None
    assert "complaint.resumed" in story.at(noticed).tick()
    assert story.due("final_response.1") == march(13)
    assert story.case.holds == ()


def test_a_clock_whose_time_ran_out_after_an_unnoticed_resume_is_breached_in_the_same_breath() -> None:
    story = held(march(3, 10), march(5, 12)).at(march(13, 1))
    story.delivered("acknowledgement.1")
    assert story.clock_states["final_response.1"] == "breached"
    breach = next(breach for breach in story.told(ClockBreached) if breach.kind == "final_response")
    assert (breach.due_at, breach.late_seconds) == (march(13), 3_600)


def test_of_two_holds_the_later_end_counts() -> None:
    story = held(march(3, 10), march(5, 12))
    story.at(march(4, 9)).do(hold(EVIDENCE, march(6, 12)))
    story.at(march(5, 12)).tick()
    assert story.clock_states["final_response.1"] == "paused"
    assert story.due("periodic_update.1") == march(12)  # evidence does not stop it
    story.at(march(6, 12)).tick()
    assert story.due("final_response.1") == march(14)  # 6, 10, 11, 12, 13


def test_two_holds_that_both_ran_out_unnoticed_end_each_at_its_own_time() -> None:
    story = held(march(3, 10), march(5, 12))
    story.at(march(4, 9)).do(hold(EVIDENCE, march(6, 12)))
    story.at(march(8)).tick()
    assert [fact for fact in story.facts if fact == "complaint.resumed"] == ["complaint.resumed"] * 2
    assert (story.due("final_response.1"), story.due("periodic_update.1")) == (march(14), march(12))


def test_holds_one_after_the_other_add_up() -> None:
    story = held(march(3, 10), march(4, 10))  # takes the 3rd
    story.at(march(5, 10)).do(hold(CUSTOMER, march(6, 10)))  # takes the 5th
    story.at(march(7)).tick()
    assert story.due("final_response.1") == march(13)  # 4, 6, 10, 11, 12
    assert len(story.clock("final_response.1").pauses) == 2


def test_a_hold_that_comes_as_the_clock_runs_out_comes_too_late_for_it() -> None:
    story = story_at("investigating", RICH).at(march(11))
    made = story.do(hold(CUSTOMER, march(12, 9)))
    assert made[-1] == "complaint.held"
    assert story.clock_states["final_response.1"] == "breached"


def test_a_hold_in_the_last_moment_saves_the_clock() -> None:
    story = story_at("investigating", RICH)
    story.at(march(11) - timedelta(microseconds=1)).do(hold(CUSTOMER, march(12, 9)))
    story.at(march(12, 9)).tick()
    assert story.due("final_response.1") == march(13)  # 3, 4, 5, 6 and the 12th


def test_warnings_move_with_the_due_time() -> None:
    story = held(march(3, 10), march(5, 12))
    story.at(march(5, 12)).tick()
    # half of the time from 2 March, 9:30 to the end of the 10th is up on the 6th at 16:45; two days are added
    assert story.clock("final_response.1").warnings[0].at == march(8, 16, 45)


def test_a_due_time_that_a_hold_pushes_past_the_known_days_is_provisional() -> None:
    received = datetime(2026, 12, 21, 9, tzinfo=UTC)  # the calendar is known to the end of the year
    story = Story(RICH, received_at=received, logged_at=received)
    assert (story.due("final_response.1"), story.clock("final_response.1").provisional) == (
        datetime(2026, 12, 29, tzinfo=UTC),  # 22, 23, 24, 25 and 28 December
        False,
    )
    story.do(hold(CUSTOMER, received + timedelta(days=14)))
    story.wait(days=14).tick()
    assert story.clock("final_response.1").provisional


def test_a_clock_that_starts_under_a_hold_stands_still_until_it_ends() -> None:
    story = held(march(2, 10), march(4, 12), EVIDENCE)
    story.do(s.ASK_REDRESS)
    story.do(s.APPROVE_REDRESS, SUPERVISOR)
    assert story.clock_states["redress_paid.1"] == "paused"
    story.at(march(4, 12)).tick()
    assert story.due("redress_paid.1") == march(19)  # 4, 5, 6, 10, 11, 12, 13, 16, 17, 18


def test_the_clock_of_a_case_that_is_taken_up_again_under_a_hold_stands_still_too() -> None:
    story = held(march(2, 10), march(12))
    tell(story, s.RESPOND, s.REOPEN)
    assert story.clock_states["final_response.2"] == "paused"


def test_an_answer_meets_a_clock_that_stands_still() -> None:
    story = held(march(2, 10), march(12))
    story.do(s.RESPOND)
    assert story.clock_states["final_response.1"] == "met"


def test_a_case_that_has_ended_is_held_no_longer() -> None:
    story = held(march(2, 10), march(12))
    story.do(s.WITHDRAW, HOTLINE)
    assert story.case.holds == ()
    assert story.case.nearest_due() is None


def test_money_that_is_owed_after_the_end_is_not_put_off_by_a_hold() -> None:
    story = story_at("investigating", RICH)
    story.do(s.ASK_REDRESS)
    story.do(s.APPROVE_REDRESS, SUPERVISOR)
    story.at(march(3, 10)).do(hold(EVIDENCE, march(10)))
    story.at(march(4, 10)).do(s.WITHDRAW, HOTLINE)
    assert story.clock_states["redress_paid.1"] == "running"
    assert story.due("redress_paid.1") == march(19)  # 4, 5, 6, 10, 11, 12, 13, 16, 17, 18


def test_a_hold_that_ran_out_unnoticed_does_not_keep_the_next_one_away() -> None:
    story = held(march(3, 10), march(5, 12)).at(march(6))
    assert story.do(hold(CUSTOMER, march(7)))[-2:] == ["complaint.resumed", "complaint.held"]


@pytest.mark.parametrize(
    ("kind", "until", "guard"),
    [
        (CUSTOMER, march(23), None),  # twenty calendar days: the 3rd to the 22nd
        (CUSTOMER, march(23) + timedelta(microseconds=1), "hold_too_long"),
        (EVIDENCE, march(13), None),  # ten
        (EVIDENCE, march(13) + timedelta(microseconds=1), "hold_too_long"),
        (HoldKind.PARTNER, march(3), "hold_not_allowed"),
        (HoldKind.REGULATOR, march(3), "hold_not_allowed"),
        (CUSTOMER, s.RECEIVED_AT, "hold_in_the_past"),
        (CUSTOMER, march(1), "hold_in_the_past"),
    ],
)
def test_the_policy_says_who_may_be_waited_for_and_how_long(kind: HoldKind, until: datetime, guard: str | None) -> None:
    story = story_at("investigating", RICH)
    before = story.case
    assert story.refused(hold(kind, until)) == guard
    assert story.case == before


def test_who_resumes_as_the_hold_runs_out_is_told_that_it_is_over() -> None:
    story = held(march(3, 10), march(5, 12)).at(march(5, 12))
    assert story.refused(s.RESUME) == "not_held"


def test_there_is_one_hold_a_kind_and_it_is_resumed_by_its_kind() -> None:
    story = held(march(2, 10), march(5, 12))
    before = story.case
    assert story.refused(hold(CUSTOMER, march(6))) == "already_held"
    assert story.refused(c.Resume(kind=EVIDENCE)) == "not_held"
    assert story.case == before
    tell(story, s.RESUME, hold(CUSTOMER, march(6)))
    assert story.case.holds[0].until == march(6)


def test_a_reminder_runs_while_the_case_is_held_and_ends_with_the_last_hold() -> None:
    reminder = ClockRule(
        kind=ClockKind.PERIODIC_UPDATE, anchor=Anchor.HELD, span=Span(amount=3, unit=Unit.CALENDAR_DAYS)
    )
    policy = PLAIN.model_copy(update={"clocks": (*PLAIN.clocks, reminder), "holds": RICH.holds})
    story = story_at("investigating", policy)
    tell(story, hold(CUSTOMER, march(9)), hold(EVIDENCE, march(9)))
    assert story.due("periodic_update.1") == march(6)  # 3, 4, 5
    story.do(s.RESUME)
    assert story.clock_states["periodic_update.1"] == "running"
    story.do(c.Resume(kind=EVIDENCE))
    assert story.clock_states["periodic_update.1"] == "cancelled"
    assert "periodic_update.2" not in story.clock_states
