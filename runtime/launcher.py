"""The launchers: of cases with their batches and imports, of waves, and of undertakings."""

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
    UNDERTAKING_QUERY,
    WAVE,
    WAVE_QUERY,
    batch_workflow_id,
    case_workflow_id,
    import_workflow_id,
    undertaking_workflow_id,
    wave_workflow_id,
)
from contracts.undertakings import UndertakingAnswer, UndertakingStart, UndertakingView
from contracts.waves import WaveAnswer, WaveStart
from domain.complaints.case import Case
from domain.complaints.commands import Submission
from domain.surveys.waves.commands import WaveSubmission
from domain.surveys.waves.wave import Wave
from domain.undertakings.kinds import AnyUndertaking
from domain.undertakings.kinds import Submission as UndertakingSubmission
from runtime.ledgered_launcher import RPC_LIMIT, TEMPORAL_AWAY, Kind, LedgeredLauncher
from storage.unstarted import Unstarted

__all__ = ["RPC_LIMIT", "TEMPORAL_AWAY", "CaseLauncher", "UndertakingLauncher", "WaveLauncher"]

_CASE = Kind(COMPLAINT, CASE_QUERY, CaseStart, case_workflow_id, Answer, Case)
_WAVE = Kind(WAVE, WAVE_QUERY, WaveStart, wave_workflow_id, WaveAnswer, Wave)
_UNDERTAKING = Kind(
    UNDERTAKING, UNDERTAKING_QUERY, UndertakingStart, undertaking_workflow_id, UndertakingAnswer, UndertakingView
)


class CaseLauncher(LedgeredLauncher[Submission, Answer]):
    """The way from outside into a case's workflow, and to batches and imports of cases."""

    def __init__(self, client: Client, task_queue: str, unstarted: Unstarted) -> None:
        super().__init__(client, task_queue, _CASE, unstarted)

    async def case(self, reference: str) -> Case | None:
        """The case as its workflow has it now; None when it does not answer in time."""
        case: Case | None = await self._seen(reference)
        return case

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

    async def wave(self, reference: str) -> Wave | None:
        """The wave as its workflow has it now; None when it does not answer in time."""
        wave: Wave | None = await self._seen(reference)
        return wave


class UndertakingLauncher(LedgeredLauncher[UndertakingSubmission, UndertakingAnswer]):
    """The way from outside into an undertaking's workflow."""

    def __init__(self, client: Client, task_queue: str, unstarted: Unstarted) -> None:
        super().__init__(client, task_queue, _UNDERTAKING, unstarted)

    async def undertaking(self, reference: str) -> AnyUndertaking | None:
        """The undertaking as its workflow has it now; None when it does not answer in time."""
        view: UndertakingView | None = await self._seen(reference)
        return None if view is None else view.undertaking
