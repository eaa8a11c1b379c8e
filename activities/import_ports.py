"""What taking over records needs of the outside; `storage.imports` has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from domain.calendar import Calendar
from domain.complaints.case import Case
from domain.complaints.facts import Entry
from domain.complaints.importing import Found, Plan
from domain.complaints.policy import Policy


@dataclass(frozen=True, slots=True)
class ImportJob:
    """An import under way: the plan of its file, and who asked for it."""

    batch: str
    plan: Plan
    asked_by: str
    file_sha256: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of the file, each with its number in it."""

    number: int
    rows: Sequence[tuple[int, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Placed:
    """A row that becomes a case, with the numbers that it is given; `texts` are ids by what they are."""

    found: Found
    source: bytes
    reference: str
    customer: str
    is_new_customer: bool
    identity: dict[str, str]
    narrative: str
    demand: str | None


@dataclass(frozen=True, slots=True)
class TakenOver:
    """A placed row with the first entries of its case, and the case that they make."""

    placed: Placed
    entries: tuple[Entry, ...]
    case: Case


class PoliciesByDay(Protocol):
    """The policies that cases from before are under."""

    async def in_force_or_oldest(self, policy_id: str, on: date) -> Policy: ...

    async def calendar(self, policy: Policy) -> Calendar: ...


class ImportedRows(Protocol):
    """The rows that wait, and the cases that they become."""

    async def job(self, batch: str) -> ImportJob: ...

    async def next_chunk(self, batch: str) -> Chunk | None: ...

    async def place(self, job: ImportJob, found: Sequence[Found]) -> tuple[list[Placed], dict[int, str]]:
        """The rows that are new, placed; and the cases of those that were taken over before, by row."""
        ...

    async def write(
        self,
        job: ImportJob,
        chunk: Chunk,
        cases: Sequence[TakenOver],
        known: dict[int, str],
        left_out: Sequence[int],
        at: datetime,
    ) -> None:
        """Write a chunk's cases and strike the chunk off, all or nothing."""
        ...

    async def finish(self, batch: str, at: datetime) -> None: ...
