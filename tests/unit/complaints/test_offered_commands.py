"""Which commands a person is offered: what role, status and guards allow, as far as it can be said without a body."""

import pytest

from domain.access import Person, Role
from domain.complaints.decide import allowed_commands
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import RICH
from tests.unit.complaints.story import (
    CALLER,
    CUSTOMER,
    HANDLER,
    HOTLINE,
    OPERATOR,
    SUPERVISOR,
    Story,
    answered_story,
    story_at,
)

ALWAYS = {"note", "attach"}
OF_AN_OPEN_CASE = {"correct", "hold", "extend", "update_customer", "escalate"}
OF_A_SUPERVISOR = {
    *("correct", "hold", "extend", "update_customer", "escalate"),
    *("withdraw", "merge", "link_incident", "change_policy", "recalculate_clocks"),
}
ALLOWED: list[tuple[str, Role, set[str]]] = [
    ("received", Role.HOTLINE, {"acknowledge", "correct", "withdraw", "update_customer", "escalate"}),
    ("received", Role.HANDLER, OF_AN_OPEN_CASE | {"acknowledge", "assess"}),
    ("accepted", Role.HANDLER, OF_AN_OPEN_CASE | {"claim"}),
    ("accepted", Role.SUPERVISOR, OF_A_SUPERVISOR | {"assign"}),
    ("investigating", Role.HANDLER, OF_AN_OPEN_CASE | {"respond", "request_partner", "request_redress"}),
    # not the handler: no respond
    ("investigating", Role.SUPERVISOR, OF_A_SUPERVISOR | {"assign", "request_partner", "request_redress"}),
    ("callback", Role.CALLER, {"plan_callback", "record_visit"}),
    ("callback", Role.HOTLINE, {"correct", "withdraw", "reopen", "to_stage_two", "update_customer", "escalate"}),
    ("external", Role.SUPERVISOR, (OF_A_SUPERVISOR | {"record_external_outcome"}) - {"recalculate_clocks"}),
    ("closed after an answer", Role.HOTLINE, {"reopen", "to_stage_two", "correct"}),
    ("closed as invalid", Role.HOTLINE, {"appeal", "correct"}),
    ("withdrawn", Role.SUPERVISOR, {"correct"}),
    ("responded", Role.CALLER, {"plan_callback", "record_visit"}),
]


def offered(story: Story, role: Role, person: str) -> set[str]:
    somebody = Person(id=person, name="somebody", roles=frozenset({role}))
    return set(allowed_commands(story.case, somebody, story.circumstances))


@pytest.mark.parametrize(
    ("place", "role", "expected"), ALLOWED, ids=lambda each: each if isinstance(each, str) else len(each)
)
def test_a_person_is_offered_what_role_status_and_guards_allow(place: str, role: Role, expected: set[str]) -> None:
    person = HANDLER if role is Role.HANDLER else SUPERVISOR
    assert offered(story_at(place), role, person) == expected | ALWAYS


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR, Role.ANALYST, Role.PRIVACY, Role.ADMIN])
def test_those_who_do_not_handle_cases_are_offered_nothing(role: Role) -> None:
    assert offered(story_at("investigating"), role, SUPERVISOR) == set()


def test_an_operator_is_offered_the_steps_when_one_is_parked() -> None:
    story = story_at("responding")
    story.failed("response_letter.1")
    assert offered(story, Role.OPERATOR, OPERATOR) == {"retry_step", "amend_step", "skip_step", "abort"}


def test_a_person_who_left_is_offered_nothing() -> None:
    story = story_at("received")
    gone = Person(id=HANDLER, name="somebody", roles=frozenset(Role), active=False)
    assert allowed_commands(story.case, gone, story.circumstances) == ()


def test_a_handler_is_not_offered_to_call_back_the_own_customer() -> None:
    story = answered_story(RICH)
    assert "record_visit" not in offered(story, Role.CALLER, HANDLER)
    assert "record_visit" in offered(story, Role.CALLER, CALLER)


def test_a_second_attempt_on_the_same_day_is_not_offered() -> None:
    story = answered_story(RICH)
    story.do(s.NO_ANSWER, CALLER)
    assert "record_visit" not in offered(story, Role.CALLER, CALLER)
    assert "record_visit" in offered(story.wait(days=1), Role.CALLER, CALLER)


def test_what_waits_for_somebody_is_offered_to_who_may_do_it() -> None:
    story = story_at("investigating", RICH)
    for command in (s.HOLD, s.ESCALATE, s.ASK_PARTNER, s.ASK_REDRESS, s.MERGE, s.LINK_INCIDENT):
        story.do(command)
    waiting = {
        "resume",
        "acknowledge_escalation",
        "partner_reply",
        "approve_redress",
        "reject_redress",
        "unmerge",
        "unlink_incident",
    }
    assert waiting <= offered(story, Role.SUPERVISOR, SUPERVISOR)
    assert offered(story, Role.PARTNER, "partner:installer") == {"partner_reply", "attach"}
    assert not {"merge", "link_incident"} & offered(story, Role.SUPERVISOR, SUPERVISOR)


def test_without_a_second_stage_nobody_is_offered_one() -> None:
    one_stage = RICH.model_copy(update={"stage_two": False})
    assert "to_stage_two" not in offered(answered_story(one_stage), Role.HOTLINE, HOTLINE)
    assert "to_stage_two" in offered(answered_story(RICH), Role.HOTLINE, HOTLINE)


def test_a_customer_is_offered_to_confirm_an_answer_or_to_dispute_it() -> None:
    answered = offered(answered_story(RICH), Role.CUSTOMER, CUSTOMER)
    assert answered == {"confirm", "reopen", "withdraw", "note", "attach"}
    assert offered(story_at("investigating"), Role.CUSTOMER, CUSTOMER) == {"withdraw", "note", "attach"}
    assert offered(story_at("closed as invalid"), Role.CUSTOMER, CUSTOMER) == {"appeal", "note", "attach"}
    assert offered(story_at("closed after an answer"), Role.CUSTOMER, CUSTOMER) == {"reopen", "note", "attach"}


def test_a_partner_who_has_answered_is_not_offered_to_answer_again() -> None:
    assert offered(story_at("investigating"), Role.PARTNER, "partner:installer") == {"attach"}
