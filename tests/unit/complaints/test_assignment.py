"""Who handles a case: named by a supervisor, taken by oneself, or chosen, and why the others were passed over."""

from datetime import timedelta
from typing import Any

import pytest

from domain.access import Person, Role
from domain.complaints import commands as c
from domain.complaints.assignment import Candidate, why_not
from domain.complaints.facts import Assigned, NobodyEligible
from domain.complaints.terms import Status
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import RICH
from tests.unit.complaints.story import COLLEAGUE, HANDLER, SUPERVISOR, Story, answered_story, story_at, tell

AUTOMATIC = c.Assign()


def handler(name: str, **changes: Any) -> Person:
    fields = {"id": f"per_{name}", "name": name, "roles": frozenset({Role.HANDLER}), "team": "heating"}
    return Person.model_validate(fields | changes)


def candidates(**open_cases: int) -> tuple[Candidate, ...]:
    return tuple(Candidate(handler(name), number) for name, number in open_cases.items())


def accepted(*others: Candidate, **of_intake: Any) -> Story:
    story = story_at("accepted", **of_intake)
    story.candidates = others
    return story


def choice(story: Story, command: c.Assign = AUTOMATIC) -> Assigned:
    story.do(command, SUPERVISOR)
    return story.told(Assigned)[-1]


def test_the_handler_with_the_fewest_open_cases_gets_it_and_the_choice_is_explained() -> None:
    chosen = choice(accepted(*candidates(annabel=4, barbara=2, charles=9)))
    assert (chosen.handler, chosen.team) == ("per_barbara", "heating")
    assert chosen.passed_over == {"per_annabel": "has_4_open_cases", "per_charles": "has_9_open_cases"}


def test_of_equally_busy_ones_the_first_by_id_gets_it() -> None:
    assert choice(accepted(*candidates(charles=2, annabel=2, barbara=2))).handler == "per_annabel"


REASONS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("no_active_handler", {"active": False}, {}),
    ("no_active_handler", {"roles": frozenset({Role.SUPERVISOR})}, {}),
    ("absent", {"absent_until": s.RECEIVED_AT + timedelta(seconds=1)}, {}),
    ("subject_of_the_complaint", {}, {"subject_person": "per_annabel"}),
    ("language", {"languages": ("zh", "fr")}, {"language": "en"}),
]


@pytest.mark.parametrize(("reason", "of_person", "of_intake"), REASONS)
def test_who_cannot_handle_it_is_passed_over_with_the_reason(
    reason: str, of_person: dict[str, Any], of_intake: dict[str, Any]
) -> None:
    annabel = Candidate(handler("annabel", **of_person), 0)
    story = accepted(annabel, *candidates(barbara=50), **of_intake)
    chosen = choice(story)
    assert (chosen.handler, chosen.passed_over) == ("per_barbara", {"per_annabel": reason})


@pytest.mark.parametrize(("reason", "of_person", "of_intake"), REASONS)
def test_who_cannot_handle_it_neither_is_given_it_nor_takes_it(
    reason: str, of_person: dict[str, Any], of_intake: dict[str, Any]
) -> None:
    annabel = handler("annabel", **of_person)
    story = accepted(**of_intake)
    story.staff = {**s.STAFF, annabel.id: annabel}
    before = story.case
    assert why_not(annabel, story.case, story.now) == reason
    assert story.refused(c.Assign(handler=annabel.id), SUPERVISOR) == "not_eligible"
    assert story.refused(s.CLAIM, annabel.id) == "not_eligible"
    assert story.case == before


def test_who_has_no_languages_on_record_is_not_asked_for_them() -> None:
    assert choice(accepted(*candidates(annabel=1), language="zh")).handler == "per_annabel"
    speaker = handler("li", languages=("zh",))
    assert choice(accepted(Candidate(speaker, 0), language="zh")).handler == "per_li"


def test_a_case_can_be_given_to_a_team() -> None:
    plumber = Candidate(handler("paul", team="plumbing"), 30)
    story = accepted(plumber, *candidates(annabel=0))
    chosen = choice(story, c.Assign(team="plumbing"))
    assert (chosen.handler, chosen.team) == ("per_paul", "plumbing")
    assert chosen.passed_over == {"per_annabel": "other_team"}


def test_a_person_of_another_team_than_the_one_that_was_named_is_refused() -> None:
    story = story_at("accepted")
    assert story.refused(c.Assign(handler=COLLEAGUE, team="plumbing"), SUPERVISOR) == "not_eligible"
    assert story.refused(c.Assign(handler=COLLEAGUE, team="heating"), SUPERVISOR) is None


def test_the_handler_of_stage_one_is_not_chosen_in_stage_two() -> None:
    story = tell(answered_story(RICH), s.TO_STAGE_TWO)
    story.candidates = tuple(Candidate(s.STAFF[person], load) for person, load in ((HANDLER, 0), (COLLEAGUE, 9)))
    chosen = choice(story)
    assert (chosen.handler, chosen.passed_over) == (COLLEAGUE, {HANDLER: "handled_stage_one"})
    assert story.case.status is Status.STAGE_TWO


def test_where_nobody_is_eligible_the_case_is_escalated_and_can_be_assigned_later() -> None:
    away = Candidate(handler("annabel", absent_until=s.RECEIVED_AT + timedelta(days=1)), 0)
    story = accepted(away, Candidate(handler("paul", team="plumbing"), 0))
    assert story.do(c.Assign(team="heating"), SUPERVISOR) == ["complaint.nobody_eligible"]
    [nobody] = story.told(NobodyEligible)
    assert nobody.passed_over == {"per_annabel": "absent", "per_paul": "other_team"}
    assert (story.case.status, story.case.handler, story.case.escalation_is_open) == (Status.ACCEPTED, None, True)

    story.do(s.ACKNOWLEDGE_ESCALATION, SUPERVISOR)
    assert choice(story.wait(days=1), c.Assign(team="heating")).handler == "per_annabel"
    assert not story.case.escalation_is_open


def test_without_any_staff_at_all_nobody_is_eligible() -> None:
    assert accepted().do(AUTOMATIC, SUPERVISOR) == ["complaint.nobody_eligible"]


def test_a_case_that_nobody_can_take_over_stays_with_its_handler() -> None:
    story = story_at("investigating")
    story.do(AUTOMATIC, SUPERVISOR)
    assert (story.case.status, story.case.handler) == (Status.INVESTIGATING, HANDLER)
