"""The entries of the ledger as documents: every fact comes back as it was written, older shapes are lifted."""

import json
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.evolve import evolve, fold
from tests.unit.complaints import story as s
from tests.unit.complaints.story import COLLEAGUE, Story, story_at

EVERY_TYPE = {kind.model_fields["type"].default for kind in get_args(get_args(f.AnyFact)[0])}


def _tell_everything() -> list[f.Entry]:
    """Stories in which every type of fact happens."""
    appealed = story_at("explaining", reachable_by=("email", "phone"))
    appealed.do(s.EXPLAIN_BY_MAIL)
    appealed.delivered("explanation_letter.1")
    appealed.do(s.APPEAL)
    appealed.do(s.VALID, COLLEAGUE)

    answered = story_at("responding", category="billing")
    answered.failed("response_letter.1")
    answered.do(c.RetryStep(step="response_letter.1"))
    answered.failed("response_letter.1")
    answered.do(c.SkipStep(step="response_letter.1", reason=s.text(9)))
    answered.do(
        c.Respond(way="post", letter=s.text(4), outcome="upheld", cause="staff", remedies=("refund", "apology"))
    )
    answered.do(s.NOTE)
    answered.do(c.Correct(field="category", code="safety"))
    answered.do(c.Correct(field="email", text=s.text(8)))
    answered.do(s.CLOSE)
    answered.do(s.REOPEN)

    told = Story(reachable_by=())
    told.do(s.ACKNOWLEDGE)
    ordered = Story(reachable_by=())
    ordered.do(c.Correct(field="email", text=s.text(8)))
    ordered.do(c.Acknowledge(way="email"))
    late = Story().wait(days=3)
    late.tick()
    return [
        entry for story in (appealed, answered, told, ordered, late, story_at("withdrawn")) for entry in story.entries
    ]


ENTRIES = _tell_everything()


def test_the_stories_tell_every_type_of_fact() -> None:
    assert {entry.fact.type for entry in ENTRIES} == EVERY_TYPE


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.fact.type for entry in ENTRIES])
def test_an_entry_comes_back_from_its_document_as_it_was(entry: f.Entry) -> None:
    document = json.loads(json.dumps(entry.model_dump(mode="json")))
    again = f.read_entry(document)
    assert again == entry
    assert type(again.fact) is type(entry.fact)


def test_an_entry_of_an_older_shape_is_lifted_through_every_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def second(document: dict[str, Any]) -> dict[str, Any]:
        fact = dict(document["fact"])
        fact["body"] = fact.pop("remark")
        return {**document, "schema_version": 1, "fact": fact}

    def third(document: dict[str, Any]) -> dict[str, Any]:
        fact = dict(document["fact"])
        fact["text"] = fact.pop("body")
        return {**document, "schema_version": 2, "fact": fact}

    monkeypatch.setitem(f.UPCASTERS, ("complaint.noted", 0), second)
    monkeypatch.setitem(f.UPCASTERS, ("complaint.noted", 1), third)
    story = Story()
    story.do(s.NOTE)
    document = story.entries[-1].model_dump(mode="json")
    document["schema_version"] = 0
    document["fact"]["remark"] = document["fact"].pop("text")

    lifted = f.read_entry(document)
    assert lifted == story.entries[-1].model_copy(update={"schema_version": 2})


def test_an_upcaster_of_one_type_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(document: dict[str, Any]) -> dict[str, Any]:
        raise AssertionError(document)

    monkeypatch.setitem(f.UPCASTERS, ("complaint.noted", 1), refuse)
    assert f.read_entry(ENTRIES[0].model_dump(mode="json")) == ENTRIES[0]


@pytest.mark.parametrize(
    "damage",
    [
        {"fact": {"type": "complaint.praised"}},
        {"sequence": 0},
        {"epoch": 0},
        {"at": "yesterday"},
        {"mood": "good"},
    ],
)
def test_an_entry_that_is_none_is_refused(damage: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        f.read_entry(ENTRIES[0].model_dump(mode="json") | damage)


def test_a_case_begins_with_its_receipt_and_is_received_once() -> None:
    story = Story()
    story.do(s.NOTE)
    received, noted = story.entries
    with pytest.raises(TypeError, match=r"begins with complaint\.received, not with complaint\.noted"):
        fold([noted])
    with pytest.raises(ValueError, match="received once"):
        evolve(story.case, received.model_copy(update={"sequence": 3}))
    with pytest.raises(ValueError, match="at least one fact"):
        fold([])


@pytest.mark.parametrize("sequence", [1, 2, 4])
def test_an_entry_out_of_its_place_is_refused(sequence: int) -> None:
    story = Story()
    story.do(s.NOTE)
    stray = story.entries[-1].model_copy(update={"sequence": sequence})
    with pytest.raises(ValueError, match=f"fact {sequence} does not follow 2"):
        evolve(story.case, stray)
