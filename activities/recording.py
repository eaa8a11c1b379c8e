"""Deciding and recording: the one activity in which a case changes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from temporalio import activity

from activities.ledgered_recording import LedgeredRecorder
from activities.ports import Ledger, Rulebook, StaffRegistry
from contracts.cases import CaseStart, Loaded, Patience, Recorded, Recording
from contracts.names import LOAD_CASE, PERFORM_AND_RECORD
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
from domain.ruling import Decided


class CaseRecorder(LedgeredRecorder[Case, Entry]):
    """Decides on cases by their policies, calendars and the staff registry."""

    def __init__(self, ledger: Ledger, rulebook: Rulebook, staff: StaffRegistry, patience: Patience) -> None:
        super().__init__(ledger, patience)
        self._rulebook = rulebook
        self._staff = staff

    @activity.defn(name=LOAD_CASE)
    async def load_case(self, start: CaseStart) -> Loaded:
        """The case as its ledger makes it; refused to a run of an older epoch."""
        case = await self._load(start.reference, start.epoch)
        return Loaded(case=case.changed(epoch=start.epoch), patience=self._patience)

    @activity.defn(name=PERFORM_AND_RECORD)
    async def perform_and_record(self, request: Recording) -> Recorded:
        """Decide what waits and record it; the entries that come back are the truth, whatever the run believed."""
        circumstances = await self._circumstances(request)

        async def decide(case: Case, recorded: dict[str, int]) -> Decided[Case, Entry]:
            known = replace(circumstances, pinned=await self._pinned(case))
            return decide_all(case, request.submissions, known, recorded)

        entries, rulings = await self._record(request.case, request.submissions, decide)
        return Recorded(entries=entries, rulings=rulings)

    def _fold(self, entries: Sequence[Entry], state: Case | None = None) -> Case:
        return fold(entries, state)

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
