"""Several submissions decided together, as one recording does, and those that the ledger knows already."""

from dataclasses import replace

import pytest

from domain.complaints import commands as c
from domain.complaints.case import REMEMBERED_COMMANDS
from domain.complaints.evolve import fold
from domain.complaints.ruling import decide_all
from domain.complaints.terms import HoldKind
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import RICH, RULEBOOK
from tests.unit.complaints.story import COLLEAGUE, HANDLER, Story, story_at

EVIDENCE = c.Hold(kind=HoldKind.EVIDENCE, until=s.march(4), reason=s.text(10))


def submitted(number: int, command: c.Command, by: str = HANDLER) -> c.Submission:
    return c.Submission.model_validate({"id": f"sub-{number}", "actor": by, "command": command})


def test_each_submission_is_decided_on_the_case_that_the_one_before_leaves() -> None:
    story = Story()
    decided = decide_all(
        story.case, [submitted(1, s.VALID), submitted(2, s.CLAIM), submitted(3, s.START)], story.circumstances, {}
    )
    assert [ruling.sequence for ruling in decided.rulings] == [2, 3, 4]
    assert decided.state.status == "investigating"
    assert fold(decided.entries, story.case) == decided.state


def test_of_two_that_conflict_the_first_one_wins_and_the_other_is_told_why() -> None:
    story = story_at("accepted")
    decided = decide_all(story.case, [submitted(1, s.CLAIM), submitted(2, s.CLAIM, COLLEAGUE)], story.circumstances, {})
    assert [(ruling.sequence, ruling.guard) for ruling in decided.rulings] == [(3, None), (None, "not_lawful_now")]
    assert decided.state.handler == HANDLER


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
    again = decide_all(first.state, [submitted(1, s.VALID)], story.circumstances, {})
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


def test_what_stands_before_a_change_of_policy_is_judged_by_the_old_one_and_what_stands_behind_it_by_the_new() -> None:
    story = story_at("investigating", RICH)
    circumstances = replace(story.circumstances, other=RULEBOOK["test-plain@1"])
    batch = [
        submitted(2, EVIDENCE),
        submitted(3, c.ChangePolicy(policy="test-plain@1", reason=s.text(21))),
        submitted(4, c.Resume(kind=HoldKind.EVIDENCE)),
        submitted(5, EVIDENCE),
        submitted(6, s.RESPOND),
    ]
    decided = decide_all(story.case, batch, circumstances, {})
    assert [ruling.guard for ruling in decided.rulings] == [None, None, None, "hold_not_allowed", None]
    assert decided.state.status == "responded"  # the new policy calls nobody back
    assert {clock.key: clock.state for clock in decided.state.clocks}["periodic_update.1"] == "cancelled"


def test_of_two_changes_of_policy_at_once_the_second_is_told_to_come_again() -> None:
    story = story_at("investigating")
    circumstances = replace(story.circumstances, other=RULEBOOK["test-rich@2"])
    to_rich, to_seconds = (c.ChangePolicy(policy=pin, reason=s.text(21)) for pin in ("test-rich@2", "test-seconds@1"))
    decided = decide_all(story.case, [submitted(1, to_rich), submitted(2, to_seconds)], circumstances, {})
    assert [ruling.guard for ruling in decided.rulings] == [None, "policy_not_at_hand"]
    assert decided.state.policy == "test-rich@2"


def test_a_policy_is_not_changed_blindly() -> None:
    story = story_at("investigating")
    change = c.ChangePolicy(policy="test-rich@2", reason=s.text(21))
    with pytest.raises(ValueError, match="the other one and its calendar"):
        decide_all(story.case, [submitted(1, change)], story.circumstances, {})


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
    assert (decided.entries, decided.rulings[0].sequence, decided.state) == ((), 1, story.case)
