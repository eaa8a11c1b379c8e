"""The entries of the ledger as documents: every fact comes back as it was written, older shapes are lifted."""

import json
from datetime import timedelta
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.evolve import evolve, fold
from domain.complaints.situation import SYSTEM
from domain.complaints.terms import Correctable, Reached, Way
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import DISPATCH, RICH
from tests.unit.complaints.story import (
    CALLER,
    COLLEAGUE,
    EVERY_WAY,
    OPERATOR,
    SUPERVISOR,
    UPDATE_BY_CALL,
    Story,
    answered_story,
    story_at,
    tell,
)
from tests.unit.complaints.test_imported_cases import taken_over

TEN_DAYS_MORE = s.EXTEND.model_copy(update={"until": s.RECEIVED_AT + timedelta(days=10)})
EVERY_TYPE = {kind.model_fields["type"].default for kind in get_args(get_args(f.AnyFact)[0])}


def _appealed() -> Story:
    story = story_at("explaining", reachable_by=("email", "phone"))
    story.do(s.EXPLAIN_BY_MAIL)
    story.delivered("explanation_letter.1")
    story.do(s.APPEAL)
    story.do(s.VALID, COLLEAGUE)
    story.do(c.Assign())  # there is nobody
    return story


def _answered() -> Story:
    story = story_at("responding", category="billing")
    story.failed("response_letter.1")
    story.do(c.RetryStep(step="response_letter.1"))
    story.failed("response_letter.1")
    story.do(c.AmendStep(step="response_letter.1", reason=s.text(9), not_before=story.now))
    story.failed("response_letter.1")
    story.do(c.SkipStep(step="response_letter.1", reason=s.text(9)))
    answer = c.Respond(way=Way.PHONE, letter=s.text(4), outcome="upheld", cause="staff", remedies=("refund", "apology"))
    of_category, of_email = (
        c.Correct(field=Correctable.CATEGORY, code="safety"),
        c.Correct(field=Correctable.EMAIL, text=s.text(8)),
    )
    return tell(story, answer, s.NOTE, of_category, of_email, s.CLOSE, s.REOPEN)


def _waited_for() -> Story:
    story = tell(story_at("investigating", RICH), s.HOLD, s.RESUME, TEN_DAYS_MORE)
    story.do(s.APPROVE_EXTENSION, SUPERVISOR)
    tell(story, s.UPDATE_BY_MAIL, s.ASK_PARTNER, s.PARTNER_REPLY, s.MERGE, s.UNMERGE, s.ATTACH)
    tell(story, s.ESCALATE, s.ACKNOWLEDGE_ESCALATION, s.LINK_INCIDENT, s.UNLINK_INCIDENT)
    story.delivered("update_letter.1")
    story.wait(days=30).tick()
    return story


def _called_back() -> Story:
    story = answered_story(RICH)
    tell(story, s.PLAN, s.NO_ANSWER, by=CALLER)
    story.wait(days=1).do(s.NO_ANSWER, CALLER)
    story.wait(days=1).do(c.RecordVisit(way=Way.VISIT, result=Reached.NO_ANSWER), CALLER)
    return tell(story, s.TO_STAGE_TWO, s.REFER, s.EXTERNAL_OUTCOME, by=SUPERVISOR)


def _given_up() -> Story:
    story = tell(Story(), s.RECALCULATE, s.CHANGE_POLICY)
    story.failed("acknowledgement.1")
    return tell(story, s.ABORT, by=OPERATOR)


def _delivered() -> Story:
    story = Story(DISPATCH, reachable_by=EVERY_WAY)
    story.do(c.StepDeferred(step="acknowledgement.1", until=story.now + timedelta(hours=1)), SYSTEM)
    story.wait(hours=1).tick()
    story.delivered("acknowledgement.1")
    story.do(c.StepBounced(step="acknowledgement.1", error="mailbox_gone"), SYSTEM)
    story.do(s.HOLD)
    story.at(story.case.holds[0].next_event()).tick()
    return story


def _called() -> Story:
    story = tell(Story(DISPATCH, channel="phone", reachable_by=EVERY_WAY), UPDATE_BY_CALL)
    for result in (Reached.BUSY, Reached.REACHED):
        story.do(c.RecordCall(item="update_letter.1", result=result, text=s.text(7)))
    return story


def _tell_everything() -> list[f.Entry]:
    """Stories in which every type of fact happens."""
    told = tell(Story(reachable_by=()), s.ACKNOWLEDGE)
    ordered = tell(
        Story(reachable_by=()), c.Correct(field=Correctable.EMAIL, text=s.text(8)), c.Acknowledge(way=Way.EMAIL)
    )
    late = Story(RICH).wait(days=6)
    late.tick()
    stories = (_appealed(), _answered(), _waited_for(), _called_back(), _given_up(), told, ordered, late)
    stories = (*stories, _delivered(), _called())
    return [entry for story in (*stories, story_at("withdrawn")) for entry in story.entries]


ENTRIES = (*_tell_everything(), *taken_over(0.5)[0])


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
    ],
)
def test_an_entry_that_is_none_is_refused(damage: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        f.read_entry(ENTRIES[0].model_dump(mode="json") | damage)


def test_what_a_later_release_adds_to_an_entry_is_left_alone() -> None:
    document = ENTRIES[0].model_dump(mode="json") | {"mood": "good"}
    document["fact"] = document["fact"] | {"weather": "fine"}
    document["fact"]["clocks"] = [clock | {"colour": "red"} for clock in document["fact"]["clocks"]]
    assert f.read_entry(document) == ENTRIES[0]


def test_an_entry_that_this_release_would_misread_is_refused() -> None:
    document = ENTRIES[0].model_dump(mode="json") | {"schema_version": 2}
    with pytest.raises(f.WrittenByALaterRelease):
        f.read_entry(document)


def test_a_case_begins_with_its_receipt_and_is_received_once() -> None:
    story = Story()
    story.do(s.NOTE)
    received, noted = story.entries
    with pytest.raises(TypeError, match=r"begins with .*, not with complaint\.noted"):
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
