"""Clocks in the workflow: they fire within two seconds after the due time, never before it, and say how late."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from temporalio.testing import WorkflowEnvironment

from domain.complaints.facts import ClockBreached
from runtime.assembly import case_worker
from tests.house import House
from tests.mail_server import MailServer
from tests.workflows.conftest import OpenHouse
from tests.workflows.following import all_agree, entries, until_fact

LANDING = timedelta(seconds=2)
"""The virtual clock lands up to a second behind the time that it was sent to."""


async def breaches(house: House, reference: str) -> list[ClockBreached]:
    return [entry.fact for entry in await entries(house, reference) if isinstance(entry.fact, ClockBreached)]


async def test_a_clock_fires_at_its_due_time_and_not_before(house: House, time_skipping: WorkflowEnvironment) -> None:
    reference = await house.take(channel="phone")
    workflow, [due] = (
        house.workflow(reference),
        [clock.due_at for clock in (await house.record(reference)).running_clocks],
    )
    await house.services.intake.settle()

    await time_skipping.fast_forward(workflow, due - datetime.now(UTC) - timedelta(minutes=1))
    note = await house.do(reference, "note", text="A minute before.")
    assert await breaches(house, reference) == []
    assert note.nearest_due() == due

    await time_skipping.fast_forward(workflow, timedelta(minutes=2))
    await until_fact(house, reference, "clock.breached")
    [breach] = await breaches(house, reference)
    assert (breach.kind, breach.due_at) == ("final_response", due)
    assert 0 <= breach.late_seconds < LANDING.total_seconds()


async def test_each_clock_of_a_case_fires_once_and_an_answered_one_never(
    house: House, mail_server: MailServer, time_skipping: WorkflowEnvironment
) -> None:
    mail_server.refuse("450 4.3.2 try later")
    forgotten, answered = await house.take(), await house.take(channel="phone")
    for command, values in (
        ("assess", {"decision": "invalid", "ground": "unfounded"}),
        ("explain", {"way": "phone", "letter": "Nothing was found."}),
    ):
        await house.do(answered, command, **values)
    await until_fact(house, forgotten, "step.failed")
    await time_skipping.fast_forward(house.workflow(forgotten), timedelta(days=20))
    await until_fact(house, forgotten, "clock.breached", times=2)

    assert [breach.kind for breach in await breaches(house, forgotten)] == ["acknowledge", "final_response"]
    assert all(0 <= breach.late_seconds < LANDING.total_seconds() for breach in await breaches(house, forgotten))
    assert await breaches(house, answered) == []
    assert (await house.record(forgotten)).nearest_due() is None


async def test_what_fell_due_while_no_worker_was_there_fires_once_and_says_how_late(unattended: OpenHouse) -> None:
    async with unattended(default_policy="demo") as house:
        reference = await house.take(channel="web", received_at=(datetime.now(UTC) - timedelta(seconds=19)).isoformat())
        [_, _] = (await house.record(reference)).running_clocks
        await asyncio.sleep(3)  # twenty seconds after receipt the customer should have been told
        async with case_worker(replace(house.parts), strict=True):
            await until_fact(house, reference, "clock.breached")
            await until_fact(house, reference, "complaint.acknowledged")
            [breach] = await breaches(house, reference)
            assert breach.kind == "acknowledge"
            assert 1.5 < breach.late_seconds < 20
            facts = await house.facts(reference)
            assert facts.index("clock.breached") < facts.index("complaint.acknowledged")
            await all_agree(house)
