"""A rebuild on a Temporal store that still knows older runs: each is replaced, and no clock is missed."""

from datetime import UTC, datetime

from temporalio.client import WorkflowExecutionStatus

from tests.house import House
from tests.workflows.following import agree, until


async def test_a_rebuilt_case_takes_the_place_of_a_stale_run(house: House) -> None:
    """As after a restore of an older store: the run that it has would be refused at its next record."""
    reference = await house.take(channel="phone")
    await house.services.intake.settle()
    await agree(
        house, reference
    )  # it has loaded: a run that had not would be refused at once, and not be there any more
    stale = await house.workflow(reference).describe()
    assert await house.parts.unstarted.restart_all(datetime.now(UTC)) >= 1

    async def is_replaced() -> bool:
        await house.parts.launcher.start_those_left()
        return (await house.workflow(reference).describe()).run_id != stale.run_id

    await until(is_replaced)

    async def only_one_runs() -> bool:
        states = [
            run.status async for run in house.parts.client.list_workflows(f"WorkflowId = 'complaint/{reference}'")
        ]
        return sorted(states) == sorted([WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.TERMINATED])

    await until(only_one_runs)
    await house.do(reference, "note", text="It goes on.")
    await agree(house, reference)
