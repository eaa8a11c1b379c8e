"""The schedules of an installation at Temporal: surges each morning, analyses of weeks and months, waves of surveys.

Applied again they are put right, not doubled. What a schedule missed while the server was away is caught up for a day;
a turn that is still under way lets the next one wait, and never run beside it.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

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
from temporalio.service import RPCError

from contracts.names import PERIODIC, WAVE_TURN
from contracts.undertakings import PeriodicOrder
from contracts.waves import WaveTurnOrder
from domain.surveys.waves.recurrence import Recurrence
from domain.undertakings.cadence import Cadence
from runtime.launcher import RPC_LIMIT, TEMPORAL_AWAY

CAUGHT_UP = timedelta(days=1)
CRON = {Cadence.SURGES: "15 6 * * *", Cadence.WEEKLY: "30 6 * * 1", Cadence.MONTHLY: "45 6 1 * *"}
"""Before people come to work, in the zone of the installation."""


async def apply_schedules(client: Client, task_queue: str, zone: str) -> tuple[str, ...]:
    """Create the schedules, or put them right; their ids. Raises RPCError while Temporal is away."""
    for cadence in Cadence:
        await _put_right(client, _id(cadence), _schedule(cadence, task_queue, zone))
    return tuple(_id(cadence) for cadence in Cadence)


async def apply_recurrences(
    client: Client, task_queue: str, zone: str, recurrences: Mapping[str, Recurrence | None]
) -> int:
    """Put the schedules of surveys right, and take away those that have ended; how many there are now."""
    for survey, recurrence in recurrences.items():
        if recurrence is None:
            with suppress(RPCError):  # it is not there, or Temporal is away and the next time takes it away
                await client.get_schedule_handle(recurrence_id(survey)).delete(rpc_timeout=RPC_LIMIT)
        else:
            await _put_right(client, recurrence_id(survey), _of_survey(survey, recurrence, task_queue, zone))
    return sum(recurrence is not None for recurrence in recurrences.values())


async def next_turn(client: Client, survey: str) -> datetime | None:
    """When the next wave of a survey is due; None while Temporal is away, or knows of none yet."""
    try:
        described = await client.get_schedule_handle(recurrence_id(survey)).describe(rpc_timeout=RPC_LIMIT)
    except TEMPORAL_AWAY:
        return None
    return next(iter(described.info.next_action_times), None)


def recurrence_id(survey: str) -> str:
    return f"{WAVE_TURN}/{survey}"


async def _put_right(client: Client, name: str, schedule: Schedule) -> None:
    try:
        await client.create_schedule(name, schedule, rpc_timeout=RPC_LIMIT)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(_replaced_by(schedule), rpc_timeout=RPC_LIMIT)


def _of_survey(survey: str, recurrence: Recurrence, task_queue: str, zone: str) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            WAVE_TURN, WaveTurnOrder(survey=survey), id=f"{WAVE_TURN}-{survey}", task_queue=task_queue
        ),
        spec=ScheduleSpec(cron_expressions=[recurrence.cron], time_zone_name=zone),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.BUFFER_ONE, catchup_window=CAUGHT_UP),
    )


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
