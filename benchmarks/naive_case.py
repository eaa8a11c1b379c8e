"""The standard case as one would first write it: the measure for `workflows.complaint`.

Same commands, messages, activities and ledger, so that the same people can work with it. What is naive: everything is
recorded by a normal activity, each wait sets its own timer, each stage is upserted as a search attribute, and the
receipt is recorded by the workflow. It promises less (no parked steps, no continue-as-new) and is for this script only.
"""

import asyncio
from collections import deque
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.cases import Answer, CaseStart, Loaded, Recorded, Recording, StepOrder, StepReceipt
    from contracts.names import CASE_QUERY, COMPLAINT, LOAD_CASE, PERFORM, PERFORM_AND_RECORD, SEND_LETTER
    from contracts.search_attributes import NEEDS_OPERATOR
    from domain.complaints.case import Case
    from domain.complaints.commands import StepDone, Submission, Tick
    from domain.complaints.evolve import fold
    from domain.complaints.situation import SYSTEM
    from domain.complaints.steps import Step, effect_key
    from domain.ruling import Ruling

LIMIT = timedelta(seconds=30)


@workflow.defn(name=COMPLAINT)
class NaiveCase:
    @workflow.init
    def __init__(self, start: CaseStart) -> None:  # noqa: ARG002  the SDK hands over what `run` gets
        self.case: Case | None = None
        self.inbox: deque[Submission] = deque()
        self.rulings: dict[str, Ruling] = {}
        self.in_flight: set[str] = set()

    @workflow.run
    async def run(self, start: CaseStart) -> None:
        loaded = await workflow.execute_activity(LOAD_CASE, start, result_type=Loaded, start_to_close_timeout=LIMIT)
        self.case = loaded.case
        self.show_stage()
        while not (self.case.has_ended and not self.in_flight):
            self.send_letters()
            due = self.case.nearest_due()
            wait = None if due is None else max(due - workflow.now(), timedelta(0))
            try:
                await workflow.wait_condition(lambda: bool(self.inbox), timeout=wait)
            except TimeoutError:
                tick = Submission(id=f"tick-{due:%Y%m%dT%H%M%S.%f}", actor=SYSTEM, command=Tick())
                self.inbox.append(tick)
            while self.inbox:
                await self.record(self.inbox.popleft())
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update(name=PERFORM)
    async def perform(self, submission: Submission) -> Answer:
        self.inbox.append(submission)
        await workflow.wait_condition(lambda: submission.id in self.rulings)
        assert self.case is not None
        return Answer(sequence=self.rulings[submission.id].sequence or 0, case=self.case)

    @workflow.query(name=CASE_QUERY)
    def current(self) -> Case | None:
        return self.case

    async def record(self, submission: Submission) -> None:
        assert self.case is not None
        recorded = await workflow.execute_activity(
            PERFORM_AND_RECORD,
            Recording(case=self.case, submissions=(submission,), now=workflow.now()),
            result_type=Recorded,
            start_to_close_timeout=LIMIT,
        )
        before = self.case.status
        if recorded.entries:
            self.case = fold(recorded.entries, self.case)
        self.rulings[submission.id] = recorded.rulings[0]
        if self.case.status is not before:
            self.show_stage()

    def show_stage(self) -> None:
        workflow.upsert_search_attributes([NEEDS_OPERATOR.value_set(False)])

    def send_letters(self) -> None:
        assert self.case is not None
        for step in self.case.steps_to_carry_out():
            if step.key not in self.in_flight:
                self.in_flight.add(step.key)
                asyncio.create_task(self.send(step))  # noqa: RUF006  the workflow's loop keeps its tasks

    async def send(self, step: Step) -> None:
        assert self.case is not None
        order = StepOrder(
            reference=self.case.reference,
            customer=self.case.intake.customer,
            language=self.case.intake.language,
            step=step,
            effect_key=effect_key(self.case.reference, step.key),
        )
        receipt = await workflow.execute_activity(
            SEND_LETTER, order, result_type=StepReceipt, start_to_close_timeout=LIMIT
        )
        outcome = StepDone(step=step.key, evidence=receipt.evidence)
        self.inbox.append(Submission(id=f"step_done-{step.key}-1", actor=SYSTEM, command=outcome))
        await workflow.wait_condition(lambda: f"step_done-{step.key}-1" in self.rulings)
        self.in_flight.discard(step.key)
