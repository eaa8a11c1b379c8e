"""What a case has to do with others: earlier cases, incidents, files."""

from datetime import timedelta

import pytest

from domain.complaints import commands as c
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import RICH
from tests.unit.complaints.story import CALLER, SUPERVISOR, Story, story_at, tell

OTHER_FILE = c.Attach(file="att_" + "e" * 32)


def test_a_merged_case_keeps_its_own_clocks_and_answer() -> None:
    story = story_at("investigating", RICH)
    clocks = story.case.clocks
    story.do(s.MERGE, SUPERVISOR)
    assert (story.case.merged_into, story.case.clocks) == ("C-2026-000009", clocks)
    story.do(s.RESPOND)
    assert story.clock_states["final_response.1"] == "met"
    story.do(s.SETTLED, CALLER)
    assert story.case.status == "closed"


def test_a_case_is_unmerged_with_a_reason_and_can_be_merged_again() -> None:
    story = tell(story_at("accepted"), s.MERGE, s.UNMERGE)
    assert story.case.merged_into is None
    story.do(c.Merge(into="C-2026-000010"))
    assert story.case.merged_into == "C-2026-000010"


@pytest.mark.parametrize(
    ("minutes_earlier", "merged_into", "guard"),
    [
        (1, None, None),
        (-1, None, "not_the_earlier"),
        (0, None, None),  # at the same moment the lower number is the earlier one
        (1, "C-2026-000003", "other_is_merged"),
    ],
)
def test_a_case_is_merged_into_one_that_was_received_before_and_leads_itself(
    minutes_earlier: float, merged_into: str | None, guard: str | None
) -> None:
    story = story_at("accepted")
    other = Story(reference="C-2026-000009", received_at=s.RECEIVED_AT - timedelta(minutes=minutes_earlier)).case
    story.neighbour = other.changed(merged_into=merged_into)
    before = story.case
    assert story.refused(s.MERGE, SUPERVISOR) == guard
    assert story.case == before


def test_two_cases_that_are_merged_at_once_into_different_ones_are_asked_one_after_the_other() -> None:
    story = story_at("accepted")
    story.neighbour = Story(reference="C-2026-000010").case
    assert story.refused(s.MERGE, SUPERVISOR) == "case_not_at_hand"


def test_a_case_belongs_to_one_incident_at_a_time() -> None:
    story = tell(story_at("accepted"), s.LINK_INCIDENT)
    assert story.case.incident == "outage-7"
    tell(story, s.UNLINK_INCIDENT, c.LinkIncident(incident="outage-8"))
    assert story.case.incident == "outage-8"


def test_files_are_listed_in_the_order_in_which_they_came() -> None:
    story = tell(story_at("closed after an answer"), s.ATTACH, OTHER_FILE)
    assert story.case.files == (s.ATTACH.file, OTHER_FILE.file)


REFUSALS: list[tuple[str, tuple[c.Command, ...], c.Command]] = [
    ("already_merged", (s.MERGE,), c.Merge(into="C-2026-000010")),
    ("merged_into_itself", (), c.Merge(into="C-2026-000017")),
    ("not_merged", (), s.UNMERGE),
    ("not_merged", (s.MERGE, s.UNMERGE), s.UNMERGE),
    ("already_linked", (s.LINK_INCIDENT,), c.LinkIncident(incident="outage-8")),
    ("not_linked", (), s.UNLINK_INCIDENT),
    ("already_attached", (s.ATTACH,), s.ATTACH),
    ("same_policy", (), c.ChangePolicy(policy="test-plain@1", reason=s.text(21))),
]


@pytest.mark.parametrize(("guard", "beforehand", "command"), REFUSALS)
def test_what_contradicts_the_record_is_refused_and_changes_nothing(
    guard: str, beforehand: tuple[c.Command, ...], command: c.Command
) -> None:
    story = tell(story_at("accepted"), *beforehand, by=SUPERVISOR)
    before = story.case
    assert story.refused(command, SUPERVISOR) == guard
    assert story.case == before


def test_of_merging_and_closing_at_once_the_first_one_wins() -> None:
    closed = tell(story_at("responded"), s.CLOSE)
    assert closed.refused(s.MERGE, SUPERVISOR) == "not_lawful_now"
    merged = tell(story_at("responded"), s.MERGE, by=SUPERVISOR)
    merged.do(s.CLOSE)
    assert (merged.case.status, merged.case.merged_into) == ("closed", "C-2026-000009")
