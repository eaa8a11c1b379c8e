"""Five thousand parked letters retried by one command: do they drain at the rate that was asked for, and what is left
of it in the history of the batch?

Run: python -m benchmarks.bulk_retry [--steps 5000] [--rate 5]

The cases come in by the intake while the mail server is away, and their notices are recorded as parked, as their
workflows would have recorded them; none of these has ever run. The retry starts each, which sends its notice. Beside
the time stands that of the rate alone (steps by rate): what a command without any work would take.
"""

import argparse
import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.client import WorkflowExecutionStatus

from benchmarks.servers import Servers, conditions, servers
from contracts.names import batch_workflow_id
from domain.complaints import commands as c
from domain.complaints.decide import decide
from domain.complaints.evolve import fold
from domain.complaints.situation import Circumstances
from runtime.assembly import case_worker
from starter.steps import StepSelection
from storage.steps import StepFilter
from tests.house import House, open_house

STEPS, RATE, AT_ONCE = 5_000, 5.0, 8
MOST_EVENTS = 2_000
"""What docs/reliability.md allows a run; Temporal ends one at 51,200."""
MOST_LATE = 1.1
LOOK_EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Drained:
    """What the batch came to."""

    seconds: float
    outcomes: dict[str, int]
    letters: int
    repeated: int
    events: int
    size: int


async def measured(found: Servers, steps: int, rate: float) -> Drained:
    async with open_house(found.database_url, found.client, found.keys, smtp_url=found.mail.url) as house:
        await parked(house, steps)
        async with case_worker(house.parts, strict=True):
            return await retried(house, found, steps, rate)


async def parked(house: House, steps: int) -> None:
    """So many cases whose first letter waits for an operator."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with gate:
            reference = await house.take(customer={"email": f"customer{number}@example.com"})
            failed = c.StepFailed(step="acknowledgement.1", error="mail_server_away", attempts=5)
            await recorded(house, reference, failed)

    await asyncio.gather(*(one(number) for number in range(steps)))
    await house.parts.pool.execute("DELETE FROM unstarted_case")


async def recorded(house: House, reference: str, command: c.AnyCommand) -> None:
    case = await house.record(reference)
    policy = await house.parts.rulebook.policy(case.policy)
    calendar = await house.parts.rulebook.calendar(policy)
    at = Circumstances(now=datetime.now(UTC), policy=policy, calendar=calendar)
    made = decide(case, c.Submission(id="step-failed-1", actor="system", command=command), at)
    await house.parts.ledger.append(case, made, fold(made, case))


async def retried(house: House, found: Servers, steps: int, rate: float) -> Drained:
    """One command for all, until each has its outcome and its letter."""
    chosen = StepSelection(narrowed_to=StepFilter(error="mail_server_away"))
    begun = time.monotonic()
    batch, count = await house.services.steps.start(
        house.people["operator"], "retry_step", chosen, "the mail server is back", rate
    )
    assert count == steps, f"{count} of {steps} steps are parked"
    handle = found.client.get_workflow_handle(batch_workflow_id(batch))
    while (described := await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    seconds = time.monotonic() - begun
    progress = await house.services.batch_records.progress(batch)
    assert progress is not None
    waiting = "SELECT count(*) FROM step WHERE state IN ('running', 'parked')"
    while await house.parts.pool.fetchval(waiting):
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    ids = [str(each.message["Message-ID"]) for each in found.mail.deliveries]
    size = described.raw_description.workflow_execution_info.history_size_bytes
    return Drained(
        seconds, dict(progress.outcomes), len(set(ids)), len(ids) - len(set(ids)), described.history_length, size
    )


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--steps", type=int, default=STEPS)
    arguments.add_argument("--rate", type=float, default=RATE)
    given = arguments.parse_args()
    print(conditions())
    async with servers() as found:
        show(await measured(found, given.steps, given.rate), given.steps, given.rate)
    print(conditions())


def show(drained: Drained, steps: int, rate: float) -> None:
    alone = steps / rate
    print(f"\n{steps:,} parked steps retried at {rate:g} a second")
    print(
        f"  drained in         {drained.seconds:8.1f} s   {steps / drained.seconds:6.2f} a second   {drained.outcomes}"
    )
    print(f"  the rate alone     {alone:8.1f} s   ({drained.seconds / alone:.2f} ×)")
    print(f"  letters            {drained.letters:8,}     repeated {drained.repeated}")
    print(f"  history            {drained.events:8,} events, {drained.size:,} bytes   limit {MOST_EVENTS:,} events")
    kept_pace, is_bounded = drained.seconds <= MOST_LATE * alone, drained.events <= MOST_EVENTS
    is_faster = drained.seconds < alone * 0.98
    print(f"goal of the configured rate: {'MISSED' if is_faster or not kept_pace else 'met'}; ", end="")
    print(f"bounded history: {'met' if is_bounded else 'MISSED'}")


if __name__ == "__main__":
    asyncio.run(main())
