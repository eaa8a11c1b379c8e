"""Deciding and recording: the one activity in which a case changes."""

from collections.abc import Iterable
from dataclasses import replace

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ports import (
    AlreadyRecorded,
    Appended,
    Behind,
    DivergedError,
    Ledger,
    Rulebook,
    StaffRegistry,
    SupersededError,
)
from contracts.cases import CaseStart, Loaded, Patience, Recorded, Recording
from contracts.names import DIVERGED, LOAD_CASE, PERFORM_AND_RECORD, SUPERSEDED
from domain.calendar import Calendar
from domain.complaints.case import Case
from domain.complaints.commands import (
    ApproveRedress,
    Assign,
    ChangePolicy,
    Claim,
    Command,
    Extend,
    Merge,
    RecalculateClocks,
    RequestRedress,
    Submission,
)
from domain.complaints.evolve import fold
from domain.complaints.facts import Entry
from domain.complaints.policy import Policy
from domain.complaints.ruling import decide_all
from domain.complaints.situation import Circumstances

MAX_ROUNDS = 5
"""How often a recording decides again because the ledger moved; more than two writers do not exist."""


class CaseRecorder:
    """Decides outside the sandbox and appends with the expected sequence: the ledger decides who was first."""

    def __init__(self, ledger: Ledger, rulebook: Rulebook, staff: StaffRegistry, patience: Patience) -> None:
        self._ledger = ledger
        self._rulebook = rulebook
        self._staff = staff
        self._patience = patience

    @activity.defn(name=LOAD_CASE)
    async def load_case(self, start: CaseStart) -> Loaded:
        """The case as its ledger makes it; refused to a run of an older epoch."""
        if await self._ledger.epoch(start.reference) != start.epoch:
            raise _final("a newer epoch runs this case", SUPERSEDED)
        case = fold(await self._ledger.entries(start.reference))
        return Loaded(case=case.changed(epoch=start.epoch), patience=self._patience)

    @activity.defn(name=PERFORM_AND_RECORD)
    async def perform_and_record(self, request: Recording) -> Recorded:
        """Decide what waits and record it; the entries that come back are the truth, whatever the run believed."""
        try:
            return await self._record(request)
        except SupersededError:
            raise _final("a newer epoch runs this case", SUPERSEDED) from None
        except DivergedError:
            raise _final("the state is not a beginning of the ledger", DIVERGED) from None

    async def _record(self, request: Recording) -> Recorded:
        adopted = await self._hidden_from(request)
        case = fold(adopted, request.case)
        recorded: dict[str, int] = {}
        circumstances = await self._circumstances(request)
        for _ in range(MAX_ROUNDS):
            circumstances = replace(circumstances, pinned=await self._pinned(case))
            decided = decide_all(case, request.submissions, circumstances, recorded)
            if not decided.entries:
                return Recorded(entries=adopted, rulings=decided.rulings)
            match await self._ledger.append(case, decided.entries, decided.case):
                case Appended():
                    return Recorded(entries=adopted + decided.entries, rulings=decided.rulings)
                case Behind(tail=tail):
                    case, adopted = fold(tail, case), adopted + tail
                case AlreadyRecorded(sequences=sequences):
                    recorded |= sequences
        raise ApplicationError(f"the ledger moved {MAX_ROUNDS} times", type="contended")

    async def _hidden_from(self, request: Recording) -> tuple[Entry, ...]:
        """What a giver saw and the run does not know; else a refusal by its old state would never ask the ledger."""
        if all(submission.as_of <= request.case.sequence for submission in request.submissions):
            return ()
        return (await self._ledger.entries(request.case.reference))[request.case.sequence :]

    async def _circumstances(self, request: Recording) -> Circumstances:
        """What the submissions make it necessary to know: mostly the policy and its calendar."""
        policy = await self._rulebook.policy(request.case.policy)
        commands = [submission.command for submission in request.submissions]
        named = set(_people_named(request.submissions))
        chooses = any(isinstance(command, Assign) and command.handler is None for command in commands)
        return Circumstances(
            now=request.now,
            policy=policy,
            calendar=await self._rulebook.calendar(policy),
            staff=await self._staff.people(named) if named else {},
            candidates=await self._staff.candidates() if chooses else None,
            other=await self._other_policy(commands),
            renewed=await self._renewed_calendar(commands),
            neighbour=await self._neighbour(commands),
        )

    async def _pinned(self, case: Case) -> dict[str, Calendar]:
        """The versions of calendars that the case's open clocks count in."""
        pins = {clock.calendar for clock in case.clocks if clock.is_open}
        return {pin: await self._rulebook.pinned_calendar(pin) for pin in sorted(pins)}

    async def _renewed_calendar(self, commands: Iterable[Command]) -> Calendar | None:
        """The version of a calendar that a command counts again in."""
        pins = [command.calendar for command in commands if isinstance(command, RecalculateClocks)]
        return await self._rulebook.pinned_calendar(pins[0]) if pins else None

    async def _neighbour(self, commands: Iterable[Command]) -> Case | None:
        """The case that a command merges into, as its ledger makes it."""
        references = [command.into for command in commands if isinstance(command, Merge)]
        return fold(await self._ledger.entries(references[0])) if references else None

    async def _other_policy(self, commands: Iterable[Command]) -> tuple[Policy, Calendar] | None:
        """The policy that a command changes to, and its calendar."""
        for command in commands:
            if isinstance(command, ChangePolicy):
                policy = await self._rulebook.policy(command.policy)
                return policy, await self._rulebook.calendar(policy)
        return None


def _people_named(submissions: Iterable[Submission]) -> Iterable[str]:
    """Those whose entry in the staff registry the guards will ask for."""
    for submission in submissions:
        match submission.command:
            case Assign(handler=str() as handler):
                yield handler
            case Claim() | Extend() | RequestRedress() | ApproveRedress():
                yield submission.actor
            case _:
                continue


def _final(message: str, kind: str) -> ApplicationError:
    return ApplicationError(message, type=kind, non_retryable=True)
