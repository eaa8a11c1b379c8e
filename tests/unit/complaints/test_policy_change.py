"""Another policy for a running case: its clocks as the new one has them, due times before and after on record.

Received on 2 March at 9:30. `PLAIN`: acknowledge by the end of the 3rd, answer by the end of the 17th. `RICH`:
acknowledge by the end of the 3rd, first contact by the 3rd, 9:30, update by the end of the 9th, answer by the end of
the 10th.
"""

from datetime import timedelta

from domain.calendar import Span, Unit
from domain.complaints import commands as c
from domain.complaints.facts import PolicyChanged
from domain.complaints.policy import Anchor, Policy
from domain.complaints.terms import ClockKind, HoldKind
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import EVERY_DAY, OFFICE, PLAIN, RICH
from tests.unit.complaints.story import HOTLINE, SUPERVISOR, Story, march, story_at, tell


def days(amount: int, unit: Unit = Unit.CALENDAR_DAYS) -> Span:
    return Span(amount=amount, unit=unit)


HOUSING = PLAIN.model_copy(
    update={
        "id": "test-housing",
        "clocks": (
            PLAIN.clocks[0],
            PLAIN.clocks[1].model_copy(update={"anchor": Anchor.ACKNOWLEDGED, "span": days(10)}),
            PLAIN.clocks[2],
        ),
    }
)
ANSWER_ONLY = PLAIN.model_copy(update={"id": "test-answer-only", "clocks": PLAIN.clocks[1:]})
SLOWER = RICH.model_copy(
    update={
        "id": "test-slower",
        "clocks": tuple(
            rule.model_copy(update={"span": days(10, Unit.WORKING_DAYS)})
            if (rule.kind, rule.anchor) == (ClockKind.FINAL_RESPONSE, Anchor.RECEIVED)
            else rule
            for rule in RICH.clocks
        ),
    }
)
CALENDARS = {"every-day": EVERY_DAY, "office": OFFICE}


def change(story: Story, policy: Policy) -> list[str]:
    story.rulebook |= {policy.pin: (policy, CALENDARS[policy.calendar])}
    return story.do(c.ChangePolicy(policy=policy.pin, reason=s.text(21)), SUPERVISOR)


def hold(story: Story, kind: HoldKind = HoldKind.CUSTOMER) -> Story:
    """Held from the 3rd, 10:00, to the 5th, 12:00: the 3rd and the 4th end in it."""
    return tell(story.at(march(3, 10)), c.Hold(kind=kind, until=march(5, 12), reason=s.text(10)))


def running(story: Story) -> dict[str, object]:
    return {clock.key: clock.due_at for clock in story.case.running_clocks}


def test_due_times_before_and_after_are_on_record() -> None:
    story = story_at("investigating")
    assert change(story, RICH) == ["complaint.policy_changed"]
    [changed] = story.told(PolicyChanged)
    assert (changed.old, changed.new, changed.reason) == ("test-plain@1", "test-rich@2", s.text(21))
    assert changed.due_before == {"acknowledge.1": march(4), "final_response.1": march(18)}
    after = {
        "acknowledge.1": march(4),
        "final_response.1": march(11),
        "first_response.1": march(3, 9, 30),
        "periodic_update.1": march(10),
    }
    assert changed.due_after == running(story) == after
    assert story.case.policy == "test-rich@2"
    assert story.clock("final_response.1").calendar == "office@3"


def test_what_the_new_policy_does_not_know_is_cancelled() -> None:
    story = story_at("investigating", RICH)
    change(story, PLAIN)
    assert running(story) == {"acknowledge.1": march(4), "final_response.1": march(18)}
    assert story.clock_states["first_response.1"] == story.clock_states["periodic_update.1"] == "cancelled"


def test_what_is_overdue_by_the_new_policy_is_broken_in_the_same_breath() -> None:
    story = story_at("investigating").wait(seconds=61)
    assert story.do(s.CHANGE_POLICY) == ["complaint.policy_changed", "clock.breached", "clock.breached"]
    assert story.case.nearest_due() is None


