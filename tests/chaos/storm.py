"""A storm: business goes on while processes are killed one after the other, until all is quiet again."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from tests.chaos.business import Business, mixed_paths
from tests.chaos.evidence import Evidence, Scene, gather, until_quiet
from tests.chaos.faults import Kill, kill_schedule
from tests.chaos.installation import Installation
from tests.chaos.sink import Sink

LONGEST_MAIL_OUTAGE_SECONDS = 90
QUIET_WITHIN = timedelta(seconds=150)


@dataclass(frozen=True, slots=True)
class Storm:
    """How much business and how much weather; all of it follows from the seed."""

    seed: int
    cases: int
    left_open: int
    kills: int
    mean_wait: float

    def schedule(self) -> tuple[Kill, ...]:
        return kill_schedule(self.seed, kills=self.kills, mean_wait=self.mean_wait)


async def rage(storm: Storm, installation: Installation, business: Business, sink: Sink) -> None:
    """Let the storm go over the business; ends when both are over and every part answers again."""
    schedule = storm.schedule()
    over_seconds = sum(kill.wait for kill in schedule)
    paths = mixed_paths(storm.cases, random.Random(storm.seed), left=storm.left_open)
    async with asyncio.TaskGroup() as group:
        group.create_task(business.run(paths, over_seconds))
        group.create_task(_kill(schedule, installation))
        group.create_task(_mail_outage(sink, business.has_parked, after=over_seconds / 3))
    await installation.settle()


async def _kill(schedule: Sequence[Kill], installation: Installation) -> None:
    for kill in schedule:
        await asyncio.sleep(kill.wait)
        await installation.until_it_can_be_hit(kill.victim)
        installation.kill(kill.victim)


async def _mail_outage(sink: Sink, has_parked: asyncio.Event, *, after: float) -> None:
    """The mail server goes away until letters wait for the operator."""
    await asyncio.sleep(after)
    has_parked.clear()
    await sink.stop()
    with suppress(TimeoutError):
        await asyncio.wait_for(has_parked.wait(), LONGEST_MAIL_OUTAGE_SECONDS)
    await sink.start()


async def look(installation: Installation, business: Business, sink: Sink) -> Evidence:
    """Wait until nothing goes on any more, or until patience ends, and gather what can be seen."""
    scene = Scene(
        installation.database_url,
        await installation.temporal(),
        installation.task_queue,
        business.diary,
        sink,
        installation.injuries,
        installation.store_was_lost,
    )
    await until_quiet(scene, QUIET_WITHIN)
    return await gather(scene)
