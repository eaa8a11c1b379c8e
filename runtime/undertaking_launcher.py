"""Starting the workflows of undertakings, and reaching them; as `runtime.launcher` does for cases."""

import asyncio
import logging
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from contracts.names import PERFORM, UNDERTAKING, undertaking_workflow_id
from contracts.undertakings import UndertakingAnswer, UndertakingStart
from domain.undertakings.kinds import Submission
from runtime.launcher import RPC_LIMIT, TEMPORAL_AWAY, is_open
from storage.undertakings import Undertakings

log = logging.getLogger(__name__)


class UndertakingLauncher:
    """The way from outside into an undertaking's workflow."""

    def __init__(self, client: Client, task_queue: str, undertakings: Undertakings) -> None:
        self._client = client
        self._task_queue = task_queue
        self._undertakings = undertakings

    async def start(self, reference: str, epoch: int = 1) -> bool:
        """Start its workflow unless it runs, and strike it off the list; False while Temporal is away.

        In a later epoch than the first it was started again from its ledger: a run that is there is of an older one,
        would be refused at its next record, and ends.
        """
        policy = WorkflowIDConflictPolicy.TERMINATE_EXISTING if epoch > 1 else WorkflowIDConflictPolicy.USE_EXISTING
        try:
            await self._client.start_workflow(
                UNDERTAKING,
                UndertakingStart(reference=reference, epoch=epoch),
                id=undertaking_workflow_id(reference),
                task_queue=self._task_queue,
                id_conflict_policy=policy,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                rpc_timeout=RPC_LIMIT,
            )
        except WorkflowAlreadyStartedError:
            log.debug("undertaking runs already", extra={"reference": reference})
        except TEMPORAL_AWAY:
            log.warning("undertaking not started yet", extra={"reference": reference})
            return False
        await self._undertakings.started(reference, epoch)
        return True

    async def start_those_left(self) -> int:
        """Start what a crash or an outage left unstarted; how many were started."""
        left = await self._undertakings.unstarted(datetime.now(UTC))
        return sum([await self.start(reference, epoch) for reference, epoch in left])

    async def perform(self, reference: str, epoch: int, submission: Submission, limit: timedelta) -> UndertakingAnswer:
        """Do a command in its workflow, starting it if it does not run.

        Raises WorkflowUpdateFailedError for a refusal, TEMPORAL_AWAY or TimeoutError when the outcome is not known.
        """
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            UNDERTAKING,
            UndertakingStart(reference=reference, epoch=epoch),
            id=undertaking_workflow_id(reference),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )
        try:
            answer: UndertakingAnswer = await self._client.execute_update_with_start_workflow(
                PERFORM,
                submission,
                id=f"{submission.id}-{secrets.token_hex(4)}",
                start_workflow_operation=start,
                result_type=UndertakingAnswer,
                rpc_timeout=limit,
            )
            return answer
        finally:
            await _started_or_not(start)

    async def is_running(self, reference: str) -> bool:
        """Whether an undertaking has a process now; False where Temporal does not say so in time."""
        return await is_open(self._client, undertaking_workflow_id(reference))


async def _started_or_not(start: WithStartWorkflowOperation[Any, Any]) -> None:
    """Take the outcome of the start half, or asyncio complains that nobody did."""
    try:
        await asyncio.wait_for(start.workflow_handle(), timeout=0.01)
    except (*TEMPORAL_AWAY, TimeoutError, WorkflowAlreadyStartedError):
        return
