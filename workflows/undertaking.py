"""The life of an improvement, an incident, an analysis or a defection study.

As for a case: a run loads the undertaking from its ledger and then waits, for commands (updates), for the nearest due
time (one timer) and for the outcomes of its steps. Whatever waits is sent together to one recording activity, which
decides by the rules of the kind and appends; the run only takes over the facts that come back, answers, and carries out
the steps that they planned.
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
        CARRY_OUT_UNDERTAKING_STEP,
        LOAD_UNDERTAKING,
        PERFORM,
        RECORD_UNDERTAKING,
        REFUSED,
        UNDERTAKING,
        UNDERTAKING_QUERY,
    )
    from contracts.search_attributes import NEEDS_OPERATOR
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
    from domain.undertakings.envelope import SYSTEM, Refused, Ruling, StepFailed, Tick
    from domain.undertakings.kinds import AnyUndertaking, Submission, check, fold
    from domain.undertakings.undertaking import UndertakingStep


@dataclass
class Waiting:
    """A submission in the inbox; the ruling is its answer."""

    submission: Submission
    step: str | None = None
    ruling: Ruling | None = None


@workflow.defn(name=UNDERTAKING)
class UndertakingRun:
    """Keeps time and order for one undertaking. What it is, the ledger says."""

    @workflow.init
    def __init__(self, start: UndertakingStart) -> None:
        self._start = start
        self._loaded: UndertakingLoaded | None = None
        self._inbox: list[Waiting] = []
        self._in_flight: set[str] = set()
        self._alarm = Alarm()
        self._shown_need = False

    @workflow.run
    async def run(self, start: UndertakingStart) -> None:
        self._loaded = await insist(LOAD_UNDERTAKING, start, UndertakingLoaded)
        self._show_need()
        while not await self._is_over():
            self._carry_out_steps()
            self._alarm.set_for(self._undertaking.nearest_due())
            await workflow.wait_condition(self._has_work)
            await self._settle()
            if self._should_leave():
                await self._leave()

    @workflow.update(name=PERFORM)
    async def perform(self, submission: Submission) -> UndertakingAnswer:
        """Do a command: answered after it was recorded, refused by the name of its guard."""
        waiting = Waiting(submission)
        self._inbox.append(waiting)
        await workflow.wait_condition(lambda: waiting.ruling is not None)
        ruling = waiting.ruling
        assert ruling is not None  # noqa: S101  the condition just waited for
        if ruling.sequence is None:
            raise _refusal(ruling.guard or "refused", ruling.detail or "")
        return UndertakingAnswer(sequence=ruling.sequence, undertaking=self._undertaking)

    @perform.validator
    def _may_perform(self, submission: Submission) -> None:
        """Refuse early, at no cost in history, what the undertaking as known here does not allow."""
        if self._loaded is None or self._undertaking.sequence < submission.as_of:
            return
        if self._undertaking.recorded_sequence(submission.id) is not None:
            return
        try:
            check(self._undertaking, submission, workflow.now())
        except Refused as refusal:
            raise _refusal(refusal.guard, refusal.detail) from None

    @workflow.query(name=UNDERTAKING_QUERY)
    def undertaking(self) -> UndertakingView:
        return UndertakingView(undertaking=None if self._loaded is None else self._undertaking)

    @property
    def _undertaking(self) -> AnyUndertaking:
        if self._loaded is None:
            raise RuntimeError("the undertaking is not loaded yet")
        return self._loaded.undertaking

    def _has_work(self) -> bool:
        return bool(self._inbox) or self._alarm.has_rung

    async def _settle(self) -> None:
        """Decide and record together what waits."""
        batch, self._inbox = self._inbox, []
        if self._alarm.has_rung:
            self._alarm.hush()
            due = self._undertaking.nearest_due()
            if due is not None and due <= self._alarm.rang_for:
                tick = Submission(id=f"tick-{due:%Y%m%dT%H%M%S.%f}", actor=SYSTEM, command=Tick())
                batch.append(Waiting(tick))
        if batch:
            await self._record(batch)

    async def _record(self, batch: list[Waiting]) -> None:
        submissions = tuple(waiting.submission for waiting in batch)
        request = UndertakingRecording(undertaking=self._undertaking, submissions=submissions, now=self._alarm.now())
        recorded = await insist(RECORD_UNDERTAKING, request, UndertakingRecorded)
        if self._loaded is not None and recorded.entries:
            after = fold(recorded.entries, self._undertaking)
            self._loaded = self._loaded.model_copy(update={"undertaking": after})
            self._show_need()
        for waiting, ruling in zip(batch, recorded.rulings, strict=True):
            waiting.ruling = ruling
            if waiting.step is not None:
                self._in_flight.discard(waiting.step)

    def _show_need(self) -> None:
        """Let operators find one with a parked step, also after a rebuild, where the attribute was lost."""
        needs_operator = bool(self._undertaking.parked)
        if needs_operator is not self._shown_need:
            self._shown_need = needs_operator
            workflow.upsert_search_attributes([NEEDS_OPERATOR.value_set(needs_operator)])

    def _carry_out_steps(self) -> None:
        """Start what the record says is running and is not in flight: after a restart, a rebuild, a retry alike."""
        for step in self._undertaking.steps_to_carry_out():
            if step.key not in self._in_flight:
                self._in_flight.add(step.key)
                asyncio.create_task(self._carry_out(step))  # noqa: RUF006  the workflow's loop keeps its tasks

    async def _carry_out(self, step: UndertakingStep) -> None:
        """Run a step's activity; its outcome comes back as a submission. It is in flight until that is recorded."""
        assert self._loaded is not None  # noqa: S101  steps come from what is loaded
        patience = self._loaded.patience
        order = UndertakingOrder(undertaking=self._undertaking, step=step, now=self._alarm.now())
        try:
            outcome = await workflow.execute_activity(
                CARRY_OUT_UNDERTAKING_STEP,
                order,
                result_type=UndertakingOutcome,
                retry_policy=step_retries(patience),
                start_to_close_timeout=timedelta(minutes=15),
                heartbeat_timeout=timedelta(minutes=2),
                summary=step.key,
            )
            command = outcome.result
        except ActivityError as error:
            command = StepFailed(step=step.key, error=error_code(error), attempts=attempts_made(error, patience))
        submission = Submission(id=f"{command.command}-{step.key}-{step.rounds + 1}", actor=SYSTEM, command=command)
        self._inbox.append(Waiting(submission, step=step.key))

    async def _is_over(self) -> bool:
        """Over when it has ended, nothing is under way or parked, and nobody waits for an answer."""
        under_way = self._in_flight or self._undertaking.unfinished_steps
        if not self._undertaking.has_ended or under_way or self._has_work():
            return False
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() or self._has_work())
        return not self._has_work()

    def _should_leave(self) -> bool:
        info = workflow.info()
        is_long = info.get_current_history_length() >= self._start.leave_after_events
        return (is_long or info.is_continue_as_new_suggested()) and not self._in_flight

    async def _leave(self) -> None:
        """Go on in a fresh run once every caller has its answer; the new run loads from the ledger."""
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() or self._has_work())
        if not self._has_work():
            workflow.continue_as_new(self._start)


def _refusal(guard: str, detail: str) -> ApplicationError:
    return ApplicationError(detail, guard, type=REFUSED, non_retryable=True)
