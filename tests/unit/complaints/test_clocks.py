"""The clocks of a case: what starts, meets, breaches and cancels them. Due times were counted by hand."""

from datetime import UTC, datetime

import pytest

from domain.complaints import commands as c
from domain.complaints.clocks import Clock
from domain.complaints.facts import ClockBreached
from domain.complaints.situation import SYSTEM
from domain.complaints.terms import Way
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import SECONDS
from tests.unit.complaints.story import COLLEAGUE, Story, story_at

DUE_TO_ACKNOWLEDGE = datetime(2026, 3, 4, tzinfo=UTC)  # the 3rd is the one day, used up at its end
DUE_TO_ANSWER = datetime(2026, 3, 18, tzinfo=UTC)  # the 3rd to the 17th are the fifteen days


def states(story: Story) -> dict[str, str]:
    return {clock.key: clock.state.value for clock in story.case.clocks}


def clock(story: Story, key: str) -> Clock:
    return next(clock for clock in story.case.clocks if clock.key == key)


def breaches(story: Story) -> list[ClockBreached]:
    return [entry.fact for entry in story.entries if isinstance(entry.fact, ClockBreached)]


def test_receipt_starts_both_clocks_with_their_due_times() -> None:
    story = Story()
    assert {clock.key: clock.due_at for clock in story.case.clocks} == {
        "acknowledge.1": DUE_TO_ACKNOWLEDGE,
        "final_response.1": DUE_TO_ANSWER,
    }
    assert {clock.calendar for clock in story.case.clocks} == {"every-day@1"}
    assert story.case.nearest_due() == DUE_TO_ACKNOWLEDGE


def test_the_clocks_run_from_receipt_even_if_the_complaint_is_logged_later() -> None:
    story = Story(logged_at=datetime(2026, 3, 3, 18, tzinfo=UTC))
    assert clock(story, "acknowledge.1").started_at == s.RECEIVED_AT
    assert clock(story, "acknowledge.1").due_at == DUE_TO_ACKNOWLEDGE


@pytest.mark.parametrize("channel", ["phone", "visit"])
def test_a_complaint_taken_in_conversation_is_acknowledged_at_once(channel: str) -> None:
    story = Story(channel=channel)
    assert story.facts == ["complaint.received", "complaint.acknowledged"]
    assert states(story) == {"acknowledge.1": "met", "final_response.1": "running"}
    assert story.case.acknowledged_at == s.RECEIVED_AT


def test_the_notice_meets_the_clock_when_it_was_delivered_and_not_when_it_was_ordered() -> None:
    story = Story()
    assert states(story)["acknowledge.1"] == "running"
    story.wait(hours=2).delivered("acknowledgement.1")
    assert states(story)["acknowledge.1"] == "met"
    assert clock(story, "acknowledge.1").met_at == datetime(2026, 3, 2, 11, 30, tzinfo=UTC)


def test_a_parked_letter_leaves_the_clock_running() -> None:
    story = story_at("responding")
    story.failed("response_letter.1")
    assert states(story)["final_response.1"] == "running"


@pytest.mark.parametrize(("place", "answer"), [("investigating", s.RESPOND), ("explaining", s.EXPLAIN)])
def test_an_answer_settles_the_acknowledgement_too(place: str, answer: c.Command) -> None:
    story = story_at(place)
    story.do(answer)
    assert states(story) == {"acknowledge.1": "met", "final_response.1": "met"}


@pytest.mark.parametrize(("place", "end"), [("assigned", s.WITHDRAW), ("received", s.WITHDRAW)])
def test_a_withdrawn_complaint_owes_nothing_any_more(place: str, end: c.Command) -> None:
    story = story_at(place)
    story.do(end)
    assert states(story) == {"acknowledge.1": "cancelled", "final_response.1": "cancelled"}
    assert story.case.nearest_due() is None


@pytest.mark.parametrize(
    ("place", "again", "by"),
    [("closed after an answer", s.REOPEN, s.HOTLINE), ("closed as invalid", s.APPEAL, s.HOTLINE)],
)
def test_taking_a_case_up_again_starts_the_answer_clock_of_the_next_attempt(
    place: str, again: c.Command, by: str
) -> None:
    story = story_at(place).wait(days=5)
    story.do(again, by)
    second = clock(story, "final_response.2")
    assert second.due_at == datetime(2026, 3, 23, tzinfo=UTC)  # received again on the 7th: the 8th to the 22nd
    assert states(story) == {"acknowledge.1": "met", "final_response.1": "met", "final_response.2": "running"}
    assert story.case.attempt == 2


