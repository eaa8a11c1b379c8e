"""From which places of its life a case takes which command, and where that leads.

The table is written out after complaints.md, section 1, as the design describes it, not read from the code.
"""

import pytest

from domain.complaints import commands as c
from domain.complaints.terms import Correctable, Decision, Reached, Status, Way
from tests.unit.complaints import story as s
from tests.unit.complaints.story import (
    CALLER,
    COLLEAGUE,
    CUSTOMER,
    HANDLER,
    OPERATOR,
    SUPERVISOR,
    WAYS_TO,
    Story,
    story_at,
)

UNTOUCHED = {
    "received": "received",
    "assessing on appeal": "assessing",
    "explaining": "explaining",
    "accepted": "accepted",
    "assigned": "assigned",
    "investigating": "investigating",
    "responding": "responding",
    "responded": "responded",
    "callback": "callback",
    "stage_two unassigned": "stage_two",
    "stage_two assigned": "stage_two",
    "external": "external",
    "closed after an answer": "closed",
    "closed as invalid": "closed",
    "duplicate": "duplicate",
    "transferred": "transferred",
    "withdrawn": "withdrawn",
}
ASSESSABLE = ("received", "assessing on appeal")
EXPLAINED = ("closed as invalid", "duplicate", "transferred")
ENDED = (*EXPLAINED, "closed after an answer", "withdrawn")
OPEN = tuple(place for place in UNTOUCHED if place not in ENDED)
UNDER_STAGE_TWO = ("stage_two unassigned", "stage_two assigned")
UNANSWERED = (*(place for place in OPEN[:7]), *UNDER_STAGE_TWO)
ANSWERED = ("responded", "callback", "closed after an answer")
LOOKED_INTO = ("investigating", *UNDER_STAGE_TWO)


def stays(*places: str) -> dict[str, str]:
    return {place: UNTOUCHED[place] for place in places}


