"""The launchers: of cases with their batches and imports, of waves, and of undertakings."""

import asyncio

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from contracts.batches import BatchStart
from contracts.cases import Answer, CaseStart
from contracts.imports import ImportStart
from contracts.names import (
    BATCH,
    CASE_QUERY,
    COMPLAINT,
    IMPORT,
    UNDERTAKING,
    WAVE,
    batch_workflow_id,
    case_workflow_id,
    import_workflow_id,
    undertaking_workflow_id,
    wave_workflow_id,
)
from contracts.undertakings import UndertakingAnswer, UndertakingStart
from contracts.waves import WaveAnswer, WaveStart
from domain.complaints.case import Case
from domain.complaints.commands import Submission
from domain.surveys.waves.commands import WaveSubmission
from domain.undertakings.kinds import Submission as UndertakingSubmission
from runtime.ledgered_launcher import ASKING_LIMIT, RPC_LIMIT, TEMPORAL_AWAY, Kind, LedgeredLauncher
from storage.unstarted import Unstarted

__all__ = ["RPC_LIMIT", "TEMPORAL_AWAY", "CaseLauncher", "UndertakingLauncher", "WaveLauncher"]

_CASE = Kind(COMPLAINT, CaseStart, case_workflow_id, Answer)
_WAVE = Kind(WAVE, WaveStart, wave_workflow_id, WaveAnswer)
_UNDERTAKING = Kind(UNDERTAKING, UndertakingStart, undertaking_workflow_id, UndertakingAnswer)


class CaseLauncher(LedgeredLauncher[Submission, Answer]):
    """The way from outside into a case's workflow, and to batches and imports of cases."""

    def __init__(self, client: Client, task_queue: str, unstarted: Unstarted) -> None:
        super().__init__(client, task_queue, _CASE, unstarted)

    async def asked(self, reference: str) -> Case | None:
        """A case at rest as its workflow has it, and only such a one (decision 39); None without an answer in time."""
        handle = self._client.get_workflow_handle(case_workflow_id(reference))
        try:
            return await asyncio.wait_for(
                handle.query(CASE_QUERY, result_type=Case, rpc_timeout=ASKING_LIMIT), ASKING_LIMIT.total_seconds()
            )
        except (*TEMPORAL_AWAY, TimeoutError):
            return None

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


class WaveLauncher(LedgeredLauncher[WaveSubmission, WaveAnswer]):
    """The way from outside into a wave's workflow."""

    def __init__(self, client: Client, task_queue: str, unstarted: Unstarted) -> None:
        super().__init__(client, task_queue, _WAVE, unstarted)


class UndertakingLauncher(LedgeredLauncher[UndertakingSubmission, UndertakingAnswer]):
    """The way from outside into an undertaking's workflow."""

    def __init__(self, client: Client, task_queue: str, unstarted: Unstarted) -> None:
        super().__init__(client, task_queue, _UNDERTAKING, unstarted)
