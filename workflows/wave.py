"""The life of a wave: one run of a survey.

A run loads the wave from its ledger and then waits: for commands (updates), for the nearest due time (one timer) and
for the outcomes of its steps. Whatever waits is put together and sent to one recording activity, which decides and
appends; the run only takes over the facts that come back, answers, and carries out the steps that they planned. A step
is carried out page by page, so that a wave of any size costs a few events for some hundred contacts.

    draft ─► sampled ─► fielding ⇄ paused ─► closing ─► computed ─► reported ─► signed off
       └─────────┴──────────┴─────────┴─► cancelled
"""

import asyncio
from dataclasses import dataclass

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows.alarm import Alarm
from workflows.options import attempts_made, error_code, insist, step_retries

with workflow.unsafe.imports_passed_through():
    from datetime import timedelta

    from contracts.names import (
        COMPUTE_WAVE,
        HAND_OVER_MEASURES,
        INVITE_PAGE,
        LOAD_WAVE,
        PERFORM,
        RECORD_WAVE,
        REFUSED,
        RELEASE_RESERVE,
        REMIND_PAGE,
        REPORT_WAVE,
        SELECT_SAMPLE,
        WAVE,
        WAVE_QUERY,
    )
    from contracts.search_attributes import NEEDS_OPERATOR
    from contracts.waves import WaveAnswer, WaveLoaded, WaveOrder, WavePage, WaveRecorded, WaveRecording, WaveStart
    from domain.surveys.waves.commands import WaveStepDone, WaveStepFailed, WaveSubmission, WaveTick
    from domain.surveys.waves.decide import SYSTEM, WaveRefused, WaveRuling, check_wave
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


@dataclass
class Waiting:
    """A submission in the inbox; the ruling is its answer."""

    submission: WaveSubmission
    step: str | None = None
    ruling: WaveRuling | None = None


