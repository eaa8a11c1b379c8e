"""How a decider says no, and what becomes of a submission: the same for cases, waves and undertakings."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict


class Refused(Exception):
    """A guard says no; nothing changes. `guard` is its name, `detail` says what would have been right."""

    def __init__(self, guard: str, detail: str) -> None:
        super().__init__(detail)
        self.guard = guard
        self.detail = detail


class Ruling(BaseModel):
    """What became of a submission: its place in the ledger, or the guard that refused it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    submission_id: str
    sequence: int | None = None
    guard: str | None = None
    detail: str | None = None

    @property
    def was_accepted(self) -> bool:
        return self.guard is None


class Submitted(Protocol):
    """A command with its id."""

    @property
    def id(self) -> str: ...


class Folded(Protocol):
    """What a ledger folds to."""

    @property
    def sequence(self) -> int: ...
    def recorded_sequence(self, command_id: str, /) -> int | None: ...


StateT = TypeVar("StateT", bound=Folded)
SubmissionT = TypeVar("SubmissionT", bound=Submitted)
EntryT = TypeVar("EntryT")


@dataclass(frozen=True, slots=True)
class Decided(Generic[StateT, EntryT]):
    """All rulings of a recording, the entries to append and the state as they leave it."""

    state: StateT
    entries: tuple[EntryT, ...]
    rulings: tuple[Ruling, ...]


def decide_in_order(
    state: StateT,
    submissions: Iterable[SubmissionT],
    recorded: Mapping[str, int],
    decide: Callable[[StateT, SubmissionT], tuple[EntryT, ...]],
    fold: Callable[[tuple[EntryT, ...], StateT], StateT],
) -> Decided[StateT, EntryT]:
    """Decide submissions one after the other, each on the state that the former leave.

    `recorded` are submissions that the ledger has already, with their places: they are answered, not done again.
    """
    entries: list[EntryT] = []
    rulings: list[Ruling] = []
    for submission in submissions:
        known = recorded.get(submission.id) or state.recorded_sequence(submission.id)
        if known is not None:
            rulings.append(Ruling(submission_id=submission.id, sequence=known))
            continue
        try:
            made = decide(state, submission)
        except Refused as refusal:
            rulings.append(Ruling(submission_id=submission.id, guard=refusal.guard, detail=refusal.detail))
            continue
        state = fold(made, state)
        entries.extend(made)
        rulings.append(Ruling(submission_id=submission.id, sequence=state.sequence))
    return Decided(state, tuple(entries), tuple(rulings))
