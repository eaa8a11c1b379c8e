"""Putting wrong entries right: codes in the case itself, personal data in the vault by a step; old and new are kept."""

from typing import Any

import pytest

from domain.complaints import commands as c
from domain.complaints.facts import Corrected
from domain.complaints.terms import PERSONAL, Correctable, Way
from tests.unit.complaints import story as s
from tests.unit.complaints.story import Story, story_at


def correction(story: Story) -> Corrected:
    fact = story.entries[-1].fact
    assert isinstance(fact, Corrected)
    return fact


@pytest.mark.parametrize("field", ["category", "product", "region", "partner"])
def test_a_corrected_code_takes_the_place_of_the_old_one_and_both_stay_in_the_record(field: str) -> None:
    before: dict[str, Any] = {field: "before"}
    story = Story(**before)
    assert story.do(c.Correct(field=field, code="after", reason=s.text(9))) == ["complaint.corrected"]
    assert getattr(story.case.intake, field) == "after"
    fact = correction(story)
    assert (fact.field, fact.old_code, fact.new_code, fact.reason) == (field, "before", "after", s.text(9))


def test_a_code_that_was_missing_can_be_added() -> None:
    story = Story()
    story.do(c.Correct(field="category", code="billing"))
    assert correction(story).old_code is None
    assert story.case.intake.category == "billing"


def test_a_corrected_severity_is_a_number_again() -> None:
    story = Story()
    story.do(c.Correct(field="severity", code="1"))
    assert story.case.intake.severity == 1
    assert (correction(story).old_code, correction(story).new_code) == ("3", "1")


def test_a_case_with_corrected_codes_can_still_be_read_from_its_document() -> None:
    story = Story()
    for field in set(Correctable) - PERSONAL - {Correctable.SEVERITY}:
        story.do(c.Correct(field=field, code="a.b-c_9"))
    assert type(story.case).model_validate_json(story.case.model_dump_json()) == story.case


@pytest.mark.parametrize("field", sorted(PERSONAL))
def test_corrected_personal_data_travel_sealed_and_are_applied_by_a_step(field: Correctable) -> None:
    story = Story()
    before = story.case.intake.model_dump(exclude={"reachable_by"})
    story.do(c.Correct(field=field, text=s.text(8)))
    fact = correction(story)
    assert (fact.new_text, fact.old_code, fact.new_code) == (s.text(8), None, None)
    step = story.case.step("identity_correction.1")
    assert step is not None
    assert (step.detail, step.text, step.way, step.state) == (field, s.text(8), None, "running")
    assert story.case.intake.model_dump(exclude={"reachable_by"}) == before


@pytest.mark.parametrize(
    ("field", "way"), [("email", Way.EMAIL), ("phone", Way.PHONE), ("address", Way.POST), ("name", None)]
)
def test_contact_data_that_were_missing_make_the_customer_reachable(field: str, way: Way | None) -> None:
    story = Story(channel="phone", reachable_by=())
    story.do(c.Correct(field=field, text=s.text(8)))
    assert story.case.intake.reachable_by == (() if way is None else (way,))


def test_a_second_correction_of_an_address_adds_no_second_way() -> None:
    story = Story(channel="phone", reachable_by=(Way.PHONE, Way.EMAIL))
    story.do(c.Correct(field="email", text=s.text(8)))
    assert story.case.intake.reachable_by == (Way.PHONE, Way.EMAIL)


def test_the_same_personal_value_may_be_sent_again_because_nobody_can_compare_sealed_texts() -> None:
    story = Story()
    for _ in range(2):
        story.do(c.Correct(field="name", text=s.text(8)))
    assert [step.key for step in story.case.steps if step.detail] == ["identity_correction.1", "identity_correction.2"]


def test_a_correction_on_an_ended_case_changes_the_entry_and_not_the_end() -> None:
    story = story_at("closed after an answer")
    ended_at = story.case.ended_at
    story.wait(days=2).do(c.Correct(field="category", code="billing"))
    assert (story.case.status, story.case.ended_at) == ("closed", ended_at)
    assert story.case.intake.category == "billing"
