"""From which places of its life a case takes which command, and where that leads.

The table is written out after the procedure of ISO 10002 as the design describes it, not read from the code.
"""

import pytest

from domain.access import Person, Role
from domain.complaints import commands as c
from domain.complaints.decide import allowed_commands
from domain.complaints.terms import Status
from tests.unit.complaints import story as s
from tests.unit.complaints.story import COLLEAGUE, HANDLER, SUPERVISOR, WAYS_TO, story_at

UNTOUCHED = {
    "received": "received",
    "assessing on appeal": "assessing",
    "explaining": "explaining",
    "accepted": "accepted",
    "assigned": "assigned",
    "investigating": "investigating",
    "responding": "responding",
    "responded": "responded",
    "closed after an answer": "closed",
    "closed as invalid": "closed",
    "duplicate": "duplicate",
    "transferred": "transferred",
    "withdrawn": "withdrawn",
}
OPEN = (
    "received",
    "assessing on appeal",
    "explaining",
    "accepted",
    "assigned",
    "investigating",
    "responding",
    "responded",
)
ASSESSABLE = ("received", "assessing on appeal")
EXPLAINED = ("closed as invalid", "duplicate", "transferred")

COMMANDS: dict[str, tuple[c.Command, dict[str, str]]] = {
    "acknowledge": (s.ACKNOWLEDGE, {place: UNTOUCHED[place] for place in ASSESSABLE}),
    "assess as valid": (s.VALID, dict.fromkeys(ASSESSABLE, "accepted")),
    "assess as invalid": (s.INVALID, dict.fromkeys(ASSESSABLE, "explaining")),
    "assess as a duplicate": (s.DUPLICATE, dict.fromkeys(ASSESSABLE, "explaining")),
    "assess as not ours": (s.NOT_OURS, dict.fromkeys(ASSESSABLE, "explaining")),
    "assess as a service request": (s.SERVICE_REQUEST, dict.fromkeys(ASSESSABLE, "explaining")),
    "explain": (s.EXPLAIN, {"explaining": "closed"}),
    "explain by mail": (s.EXPLAIN_BY_MAIL, {"explaining": "explaining"}),
    "appeal": (s.APPEAL, dict.fromkeys(EXPLAINED, "assessing")),
    "assign": (s.ASSIGN, dict.fromkeys(("accepted", "assigned", "investigating"), "assigned")),
    "claim": (s.CLAIM, {"accepted": "assigned"}),
    "start investigation": (s.START, {"assigned": "investigating"}),
    "respond": (s.RESPOND, {"investigating": "responded"}),
    "respond by mail": (s.RESPOND_BY_MAIL, {"investigating": "responding"}),
    "close": (s.CLOSE, {"responded": "closed"}),
    "note": (s.NOTE, UNTOUCHED),
    "correct a code": (c.Correct(field="product", code="boiler"), UNTOUCHED),
    "correct personal data": (c.Correct(field="phone", text=s.text(8)), UNTOUCHED),
    "withdraw": (s.WITHDRAW, dict.fromkeys(OPEN, "withdrawn")),
    "reopen": (s.REOPEN, dict.fromkeys(("responded", "closed after an answer"), "assigned")),
}
"""By command: the places from which it is lawful, with the status after it."""


def actor_of(command: str, place: str) -> str:
    """On appeal somebody else than the handler, who assessed first."""
    return COLLEAGUE if command.startswith("assess") and place == "assessing on appeal" else HANDLER


@pytest.mark.parametrize("place", WAYS_TO)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_leads_where_the_procedure_says_and_is_refused_everywhere_else(name: str, place: str) -> None:
    command, leads_to = COMMANDS[name]
    story = story_at(place)
    before = story.case

    if place in leads_to:
        assert story.do(command, actor_of(name, place))
        assert story.case.status == leads_to[place]
    else:
        assert story.refused(command, actor_of(name, place)) in {
            "not_lawful_now",
            "not_answered",  # a complaint closed as invalid is appealed, not reopened
            "not_explained",  # an answered complaint is reopened, not appealed
        }
        assert story.case == before


def test_the_table_asks_every_command_of_persons_but_those_to_steps() -> None:
    asked = {type(command) for command, _ in COMMANDS.values()}
    assert asked == set(c.PERSONS_COMMANDS.values()) - {c.RetryStep, c.SkipStep}


def test_the_ways_come_to_every_status() -> None:
    assert {story_at(place).case.status for place in WAYS_TO} == set(Status)


@pytest.mark.parametrize("decision", ["assess as valid", "assess as invalid"])
def test_an_appealed_complaint_may_find_another_end(decision: str) -> None:
    story = story_at("assessing on appeal")
    story.do(COMMANDS[decision][0], COLLEAGUE)
    assert story.case.decision == decision.removeprefix("assess as ")
    assert story.case.assessed_by == COLLEAGUE


def test_a_complaint_partly_valid_is_handled_like_a_valid_one() -> None:
    story = story_at("received")
    story.do(c.Assess(decision="partly"))
    assert story.case.status is Status.ACCEPTED
    assert story.case.was_upheld


ALLOWED: list[tuple[str, Role, set[str]]] = [
    ("received", Role.HOTLINE, {"acknowledge", "note", "correct", "withdraw"}),
    ("received", Role.HANDLER, {"acknowledge", "assess", "note", "correct"}),
    ("accepted", Role.HANDLER, {"claim", "note", "correct"}),
    ("accepted", Role.SUPERVISOR, {"assign", "note", "correct", "withdraw"}),
    ("investigating", Role.HANDLER, {"respond", "note", "correct"}),
    ("investigating", Role.SUPERVISOR, {"assign", "note", "correct", "withdraw"}),  # not the handler: no respond
    ("closed after an answer", Role.HOTLINE, {"reopen", "note", "correct"}),
    ("closed as invalid", Role.HOTLINE, {"appeal", "note", "correct"}),
    ("withdrawn", Role.SUPERVISOR, {"note", "correct"}),
    ("responded", Role.CALLER, {"note"}),
    ("received", Role.OPERATOR, set()),
    ("received", Role.AUDITOR, set()),
]


@pytest.mark.parametrize(("place", "role", "expected"), ALLOWED, ids=str)
def test_a_person_is_offered_what_role_status_and_guards_allow(place: str, role: Role, expected: set[str]) -> None:
    story = story_at(place)
    person = Person(id=HANDLER if role is Role.HANDLER else SUPERVISOR, name="somebody", roles=frozenset({role}))
    assert set(allowed_commands(story.case, person, story.circumstances)) == expected


def test_an_operator_is_offered_the_steps_when_one_is_parked() -> None:
    story = story_at("responding")
    story.failed("response_letter.1")
    operator = Person(id="per_operator1", name="somebody", roles=frozenset({Role.OPERATOR}))
    assert set(allowed_commands(story.case, operator, story.circumstances)) == {"retry_step", "skip_step"}


def test_a_person_who_left_is_offered_nothing() -> None:
    story = story_at("received")
    gone = Person(id=HANDLER, name="somebody", roles=frozenset(Role), active=False)
    assert allowed_commands(story.case, gone, story.circumstances) == ()
