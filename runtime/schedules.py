"""The schedules of an installation at Temporal: surges each morning, an analysis of each week and of each month.

Applied again they are put right, not doubled. What a schedule missed while the server was away is caught up for a day;
a turn that is still under way lets the next one wait, and never run beside it.
"""

from collections.abc import Callable
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from contracts.names import PERIODIC
from contracts.undertakings import PeriodicOrder
from domain.undertakings.cadence import Cadence

CAUGHT_UP = timedelta(days=1)
CRON = {Cadence.SURGES: "15 6 * * *", Cadence.WEEKLY: "30 6 * * 1", Cadence.MONTHLY: "45 6 1 * *"}
"""Before people come to work, in the zone of the installation."""


async def apply_schedules(client: Client, task_queue: str, zone: str) -> tuple[str, ...]:
    """Create the schedules, or put them right; their ids. Raises RPCError while Temporal is away."""
    for cadence in Cadence:
        schedule = _schedule(cadence, task_queue, zone)
        try:
            await client.create_schedule(_id(cadence), schedule)
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(_id(cadence)).update(_replaced_by(schedule))
    return tuple(_id(cadence) for cadence in Cadence)


def _id(cadence: Cadence) -> str:
    return f"{PERIODIC}/{cadence}"


def _schedule(cadence: Cadence, task_queue: str, zone: str) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            PERIODIC, PeriodicOrder(cadence=cadence), id=f"{PERIODIC}-{cadence}", task_queue=task_queue
        ),
        spec=ScheduleSpec(cron_expressions=[CRON[cadence]], time_zone_name=zone),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.BUFFER_ONE, catchup_window=CAUGHT_UP),
    )


def _replaced_by(schedule: Schedule) -> Callable[[ScheduleUpdateInput], ScheduleUpdate]:
    """An update that replaces a schedule, and leaves it paused if somebody has paused it."""

    def update(found: ScheduleUpdateInput) -> ScheduleUpdate:
        schedule.state = found.description.schedule.state
        return ScheduleUpdate(schedule=schedule)

    return update
