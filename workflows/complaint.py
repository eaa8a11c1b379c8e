"""The life of a complaint case.

A run loads the case from the ledger and then waits: for commands (updates), for the nearest due time (one timer) and
for the outcomes of its steps (activities). Whatever waits is put together and sent to one recording activity, which
decides and appends; the run only takes over the facts that come back, answers, and carries out the steps that they
planned. It ends when the case has ended and nothing is under way; a later command starts it again.

    received ─► assessing ─┬─► explaining ─► closed (duplicate, transferred) ─► appealed: assessing
                           └─► accepted ─► assigned ─► investigating ─► responding ─► responded ─┬─► closed
                                                                      callback ◄────────────────┤
                                       reopened: assigned ◄───────────────┴─► stage two         └─► external

Holds, extensions, escalation, redress and questions to partners go on beside this line.
"""

import asyncio
from dataclasses import dataclass

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows.alarm import Alarm
from workflows.options import STEP_ATTEMPT_LIMIT, attempts_made, error_code, insist, is_final, step_retries

with workflow.unsafe.imports_passed_through():
    from contracts.cases import Answer, CaseStart, Loaded, Recorded, Recording, StepOrder, StepReceipt
    from contracts.names import (
        CASE_QUERY,
        COMPLAINT,
        CORRECT_IDENTITY,
        LOAD_CASE,
        PERFORM,
        PERFORM_AND_RECORD,
        REFUSED,
        SEND_LETTER,
    )
    from contracts.search_attributes import NEEDS_OPERATOR
    from domain.complaints.case import Case
    from domain.complaints.commands import StepDeferred, StepDone, StepFailed, Submission, Tick
    from domain.complaints.decide import check
    from domain.complaints.evolve import fold
    from domain.complaints.particulars import particulars
    from domain.complaints.ruling import Ruling
    from domain.complaints.situation import SYSTEM, Circumstances, Refused
    from domain.complaints.steps import Step, effect_key
    from domain.complaints.terms import StepKind


@dataclass
class Waiting:
    """A submission in the inbox; the ruling is its answer."""

    submission: Submission
    step: str | None = None
    ruling: Ruling | None = None


