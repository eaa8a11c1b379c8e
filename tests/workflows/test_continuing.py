"""Long cases go on in fresh runs and by other workers: no command is lost, and none takes effect twice."""

import asyncio

from domain.complaints.commands import Note
from runtime.assembly import case_worker
from tests.house import House
from tests.workflows.conftest import OpenHouse
from tests.workflows.following import all_agree, begin_anew, entries, submit, until

IN_FLIGHT = 8
"""Temporal takes ten updates of a workflow at once."""
NOTES = 100
TEXT = "txt_" + "0" * 32


async def runs_before(house: House, reference: str) -> int:
    """How often the workflow has continued as new."""
    query = f"WorkflowId = 'complaint/{reference}' AND ExecutionStatus = 'ContinuedAsNew'"
    return (await house.parts.client.count_workflows(query)).count


async def until_runs(house: House, reference: str, number: int) -> None:
    async def so_many() -> bool:
        return await runs_before(house, reference) >= number

    await until(so_many)


async def test_a_hundred_notes_at_once_are_all_kept_though_the_case_continues_as_new_in_between(house: House) -> None:
    reference = await house.take(channel="phone")
    await begin_anew(house, reference, leave_after_events=60)
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def note(number: int) -> int:
        async with gate:
            return (await submit(house, reference, f"note-{number}", Note(text=TEXT))).sequence

    sequences = await asyncio.gather(*(note(number) for number in range(NOTES)))

    assert sorted(sequences) == list(range(3, NOTES + 3))  # behind the receipt and its acknowledgement
    assert [entry.sequence for entry in await entries(house, reference)] == list(range(1, NOTES + 3))
    await until_runs(house, reference, 2)


async def test_a_command_takes_effect_once_however_often_whichever_run_and_whichever_worker_gets_it(
    unattended: OpenHouse,
) -> None:
    async with unattended() as house:
        async with case_worker(house.parts, strict=True):
            reference = await house.take(channel="phone")
            await begin_anew(house, reference, leave_after_events=1)  # each command ends a run
            first = await submit(house, reference, "note-x", Note(text=TEXT))
            at_once = await asyncio.gather(*(submit(house, reference, "note-x", Note(text=TEXT)) for _ in range(4)))
            await until_runs(house, reference, 1)
            by_the_next_run = await submit(house, reference, "note-x", Note(text=TEXT))
        async with case_worker(house.parts, strict=True):
            by_another_worker = await submit(house, reference, "note-x", Note(text=TEXT))
            answers = [first, *at_once, by_the_next_run, by_another_worker]
            assert {answer.sequence for answer in answers} == {3}
            assert (await house.facts(reference)).count("complaint.noted") == 1
            await all_agree(house)


async def test_a_letter_under_way_is_neither_lost_nor_doubled_by_continuing_as_new(house: House) -> None:
    """A run leaves only when nothing is in flight; a step that was planned but not begun is begun by the next one."""
    reference = await house.take(channel="phone", customer={"email": "li.hua@example.com"})
    await begin_anew(house, reference, leave_after_events=1)
    for command, values in (
        ("assess", {"decision": "valid"}),
        ("claim", {}),
        ("start_investigation", {}),
        ("respond", {"way": "email", "letter": "Mended.", "outcome": "upheld", "cause": "staff"}),
    ):
        await house.do(reference, command, **values)
    await until_runs(house, reference, 4)

    async def was_sent() -> bool:
        return (await house.record(reference)).status == "responded"

    await until(was_sent)
    assert (await house.facts(reference)).count("step.done") == 1
