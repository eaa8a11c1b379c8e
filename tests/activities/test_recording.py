"""The recording activity against a real ledger: first come, first recorded; everything else is told why."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.ports import AlreadyRecorded, Appended, Behind
from activities.recording import CaseRecorder
from contracts.cases import CaseStart, Patience, Recorded, Recording
from domain.calendar import Calendar
from domain.complaints import commands as c
from domain.complaints.case import REMEMBERED_COMMANDS, Case
from domain.complaints.evolve import fold
from domain.complaints.facts import Entry, Noted
from runtime.assembly import Parts
from storage.ledger import Ledger
from storage.pool import transaction
from tests.house import House

TEXT = "txt_" + "0" * 32
VALID = c.Assess(decision="valid")


def recorder(parts: Parts) -> CaseRecorder:
    return CaseRecorder(parts.ledger, parts.rulebook, parts.people, Patience(attempts=3))


def submitted(house: House, submission_id: str, command: c.AnyCommand, by: str = "handler") -> c.Submission:
    return c.Submission(id=submission_id, actor=house.people[by].id, command=command)


async def record(
    house: House, case: Case, *submissions: c.Submission, parts: Parts | None = None, now: datetime | None = None
) -> Recorded:
    request = Recording(case=case, submissions=submissions, now=now or datetime.now(UTC))
    recorded: Recorded = await ActivityEnvironment().run(recorder(parts or house.parts).perform_and_record, request)
    return recorded


async def case_of(house: House) -> Case:
    return await house.record(await house.take(channel="phone"))


async def ledger_of(house: House, case: Case) -> tuple[Entry, ...]:
    return await house.parts.ledger.entries(case.reference)


async def test_a_case_is_loaded_as_its_ledger_makes_it(house: House, attempt: ActivityEnvironment) -> None:
    case = await case_of(house)
    loaded = await attempt.run(recorder(house.parts).load_case, CaseStart(reference=case.reference))
    assert loaded.case == case
    assert loaded.patience.attempts == 3


async def test_a_case_is_loaded_for_the_epoch_in_force_and_for_no_other(
    house: House, attempt: ActivityEnvironment
) -> None:
    case = await case_of(house)
    await house.parts.unstarted.restart_all(datetime.now(UTC))
    loaded = await attempt.run(recorder(house.parts).load_case, CaseStart(reference=case.reference, epoch=2))
    recorded = await record(house, loaded.case, submitted(house, "note-1", c.Note(text=TEXT)))
    assert [entry.epoch for entry in recorded.entries] == [2]
    with pytest.raises(ApplicationError) as refused:
        await attempt.run(recorder(house.parts).load_case, CaseStart(reference=case.reference, epoch=1))
    assert (refused.value.type, refused.value.non_retryable) == ("Superseded", True)


async def test_what_is_recorded_comes_back_and_stands_in_ledger_and_read_model(house: House) -> None:
    case = await case_of(house)
    recorded = await record(house, case, submitted(house, "assess-1", VALID), submitted(house, "claim-1", c.Claim()))
    assert [entry.fact.type for entry in recorded.entries] == ["complaint.assessed", "complaint.assigned"]
    assert [ruling.sequence for ruling in recorded.rulings] == [3, 4]
    assert (await ledger_of(house, case))[2:] == recorded.entries
    assert await house.record(case.reference) == fold(recorded.entries, case)


async def test_what_is_refused_is_not_recorded(house: House) -> None:
    case = await case_of(house)
    recorded = await record(house, case, submitted(house, "close-1", c.Close()))
    assert (recorded.entries, recorded.rulings[0].guard) == ((), "not_lawful_now")
    assert len(await ledger_of(house, case)) == case.sequence


async def test_an_assignment_asks_the_staff_registry(house: House) -> None:
    case = await case_of(house)
    accepted = fold((await record(house, case, submitted(house, "assess-1", VALID))).entries, case)
    assign = c.Assign(handler="per_nobody00")
    [refused] = (await record(house, accepted, submitted(house, "assign-1", assign, "supervisor"))).rulings
    assert refused.guard == "unknown_person"
    assign = c.Assign(handler=house.people["another handler"].id)
    [done] = (await record(house, accepted, submitted(house, "assign-2", assign, "supervisor"))).rulings
    assert done.was_accepted


async def test_a_state_that_is_behind_adopts_the_tail_and_is_decided_again(house: House) -> None:
    case = await case_of(house)
    first = await record(house, case, submitted(house, "assess-1", VALID))
    late = await record(house, case, submitted(house, "note-1", c.Note(text=TEXT)), submitted(house, "assess-2", VALID))
    assert [entry.command_id for entry in late.entries] == ["assess-1", "note-1"]
    assert late.entries[0] == first.entries[0]
    assert [(ruling.sequence, ruling.guard) for ruling in late.rulings] == [(4, None), (None, "not_lawful_now")]


async def test_a_submission_that_was_recorded_is_answered_with_its_place(house: House) -> None:
    case = await case_of(house)
    await record(house, case, submitted(house, "assess-1", VALID))
    again = await record(house, case, submitted(house, "assess-1", VALID))
    assert [entry.command_id for entry in again.entries] == ["assess-1"]
    assert again.rulings[0].sequence == 3
    assert len(await ledger_of(house, case)) == 3


async def test_the_ledger_knows_a_submission_that_the_case_has_long_forgotten(house: House) -> None:
    case = await case_of(house)
    notes = [submitted(house, f"note-{number}", c.Note(text=TEXT)) for number in range(REMEMBERED_COMMANDS + 1)]
    case = fold((await record(house, case, *notes)).entries, case)
    assert case.recorded_sequence("note-0") is None

    again = await record(house, case, notes[0], submitted(house, "note-new", c.Note(text=TEXT)))

    assert [ruling.sequence for ruling in again.rulings] == [3, case.sequence + 1]
    assert [entry.command_id for entry in again.entries] == ["note-new"]


async def test_two_that_record_at_once_on_the_same_state_are_put_in_an_order(house: House) -> None:
    case = await case_of(house)
    accepted = fold((await record(house, case, submitted(house, "assess-1", VALID))).entries, case)
    claims = [submitted(house, f"claim-{by}", c.Claim(), by) for by in ("handler", "another handler")]
    both = await asyncio.gather(*(record(house, accepted, claim) for claim in claims))
    assert sorted(recorded.rulings[0].was_accepted for recorded in both) == [False, True]
    entries = await ledger_of(house, case)
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4]
    assert await house.record(case.reference) == fold(entries)


async def test_a_state_that_the_ledger_never_had_is_a_defect_and_changes_nothing(house: House) -> None:
    case = await case_of(house)
    ahead = case.changed(sequence=case.sequence + 1)
    with pytest.raises(ApplicationError) as refused:
        await record(house, ahead, submitted(house, "note-1", c.Note(text=TEXT)))
    assert (refused.value.type, refused.value.non_retryable) == ("Diverged", True)
    assert len(await ledger_of(house, case)) == case.sequence


async def test_a_run_of_an_epoch_that_is_over_records_nothing(house: House) -> None:
    case = await case_of(house)
    await house.parts.unstarted.restart_all(datetime.now(UTC))
    with pytest.raises(ApplicationError) as refused:
        await record(house, case, submitted(house, "note-1", c.Note(text=TEXT)))
    assert (refused.value.type, refused.value.non_retryable) == ("Superseded", True)
    assert len(await ledger_of(house, case)) == case.sequence


class RestlessLedger(Ledger):
    """Somebody else appends a note before every append."""

    others = 0

    async def append(
        self, expected: Case, entries: Sequence[Entry], after: Case
    ) -> Appended | Behind | AlreadyRecorded:
        ledger = await self.entries(expected.reference)
        self.others += 1
        note = ledger[-1].model_copy(
            update={
                "sequence": len(ledger) + 1,
                "command_id": f"other-{self.others}",
                "fact": Noted(text=TEXT),
            }
        )
        head = fold(ledger)
        await super().append(head, [note], fold([note], head))
        return await super().append(expected, entries, after)


async def test_a_ledger_that_never_stands_still_is_given_up_and_tried_again_later(house: House) -> None:
    case = await case_of(house)
    restless = RestlessLedger(house.parts.pool)
    with pytest.raises(ApplicationError) as refused:
        await record(
            house,
            case,
            submitted(house, "assess-1", VALID),
            parts=replace(house.parts, ledger=restless),
        )
    assert (refused.value.type, refused.value.non_retryable) == ("contended", False)
    assert restless.others == 5
    recorded = await record(house, case, submitted(house, "assess-1", VALID))
    assert recorded.rulings[0].sequence == case.sequence + 6


async def test_a_clock_goes_on_in_the_version_of_the_calendar_that_it_pinned(house: House) -> None:
    case = await house.record(await house.take(channel="phone", policy="default"))
    ways = [VALID, c.Claim(), c.StartInvestigation()]
    prepared = [submitted(house, f"first-{number}", command) for number, command in enumerate(ways)]
    now = datetime.now(UTC)
    hold = c.Hold(kind="customer", until=now + timedelta(days=6), reason=TEXT)
    case = fold((await record(house, case, *prepared, submitted(house, "hold-1", hold))).entries, case)
    await in_tokyo_from_now_on(house, "cn")

    resumed = await record(
        house, case, submitted(house, "resume-1", c.Resume(kind="customer")), now=now + timedelta(days=3)
    )
    case = fold(resumed.entries, case)

    [clock] = [clock for clock in case.clocks if clock.kind == "final_response"]
    assert (clock.state, clock.calendar) == ("running", "cn@1")
    assert clock.due_at.astimezone(UTC).hour == 16  # the end of a day in Shanghai; in Tokyo it is 15


async def test_of_two_cases_the_later_is_merged_into_the_earlier_and_never_both(house: House) -> None:
    first, second = await case_of(house), await case_of(house)
    wrong = await record(house, first, submitted(house, "merge-1", c.Merge(into=second.reference), "supervisor"))
    assert [ruling.guard for ruling in wrong.rulings] == ["not_the_earlier"]
    right = await record(house, second, submitted(house, "merge-2", c.Merge(into=first.reference), "supervisor"))
    assert [entry.fact.type for entry in right.entries] == ["complaint.merged"]
    third = await case_of(house)
    chained = await record(house, third, submitted(house, "merge-3", c.Merge(into=second.reference), "supervisor"))
    assert [ruling.guard for ruling in chained.rulings] == ["other_is_merged"]


async def in_tokyo_from_now_on(house: House, calendar: str) -> None:
    """A second version of the calendar, in which days end an hour earlier."""
    newest = await house.parts.rulebook.calendars.newest(calendar)
    assert newest is not None
    document = newest.calendar.model_dump() | {"zone": "Asia/Tokyo", "version": newest.calendar.version + 1}
    async with transaction(house.parts.pool) as connection:
        await house.parts.rulebook.calendars.add(
            connection, Calendar.model_validate(document), by="per_test", reason="moved", at=datetime.now(UTC)
        )


async def test_times_are_those_of_the_workflow_and_not_of_the_database(house: House) -> None:
    case = await case_of(house)
    now = datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC)
    recorded = await record(house, case, submitted(house, "note-1", c.Note(text=TEXT)), now=now)
    assert {entry.at for entry in recorded.entries} == {now}
