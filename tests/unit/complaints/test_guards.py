"""Each guard refuses by its name, with what would have been right, and changes nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.complaints import commands as c
from domain.complaints.decide import allowed_commands
from domain.complaints.policy import Duty
from domain.complaints.situation import SYSTEM
from domain.complaints.terms import Status, Way
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import PLAIN
from tests.unit.complaints.story import COLLEAGUE, HANDLER, HOTLINE, SUPERVISOR, Story, story_at


def acknowledged() -> Story:
    story = story_at("received")
    story.do(s.ACKNOWLEDGE)
    return story


def with_a_letter_at(place: str, step: str, *, parked: bool = False) -> Story:
    story = story_at(place)
    if place == "explaining":
        story.do(s.EXPLAIN_BY_MAIL)
    if parked:
        story.failed(step)
    return story


def appealed_twice() -> Story:
    story = story_at("assessing on appeal")
    story.do(s.INVALID, COLLEAGUE)
    story.do(s.EXPLAIN)
    return story


def with_staff(**changes: object) -> Story:
    story = story_at("accepted")
    changed = s.STAFF[COLLEAGUE].model_copy(update=changes)
    story.staff = {**s.STAFF, COLLEAGUE: changed}
    return story


def absent(hours: float) -> Story:
    return with_staff(absent_until=s.RECEIVED_AT + timedelta(hours=hours))


def parked_notice() -> Story:
    story = story_at("received")
    story.failed("acknowledgement.1")
    return story


def correction() -> Story:
    story = story_at("received")
    story.do(c.Correct(field="phone", text=s.text(8)))
    return story


def parked_correction() -> Story:
    story = correction()
    story.failed("identity_correction.1")
    return story


def parked_but_unreachable() -> Story:
    """The only address was one of a letter on paper, and yet a notice waits."""
    story = parked_notice()
    story.case = story.case.changed(intake=story.case.intake.model_copy(update={"reachable_by": (Way.POST,)}))
    return story


def amended(step: str = "acknowledgement.1", **changes: object) -> c.AmendStep:
    return c.AmendStep.model_validate({"step": step, "reason": s.text(9), **changes})


NOTICE = c.Acknowledge(way=Way.EMAIL)
RETRY = c.RetryStep(step="acknowledgement.1")
SKIP = c.SkipStep(step="acknowledgement.1", reason=s.text(9))
LATER = amended(not_before=s.RECEIVED_AT + timedelta(days=1))

REFUSALS: dict[str, list[tuple[Callable[[], Story], c.Command, str]]] = {
    "already_acknowledged": [(acknowledged, s.ACKNOWLEDGE, HANDLER), (acknowledged, NOTICE, HANDLER)],
    "notice_under_way": [
        (lambda: story_at("received"), NOTICE, HANDLER),  # the notice of the intake is being sent
        (parked_notice, NOTICE, HANDLER),
    ],
    "same_assessor": [(lambda: story_at("assessing on appeal"), s.VALID, HANDLER)],
    "not_explained": [(lambda: story_at("closed after an answer"), s.APPEAL, HOTLINE)],
    "already_appealed": [(appealed_twice, s.APPEAL, HOTLINE)],
    "not_answered": [
        (lambda: story_at("closed as invalid"), s.REOPEN, HOTLINE),
    ],
    "not_the_handler": [
        (lambda: story_at("assigned"), s.START, COLLEAGUE),
        (lambda: story_at("assigned"), s.START, SUPERVISOR),
        (lambda: story_at("investigating"), s.RESPOND, COLLEAGUE),
    ],
    "letter_under_way": [
        (lambda: with_a_letter_at("explaining", "explanation_letter.1"), s.EXPLAIN_BY_MAIL, HANDLER),
        (lambda: with_a_letter_at("explaining", "explanation_letter.1"), s.EXPLAIN, HANDLER),
        (lambda: with_a_letter_at("explaining", "explanation_letter.1", parked=True), s.EXPLAIN, HANDLER),
    ],
    "no_email": [
        (lambda: story_at("received", reachable_by=()), NOTICE, HANDLER),
        (lambda: story_at("explaining", reachable_by=(Way.PHONE,)), s.EXPLAIN_BY_MAIL, HANDLER),
        (lambda: story_at("investigating", reachable_by=(Way.POST,)), s.RESPOND_BY_MAIL, HANDLER),
    ],
    "unknown_person": [(lambda: story_at("accepted"), c.Assign(handler="per_nobody1"), SUPERVISOR)],
    "not_eligible": [
        (lambda: story_at("accepted"), c.Assign(handler=HOTLINE), SUPERVISOR),
        (lambda: with_staff(active=False), s.ASSIGN, SUPERVISOR),
        (lambda: absent(hours=1), s.ASSIGN, SUPERVISOR),
    ],
    "nothing_changes": [
        (parked_notice, amended(way=Way.EMAIL), "per_operator1"),
        (lambda: story_at("received"), c.Correct(field="severity", code="3"), HANDLER),
        (lambda: story_at("received", category="billing"), c.Correct(field="category", code="billing"), HANDLER),
    ],
    "duplicate_of_itself": [
        (
            lambda: story_at("received"),
            c.Assess(decision="duplicate", ground="already_answered", duplicate_of="C-2026-000017"),
            HANDLER,
        )
    ],
    "unknown_step": [(lambda: story_at("received"), c.RetryStep(step="response_letter.1"), "per_operator1")],
    "step_not_parked": [
        (lambda: story_at("received"), RETRY, "per_operator1"),
        (lambda: story_at("received"), SKIP, "per_operator1"),
        (lambda: story_at("received"), LATER, "per_operator1"),
    ],
    "not_amendable": [
        (parked_correction, amended("identity_correction.1", way=Way.EMAIL), "per_operator1"),
        (
            parked_correction,
            amended("identity_correction.1", not_before=s.RECEIVED_AT + timedelta(days=1)),
            "per_operator1",
        ),
    ],
    "not_a_message": [
        (
            correction,
            c.StepDeferred(step="identity_correction.1", until=s.RECEIVED_AT + timedelta(hours=1)),
            SYSTEM,
        )
    ],
    "way_not_carried": [(parked_notice, amended(way=Way.VISIT), "per_operator1")],
    "not_reachable": [(parked_but_unreachable, amended(way=Way.EMAIL), "per_operator1")],
    "not_its_template": [
        (parked_notice, amended(template="response_letter.en.1"), "per_operator1"),
        (parked_notice, amended(template="acknowledgement.en.99"), "per_operator1"),
        (parked_notice, amended(template="acknowledgement.en.sms.1"), "per_operator1"),
    ],
    "too_far_ahead": [(parked_notice, amended(not_before=s.RECEIVED_AT + timedelta(days=31)), "per_operator1")],
}
CASES = [(guard, *case) for guard, cases in REFUSALS.items() for case in cases]


@pytest.mark.parametrize(("guard", "tell", "command", "actor"), CASES, ids=[case[0] for case in CASES])
def test_a_guard_refuses_by_its_name_and_changes_nothing(
    guard: str, tell: Callable[[], Story], command: c.Command, actor: str
) -> None:
    story = tell()
    before = story.case.model_dump_json()
    assert story.refused(command, actor) == guard
    assert story.case.model_dump_json() == before


def test_an_absent_person_is_eligible_again_at_the_end_of_the_absence() -> None:
    story = absent(hours=1).wait(hours=1)
    story.do(s.ASSIGN, SUPERVISOR)
    assert story.case.handler == COLLEAGUE


def test_the_person_that_a_case_is_assigned_to_brings_its_team() -> None:
    story = story_at("accepted")
    story.do(s.ASSIGN, SUPERVISOR)
    assert (story.case.handler, story.case.team) == (COLLEAGUE, "heating")


def test_who_claims_a_case_becomes_its_handler_in_the_own_team() -> None:
    story = story_at("accepted")
    story.do(s.CLAIM, COLLEAGUE)
    assert (story.case.handler, story.case.team) == (COLLEAGUE, "heating")


def test_a_case_can_be_given_to_another_handler_who_begins_anew() -> None:
    story = story_at("investigating")
    story.do(s.ASSIGN, SUPERVISOR)
    assert story.case.status is Status.ASSIGNED
    assert story.refused(s.START, HANDLER) == "not_the_handler"
    assert story.refused(s.START, COLLEAGUE) is None


def test_under_a_policy_that_only_warns_the_same_person_may_assess_an_appeal() -> None:
    lenient = PLAIN.model_copy(update={"separation_of_duties": Duty.WARN})
    story = story_at("assessing on appeal", lenient)
    story.do(s.VALID, HANDLER)
    assert story.case.status is Status.ACCEPTED


def test_on_appeal_the_first_assessor_is_not_offered_the_assessment() -> None:
    story = story_at("assessing on appeal")
    offered = {
        person: "assess" in allowed_commands(story.case, s.STAFF[person], story.circumstances)
        for person in (HANDLER, COLLEAGUE)
    }
    assert offered == {HANDLER: False, COLLEAGUE: True}


def test_a_parked_notice_does_not_keep_anybody_from_telling_the_customer() -> None:
    story = parked_notice()
    story.do(s.ACKNOWLEDGE)
    assert story.case.acknowledged_at == s.RECEIVED_AT


def test_a_notice_can_be_ordered_for_a_customer_who_got_none_at_intake() -> None:
    story = story_at("received", reachable_by=())
    story.do(c.Correct(field="email", text=s.text(8)))
    assert story.do(NOTICE) == ["complaint.acknowledgement_ordered"]
    assert [step.key for step in story.case.steps] == ["identity_correction.1", "acknowledgement.1"]


def test_what_is_wrong_in_itself_is_refused_before_it_reaches_the_case() -> None:
    for wrong in (
        {"command": "assess", "decision": "invalid"},  # without its ground
        {"command": "assess", "decision": "duplicate", "ground": "already_answered"},  # of which case?
        {"command": "assess", "decision": "valid", "duplicate_of": "C-2026-000009"},
        {"command": "correct", "field": "email", "code": "li@example.org"},  # personal data as a code
        {"command": "correct", "field": "category", "text": s.text(8)},
        {"command": "correct", "field": "category"},
        {"command": "correct", "field": "severity", "code": "6"},
        {"command": "correct", "field": "product", "code": "Boiler, 24 kW"},  # no code
        {"command": "note", "text": "The customer called again."},  # a text that is not sealed
        {"command": "assign", "handler": "Li Hua"},
        {"command": "close", "now": True},
    ):
        with pytest.raises(ValueError, match="validation error"):
            c.Submission.model_validate({"id": "1", "actor": HANDLER, "command": wrong})
