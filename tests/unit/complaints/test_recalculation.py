"""Clocks counted again in another version of their calendar, by order.

The newer office is closed on Tuesday, 10 March 2026 too: five working days from 2 March end with the 11th.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.calendar import Calendar, OpenDay
from domain.complaints import commands as c
from domain.complaints.decide import decide
from domain.complaints.facts import ClocksRecalculated
from domain.complaints.terms import ClockKind, HoldKind, Way
from domain.ruling import Refused
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import IN_TOKYO, OFFICE, RICH
from tests.unit.complaints.story import SUPERVISOR, Story, march, story_at

ORDER = c.RecalculateClocks(calendar="office@4", reason=s.text(23))


def ordered(story: Story) -> ClocksRecalculated:
    """What an order records in the case."""
    story.do(ORDER, SUPERVISOR)
    [fact] = story.told(ClocksRecalculated)
    return fact


def test_a_clock_that_moves_is_due_as_the_version_says_and_names_it() -> None:
    story = story_at("investigating", RICH).at(march(3, 10))
    fact = ordered(story)
    assert (fact.due_before, fact.due_after) == (
        {"final_response.1": march(11)},
        {"final_response.1": march(12)},
    )
    assert (story.due("final_response.1"), story.clock("final_response.1").calendar) == (march(12), "office@4")
    assert story.clock("final_response.1").first_due_at == march(12)


def test_its_warnings_move_along() -> None:
    story = story_at("investigating", RICH).at(march(3, 10))
    before = story.clock("final_response.1").warnings
    ordered(story)
    after = story.clock("final_response.1").warnings
    assert [later.at - earlier.at for earlier, later in zip(before, after, strict=True)] == [timedelta(days=1)] * 2


def test_clocks_that_the_version_does_not_move_stay_as_they_are() -> None:
    story = story_at("investigating", RICH).at(march(2, 12))
    before = {clock.key: clock for clock in story.case.clocks if clock.key != "final_response.1"}
    ordered(story)
    assert {clock.key: clock for clock in story.case.clocks if clock.key != "final_response.1"} == before
    assert story.clock("periodic_update.1").calendar == "office@3"  # calendar days: the 10th counts in both


@pytest.mark.parametrize("commands", [(s.RESPOND,), (s.WITHDRAW,)])
def test_kept_and_cancelled_clocks_are_not_touched(commands: tuple[c.Command, ...]) -> None:
    story = story_at("investigating", RICH).at(march(3, 10))
    for command in commands:
        story.do(command)
    before = story.case
    assert story.refused(ORDER, SUPERVISOR) == "nothing_moves"
    assert story.case == before


def test_a_broken_promise_is_not_mended_by_a_holiday() -> None:
    story = story_at("investigating", RICH).at(march(11, 8))
    story.tick()
    assert story.refused(ORDER, SUPERVISOR) == "nothing_moves"
    assert story.clock_states["final_response.1"] == "breached"


def test_the_same_order_again_does_nothing_and_says_so() -> None:
    story = story_at("investigating", RICH).at(march(3, 10))
    ordered(story)
    before = story.case
    assert story.refused(ORDER, SUPERVISOR) == "nothing_moves"
    assert story.case == before


def test_what_the_customer_was_told_stays_whatever_the_calendar_says() -> None:
    story = story_at("investigating", RICH).at(march(3, 10))
    extension = c.Extend(clock=ClockKind.FINAL_RESPONSE, until=march(20), way=Way.PHONE, letter=s.text(11))
    story.do(extension, SUPERVISOR)
    assert story.refused(ORDER, SUPERVISOR) == "nothing_moves"


def test_a_clock_on_hold_moves_and_goes_on_in_the_new_version() -> None:
    story = story_at("investigating", RICH).at(march(3, 10))
    story.do(c.Hold(kind=HoldKind.CUSTOMER, until=march(10), reason=s.text(1)))
    ordered(story)
    story.at(march(5, 12)).do(s.RESUME)
    assert story.due("final_response.1") == march(14)  # 5, 6, 11, 12, 13


def test_no_due_time_is_moved_into_the_past() -> None:
    saturday = OpenDay(day=date(2026, 3, 7), name=OFFICE.closed[0].name, like="monday")
    worked = OFFICE.model_copy(update={"version": 4, "closed": (), "open_days": (saturday,)})
    story = with_version(worked).at(march(8, 12))  # 3, 4, 5, 6 and 7: it would have ended with the 7th
    assert story.refused(ORDER, SUPERVISOR) == "nothing_moves"
    assert ordered(with_version(worked).at(march(7, 12))).due_after == {"final_response.1": march(8)}


def with_version(calendar: Calendar) -> Story:
    story = story_at("investigating", RICH)
    story.pinned[calendar.pin] = calendar
    return story


def test_another_calendar_moves_nothing() -> None:
    story = story_at("investigating", RICH).at(march(3, 10))
    assert story.refused(s.RECALCULATE, SUPERVISOR) == "nothing_moves"


def test_of_two_orders_at_once_for_different_versions_the_second_is_asked_again() -> None:
    story = story_at("investigating", RICH).at(march(3, 10))
    circumstances = replace(story.circumstances, renewed=IN_TOKYO)
    before = story.case
    with pytest.raises(Refused) as refused:
        decide(story.case, story.submission(ORDER, SUPERVISOR), circumstances)
    assert refused.value.guard == "calendar_not_at_hand"
    assert story.case == before
