"""Telling the customer how things stand, and being warned before a promise breaks.

Under `RICH` an update is owed every seven calendar days: the first when 9 March ends. Of the time to answer (2 March,
9:30 to the end of the 10th: 206.5 hours) half is up on the 6th at 16:45, four fifths on the 9th at 6:42.
"""

from datetime import timedelta

import pytest

from domain.complaints import commands as c
from domain.complaints.facts import ClockBreached, ClockWarned, Escalated
from domain.complaints.terms import ClockKind, HoldKind, Way
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import RICH
from tests.unit.complaints.story import HOTLINE, Story, march, story_at, tell

HALF, FOUR_FIFTHS, DUE = march(6, 16, 45), march(9, 6, 42), march(11)


def investigating() -> Story:
    story = story_at("investigating", RICH)
    story.delivered("acknowledgement.1")
    return story


def test_an_update_restarts_its_clock_and_is_the_first_contact_too() -> None:
    story = investigating().at(march(3, 9))
    assert story.do(s.UPDATE) == ["complaint.customer_updated"]
    assert story.clock_states["periodic_update.1"] == story.clock_states["first_response.1"] == "met"
    assert story.due("periodic_update.2") == march(11)  # the 4th to the 10th
    assert story.case.updated_at == march(3, 9)


def test_an_update_by_mail_counts_when_it_was_delivered() -> None:
    story = tell(investigating(), s.UPDATE_BY_MAIL)
    assert story.clock_states["periodic_update.1"] == "running"
    story.at(march(4, 9)).delivered("update_letter.1")
    assert story.clock_states["periodic_update.1"] == "met"
    assert story.due("periodic_update.2") == march(12)


def test_a_missed_update_is_owed_again_a_period_later() -> None:
    story = investigating().at(march(10))
    story.tick()
    assert story.clock_states["periodic_update.1"] == "breached"
    assert story.due("periodic_update.2") == march(17)  # the 10th to the 16th


def test_after_an_outage_every_missed_update_is_on_record_and_the_next_one_is_ahead() -> None:
    story = investigating().at(march(25, 12))
    story.tick()
    missed = [breach.due_at for breach in story.told(ClockBreached) if breach.kind == "periodic_update"]
    assert missed == [march(10), march(17), march(24)]
    assert story.due("periodic_update.4") == march(31)
    assert story.tick() == []


def test_an_update_after_a_missed_one_is_late_for_that_and_starts_a_new_period() -> None:
    story = investigating().at(march(12, 9))
    story.do(s.UPDATE)
    late = story.clock("periodic_update.1")
    assert (late.state, late.met_at) == ("breached", march(12, 9))
    assert (story.clock_states["periodic_update.2"], story.due("periodic_update.3")) == ("met", march(20))


def test_no_update_is_owed_once_the_customer_has_the_answer() -> None:
    story = tell(investigating(), s.RESPOND)
    assert story.clock_states["periodic_update.1"] == "met"
    story.do(s.UPDATE)
    assert "periodic_update.2" not in story.clock_states


def test_an_update_letter_that_arrives_after_the_end_starts_nothing() -> None:
    story = tell(investigating(), s.UPDATE_BY_MAIL)
    story.do(s.WITHDRAW, HOTLINE)
    story.delivered("update_letter.1")
    assert story.case.nearest_due() is None


def test_while_an_update_letter_is_under_way_no_second_one_is_sent_but_the_telephone_is_free() -> None:
    story = tell(investigating(), s.UPDATE_BY_MAIL)
    assert story.refused(s.UPDATE_BY_MAIL) == "letter_under_way"
    assert story.refused(s.UPDATE) is None
    story.failed("update_letter.1")
    assert [step.key for step in story.case.parked] == ["update_letter.1"]
    assert story.refused(s.UPDATE_BY_MAIL) == "letter_under_way"


def test_a_customer_without_an_address_is_not_mailed() -> None:
    story = story_at("investigating", RICH, reachable_by=(Way.PHONE,))
    assert story.refused(s.UPDATE_BY_MAIL) == "no_email"


def test_the_period_of_an_update_that_is_made_under_a_hold_begins_after_it() -> None:
    story = investigating().at(march(3, 9))
    tell(story, c.Hold(kind=HoldKind.CUSTOMER, until=march(6, 12), reason=s.text(10)), s.UPDATE)
    assert story.clock_states["periodic_update.2"] == "paused"
    story.at(march(6, 12)).tick()
    assert story.due("periodic_update.2") == march(13)  # the 6th to the 12th


def test_a_warning_comes_at_its_share_of_the_time_and_once() -> None:
    story = investigating().at(HALF - timedelta(microseconds=1))
    story.do(s.UPDATE)
    assert story.tick() == []
    assert story.case.nearest_due() == HALF
    assert story.at(HALF).tick() == ["clock.warned"]
    [warned] = story.told(ClockWarned)
    assert (warned.kind, warned.percent) == ("final_response", 50)
    assert story.tick() == []
    assert story.clock_states["final_response.1"] == "running"


def test_a_warning_that_escalates_raises_the_case() -> None:
    story = investigating().at(march(5))
    story.do(s.UPDATE)
    assert story.at(FOUR_FIFTHS).tick() == ["clock.warned", "complaint.escalated"]
    assert [warned.percent for warned in story.told(ClockWarned)] == [80]  # the first was due in the same breath
    [escalated] = story.told(Escalated)
    assert (escalated.level, escalated.cause) == (1, "warning:final_response")
    assert story.case.escalation_is_open


def test_nobody_is_warned_of_what_has_broken_already() -> None:
    story = investigating().at(DUE)
    story.tick()
    assert story.told(ClockWarned) == []


def test_nobody_is_warned_while_the_clock_stands_still() -> None:
    story = investigating().at(march(3, 9))
    story.do(c.Hold(kind=HoldKind.CUSTOMER, until=march(20), reason=s.text(10)))
    assert "clock.warned" not in story.at(march(19)).tick()


@pytest.mark.parametrize("end", [s.RESPOND, s.WITHDRAW])
def test_an_answered_or_withdrawn_complaint_warns_nobody(end: c.Command) -> None:
    story = tell(investigating(), end)
    assert "clock.warned" not in story.at(march(10)).tick()


def test_what_comes_due_is_told_in_its_order() -> None:
    """Hold, warning and breach after a long outage: each at its own time, whenever noticed."""
    story = investigating().at(march(3, 9))
    story.do(c.Hold(kind=HoldKind.EVIDENCE, until=march(3, 12), reason=s.text(10)))
    made = story.at(march(10)).tick()
    assert [fact for fact in made if fact != "complaint.escalated"] == [
        "clock.breached",  # first contact: 3 March, 9:30
        "complaint.resumed",  # 3 March, 12:00
        "clock.warned",  # half of the time to answer: 6 March
        "clock.breached",  # the update: end of 9 March
    ]
    assert {breach.kind for breach in story.told(ClockBreached)} == {
        ClockKind.FIRST_RESPONSE,
        ClockKind.PERIODIC_UPDATE,
    }
