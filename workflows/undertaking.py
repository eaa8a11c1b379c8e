"""The life of an improvement, an incident, an analysis or a defection study, as a ledgered run."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.ledgered import LedgeredRun
from workflows.options import attempts_made, error_code, insist, step_retries

with workflow.unsafe.imports_passed_through():
    from contracts.cases import Patience
    from contracts.names import (
        CARRY_OUT_UNDERTAKING_STEP,
        LOAD_UNDERTAKING,
        PERFORM,
        RECORD_UNDERTAKING,
        UNDERTAKING,
        UNDERTAKING_QUERY,
    )
    from contracts.undertakings import (
        UndertakingAnswer,
        UndertakingLoaded,
        UndertakingOrder,
        UndertakingOutcome,
        UndertakingRecorded,
        UndertakingRecording,
        UndertakingStart,
        UndertakingView,
    )
    from domain.ruling import Ruling
    from domain.undertakings.envelope import SYSTEM, StepFailed, Tick
    from domain.undertakings.kinds import AnyUndertaking, StepResult, Submission, check, fold
    from domain.undertakings.undertaking import UndertakingStep


@workflow.defn(name=UNDERTAKING)
class UndertakingRun(LedgeredRun[AnyUndertaking, Submission, UndertakingStep]):
    """Keeps time and order for one undertaking. What it is, the ledger says."""

    @workflow.init
    def __init__(self, start: UndertakingStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: UndertakingStart) -> None:  # noqa: ARG002  the run has it since `__init__`
        await self._live()

    @workflow.update(name=PERFORM)
    async def perform(self, submission: Submission) -> UndertakingAnswer:
        """Do a command: answered after it was recorded, refused by the name of its guard."""
        return UndertakingAnswer(sequence=await self._performed(submission), undertaking=self._state)

    @perform.validator
    def _may_perform(self, submission: Submission) -> None:
        self._refuse_early(submission)

    @workflow.query(name=UNDERTAKING_QUERY)
    def undertaking(self) -> UndertakingView:
        return UndertakingView(undertaking=self._known)

    async def _load(self) -> tuple[AnyUndertaking, Patience]:
        loaded = await insist(LOAD_UNDERTAKING, self._start, UndertakingLoaded)
        return loaded.undertaking, loaded.patience

    def _check(self, submission: Submission) -> None:
        check(self._state, submission, workflow.now())

    async def _decide(self, submissions: Sequence[Submission]) -> tuple[AnyUndertaking, Sequence[Ruling]]:
        request = UndertakingRecording(undertaking=self._state, submissions=tuple(submissions), now=self._alarm.now())
        recorded = await insist(RECORD_UNDERTAKING, request, UndertakingRecorded)
        return fold(recorded.entries, self._state), recorded.rulings

    def _from_system(self, name: str, command: Any | None = None) -> Submission:
        return Submission(id=name, actor=SYSTEM, command=command or Tick())

    async def _outcome(self, step: UndertakingStep) -> StepResult | StepFailed:
        try:
            outcome: UndertakingOutcome = await workflow.execute_activity(
                CARRY_OUT_UNDERTAKING_STEP,
                UndertakingOrder(undertaking=self._state, step=step, now=self._alarm.now()),
                result_type=UndertakingOutcome,
                retry_policy=step_retries(self._patience),
                start_to_close_timeout=timedelta(minutes=15),
                heartbeat_timeout=timedelta(minutes=2),
                summary=step.key,
            )
        except ActivityError as error:
            return StepFailed(step=step.key, error=error_code(error), attempts=attempts_made(error, self._patience))
        return outcome.result