def test_a_clock_that_the_new_policy_starts_elsewhere_begins_there() -> None:
    story = story_at("investigating").at(march(3, 9))
    story.delivered("acknowledgement.1")
    change(story, HOUSING)
    assert running(story) == {"final_response.2": march(14)}  # ten days after the acknowledgement: the 4th to the 13th
    change(story, PLAIN)
    assert running(story) == {"final_response.3": march(18)}


def test_a_clock_whose_anchor_is_still_ahead_starts_when_it_comes() -> None:
    story = story_at("investigating")
    change(story, HOUSING)
    assert running(story) == {"acknowledge.1": march(4)}
    story.at(march(3, 9)).delivered("acknowledgement.1")
    assert running(story) == {"final_response.2": march(14)}


def test_what_was_done_is_not_promised_again() -> None:
    story = tell(story_at("investigating", ANSWER_ONLY), s.UPDATE)
    story.delivered("acknowledgement.1")
    change(story, RICH)
    # acknowledged, assessed and first told already; the next update counts from the one that was made
    assert running(story) == {"final_response.1": march(11), "periodic_update.1": march(10)}


def test_the_next_update_counts_from_the_last_one_that_was_made() -> None:
    story = story_at("investigating", ANSWER_ONLY).at(march(6, 9))
    story.do(s.UPDATE)
    change(story, RICH)
    assert running(story)["periodic_update.1"] == march(14)  # the 7th to the 13th


def test_a_promise_that_was_broken_stays_broken() -> None:
    story = story_at("investigating").at(march(5))
    story.tick()
    change(story, HOUSING)
    assert story.clock_states["acknowledge.1"] == "breached"
    assert "acknowledge.2" not in story.clock_states


def test_time_that_stood_still_is_not_lost() -> None:
    story = hold(story_at("investigating", RICH)).at(march(5, 12))
    story.tick()
    assert story.due("final_response.1") == march(13)
    change(story, SLOWER)
    assert story.due("final_response.1") == march(20)  # 5, 6, 10, 11, 12, 13, 16, 17, 18, 19


def test_a_hold_that_the_new_policy_names_too_goes_on() -> None:
    story = hold(story_at("investigating", RICH)).at(march(4, 9))
    change(story, SLOWER)
    assert story.clock_states["final_response.1"] == "paused"
    story.at(march(5, 12)).tick()
    assert story.due("final_response.1") == march(20)


def test_a_clock_that_the_new_policy_does_not_stop_goes_on_from_here() -> None:
    story = hold(story_at("investigating", RICH)).at(march(5, 9))
    change(story, PLAIN)
    assert story.clock_states["final_response.1"] == "running"
    assert story.due("final_response.1") == march(20)  # the 5th to the 19th


def test_a_clock_that_the_new_policy_stops_has_stood_still_since_the_hold_began() -> None:
    story = hold(story_at("investigating")).at(march(4, 9))
    change(story, RICH)
    assert story.clock_states["final_response.1"] == "paused"
    story.at(march(5, 12)).tick()
    assert story.due("final_response.1") == march(13)  # 5, 6, 10, 11, 12
    assert story.due("periodic_update.1") == march(12)


def test_a_case_that_was_taken_up_again_keeps_the_clock_of_its_attempt() -> None:
    story = tell(story_at("closed after an answer").at(march(4, 9)), s.REOPEN, by=HOTLINE)
    change(story, RICH)
    assert running(story) == {"final_response.2": march(13)}  # five working days after the 4th: 5, 6, 10, 11, 12


def test_an_answered_case_is_promised_no_second_answer() -> None:
    story = story_at("responded")
    change(story, RICH)
    assert running(story) == {}


def test_what_is_given_after_the_change_is_judged_by_the_new_policy() -> None:
    story = story_at("investigating", RICH)
    change(story, PLAIN)
    evidence = c.Hold(kind=HoldKind.EVIDENCE, until=march(3), reason=s.text(10))
    assert story.refused(evidence) == "hold_not_allowed"
    story.do(s.RESPOND)
    assert story.case.status == "responded"  # nobody calls back under this one


def test_the_windows_of_the_end_are_those_of_the_new_policy() -> None:
    story = story_at("responded")
    change(story, RICH)
    story.do(s.CLOSE)
    # twenty working days after 2 March: 3–6, 10–13, 16–20, 23–27, 30 and 31 March
    assert story.case.reopen_until == march(31) + timedelta(days=1)
