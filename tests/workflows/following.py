"""Following a case from outside: until something is so, until everybody agrees; and beginning its workflow anew."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from contracts.cases import Answer, CaseStart
from contracts.names import CASE_QUERY, COMPLAINT, case_workflow_id
from domain.complaints.case import Case
from domain.complaints.commands import AnyCommand, Submission
from domain.complaints.evolve import fold
from domain.complaints.facts import Entry
from domain.complaints.terms import Status
from storage.pool import borrow
from tests.house import House

PATIENCE_SECONDS = 30.0
A_WHILE = timedelta(seconds=60)


async def until(is_so: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until it is so; TimeoutError if it never is."""
    async with asyncio.timeout(seconds):
        while not await is_so():
            await asyncio.sleep(0.02)


async def until_status(house: House, reference: str, status: Status) -> Case:
    async def has_come() -> bool:
        return (await house.record(reference)).status is status

    await until(has_come)
    return await house.record(reference)


async def until_known(house: House, reference: str, status: Status) -> None:
    """Wait until the workflow itself knows the status; the record may know it earlier."""

    async def is_known() -> bool:
        case = await house.workflow(reference).query(CASE_QUERY, result_type=Case)
        return case is not None and case.status is status

    await until(is_known)


async def until_fact(house: House, reference: str, fact: str, times: int = 1) -> None:
    async def happened() -> bool:
        return (await house.facts(reference)).count(fact) >= times

    await until(happened)


async def entries(house: House, reference: str) -> tuple[Entry, ...]:
    return await house.parts.ledger.entries(reference)


async def queried(house: House, reference: str) -> Case:
    """The case as its workflow has it."""
    case: Case = await house.workflow(reference).query(CASE_QUERY, result_type=Case)
    return case


async def submit(house: House, reference: str, submission_id: str, command: AnyCommand, **fields: Any) -> Answer:
    """Give a command under an id of the test's own."""
    values = {"id": submission_id, "actor": house.people["handler"].id, "command": command, **fields}
    epoch = await house.parts.ledger.epoch(reference)
    return await house.parts.launcher.perform(reference, epoch, Submission.model_validate(values), A_WHILE)


async def begin_anew(
    house: House, reference: str, *, task_timeout: timedelta | None = None, **start: Any
) -> WorkflowHandle[Any, Any]:
    """Put another run in the place of a case's first one, started otherwise than the launcher does."""
    await house.services.intake.settle()
    await house.workflow(reference).terminate("begun anew by a test")
    return await house.parts.client.start_workflow(
        COMPLAINT,
        CaseStart(reference=reference, **start),
        id=case_workflow_id(reference),
        task_queue=house.parts.settings.task_queue,
        task_timeout=task_timeout,
    )


async def all_agree(house: House) -> None:
    """For every case: the ledger folded, the read model and the workflow's own answer are one and the same."""
    async with borrow(house.parts.pool) as connection:
        rows = await connection.fetch("SELECT reference FROM case_record ORDER BY reference")
    for row in rows:
        await agree(house, row["reference"])


async def agree(house: House, reference: str) -> None:
    """Wait a little for what is under way; then differences are errors."""

    async def folded_and_recorded() -> tuple[Case, Case]:
        return fold(await entries(house, reference)), await house.record(reference)

    async def stand_still() -> bool:
        folded, recorded = await folded_and_recorded()
        return folded == recorded == await queried(house, reference)

    try:
        await until(stand_still, 5)
    except TimeoutError:
        folded, recorded = await folded_and_recorded()
        assert recorded == folded
        assert await queried(house, reference) == folded