@workflow.defn(name=COMPLAINT)
class ComplaintCase:
    """Keeps time and order for one case. What the case is, the ledger says."""

    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        self._start = start
        self._loaded: Loaded | None = None
        self._inbox: list[Waiting] = []
        self._in_flight: set[str] = set()
        self._alarm = Alarm()
        self._shown_need = False

    @workflow.run
    async def run(self, start: CaseStart) -> None:
        self._loaded = await insist(LOAD_CASE, start, Loaded)
        self._show_need()
        while not await self._is_over():
            self._carry_out_steps()
            self._alarm.set_for(self._case.nearest_due())
            await workflow.wait_condition(self._has_work)
            await self._settle()
            if self._should_leave():
                await self._leave()

    @workflow.update(name=PERFORM)
    async def perform(self, submission: Submission) -> Answer:
        """Do a command: answered after it was recorded, refused by the name of its guard."""
        ruling = await self._put(Waiting(submission))
        if ruling.sequence is None:
            raise _refusal(ruling.guard or "refused", ruling.detail or "")
        return Answer(sequence=ruling.sequence, case=self._case)

    @perform.validator
    def _may_perform(self, submission: Submission) -> None:
        """Refuse early, at no cost in history, what the case as known here does not allow.

        Not if the giver saw more of the case than this run knows: a crash hid the end of the ledger from it.
        """
        if self._loaded is None or self._case.sequence < submission.as_of:
            return
        if self._case.recorded_sequence(submission.id) is not None:
            return
        try:
            check(self._case, submission, Circumstances(now=workflow.now()))
        except Refused as refusal:
            raise _refusal(refusal.guard, refusal.detail) from None

    @workflow.query(name=CASE_QUERY)
    def case(self) -> Case | None:
        return None if self._loaded is None else self._case

    @property
    def _case(self) -> Case:
        if self._loaded is None:
            raise RuntimeError("the case is not loaded yet")
        return self._loaded.case

    async def _put(self, waiting: Waiting) -> Ruling:
        self._inbox.append(waiting)
        await workflow.wait_condition(lambda: waiting.ruling is not None)
        assert waiting.ruling is not None  # noqa: S101  the condition just waited for
        return waiting.ruling

    def _has_work(self) -> bool:
        return bool(self._inbox) or self._alarm.has_rung

    async def _settle(self) -> None:
        """Decide and record together what waits. What comes meanwhile waits for the next time: steps go first."""
        batch = self._take()
        if batch:
            await self._record(batch)

    def _take(self) -> list[Waiting]:
        batch, self._inbox = self._inbox, []
        if self._alarm.has_rung:
            self._alarm.hush()
            due = self._case.nearest_due()
            if due is not None and due <= self._alarm.rang_for:
                tick = Submission(id=f"tick-{due:%Y%m%dT%H%M%S.%f}", actor=SYSTEM, command=Tick())
                batch.append(Waiting(tick))
        return batch

    async def _record(self, batch: list[Waiting]) -> None:
        submissions = tuple(waiting.submission for waiting in batch)
        request = Recording(case=self._case, submissions=submissions, now=self._alarm.now())
        recorded = await insist(PERFORM_AND_RECORD, request, Recorded)
        self._take_over(recorded)
        for waiting, ruling in zip(batch, recorded.rulings, strict=True):
            waiting.ruling = ruling
            if waiting.step is not None:
                self._in_flight.discard(waiting.step)

    def _take_over(self, recorded: Recorded) -> None:
        if self._loaded is None or not recorded.entries:
            return
        self._loaded = self._loaded.model_copy(update={"case": fold(recorded.entries, self._case)})
        self._show_need()

    def _show_need(self) -> None:
        """Let operators find a case with a parked step, also after a rebuild, where the attribute was lost."""
        needs_operator = bool(self._case.parked)
        if needs_operator is not self._shown_need:
            self._shown_need = needs_operator
            workflow.upsert_search_attributes([NEEDS_OPERATOR.value_set(needs_operator)])

    def _carry_out_steps(self) -> None:
        """Start what the record says is running and is not in flight: after a restart, a rebuild, a retry alike."""
        for step in self._case.steps_to_carry_out():
            if step.key not in self._in_flight:
                self._in_flight.add(step.key)
                asyncio.create_task(self._carry_out(step))  # noqa: RUF006  the workflow's loop keeps its tasks

    async def _carry_out(self, step: Step) -> None:
        """Run a step's activity; its outcome comes back as a submission. It is in flight until that is recorded."""
        outcome = await self._outcome(step)
        submission = Submission(id=f"{outcome.command}-{step.key}-{step.rounds + 1}", actor=SYSTEM, command=outcome)
        self._inbox.append(Waiting(submission, step=step.key))

    async def _outcome(self, step: Step) -> StepDone | StepFailed | StepDeferred:
        assert self._loaded is not None  # noqa: S101  steps come from the loaded case
        patience = self._loaded.patience
        try:
            receipt = await workflow.execute_activity(
                CORRECT_IDENTITY if step.kind is StepKind.IDENTITY_CORRECTION else SEND_LETTER,
                self._order(step),
                result_type=StepReceipt,
                retry_policy=step_retries(patience),
                start_to_close_timeout=STEP_ATTEMPT_LIMIT,
                summary=step.key,
            )
        except ActivityError as error:
            attempts = attempts_made(error, patience)
            return StepFailed(step=step.key, error=error_code(error), attempts=attempts, is_final=is_final(error))
        if receipt.deferred_until is not None:
            return StepDeferred(step=step.key, until=receipt.deferred_until)
        return StepDone(step=step.key, evidence=receipt.evidence)

    def _order(self, step: Step) -> StepOrder:
        intake = self._case.intake
        return StepOrder(
            reference=self._case.reference,
            customer=intake.customer,
            language=intake.language,
            step=step,
            effect_key=effect_key(self._case.reference, step.key, step.renewals),
            policy=self._case.policy,
            team=self._case.team,
            at=self._alarm.now(),
            particulars=particulars(self._case, step),
        )

    async def _is_over(self) -> bool:
        """Over when the case has ended, nothing is under way or parked, and nobody waits for an answer."""
        if not self._case.has_ended or self._case.running_clocks or self._has_unfinished_steps() or self._has_work():
            return False
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() or self._has_work())
        return not self._has_work()

    def _has_unfinished_steps(self) -> bool:
        return bool(self._in_flight or self._case.unfinished_steps)

    def _should_leave(self) -> bool:
        info = workflow.info()
        is_long = info.get_current_history_length() >= self._start.leave_after_events
        return (is_long or info.is_continue_as_new_suggested()) and not self._in_flight

    async def _leave(self) -> None:
        """Go on in a fresh run once every caller has its answer; the new run loads the case from the ledger."""
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() or self._has_work())
        if not self._has_work():
            workflow.continue_as_new(self._start)


def _refusal(guard: str, detail: str) -> ApplicationError:
    return ApplicationError(detail, guard, type=REFUSED, non_retryable=True)
