"""Several submissions decided together, as one recording does, and those that the ledger knows already."""

from domain.complaints import commands as c
from domain.complaints.case import REMEMBERED_COMMANDS
from domain.complaints.evolve import fold
from domain.complaints.ruling import decide_all
from tests.unit.complaints import story as s
from tests.unit.complaints.story import COLLEAGUE, HANDLER, Story, story_at


def submitted(number: int, command: c.Command, by: str = HANDLER) -> c.Submission:
    return c.Submission.model_validate({"id": f"sub-{number}", "actor": by, "command": command})


def test_each_submission_is_decided_on_the_case_that_the_one_before_leaves() -> None:
    story = Story()
    decided = decide_all(
        story.case, [submitted(1, s.VALID), submitted(2, s.CLAIM), submitted(3, s.START)], story.circumstances, {}
    )
    assert [ruling.sequence for ruling in decided.rulings] == [2, 3, 4]
    assert decided.case.status == "investigating"
    assert fold(decided.entries, story.case) == decided.case


def test_of_two_that_conflict_the_first_one_wins_and_the_other_is_told_why() -> None:
    story = story_at("accepted")
    decided = decide_all(story.case, [submitted(1, s.CLAIM), submitted(2, s.CLAIM, COLLEAGUE)], story.circumstances, {})
    assert [(ruling.sequence, ruling.guard) for ruling in decided.rulings] == [(3, None), (None, "not_lawful_now")]
    assert decided.case.handler == HANDLER


def test_a_refusal_in_between_leaves_the_others_alone() -> None:
    story = Story()
    decided = decide_all(story.case, [submitted(1, s.CLOSE), submitted(2, s.NOTE)], story.circumstances, {})
    assert [ruling.was_accepted for ruling in decided.rulings] == [False, True]
    assert [entry.command_id for entry in decided.entries] == ["sub-2"]


def test_a_submission_that_the_ledger_has_is_answered_with_its_place_and_not_done_again() -> None:
    story = Story()
    decided = decide_all(story.case, [submitted(1, s.NOTE), submitted(2, s.NOTE)], story.circumstances, {"sub-1": 7})
    assert [ruling.sequence for ruling in decided.rulings] == [7, 2]
    assert [entry.command_id for entry in decided.entries] == ["sub-2"]


def test_a_known_submission_is_answered_even_where_it_would_be_refused_by_now() -> None:
    story = Story()
    first = decide_all(story.case, [submitted(1, s.VALID)], story.circumstances, {})
    again = decide_all(first.case, [submitted(1, s.VALID)], story.circumstances, {})
    assert (again.entries, again.rulings) == ((), first.rulings)


def test_the_same_submission_twice_in_one_batch_takes_effect_once() -> None:
    story = Story()
    decided = decide_all(story.case, [submitted(1, s.NOTE), submitted(1, s.NOTE)], story.circumstances, {})
    assert len(decided.entries) == 1
    assert [ruling.sequence for ruling in decided.rulings] == [2, 2]


def test_a_command_of_several_facts_stands_at_its_last_one() -> None:
    story = story_at("explaining")
    [ruling] = decide_all(story.case, [submitted(1, s.EXPLAIN)], story.circumstances, {}).rulings
    assert ruling.sequence == 4  # received, assessed, explained, closed
    story.do(s.EXPLAIN)
    assert story.case.recorded_sequence(story.entries[-1].command_id) == 4


def test_the_case_remembers_a_bounded_number_of_commands_the_latest_ones() -> None:
    story = Story()
    for _ in range(REMEMBERED_COMMANDS + 5):
        story.do(s.NOTE)
    ids = [entry.command_id for entry in story.entries]
    assert len(story.case.recent_commands) == REMEMBERED_COMMANDS
    assert story.case.recorded_sequence(ids[-REMEMBERED_COMMANDS]) == len(ids) - REMEMBERED_COMMANDS + 1
    assert story.case.recorded_sequence(ids[-REMEMBERED_COMMANDS - 1]) is None


def test_a_tick_for_nothing_stands_where_the_case_stands() -> None:
    story = Story()
    decided = decide_all(story.case, [submitted(1, c.Tick(), "system")], story.circumstances, {})
    assert (decided.entries, decided.rulings[0].sequence, decided.case) == ((), 1, story.case)
