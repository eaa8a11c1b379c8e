"""Starting the workflows of cases, and reaching them.

A start is made by the case's own id, so it may be tried by anybody, any number of times.
"""

import asyncio
import logging
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from contracts.batches import BatchStart
from contracts.cases import Answer, CaseStart
from contracts.imports import ImportStart
from contracts.names import (
    BATCH,
    CASE_QUERY,
    COMPLAINT,
    IMPORT,
    PERFORM,
    batch_workflow_id,
    case_workflow_id,
    import_workflow_id,
)
from domain.complaints.case import Case
from domain.complaints.commands import Submission
from storage.intakes import UnstartedCases

AT_ONCE = 8
STARTS_PER_CLAIM = 100
RPC_LIMIT = timedelta(seconds=10)
ASKING_LIMIT = timedelta(seconds=1)
TEMPORAL_AWAY = (RPCError, RuntimeError)
"""A lazy client that cannot make its first connection raises RuntimeError, later ones RPCError."""

log = logging.getLogger(__name__)


class CaseLauncher:
    """The way from outside into a case's workflow."""

    def __init__(self, client: Client, task_queue: str, unstarted: UnstartedCases) -> None:
        self._client = client
        self._task_queue = task_queue
        self._unstarted = unstarted

    async def start(self, reference: str, epoch: int = 1) -> bool:
        """Start a case's workflow unless it runs, and strike it off the list; False while Temporal is away.

        In a later epoch than the first it was started again from its ledger: a run that is there is of an older one,
        would be refused at its next record while a clock of its case is missed, and ends.
        """
        policy = WorkflowIDConflictPolicy.TERMINATE_EXISTING if epoch > 1 else WorkflowIDConflictPolicy.USE_EXISTING
        try:
            await self._client.start_workflow(
                COMPLAINT,
                CaseStart(reference=reference, epoch=epoch),
                id=case_workflow_id(reference),
                task_queue=self._task_queue,
                id_conflict_policy=policy,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                rpc_timeout=RPC_LIMIT,
            )
        except WorkflowAlreadyStartedError:
            log.debug("case runs already", extra={"reference": reference})
        except TEMPORAL_AWAY as error:
            status = error.status.name if isinstance(error, RPCError) else "UNAVAILABLE"
            log.warning("case not started yet", extra={"reference": reference, "status": status})
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

        return 1 + sum(await asyncio.gather(*(start_gated(*case) for case in left[1:])))

    async def perform(self, reference: str, epoch: int, submission: Submission, limit: timedelta) -> Answer:
        """Do a command in the case's workflow, starting it if it does not run.

        The workflow does a submission once. Each try is an update of its own: Temporal would answer a repeated update
        by the refusal of the first for ever, also when the case has moved on.

        Raises WorkflowUpdateFailedError for a refusal, TEMPORAL_AWAY or TimeoutError when the outcome is not known.
        """
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            COMPLAINT,
            CaseStart(reference=reference, epoch=epoch),
            id=case_workflow_id(reference),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )
        try:
            answer: Answer = await self._client.execute_update_with_start_workflow(
                PERFORM,
                submission,
                id=f"{submission.id}-{secrets.token_hex(4)}",
                start_workflow_operation=start,
                result_type=Answer,
                rpc_timeout=limit,
            )
            return answer
        finally:
            await _started_or_not(start)

    async def start_batch(self, batch: str) -> None:
        """Start the workflow of a batch unless it runs. Raises TEMPORAL_AWAY; the batch is kept all the same."""
        await self._client.start_workflow(
            BATCH,
            BatchStart(batch=batch),
            id=batch_workflow_id(batch),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            rpc_timeout=RPC_LIMIT,
        )

    async def start_import(self, batch: str) -> None:
        """Start the workflow of an import unless it runs. Raises TEMPORAL_AWAY; the import is kept all the same."""
        await self._client.start_workflow(
            IMPORT,
            ImportStart(batch=batch),
            id=import_workflow_id(batch),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            rpc_timeout=RPC_LIMIT,
        )

    async def is_running(self, reference: str) -> bool:
        """Whether a case has a process now; False where Temporal does not say so in time."""
        return await is_open(self._client, case_workflow_id(reference))

    async def asked(self, reference: str) -> Case | None:
        """A case at rest as its workflow has it, and only such a one (decision 39); None without an answer in time."""
        handle = self._client.get_workflow_handle(case_workflow_id(reference))
        try:
            return await asyncio.wait_for(
                handle.query(CASE_QUERY, result_type=Case, rpc_timeout=ASKING_LIMIT), ASKING_LIMIT.total_seconds()
            )
        except (*TEMPORAL_AWAY, TimeoutError):
            return None


async def is_open(client: Client, workflow_id: str) -> bool:
    """Whether a workflow runs, asked of the server: a query would go to its worker (decision 39)."""
    handle = client.get_workflow_handle(workflow_id)
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