def test_a_second_answer_meets_the_clock_of_the_second_attempt() -> None:
    story = story_at("closed after an answer").wait(days=5)
    for command in (s.REOPEN, s.START, s.RESPOND):
        story.do(command)
    assert clock(story, "final_response.2").met_at == datetime(2026, 3, 7, 9, 30, tzinfo=UTC)
    assert clock(story, "final_response.1").met_at == s.RECEIVED_AT


def test_a_tick_before_the_due_time_says_nothing() -> None:
    story = Story()
    story.now = datetime(2026, 3, 3, 23, 59, 59, 999_999, tzinfo=UTC)
    assert story.tick() == []
    assert states(story)["acknowledge.1"] == "running"


def test_a_clock_is_breached_at_its_due_time() -> None:
    story = Story()
    story.now = DUE_TO_ACKNOWLEDGE
    assert story.tick() == ["clock.breached"]
    [breach] = breaches(story)
    assert (breach.kind, breach.attempt, breach.due_at, breach.late_seconds) == (
        "acknowledge",
        1,
        DUE_TO_ACKNOWLEDGE,
        0,
    )
    assert states(story) == {"acknowledge.1": "breached", "final_response.1": "running"}
    assert story.case.nearest_due() == DUE_TO_ANSWER


def test_a_breach_is_recorded_once() -> None:
    story = Story()
    story.now = DUE_TO_ACKNOWLEDGE
    story.tick()
    assert story.tick() == []


def test_after_an_outage_every_overdue_clock_fires_once_and_says_how_late() -> None:
    story = Story()
    story.now = datetime(2026, 3, 18, 1, tzinfo=UTC)
    assert story.tick() == ["clock.breached", "clock.breached"]
    assert [breach.late_seconds for breach in breaches(story)] == [14 * 86_400 + 3_600, 3_600]
    assert story.case.nearest_due() is None


def test_an_answer_after_the_breach_is_late_and_stays_breached() -> None:
    story = story_at("investigating")
    story.now = datetime(2026, 3, 19, tzinfo=UTC)
    story.tick()
    story.do(s.RESPOND)
    late = clock(story, "final_response.1")
    assert (late.state, late.breached_at, late.met_at) == ("breached", story.now, story.now)


def test_what_comes_after_the_due_time_is_late_even_if_nobody_noticed_the_breach_yet() -> None:
    """The worker was away over the due time: the answer and the due time reach the case together."""
    story = story_at("investigating")
    story.delivered("acknowledgement.1")
    story.now = datetime(2026, 3, 18, 0, 0, 7, tzinfo=UTC)

    assert story.do(s.RESPOND)[0] == "clock.breached"
    assert clock(story, "final_response.1").state == "breached"
    assert breaches(story)[0].late_seconds == 7
    assert [entry.actor for entry in story.entries if isinstance(entry.fact, ClockBreached)] == [SYSTEM]


def test_a_complaint_logged_after_its_due_time_was_acknowledged_late() -> None:
    """Somebody wrote a telephone complaint down three days later."""
    story = Story(channel="phone", logged_at=datetime(2026, 3, 5, 9, 30, tzinfo=UTC))
    assert story.facts == ["complaint.received", "clock.breached", "complaint.acknowledged"]
    acknowledge = clock(story, "acknowledge.1")
    assert (acknowledge.state, acknowledge.met_at) == ("breached", story.now)
    assert states(story)["final_response.1"] == "running"


def test_a_refused_command_breaches_nothing() -> None:
    story = Story()
    story.now = DUE_TO_ANSWER
    before = story.case
    assert story.refused(s.CLOSE) == "not_lawful_now"
    assert story.case == before


def test_closing_never_turns_a_breach_into_a_kept_promise() -> None:
    story = story_at("responded", reachable_by=(Way.PHONE,))
    story.wait(days=40).do(s.CLOSE)
    assert set(states(story).values()) == {"met"}
    again = story_at("accepted")
    again.wait(days=40).do(s.WITHDRAW, COLLEAGUE)
    assert set(states(again).values()) == {"breached"}


def test_a_policy_in_seconds_counts_seconds() -> None:
    story = Story(SECONDS)
    assert [clock.due_at for clock in story.case.clocks] == [
        datetime(2026, 3, 2, 9, 30, 20, tzinfo=UTC),
        datetime(2026, 3, 2, 9, 31, tzinfo=UTC),
    ]