COMMANDS: dict[str, tuple[c.Command, dict[str, str]]] = {
    "acknowledge": (s.ACKNOWLEDGE, stays(*ASSESSABLE)),
    "assess as valid": (s.VALID, dict.fromkeys(ASSESSABLE, "accepted")),
    "assess as invalid": (s.INVALID, dict.fromkeys(ASSESSABLE, "explaining")),
    "assess as a duplicate": (s.DUPLICATE, dict.fromkeys(ASSESSABLE, "explaining")),
    "assess as not ours": (s.NOT_OURS, dict.fromkeys(ASSESSABLE, "explaining")),
    "assess as a service request": (s.SERVICE_REQUEST, dict.fromkeys(ASSESSABLE, "explaining")),
    "explain": (s.EXPLAIN, {"explaining": "closed"}),
    "explain by mail": (s.EXPLAIN_BY_MAIL, {"explaining": "explaining"}),
    "appeal": (s.APPEAL, dict.fromkeys(EXPLAINED, "assessing")),
    "assign": (
        s.ASSIGN,
        dict.fromkeys(("accepted", "assigned", "investigating"), "assigned") | stays(*UNDER_STAGE_TWO),
    ),
    "claim": (s.CLAIM, {"accepted": "assigned"}),
    "claim by another": (s.CLAIM, {"accepted": "assigned", "stage_two unassigned": "stage_two"}),
    "start investigation": (s.START, {"assigned": "investigating"}),
    "start investigation in stage two": (s.START, {"stage_two assigned": "investigating"}),
    "hold": (s.HOLD, stays(*OPEN)),
    "resume": (s.RESUME, stays(*OPEN)),
    "extend": (s.EXTEND, stays(*UNANSWERED)),
    "approve extension": (s.APPROVE_EXTENSION, stays(*UNANSWERED)),
    "update customer": (s.UPDATE, stays(*OPEN)),
    "note": (s.NOTE, UNTOUCHED),
    "attach": (s.ATTACH, UNTOUCHED),
    "correct a code": (c.Correct(field=Correctable.PRODUCT, code="boiler"), UNTOUCHED),
    "correct personal data": (c.Correct(field=Correctable.PHONE, text=s.text(8)), UNTOUCHED),
    "respond": (s.RESPOND, {"investigating": "responded"}),
    "respond by mail": (s.RESPOND_BY_MAIL, {"investigating": "responding"}),
    "plan callback": (s.PLAN, dict.fromkeys(("responded", "callback"), "callback")),
    "record a satisfied visit": (s.SETTLED, {"responded": "closed", "callback": "closed"}),
    "record an unsatisfied visit": (s.NOT_SETTLED, {"responded": "assigned", "callback": "assigned"}),
    "record a visit in vain": (s.NO_ANSWER, {"responded": "callback", "callback": "callback"}),
    "confirm": (c.Confirm(satisfaction=5), dict.fromkeys(("responded", "callback"), "closed")),
    "reopen": (s.REOPEN, dict.fromkeys(ANSWERED, "assigned")),
    "escalate": (s.ESCALATE, stays(*OPEN)),
    "acknowledge escalation": (s.ACKNOWLEDGE_ESCALATION, stays(*OPEN)),
    "to stage two": (s.TO_STAGE_TWO, dict.fromkeys(ANSWERED, "stage_two")),
    "refer external": (
        s.REFER,
        dict.fromkeys((*ANSWERED, *UNDER_STAGE_TWO, "closed as invalid"), "external"),
    ),
    "record external outcome": (s.EXTERNAL_OUTCOME, {"external": "closed"}),
    "request partner": (s.ASK_PARTNER, stays(*LOOKED_INTO)),
    "partner reply": (s.PARTNER_REPLY, stays(*LOOKED_INTO)),
    "request redress": (s.ASK_REDRESS, stays(*LOOKED_INTO, "responding", "responded", "callback")),
    "approve redress": (s.APPROVE_REDRESS, stays(*LOOKED_INTO, "responding", "responded", "callback")),
    "reject redress": (s.REJECT_REDRESS, stays(*LOOKED_INTO, "responding", "responded", "callback")),
    "pay redress": (s.PAY_REDRESS, stays(*LOOKED_INTO, "responding", "responded", "callback")),
    "merge": (s.MERGE, stays(*OPEN)),
    "unmerge": (s.UNMERGE, stays(*OPEN)),
    "link incident": (s.LINK_INCIDENT, stays(*OPEN)),
    "unlink incident": (s.UNLINK_INCIDENT, stays(*OPEN)),
    "change policy": (s.CHANGE_POLICY, stays(*OPEN)),
    "recalculate clocks": (s.RECALCULATE, stays(*UNANSWERED)),
    "withdraw": (s.WITHDRAW, dict.fromkeys(OPEN, "withdrawn")),
    "close": (s.CLOSE, {"responded": "closed"}),
    "abort": (s.ABORT, dict.fromkeys(OPEN, "closed")),
    "mark posted": (c.MarkPosted(item="update_letter.1"), stays(*OPEN)),
    "record call": (c.RecordCall(item="update_letter.1", result=Reached.REACHED), stays(*OPEN)),
    "retry step": (c.RetryStep(step="acknowledgement.1"), stays(*OPEN, *EXPLAINED, "closed after an answer")),
    "amend step": (
        c.AmendStep(step="acknowledgement.1", reason=s.text(9), not_before=s.RECEIVED_AT),
        stays(*OPEN, *EXPLAINED, "closed after an answer"),
    ),
    "skip step": (
        c.SkipStep(step="acknowledgement.1", reason=s.text(9)),
        stays(*OPEN, *EXPLAINED, "closed after an answer"),
    ),
}
"""By command: the places from which it is lawful, with the status after it."""

BEFOREHAND: dict[str, tuple[tuple[c.Command, str], ...]] = {
    "resume": ((s.HOLD, HANDLER),),
    "approve extension": ((s.EXTEND, HANDLER),),
    "acknowledge escalation": ((s.ESCALATE, HANDLER),),
    "partner reply": ((s.ASK_PARTNER, HANDLER),),
    "approve redress": ((s.ASK_REDRESS, HANDLER),),
    "reject redress": ((s.ASK_REDRESS, HANDLER),),
    "pay redress": ((s.ASK_REDRESS, HANDLER), (s.APPROVE_REDRESS, SUPERVISOR)),
    "unmerge": ((s.MERGE, SUPERVISOR),),
    "unlink incident": ((s.LINK_INCIDENT, SUPERVISOR),),
    "mark posted": (
        (c.Correct(field=Correctable.ADDRESS, text=s.text(8)), HANDLER),
        (s.UPDATE.model_copy(update={"way": Way.POST}), HANDLER),
    ),
    "record call": ((c.Correct(field=Correctable.PHONE, text=s.text(8)), HANDLER), (s.UPDATE_BY_CALL, HANDLER)),
    **dict.fromkeys(
        ("abort", "retry step", "amend step", "skip step"),
        ((c.StepFailed(step="acknowledgement.1", error="mail_refused", attempts=5), "system"),),
    ),
}
"""What must have happened before some commands; where even that is unlawful, so is the command."""

