"""What a broken promise sets off: the case is raised, money is owed without being asked for, and more if it is late.

Under `RICH` the answer is due when 10 March ends, a penalty ten working days later: 11, 12, 13, 16, 17, 18, 19, 20, 23
and 24 March; the one for late payment after 25, 26, 27, 30, 31 March, 1, 2, 3, 6 and 7 April.
"""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.complaints import commands as c
from domain.complaints.facts import ClockBreached, Escalated, RedressChanged
from domain.complaints.policy import HIGHEST_LEVEL, Money
from domain.complaints.situation import SYSTEM
from domain.complaints.terms import HoldKind, RedressState
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import RICH
from tests.unit.complaints.story import HOTLINE, SUPERVISOR, Story, march, story_at, tell

DUE, PENALTY_DUE, LATE_PENALTY_DUE = march(11), march(25), datetime(2026, 4, 8, tzinfo=UTC)
POUNDS = Money(amount=Decimal("40.00"), currency="GBP")


def broken(noticed: datetime = DUE) -> Story:
    """The answer did not come in time; the customer was kept up to date."""
    story = story_at("investigating", RICH)
    tell(story, s.UPDATE).delivered("acknowledgement.1")
    story.at(march(9, 7)).tick()
    story.do(s.UPDATE)
    story.at(noticed).tick()
    return story


def pay(number: int) -> c.PayRedress:
    return c.PayRedress(number=number, proof="BANK-1")


def penalties(story: Story) -> list[tuple[int, str | None]]:
    return [(redress.number, redress.penalty_for) for redress in story.case.redress if redress.is_penalty]


def test_a_breach_raises_the_case_and_owes_the_penalty() -> None:
    story = broken()
    assert story.facts[-3:] == ["clock.breached", "redress.changed", "complaint.escalated"]
    [penalty] = story.case.redress
    assert (penalty.money, penalty.state, penalty.penalty_for) == (POUNDS, RedressState.APPROVED, "final_response.1")
    assert (penalty.requested_by, penalty.decided_by) == (SYSTEM, SYSTEM)
    assert story.told(Escalated)[-1].cause == "breach:final_response"
    assert story.case.escalation_level == 2  # the warning had raised it to the first


@pytest.mark.parametrize("noticed", [DUE, march(13, 15)], ids=["at once", "three days late"])
def test_the_penalty_is_owed_from_the_broken_promise_on_however_late_that_was_noticed(noticed: datetime) -> None:
    assert broken(noticed).due("penalty_paid.1") == PENALTY_DUE


def test_a_penalty_that_is_paid_in_time_costs_nothing_more() -> None:
    story = broken().at(march(24, 23))
    story.do(pay(1), SUPERVISOR)
    assert story.clock_states["penalty_paid.1"] == "met"
    story.at(PENALTY_DUE).tick()
    assert penalties(story) == [(1, "final_response.1")]


def test_a_penalty_that_is_not_paid_in_time_costs_another_one_and_that_is_the_last() -> None:
    story = broken().at(PENALTY_DUE)
    story.tick()
    assert penalties(story) == [(1, "final_response.1"), (2, "penalty_paid.1")]
    assert story.due("penalty_paid.2") == LATE_PENALTY_DUE
    story.at(LATE_PENALTY_DUE).tick()
    assert story.clock_states["penalty_paid.2"] == "breached"
    assert len(penalties(story)) == 2
    assert story.told(Escalated)[-1].cause == "breach:penalty_paid"


def test_after_a_long_outage_both_penalties_are_owed() -> None:
    story = broken(datetime(2026, 4, 1, tzinfo=UTC))
    assert penalties(story) == [(1, "final_response.1"), (2, "penalty_paid.1")]
    assert story.due("penalty_paid.2") == LATE_PENALTY_DUE


def test_paying_one_penalty_leaves_the_other_owed() -> None:
    story = broken().at(PENALTY_DUE)
    story.tick()
    story.do(pay(2), SUPERVISOR)
    assert (story.clock_states["penalty_paid.1"], story.clock("penalty_paid.1").met_at) == ("breached", None)
    assert story.clock_states["penalty_paid.2"] == "met"
    story.do(pay(1), SUPERVISOR)
    assert story.clock("penalty_paid.1").met_at == PENALTY_DUE


def test_a_penalty_is_owed_after_the_end_of_the_case() -> None:
    story = tell(broken(), s.WITHDRAW, by=HOTLINE)
    assert (story.case.status, story.clock_states["penalty_paid.1"]) == ("withdrawn", "running")
    assert story.case.nearest_due() == PENALTY_DUE
    story.at(PENALTY_DUE).tick()
    assert penalties(story)[-1] == (2, "penalty_paid.1")
    story.do(s.ACKNOWLEDGE_ESCALATION, SUPERVISOR)
    tell(story, pay(1), pay(2), by=SUPERVISOR)
    assert story.case.nearest_due() is None


def test_an_answer_after_the_breach_does_not_undo_the_penalty() -> None:
    story = tell(broken(), s.RESPOND)
    assert story.clock_states["penalty_paid.1"] == "running"


def test_a_clock_without_consequences_only_says_that_it_broke() -> None:
    story = story_at("received", RICH).at(march(4))
    assert story.tick() == ["clock.breached", "clock.breached"]
    assert {breach.kind for breach in story.told(ClockBreached)} == {"acknowledge", "first_response"}
    assert (story.case.escalation_level, story.case.redress) == (0, ())


def test_the_level_stops_at_the_highest() -> None:
    story = story_at("investigating", RICH)
    story.do(c.Escalate(level=HIGHEST_LEVEL, reason=s.text(13)), SUPERVISOR)
    story.at(march(12)).tick()
    assert story.case.escalation_level == HIGHEST_LEVEL
    assert [escalated.cause for escalated in story.told(Escalated)] == ["person"]


def test_breach_and_answer_at_the_same_moment_leave_the_promise_broken() -> None:
    story = story_at("investigating", RICH).at(DUE)
    made = story.do(s.RESPOND)
    assert made.index("clock.breached") < made.index("complaint.responded")
    assert story.clock_states["final_response.1"] == "breached"


def test_the_penalty_stands_in_the_record_as_decided_by_nobody_of_us() -> None:
    story = broken()
    [entry] = [entry for entry in story.entries if isinstance(entry.fact, RedressChanged)]
    assert entry.actor == SYSTEM


def test_a_breach_under_a_hold_that_does_not_stop_the_clock_counts_as_any() -> None:
    story = story_at("investigating", RICH)
    story.do(c.Hold(kind=HoldKind.LEGAL, until=march(30), reason=s.text(10)))
    story.at(DUE).tick()
    assert story.clock_states["final_response.1"] == "breached"
