"""The demonstration checks where each of its paths ends; a case that went another way is found."""

import random

from domain.complaints import shipped
from starter.demo.endings import ENDINGS, wrong_turns
from starter.demo.journeys import PATHS, emergency
from starter.demo.letter_scene import BOUNCED, ON_PAPER
from starter.demo.lost_engine import REBUILT
from starter.demo.samples import complaints
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import RICH
from tests.unit.complaints.story import SUPERVISOR, Story, story_at, tell


def found(path: str, story: Story) -> list[str]:
    return list(wrong_turns(path, story.case, story.entries))


def test_every_path_has_its_ending() -> None:
    assert set(ENDINGS) == {journey.__name__ for journey in (*PATHS, emergency)} | {ON_PAPER, BOUNCED, REBUILT}


def test_a_case_that_ends_where_its_path_does_is_in_order() -> None:
    assert found("valid", story_at("closed after an answer")) == []
    assert found("withdrawn", story_at("withdrawn")) == []


def test_a_case_that_ends_elsewhere_or_misses_a_turn_is_found() -> None:
    assert found("valid", story_at("withdrawn"))[0] == "the path valid ends as closed, not as withdrawn"
    assert found("appealed", story_at("closed after an answer")) == [
        "the path appealed misses complaint.appealed, complaint.explained"
    ]


def test_a_danger_that_was_escalated_at_once_is_in_order_and_another_is_found() -> None:
    story = tell(Story(RICH, is_emergency=True), s.ACKNOWLEDGE_ESCALATION, by=SUPERVISOR)
    tell(story, s.VALID, s.CLAIM, s.START, s.RESPOND)
    story.do(s.SETTLED, s.CALLER)
    assert found("emergency", story) == []
    quiet = story_at("closed after an answer")
    assert "a danger was not escalated at once" in found("emergency", quiet)


def test_the_sample_complaints_speak_of_dangers_in_both_languages() -> None:
    dangers = {
        form["customer"]["language"]
        for form in complaints(200, random.Random(1))
        if shipped.taxonomy().names_a_danger(form["narrative"])
    }
    assert dangers == {"zh", "en"}
