"""What Temporal says of itself to operators: who works, what waits, and which workflows are wedged.

Every question is bounded in time: who asks wants to hear that Temporal is away, not to wait for it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from contracts.names import DEPLOYMENT

WITHIN = timedelta(seconds=3)
MOST_LISTED = 100
WEDGED = "TemporalReportedProblems IS NOT NULL"
"""A workflow whose task failed twice in a row; the server marks it when its dynamic configuration says so."""

_KINDS = {
    "workflow": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    "activity": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}


@dataclass(frozen=True, slots=True)
class Poller:
    """A worker that asks for tasks; `seen_at` is when it asked last."""

    identity: str
    seen_at: datetime
    build: str | None


@dataclass(frozen=True, slots=True)
class Queue:
    """A task queue: how much waits there and for how long, and who works on it."""

    name: str
    kind: str
    backlog: int
    oldest_seconds: float
    pollers: tuple[Poller, ...]


@dataclass(frozen=True, slots=True)
class Wedged:
    """A workflow that cannot go on by itself."""

    id: str
    type: str
    started_at: datetime
    problems: tuple[str, ...]


class Operations:
    """Questions to Temporal about our own task queue and namespace. All raise RPCError, RuntimeError, TimeoutError."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self._wedged = f"{WEDGED} AND TaskQueue = '{task_queue}'"

    async def queues(self) -> Sequence[Queue]:
        """The task queue of our workflows and that of their activities."""
        return await asyncio.gather(*(self._queue(name) for name in _KINDS))

    async def wedged_count(self) -> int:
        async with asyncio.timeout(WITHIN.total_seconds()):
            return (await self._client.count_workflows(self._wedged, rpc_timeout=WITHIN)).count

    async def wedged(self) -> Sequence[Wedged]:
        """The workflows that are wedged, at most a hundred."""
        async with asyncio.timeout(WITHIN.total_seconds()):
            found = [
                each async for each in self._client.list_workflows(self._wedged, limit=MOST_LISTED, rpc_timeout=WITHIN)
            ]
        return [
            Wedged(
                id=each.id,
                type=each.workflow_type,
                started_at=each.start_time,
                problems=tuple(str(problem) for problem in each.search_attributes.get("TemporalReportedProblems", ())),
            )
            for each in found
        ]

    async def current_build(self) -> str | None:
        """The build that cases are routed to; None where workers have none."""
        request = DescribeWorkerDeploymentRequest(namespace=self._client.namespace, deployment_name=DEPLOYMENT)
        try:
            found = await self._client.workflow_service.describe_worker_deployment(request, timeout=WITHIN)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        routing = found.worker_deployment_info.routing_config
        return routing.current_deployment_version.build_id or None

    async def make_current(self, build: str) -> None:
        """Route cases to a build, of which a worker must have asked for tasks before."""
        request = SetWorkerDeploymentCurrentVersionRequest(
            namespace=self._client.namespace, deployment_name=DEPLOYMENT, build_id=build, identity="amends"
        )
        await self._client.workflow_service.set_worker_deployment_current_version(request, timeout=WITHIN)

    async def _queue(self, kind: str) -> Queue:
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=self._task_queue),
            task_queue_type=_KINDS[kind],
            report_stats=True,
        )
        found = await self._client.workflow_service.describe_task_queue(request, timeout=WITHIN)
        return Queue(
            name=self._task_queue,
            kind=kind,
            backlog=found.stats.approximate_backlog_count,
            oldest_seconds=found.stats.approximate_backlog_age.ToTimedelta().total_seconds(),
            pollers=tuple(
                Poller(
                    identity=poller.identity,
                    seen_at=poller.last_access_time.ToDatetime(UTC),
                    build=poller.deployment_options.build_id or None,
                )
                for poller in found.pollers
            ),
        )
