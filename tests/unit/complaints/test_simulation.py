"""Recorded cases under another policy: which breaches it would have avoided, and which it would have added.

All cases are received on Monday, 2 March 2026, 09:30; the office is closed on the 9th. Expected values are counted by
hand: five working days end with 10 March, three with the 5th, ten with the 17th.
"""

from datetime import datetime

from domain.calendar import Span, Unit
from domain.complaints import commands as c
from domain.complaints.policy import Policy
from domain.complaints.simulation import Simulated, simulate
from domain.complaints.terms import ClockKind, HoldKind
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import OFFICE, RICH
from tests.unit.complaints.story import HOTLINE, SUPERVISOR, Story, march, story_at, tell


def answers_within(working_days: int) -> Policy:
    """`RICH` with another span for the first answer."""
    span = Span(amount=working_days, unit=Unit.WORKING_DAYS)
    clocks = [
        rule.model_copy(update={"span": span})
        if (rule.kind, rule.anchor) == (ClockKind.FINAL_RESPONSE, "received")
        else rule
        for rule in RICH.clocks
    ]
    return RICH.model_copy(update={"id": "other", "clocks": tuple(clocks)})


def under(story: Story, policy: Policy, now: datetime | None = None) -> Simulated:
    return simulate(story.entries, policy, OFFICE, now or story.now)


def told(breaches: tuple[object, ...]) -> list[str]:
    return [f"{breach.kind}.{breach.attempt}" for breach in breaches]  # type: ignore[attr-defined]


def answered_on(day: int) -> Story:
    """Acknowledged in the conversation, assessed at once, answered by telephone."""
    story = story_at("investigating", RICH, channel="phone")
    story.do(s.UPDATE)
    return tell(story.at(march(day, 10)), s.RESPOND)


def test_the_policy_that_a_case_had_changes_nothing() -> None:
    for day in (4, 12):
        simulated = under(answered_on(day), RICH)
        assert simulated.recorded == simulated.simulated


def test_a_longer_span_avoids_the_breach_of_an_answer_that_came_in_between() -> None:
    simulated = under(answered_on(12), answers_within(10))
    assert told(simulated.recorded) == ["final_response.1", "periodic_update.2"]  # the 10th; a week after the 2nd
    assert (told(simulated.avoided), told(simulated.added)) == (["final_response.1"], [])


def test_a_shorter_span_adds_the_breach_of_an_answer_that_was_in_time() -> None:
    simulated = under(answered_on(6), answers_within(3))
    assert simulated.recorded == ()
    assert told(simulated.added) == ["final_response.1"]
    assert simulated.added[0].due_at == march(6)


def test_what_was_answered_early_or_very_late_comes_out_the_same() -> None:
    assert under(answered_on(3), answers_within(3)).added == ()
    late = under(answered_on(20), answers_within(10))
    assert "final_response.1" not in told(late.avoided)


def test_a_hold_stops_the_clock_of_the_other_policy_too() -> None:
    story = story_at("investigating", RICH, channel="phone").at(march(3, 10))
    tell(story, s.UPDATE, c.Hold(kind=HoldKind.CUSTOMER, until=march(12, 9), reason=s.text(1)))
    story.at(march(12, 9)).tick()
    tell(story.at(march(13, 10)), s.RESPOND)
    # the days that count are the 12th, 13th and 16th: three of them end after the answer
    assert under(story, answers_within(3)).added == ()
    # one working day: the 12th is over when the answer comes
    assert told(under(story, answers_within(1)).added) == ["final_response.1"]


def test_an_open_case_is_followed_to_now() -> None:
    story = story_at("investigating", RICH, channel="phone").at(march(6, 12))
    assert told(under(story, answers_within(3), now=march(6, 12)).added) == ["final_response.1"]
    assert under(story, answers_within(10), now=march(6, 12)).added == ()


def test_a_kind_that_the_other_policy_does_not_know_is_avoided_altogether() -> None:
    story = answered_on(12)
    without = RICH.model_copy(
        update={"id": "other", "clocks": tuple(r for r in RICH.clocks if r.kind != "periodic_update")}
    )
    assert told(under(story, without).avoided) == ["periodic_update.2"]


def test_a_penalty_of_the_other_policy_runs_and_is_broken_where_nobody_pays_it() -> None:
    story = story_at("investigating", RICH, channel="phone")
    tell(story, s.UPDATE, s.ASK_REDRESS)
    story.do(s.APPROVE_REDRESS, SUPERVISOR)
    tell(story.at(march(6, 10)), s.RESPOND, s.PAY_REDRESS)
    story.at(march(31)).tick()
    added = told(under(story, answers_within(3)).added)
    assert "final_response.1" in added
    assert any(key.startswith("penalty_paid.") for key in added)  # owed from the 6th on, ten working days: the 20th
    assert not any(key.startswith("redress_paid.") for key in added)


def test_a_change_of_policy_in_the_record_is_left_out() -> None:
    story = story_at("investigating", RICH, channel="phone")
    tell(story, s.UPDATE, c.ChangePolicy(policy="test-plain@1", reason=s.text(21)))
    tell(story.at(march(12, 10)), s.RESPOND)
    assert told(under(story, RICH).added) == ["final_response.1", "periodic_update.2"]


def test_a_withdrawn_case_promises_nothing_after_that() -> None:
    story = story_at("received", RICH, channel="phone").at(march(2, 12))
    story.do(s.WITHDRAW, HOTLINE)
    assert under(story, answers_within(1), now=march(31)).added == ()