@workflow.defn(name=WAVE)
class SurveyWave:
    """Keeps time and order for one wave. What the wave is, the ledger says."""

    @workflow.init
    def __init__(self, start: WaveStart) -> None:
        self._start = start
        self._loaded: WaveLoaded | None = None
        self._inbox: list[Waiting] = []
        self._in_flight: set[str] = set()
        self._alarm = Alarm()
        self._shown_need = False

    @workflow.run
    async def run(self, start: WaveStart) -> None:
        self._loaded = await insist(LOAD_WAVE, start, WaveLoaded)
        self._show_need()
        while not await self._is_over():
            self._carry_out_steps()
            self._alarm.set_for(self._wave.nearest_due())
            await workflow.wait_condition(lambda: self._has_work() or self._has_come_to_rest())
            await self._settle()
            if self._should_leave():
                await self._leave()

    @workflow.update(name=PERFORM)
    async def perform(self, submission: WaveSubmission) -> WaveAnswer:
        """Do a command: answered after it was recorded, refused by the name of its guard."""
        waiting = Waiting(submission)
        self._inbox.append(waiting)
        await workflow.wait_condition(lambda: waiting.ruling is not None)
        ruling = waiting.ruling
        assert ruling is not None  # noqa: S101  the condition just waited for
        if ruling.sequence is None:
            raise _refusal(ruling.guard or "refused", ruling.detail or "")
        return WaveAnswer(sequence=ruling.sequence, wave=self._wave)

    @perform.validator
    def _may_perform(self, submission: WaveSubmission) -> None:
        """Refuse early, at no cost in history, what the wave as known here does not allow."""
        if self._loaded is None or self._wave.sequence < submission.as_of:
            return
        if self._wave.recorded_sequence(submission.id) is not None:
            return
        try:
            check_wave(self._wave, submission, workflow.now())
        except WaveRefused as refusal:
            raise _refusal(refusal.guard, refusal.detail) from None

    @workflow.query(name=WAVE_QUERY)
    def wave(self) -> Wave | None:
        return None if self._loaded is None else self._wave

    @property
    def _wave(self) -> Wave:
        if self._loaded is None:
            raise RuntimeError("the wave is not loaded yet")
        return self._loaded.wave

    def _has_work(self) -> bool:
        return bool(self._inbox) or self._alarm.has_rung

    def _has_come_to_rest(self) -> bool:
        """Whether the wave has ended and its last page is over."""
        return self._wave.has_ended and not self._in_flight

    async def _settle(self) -> None:
        """Decide and record together what waits. What comes meanwhile waits for the next time: steps go first."""
        batch, self._inbox = self._inbox, []
        if self._alarm.has_rung:
            self._alarm.hush()
            due = self._wave.nearest_due()
            if due is not None and due <= self._alarm.rang_for:
                tick = WaveSubmission(id=f"tick-{due:%Y%m%dT%H%M%S.%f}", actor=SYSTEM, command=WaveTick())
                batch.append(Waiting(tick))
        if batch:
            await self._record(batch)

    async def _record(self, batch: list[Waiting]) -> None:
        submissions = tuple(waiting.submission for waiting in batch)
        request = WaveRecording(wave=self._wave, submissions=submissions, now=self._alarm.now())
        recorded = await insist(RECORD_WAVE, request, WaveRecorded)
        if self._loaded is not None and recorded.entries:
            self._loaded = self._loaded.model_copy(update={"wave": fold_wave(recorded.entries, self._wave)})
            self._show_need()
        for waiting, ruling in zip(batch, recorded.rulings, strict=True):
            waiting.ruling = ruling
            if waiting.step is not None:
                self._in_flight.discard(waiting.step)

    def _show_need(self) -> None:
        """Let operators find a wave with a parked step, also after a rebuild, where the attribute was lost."""
        needs_operator = bool(self._wave.parked)
        if needs_operator is not self._shown_need:
            self._shown_need = needs_operator
            workflow.upsert_search_attributes([NEEDS_OPERATOR.value_set(needs_operator)])

    def _carry_out_steps(self) -> None:
        """Start what the record says is to be carried out and is not in flight: after a restart or a pause alike."""
        for step in self._wave.steps_to_carry_out():
            if step.key not in self._in_flight:
                self._in_flight.add(step.key)
                asyncio.create_task(self._carry_out(step))  # noqa: RUF006  the workflow's loop keeps its tasks

    async def _carry_out(self, step: WaveStep) -> None:
        """Run a step to its end; its outcome comes back as a submission, and it is in flight until that is recorded.

        A step that a command has stopped between two pages (paused, closed, cancelled) has no outcome.
        """
        outcome = await self._outcome(step)
        if outcome is None:
            self._in_flight.discard(step.key)
            return
        submission = WaveSubmission(id=f"{outcome.command}-{step.key}-{step.rounds + 1}", actor=SYSTEM, command=outcome)
        self._inbox.append(Waiting(submission, step=step.key))

    async def _outcome(self, step: WaveStep) -> WaveStepDone | WaveStepFailed | None:
        assert self._loaded is not None  # noqa: S101  steps come from the loaded wave
        patience, count = self._loaded.patience, 0
        while True:
            try:
                page = await workflow.execute_activity(
                    _ACTIVITY[step.kind],
                    self._order(step),
                    result_type=WavePage,
                    retry_policy=step_retries(patience),
                    start_to_close_timeout=timedelta(minutes=10),
                    heartbeat_timeout=timedelta(minutes=1),
                    summary=step.key,
                )
            except ActivityError as error:
                return WaveStepFailed(step=step.key, error=error_code(error), attempts=attempts_made(error, patience))
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
            if step.key not in {each.key for each in self._wave.steps_to_carry_out()}:
                return None

    def _order(self, step: WaveStep) -> WaveOrder:
        wave = self._wave
        hands_over = step.kind is WaveStepKind.HAND_OVER
        return WaveOrder(
            reference=wave.reference,
            survey=wave.survey,
            version=wave.version,
            step=step,
            closes_at=wave.closes_at,
            measures=wave.measures if hands_over else (),
            signed_off_by=wave.signed_off_by if hands_over else None,
        )

    async def _is_over(self) -> bool:
        """Over when the wave has ended, nothing is under way or parked, and nobody waits for an answer."""
        if not self._has_come_to_rest() or self._has_work():
            return False
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() or self._has_work())
        return not self._has_work()

    def _should_leave(self) -> bool:
        info = workflow.info()
        is_long = info.get_current_history_length() >= self._start.leave_after_events
        return (is_long or info.is_continue_as_new_suggested()) and not self._in_flight

    async def _leave(self) -> None:
        """Go on in a fresh run once every caller has its answer; the new run loads the wave from the ledger."""
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() or self._has_work())
        if not self._has_work():
            workflow.continue_as_new(self._start)


def _refusal(guard: str, detail: str) -> ApplicationError:
    return ApplicationError(detail, guard, type=REFUSED, non_retryable=True)
