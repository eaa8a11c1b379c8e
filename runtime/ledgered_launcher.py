"""Starting the workflows of cases, waves and undertakings, and reaching them.

A start is made by the id of what it runs, so it may be tried by anybody, any number of times.
"""

import asyncio
import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from contracts.names import PERFORM

AT_ONCE = 8
STARTS_PER_CLAIM = 100
RPC_LIMIT = timedelta(seconds=10)
ASKING_LIMIT = timedelta(seconds=1)
TEMPORAL_AWAY = (RPCError, RuntimeError)
"""A lazy client that cannot make its first connection raises RuntimeError, later ones RPCError."""

log = logging.getLogger(__name__)

SubmissionT = TypeVar("SubmissionT", bound="Submitted")
AnswerT = TypeVar("AnswerT")


class Submitted(Protocol):
    """A command with its id."""

    @property
    def id(self) -> str: ...


class Begin(Protocol):
    """Makes the argument of a run."""

    def __call__(self, *, reference: str, epoch: int) -> Any: ...


class WorkflowId(Protocol):
    """Makes the id of a run of what a number names."""

    def __call__(self, reference: str, /) -> str: ...


class Unstarted(Protocol):
    """The notes of what has still to be started."""

    async def claim(self, limit: int, at: datetime) -> list[tuple[str, int]]:
        """Numbers and epochs to start now; each is left alone for a while, then offered again."""

    async def started(self, reference: str, epoch: int) -> None:
        """Strike one off whose run of this epoch was started."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[AnswerT]):
    """What a launcher has to know of what it starts."""

    workflow: str
    begin: Begin
    workflow_id: WorkflowId
    answer: type[AnswerT]


class LedgeredLauncher(Generic[SubmissionT, AnswerT]):
    """The way from outside into the run of something that has a ledger."""

    def __init__(self, client: Client, task_queue: str, kind: Kind[AnswerT], unstarted: Unstarted) -> None:
        self._client = client
        self._task_queue = task_queue
        self._kind = kind
        self._unstarted = unstarted

    async def start(self, reference: str, epoch: int = 1) -> bool:
        """Start a run unless there is one, and strike it off the list; False while Temporal is away.

        In a later epoch than the first it was started again from its ledger: a run that is there is of an older one,
        would be refused at its next record while a due time is missed, and ends.
        """
        policy = WorkflowIDConflictPolicy.TERMINATE_EXISTING if epoch > 1 else WorkflowIDConflictPolicy.USE_EXISTING
        try:
            await self._client.start_workflow(
                self._kind.workflow,
                self._kind.begin(reference=reference, epoch=epoch),
                id=self._kind.workflow_id(reference),
                task_queue=self._task_queue,
                id_conflict_policy=policy,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                rpc_timeout=RPC_LIMIT,
            )
        except WorkflowAlreadyStartedError:
            log.debug("runs already", extra={"reference": reference})
        except TEMPORAL_AWAY as error:
            status = error.status.name if isinstance(error, RPCError) else "UNAVAILABLE"
            log.warning("not started yet", extra={"reference": reference, "status": status})
            return False
        await self._unstarted.started(reference, epoch)
        return True

    async def start_those_left(self) -> int:
        """Start what a crash or an outage left unstarted; how many were started."""
        left = await self._unstarted.claim(STARTS_PER_CLAIM, datetime.now(UTC))
        if not left or not await self.start(*left[0]):
            return 0
        gate = asyncio.Semaphore(AT_ONCE)

        async def start_gated(reference: str, epoch: int) -> bool:
            async with gate:
                return await self.start(reference, epoch)

        return 1 + sum(await asyncio.gather(*(start_gated(*noted) for noted in left[1:])))

    async def perform(self, reference: str, epoch: int, submission: SubmissionT, limit: timedelta) -> AnswerT:
        """Do a command in the run, starting it if there is none.

        The workflow does a submission once. Each try is an update of its own: Temporal would answer a repeated update
        by the refusal of the first for ever, also when things have moved on.

        Raises WorkflowUpdateFailedError for a refusal, TEMPORAL_AWAY or TimeoutError when the outcome is not known.
        """
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            self._kind.workflow,
            self._kind.begin(reference=reference, epoch=epoch),
            id=self._kind.workflow_id(reference),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )
        try:
            answer: AnswerT = await self._client.execute_update_with_start_workflow(
                PERFORM,
                submission,
                id=f"{submission.id}-{secrets.token_hex(4)}",
                start_workflow_operation=start,
                result_type=self._kind.answer,
                rpc_timeout=limit,
            )
            return answer
        finally:
            await _started_or_not(start)

    async def is_running(self, reference: str) -> bool:
        """Whether there is a run now, asked of the server and never of a worker (decision 39)."""
        handle = self._client.get_workflow_handle(self._kind.workflow_id(reference))
        try:
            found = await asyncio.wait_for(handle.describe(rpc_timeout=ASKING_LIMIT), ASKING_LIMIT.total_seconds())
        except (*TEMPORAL_AWAY, TimeoutError):
            return False
        return found.status is WorkflowExecutionStatus.RUNNING


async def _started_or_not(start: WithStartWorkflowOperation[Any, Any]) -> None:
    """Take the outcome of the start half, or asyncio complains that nobody did."""
    try:
        await asyncio.wait_for(start.workflow_handle(), timeout=0.01)
    except (*TEMPORAL_AWAY, TimeoutError, WorkflowAlreadyStartedError):
        return
