"""Questions to partners: each has its number and its clock (two working days under `RICH`), and is answered once."""

import pytest

from domain.complaints import commands as c
from domain.complaints.facts import ClockBreached, Escalated
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import RICH
from tests.unit.complaints.story import Story, march, story_at, tell

SECOND = c.RequestPartner(partner="carrier", question=s.text(23))


def reply(number: int) -> c.PartnerReply:
    return c.PartnerReply(number=number, answer=s.text(17))


def asked() -> Story:
    return tell(story_at("investigating", RICH), s.ASK_PARTNER)


def test_a_question_starts_its_clock_and_the_reply_meets_it() -> None:
    story = asked()
    assert story.due("partner_reply.1") == march(5)  # the 3rd and the 4th
    assert story.do(reply(1)) == ["partner.replied"]
    assert story.clock_states["partner_reply.1"] == "met"
    [request] = story.case.partner_requests
    assert (request.number, request.partner, request.question, request.answer) == (
        1,
        "installer",
        s.text(16),
        s.text(17),
    )


def test_each_reply_meets_the_clock_of_its_own_question() -> None:
    story = asked()
    story.at(march(3, 9)).do(SECOND)
    assert (story.due("partner_reply.1"), story.due("partner_reply.2")) == (march(5), march(6))
    story.do(reply(2))
    assert (story.clock_states["partner_reply.1"], story.clock_states["partner_reply.2"]) == ("running", "met")
    assert [request.answer for request in story.case.partner_requests] == [None, s.text(17)]


@pytest.mark.parametrize("number", [1, 3])
def test_a_question_is_answered_once_and_one_that_was_not_asked_never(number: int) -> None:
    story = tell(asked(), SECOND, reply(1))
    before = story.case
    assert story.refused(reply(number)) == "no_open_question"
    assert story.case == before


def test_a_partner_who_is_late_raises_the_case_and_may_still_answer() -> None:
    story = asked().at(march(5))
    story.tick()
    assert "partner_reply" in {breach.kind for breach in story.told(ClockBreached)}
    assert story.told(Escalated)[-1].cause == "breach:partner_reply"
    story.do(reply(1))
    assert (story.clock_states["partner_reply.1"], story.clock("partner_reply.1").met_at) == ("breached", march(5))


def test_a_question_keeps_its_number_where_the_policy_started_no_clock_for_an_earlier_one() -> None:
    story = tell(story_at("investigating"), s.ASK_PARTNER, c.ChangePolicy(policy="test-rich@2", reason=s.text(21)))
    tell(story, SECOND, reply(2))
    assert story.clock_states["partner_reply.2"] == "met"
    assert "partner_reply.1" not in story.clock_states


def test_a_partner_may_answer_after_the_customer_has_the_answer_but_not_after_the_end() -> None:
    story = tell(asked(), s.RESPOND)
    assert story.refused(reply(1)) is None
    story.do(s.WITHDRAW)
    assert story.clock_states["partner_reply.1"] == "cancelled"
    assert story.refused(reply(1)) == "not_lawful_now"
