"""What the runs of a case, a wave and an undertaking have in common.

A run loads its state from the ledger and then waits: for commands (updates), for the nearest due time (one timer) and
for the outcomes of its steps (activities). Whatever waits is put together and sent to one recording activity, which
decides and appends; the run only takes over the facts that come back, answers, and carries out the steps that they
planned. It ends when its state has ended and nothing is under way; a later command starts it again.

A kind of run says how it loads, checks, records and carries out a step; its update, query and types are its own, since
Temporal reads them off the class.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows.alarm import Alarm

with workflow.unsafe.imports_passed_through():
    from contracts.cases import Patience
    from contracts.names import REFUSED
    from contracts.search_attributes import NEEDS_OPERATOR
    from domain.ruling import Refused, Ruling


class Start(Protocol):
    """The argument of a run, which a fresh run of it gets again."""

    @property
    def leave_after_events(self) -> int: ...


class Submitted(Protocol):
    """A command with its id and what its giver saw."""

    @property
    def id(self) -> str: ...
    @property
    def as_of(self) -> int: ...


class Planned(Protocol):
    """A step that the record says is to be carried out."""

    @property
    def key(self) -> str: ...
    @property
    def rounds(self) -> int: ...


class Recorded(Protocol):
    """What a ledger folds to."""

    @property
    def sequence(self) -> int: ...
    @property
    def has_ended(self) -> bool: ...
    @property
    def parked(self) -> Sequence[Planned]: ...
    @property
    def unfinished_steps(self) -> Sequence[Planned]: ...
    def steps_to_carry_out(self) -> Sequence[Any]: ...
    def nearest_due(self) -> datetime | None: ...
    def recorded_sequence(self, command_id: str, /) -> int | None: ...


StateT = TypeVar("StateT", bound=Recorded)
SubmissionT = TypeVar("SubmissionT", bound=Submitted)
StepT = TypeVar("StepT", bound=Planned)


@dataclass
class Waiting(Generic[SubmissionT]):
    """A submission in the inbox; the ruling is its answer."""

    submission: SubmissionT
    step: str | None = None
    ruling: Ruling | None = None


class LedgeredRun(ABC, Generic[StateT, SubmissionT, StepT]):
    """Keeps time and order for one thing. What it is, the ledger says."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._known: StateT | None = None
        self._patience = Patience()
        self._inbox: list[Waiting[SubmissionT]] = []
        self._in_flight: set[str] = set()
        self._alarm = Alarm()
        self._shown_need = False

    @abstractmethod
    async def _load(self) -> tuple[StateT, Patience]:
        """The folded ledger, and how patient the steps are."""

    @abstractmethod
    def _check(self, submission: SubmissionT) -> None:
        """Raise `Refused` for what the state as known here does not allow."""

    @abstractmethod
    async def _decide(self, submissions: Sequence[SubmissionT]) -> tuple[StateT, Sequence[Ruling]]:
        """Decide and record: the state afterwards and what became of each."""

    @abstractmethod
    async def _outcome(self, step: StepT) -> Any:
        """Carry a step out: the command that tells what came of it; None if a command has stopped it meanwhile."""

    @abstractmethod
    def _from_system(self, name: str, command: Any | None = None) -> SubmissionT:
        """A submission of the system itself; without a command that a due time has come."""

    @property
    def _state(self) -> StateT:
        if self._known is None:
            raise RuntimeError("nothing is loaded yet")
        return self._known

    async def _live(self) -> None:
        """From the ledger as it is to the end."""
        self._known, self._patience = await self._load()
        self._show_need()
        while not await self._is_over():
            self._carry_out_steps()
            self._alarm.set_for(self._state.nearest_due())
            await workflow.wait_condition(lambda: self._has_work() or self._is_at_rest())
            await self._settle()
            if self._should_leave():
                await self._leave()

    async def _performed(self, submission: SubmissionT) -> int:
        """Do a command: its place in the ledger, once it is there. Raises the refusal by the name of its guard."""
        waiting = Waiting(submission)
        self._inbox.append(waiting)
        await workflow.wait_condition(lambda: waiting.ruling is not None)
        ruling = waiting.ruling
        assert ruling is not None  # noqa: S101  the condition just waited for
        if ruling.sequence is None:
            raise _refusal(ruling.guard or "refused", ruling.detail or "")
        return ruling.sequence

    def _refuse_early(self, submission: SubmissionT) -> None:
        """Refuse, at no cost in history, what the state as known here does not allow.

        Not if the giver saw more than this run knows: a crash hid the end of the ledger from it.
        """
        if self._known is None or self._known.sequence < submission.as_of:
            return
        if self._known.recorded_sequence(submission.id) is not None:
            return
        try:
            self._check(submission)
        except Refused as refusal:
            raise _refusal(refusal.guard, refusal.detail) from None

    def _has_work(self) -> bool:
        return bool(self._inbox) or self._alarm.has_rung

    def _is_at_rest(self) -> bool:
        """Whether it has ended, with nothing under way or parked."""
        return self._state.has_ended and not self._in_flight and not self._state.unfinished_steps

    async def _settle(self) -> None:
        """Decide and record together what waits. What comes meanwhile waits for the next time: steps go first."""
        batch, self._inbox = self._inbox, []
        if self._alarm.has_rung:
            self._alarm.hush()
            due = self._state.nearest_due()
            if due is not None and due <= self._alarm.rang_for:
                batch.append(Waiting(self._from_system(f"tick-{due:%Y%m%dT%H%M%S.%f}")))
        if not batch:
            return
        self._known, rulings = await self._decide([waiting.submission for waiting in batch])
        self._show_need()
        for waiting, ruling in zip(batch, rulings, strict=True):
            waiting.ruling = ruling
            if waiting.step is not None:
                self._in_flight.discard(waiting.step)

    def _show_need(self) -> None:
        """Let operators find what has a parked step, also after a rebuild, where the attribute was lost."""
        needs_operator = bool(self._state.parked)
        if needs_operator is not self._shown_need:
            self._shown_need = needs_operator
            workflow.upsert_search_attributes([NEEDS_OPERATOR.value_set(needs_operator)])

    def _carry_out_steps(self) -> None:
        """Start what the record says is to be done and is not in flight: after a restart, a rebuild, a retry alike."""
        for step in self._state.steps_to_carry_out():
            if step.key not in self._in_flight:
                self._in_flight.add(step.key)
                asyncio.create_task(self._carry_out(step))  # noqa: RUF006  the workflow's loop keeps its tasks

    async def _carry_out(self, step: StepT) -> None:
        """Its outcome comes back as a submission, and it is in flight until that is recorded."""
        command = await self._outcome(step)
        if command is None:
            self._in_flight.discard(step.key)
            return
        told = self._from_system(f"{command.command}-{step.key}-{step.rounds + 1}", command)
        self._inbox.append(Waiting(told, step=step.key))

    async def _is_over(self) -> bool:
        """Over when it is at rest and nobody waits for an answer."""
        if not self._is_at_rest() or self._has_work():
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
