"""Deciding and recording, as it is the same for cases, waves and undertakings."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeAlias, TypeVar

from temporalio.exceptions import ApplicationError

from activities.ports import AlreadyRecorded, Appended, Behind, DivergedError, LedgerOf, SupersededError
from contracts.cases import Patience
from contracts.names import DIVERGED, SUPERSEDED
from domain.ruling import Decided, Folded, Ruling

MAX_ROUNDS = 5
"""How often a recording decides again because the ledger moved; more than two writers do not exist."""


class Known(Folded, Protocol):
    """What a ledger folds to, under its number."""

    @property
    def reference(self) -> str: ...


class Submitted(Protocol):
    """A command, and the place in the ledger that its giver had seen."""

    @property
    def as_of(self) -> int: ...


StateT = TypeVar("StateT", bound=Known)
EntryT = TypeVar("EntryT")

Told: TypeAlias = tuple[tuple[EntryT, ...], tuple[Ruling, ...]]
"""What the ledger has beyond the state that a run knew, and what became of each submission."""
Decide: TypeAlias = Callable[[StateT, dict[str, int]], Awaitable[Decided[StateT, EntryT]]]
"""Decides on a state, knowing which submissions were recorded before, and where."""


class LedgeredRecorder(ABC, Generic[StateT, EntryT]):
    """Decides outside the sandbox and appends with the expected sequence: the ledger decides who was first."""

    def __init__(self, ledger: LedgerOf[StateT, EntryT], patience: Patience) -> None:
        self._ledger = ledger
        self._patience = patience

    @abstractmethod
    def _fold(self, entries: Sequence[EntryT], state: StateT | None = None) -> StateT:
        """The state that entries lead to."""

    async def _load(self, reference: str, epoch: int) -> StateT:
        """What the ledger makes; refused to a run of an older epoch."""
        if await self._ledger.epoch(reference) != epoch:
            raise _superseded(reference)
        return self._fold(await self._ledger.entries(reference))

    async def _record(
        self, known: StateT, submissions: Sequence[Submitted], decide: Decide[StateT, EntryT]
    ) -> Told[EntryT]:
        """Decide what waits and record it; the entries that come back are the truth, whatever the run believed."""
        try:
            return await self._decide_and_append(known, await self._hidden_from(known, submissions), decide)
        except SupersededError:
            raise _superseded(known.reference) from None
        except DivergedError:
            raise _final("the state is not a beginning of the ledger", DIVERGED) from None

    async def _decide_and_append(
        self, known: StateT, adopted: tuple[EntryT, ...], decide: Decide[StateT, EntryT]
    ) -> Told[EntryT]:
        state, recorded = self._fold(adopted, known), dict[str, int]()
        for _ in range(MAX_ROUNDS):
            decided = await decide(state, recorded)
            if not decided.entries:
                return adopted, decided.rulings
            match await self._ledger.append(state, decided.entries, decided.state):
                case Appended():
                    return adopted + decided.entries, decided.rulings
                case Behind(tail=tail):
                    state, adopted = self._fold(tail, state), adopted + tail
                case AlreadyRecorded(sequences=sequences):
                    recorded |= sequences
        raise ApplicationError(f"the ledger moved {MAX_ROUNDS} times", type="contended")

    async def _hidden_from(self, known: StateT, submissions: Sequence[Submitted]) -> tuple[EntryT, ...]:
        """What a giver saw and the run does not know; else a refusal by its old state would never ask the ledger."""
        if all(submission.as_of <= known.sequence for submission in submissions):
            return ()
        return (await self._ledger.entries(known.reference))[known.sequence :]


def _superseded(reference: str) -> ApplicationError:
    return _final(f"a newer epoch runs {reference}", SUPERSEDED)


def _final(message: str, kind: str) -> ApplicationError:
    return ApplicationError(message, type=kind, non_retryable=True)
