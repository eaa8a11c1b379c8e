"""The life of a wave, one run of a survey, as a ledgered run.

A step is carried out page by page, so that a wave of any size costs a few events for some hundred contacts.

    draft ─► sampled ─► fielding ⇄ paused ─► closing ─► computed ─► reported ─► signed off
       └─────────┴──────────┴─────────┴─► cancelled
"""

from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.ledgered import LedgeredRun
from workflows.options import attempts_made, error_code, insist, step_retries

with workflow.unsafe.imports_passed_through():
    from contracts.cases import Patience
    from contracts.names import (
        COMPUTE_WAVE,
        HAND_OVER_MEASURES,
        INVITE_PAGE,
        LOAD_WAVE,
        PERFORM,
        RECORD_WAVE,
        RELEASE_RESERVE,
        REMIND_PAGE,
        REPORT_WAVE,
        SELECT_SAMPLE,
        WAVE,
        WAVE_QUERY,
    )
    from contracts.waves import WaveAnswer, WaveLoaded, WaveOrder, WavePage, WaveRecorded, WaveRecording, WaveStart
    from domain.ruling import Ruling
    from domain.surveys.waves.commands import WaveStepDone, WaveStepFailed, WaveSubmission, WaveTick
    from domain.surveys.waves.decide import SYSTEM, check_wave
    from domain.surveys.waves.evolve import fold_wave
    from domain.surveys.waves.wave import Wave, WaveStep, WaveStepKind

_ACTIVITY = {
    WaveStepKind.SELECT: SELECT_SAMPLE,
    WaveStepKind.INVITE: INVITE_PAGE,
    WaveStepKind.REMIND: REMIND_PAGE,
    WaveStepKind.RELEASE: RELEASE_RESERVE,
    WaveStepKind.COMPUTE: COMPUTE_WAVE,
    WaveStepKind.REPORT: REPORT_WAVE,
    WaveStepKind.HAND_OVER: HAND_OVER_MEASURES,
}


@workflow.defn(name=WAVE)
class SurveyWave(LedgeredRun[Wave, WaveSubmission, WaveStep]):
    """Keeps time and order for one wave. What the wave is, the ledger says."""

    @workflow.init
    def __init__(self, start: WaveStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: WaveStart) -> None:  # noqa: ARG002  the run has it since `__init__`
        await self._live()

    @workflow.update(name=PERFORM)
    async def perform(self, submission: WaveSubmission) -> WaveAnswer:
        """Do a command: answered after it was recorded, refused by the name of its guard."""
        return WaveAnswer(sequence=await self._performed(submission), wave=self._state)

    @perform.validator
    def _may_perform(self, submission: WaveSubmission) -> None:
        self._refuse_early(submission)

    @workflow.query(name=WAVE_QUERY)
    def wave(self) -> Wave | None:
        return self._known

    async def _load(self) -> tuple[Wave, Patience]:
        loaded = await insist(LOAD_WAVE, self._start, WaveLoaded)
        return loaded.wave, loaded.patience

    def _check(self, submission: WaveSubmission) -> None:
        check_wave(self._state, submission, workflow.now())

    async def _decide(self, submissions: Sequence[WaveSubmission]) -> tuple[Wave, Sequence[Ruling]]:
        request = WaveRecording(wave=self._state, submissions=tuple(submissions), now=self._alarm.now())
        recorded = await insist(RECORD_WAVE, request, WaveRecorded)
        return fold_wave(recorded.entries, self._state), recorded.rulings

    def _from_system(self, name: str, command: WaveStepDone | WaveStepFailed | None = None) -> WaveSubmission:
        return WaveSubmission(id=name, actor=SYSTEM, command=command or WaveTick())

    async def _outcome(self, step: WaveStep) -> WaveStepDone | WaveStepFailed | None:
        """A step that a command has stopped between two pages (paused, closed, cancelled) has none."""
        count = 0
        while True:
            try:
                page = await self._page(step)
            except ActivityError as error:
                attempts = attempts_made(error, self._patience)
                return WaveStepFailed(step=step.key, error=error_code(error), attempts=attempts)
            count += page.count
            if page.is_last:
                return WaveStepDone(
                    step=step.key,
                    count=count,
                    again_at=page.again_at,
                    sample=page.sample,
                    result=page.result,
                    report_sha256=page.report_sha256,
                    improvements=page.improvements,
                )
            if step.key not in {each.key for each in self._state.steps_to_carry_out()}:
                return None

    async def _page(self, step: WaveStep) -> WavePage:
        wave, hands_over = self._state, step.kind is WaveStepKind.HAND_OVER
        order = WaveOrder(
            reference=wave.reference,
            survey=wave.survey,
            version=wave.version,
            step=step,
            closes_at=wave.closes_at,
            measures=wave.measures if hands_over else (),
            signed_off_by=wave.signed_off_by if hands_over else None,
        )
        page: WavePage = await workflow.execute_activity(
            _ACTIVITY[step.kind],
            order,
            result_type=WavePage,
            retry_policy=step_retries(self._patience),
            start_to_close_timeout=timedelta(minutes=10),
            heartbeat_timeout=timedelta(minutes=1),
            summary=step.key,
        )
        return page
