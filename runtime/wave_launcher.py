"""Starting the workflows of waves, and reaching them; as `runtime.launcher` does for cases."""

import asyncio
import logging
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from contracts.names import PERFORM, WAVE, wave_workflow_id
from contracts.waves import WaveAnswer, WaveStart
from domain.surveys.waves.commands import WaveSubmission
from runtime.launcher import RPC_LIMIT, TEMPORAL_AWAY, is_open
from storage.waves import Waves

log = logging.getLogger(__name__)


class WaveLauncher:
    """The way from outside into a wave's workflow."""

    def __init__(self, client: Client, task_queue: str, waves: Waves) -> None:
        self._client = client
        self._task_queue = task_queue
        self._waves = waves

    async def start(self, reference: str, epoch: int = 1) -> bool:
        """Start a wave's workflow unless it runs, and strike it off the list; False while Temporal is away.

        In a later epoch than the first it was started again from its ledger: a run that is there is of an older one,
        would be refused at its next record, and ends.
        """
        policy = WorkflowIDConflictPolicy.TERMINATE_EXISTING if epoch > 1 else WorkflowIDConflictPolicy.USE_EXISTING
        try:
            await self._client.start_workflow(
                WAVE,
                WaveStart(reference=reference, epoch=epoch),
                id=wave_workflow_id(reference),
                task_queue=self._task_queue,
                id_conflict_policy=policy,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                rpc_timeout=RPC_LIMIT,
            )
        except WorkflowAlreadyStartedError:
            log.debug("wave runs already", extra={"reference": reference})
        except TEMPORAL_AWAY:
            log.warning("wave not started yet", extra={"reference": reference})
            return False
        await self._waves.started(reference, epoch)
        return True

    async def start_those_left(self) -> int:
        """Start what a crash or an outage left unstarted; how many were started."""
        left = await self._waves.unstarted(datetime.now(UTC))
        return sum([await self.start(reference, epoch) for reference, epoch in left])

    async def perform(self, reference: str, epoch: int, submission: WaveSubmission, limit: timedelta) -> WaveAnswer:
        """Do a command in the wave's workflow, starting it if it does not run.

        Raises WorkflowUpdateFailedError for a refusal, TEMPORAL_AWAY or TimeoutError when the outcome is not known.
        """
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            WAVE,
            WaveStart(reference=reference, epoch=epoch),
            id=wave_workflow_id(reference),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )
        try:
            answer: WaveAnswer = await self._client.execute_update_with_start_workflow(
                PERFORM,
                submission,
                id=f"{submission.id}-{secrets.token_hex(4)}",
                start_workflow_operation=start,
                result_type=WaveAnswer,
                rpc_timeout=limit,
            )
            return answer
        finally:
            await _started_or_not(start)

    async def is_running(self, reference: str) -> bool:
        """Whether a wave has a process now; False where Temporal does not say so in time."""
        return await is_open(self._client, wave_workflow_id(reference))


async def _started_or_not(start: WithStartWorkflowOperation[Any, Any]) -> None:
    """Take the outcome of the start half, or asyncio complains that nobody did."""
    try:
        await asyncio.wait_for(start.workflow_handle(), timeout=0.01)
    except (*TEMPORAL_AWAY, TimeoutError, WorkflowAlreadyStartedError):
        return
