"""The life of a complaint case, as a ledgered run.

    received ─► assessing ─┬─► explaining ─► closed (duplicate, transferred) ─► appealed: assessing
                           └─► accepted ─► assigned ─► investigating ─► responding ─► responded ─┬─► closed
                                                                      callback ◄────────────────┤
                                       reopened: assigned ◄───────────────┴─► stage two         └─► external

Holds, extensions, escalation, redress and questions to partners go on beside this line.
"""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.ledgered import LedgeredRun
from workflows.options import STEP_ATTEMPT_LIMIT, attempts_made, error_code, insist, is_final, step_retries

with workflow.unsafe.imports_passed_through():
    from contracts.cases import Answer, CaseStart, Loaded, Patience, Recorded, Recording, StepOrder, StepReceipt
    from contracts.names import (
        CASE_QUERY,
        COMPLAINT,
        CORRECT_IDENTITY,
        LOAD_CASE,
        PERFORM,
        PERFORM_AND_RECORD,
        SEND_LETTER,
    )
    from domain.complaints.case import Case
    from domain.complaints.commands import StepDeferred, StepDone, StepFailed, Submission, Tick
    from domain.complaints.decide import check
    from domain.complaints.evolve import fold
    from domain.complaints.particulars import particulars
    from domain.complaints.situation import SYSTEM, Circumstances
    from domain.complaints.steps import Step, effect_key
    from domain.complaints.terms import StepKind
    from domain.ruling import Ruling


@workflow.defn(name=COMPLAINT)
class ComplaintCase(LedgeredRun[Case, Submission, Step]):
    """Keeps time and order for one case. What the case is, the ledger says."""

    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseStart) -> None:  # noqa: ARG002  the run has it since `__init__`
        await self._live()

    @workflow.update(name=PERFORM)
    async def perform(self, submission: Submission) -> Answer:
        """Do a command: answered after it was recorded, refused by the name of its guard."""
        return Answer(sequence=await self._performed(submission), case=self._state)

    @perform.validator
    def _may_perform(self, submission: Submission) -> None:
        self._refuse_early(submission)

    @workflow.query(name=CASE_QUERY)
    def case(self) -> Case | None:
        return self._known

    async def _load(self) -> tuple[Case, Patience]:
        loaded = await insist(LOAD_CASE, self._start, Loaded)
        return loaded.case, loaded.patience

    def _check(self, submission: Submission) -> None:
        check(self._state, submission, Circumstances(now=workflow.now()))

    async def _decide(self, submissions: Sequence[Submission]) -> tuple[Case, Sequence[Ruling]]:
        request = Recording(case=self._state, submissions=tuple(submissions), now=self._alarm.now())
        recorded = await insist(PERFORM_AND_RECORD, request, Recorded)
        return fold(recorded.entries, self._state), recorded.rulings

    def _from_system(self, name: str, command: StepDone | StepFailed | StepDeferred | None = None) -> Submission:
        return Submission(id=name, actor=SYSTEM, command=command or Tick())

    def _is_at_rest(self) -> bool:
        return super()._is_at_rest() and not self._state.running_clocks

    async def _outcome(self, step: Step) -> StepDone | StepFailed | StepDeferred:
        try:
            receipt = await workflow.execute_activity(
                CORRECT_IDENTITY if step.kind is StepKind.IDENTITY_CORRECTION else SEND_LETTER,
                self._order(step),
                result_type=StepReceipt,
                retry_policy=step_retries(self._patience),
                start_to_close_timeout=STEP_ATTEMPT_LIMIT,
                summary=step.key,
            )
        except ActivityError as error:
            attempts = attempts_made(error, self._patience)
            return StepFailed(step=step.key, error=error_code(error), attempts=attempts, is_final=is_final(error))
        if receipt.deferred_until is not None:
            return StepDeferred(step=step.key, until=receipt.deferred_until)
        return StepDone(step=step.key, evidence=receipt.evidence)

    def _order(self, step: Step) -> StepOrder:
        case, intake = self._state, self._state.intake
        return StepOrder(
            reference=case.reference,
            customer=intake.customer,
            language=intake.language,
            step=step,
            effect_key=effect_key(case.reference, step.key, step.renewals),
            policy=case.policy,
            team=case.team,
            at=self._alarm.now(),
            particulars=particulars(case, step),
        )