ACTORS = {
    "claim by another": COLLEAGUE,
    "start investigation in stage two": COLLEAGUE,
    "approve extension": SUPERVISOR,
    "confirm": CUSTOMER,
    "record a satisfied visit": CALLER,
    "record an unsatisfied visit": CALLER,
    "record a visit in vain": CALLER,
    "approve redress": SUPERVISOR,
    "abort": OPERATOR,
}
TELLING_GUARDS = {
    "acknowledge escalation": {"nothing_escalated"},
    "appeal": {"not_explained"},  # an answered complaint is reopened, not appealed
    "approve extension": {"no_extension_asked"},
    "approve redress": {"no_redress_asked"},
    "claim": {"not_eligible", "already_assigned"},  # in stage two: handled stage one, or somebody has it
    "claim by another": {"already_assigned"},
    "extend": {"clock_not_running"},
    "mark posted": {"not_to_be_posted"},
    "partner reply": {"no_open_question"},
    "record call": {"no_call_asked"},
    "pay redress": {"redress_not_approved"},
    "recalculate clocks": {"nothing_moves"},
    "reject redress": {"no_redress_asked"},
    "reopen": {"not_answered"},  # a complaint closed as invalid is appealed, not reopened
    "retry step": {"step_not_parked"},
    "amend step": {"step_not_parked"},
    "skip step": {"step_not_parked"},
    "start investigation": {"not_the_handler"},
    "start investigation in stage two": {"not_the_handler"},
    "to stage two": {"not_answered"},
}
"""What refuses a command where its status would allow it; everywhere else it is `not_lawful_now`."""


def actor_of(command: str, place: str) -> str:
    """On appeal somebody else than the handler, who assessed first."""
    if command.startswith("assess") and place == "assessing on appeal":
        return COLLEAGUE
    return ACTORS.get(command, HANDLER)


def prepared(command: str, place: str) -> Story:
    story = story_at(place)
    for before, by in BEFOREHAND.get(command, ()):
        if story.refused(before, by) is None:
            story.do(before, by)
    return story


@pytest.mark.parametrize("place", WAYS_TO)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_leads_where_the_procedure_says_and_is_refused_everywhere_else(name: str, place: str) -> None:
    command, leads_to = COMMANDS[name]
    story = prepared(name, place)
    before = story.case

    if place in leads_to:
        assert story.do(command, actor_of(name, place))
        assert story.case.status == leads_to[place]
    else:
        assert story.refused(command, actor_of(name, place)) in {"not_lawful_now", *TELLING_GUARDS.get(name, ())}
        assert story.case == before


def test_the_table_asks_every_command_of_persons() -> None:
    assert {type(command) for command, _ in COMMANDS.values()} == set(c.PERSONS_COMMANDS.values())


def test_the_ways_come_to_every_status() -> None:
    assert set(UNTOUCHED) == set(WAYS_TO)
    assert {story_at(place).case.status for place in WAYS_TO} == set(Status)


@pytest.mark.parametrize("decision", ["assess as valid", "assess as invalid"])
def test_an_appealed_complaint_may_find_another_end(decision: str) -> None:
    story = story_at("assessing on appeal")
    story.do(COMMANDS[decision][0], COLLEAGUE)
    assert story.case.decision == decision.removeprefix("assess as ")
    assert story.case.assessed_by == COLLEAGUE


def test_a_complaint_partly_valid_is_handled_like_a_valid_one() -> None:
    story = story_at("received")
    story.do(c.Assess(decision=Decision.PARTLY))
    assert story.case.status is Status.ACCEPTED
    assert story.case.was_upheld
