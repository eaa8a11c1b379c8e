"""One command for many cases: looked at first (dry run), then done as a durable batch with an outcome an item."""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.access import Person, may, scope_of
from domain.complaints.case import Case
from domain.complaints.commands import Submission
from domain.complaints.decide import check
from domain.complaints.situation import Circumstances
from domain.ruling import Refused
from runtime.launcher import TEMPORAL_AWAY
from starter.desk import CaseDesk, Request, Text
from starter.problems import FieldError, Problem, forbidden, invalid
from storage.batches import Item, keep
from storage.cases import CaseFilter, CaseRecords
from storage.pool import Pool, transaction

MOST_CASES = 5_000
PAGE = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """Which cases: those named, or those of a filter."""

    references: tuple[str, ...] = ()
    narrowed_to: CaseFilter | None = None


@dataclass(frozen=True, slots=True)
class Prospect:
    """What would become of a case's command now: nothing is wrong, or the guard that would refuse it."""

    reference: str
    guard: str | None = None
    detail: str | None = None


class BatchDesk:
    """Takes commands for many cases."""

    def __init__(
        self, pool: Pool, records: CaseRecords, cases: CaseDesk, start: Callable[[str], Awaitable[None]]
    ) -> None:
        self._pool = pool
        self._records = records
        self._cases = cases
        self._start = start

    async def look(self, person: Person, name: str, selection: Selection, values: Mapping[str, Any]) -> list[Prospect]:
        """What the command would do to each case as it is now; nothing is done. Raises `Problem`."""
        return [prospect for prospect, _ in await self._prospects(person, name, selection, values)]

    async def start(
        self, person: Person, name: str, selection: Selection, values: Mapping[str, Any], per_second: float
    ) -> tuple[str, int]:
        """Keep a batch with every case of the selection and start it: its id, and how many cases it has."""
        batch = f"bat_{secrets.token_hex(10)}"
        cases = [case for _, case in await self._prospects(person, name, selection, values)]
        items = [await self._item(person, name, values, batch, n, case) for n, case in enumerate(cases, start=1)]
        async with transaction(self._pool) as connection:
            await keep(connection, batch, name, person.id, datetime.now(UTC), per_second, items)
        with suppress(*TEMPORAL_AWAY):  # it is kept, and a chore starts what is left
            await self._start(batch)
        return batch, len(items)

    async def _item(
        self, person: Person, name: str, values: Mapping[str, Any], batch: str, position: int, case: Case
    ) -> Item:
        """The command for one case, its texts sealed under that case's customer."""
        request = Request(person, case.reference, name, values, key=batch)
        submission, texts = await self._understood(request, case)
        await self._cases.seal(case.intake.customer, texts)
        return Item(position, case.reference, submission)

    async def _prospects(
        self, person: Person, name: str, selection: Selection, values: Mapping[str, Any]
    ) -> list[tuple[Prospect, Case]]:
        if not may(person, name):
            raise forbidden(name)
        cases = await self._selected(person, selection)
        return [(await self._prospect(person, name, values, case), case) for case in cases]

    async def _prospect(self, person: Person, name: str, values: Mapping[str, Any], case: Case) -> Prospect:
        submission, _ = await self._understood(Request(person, case.reference, name, values), case)
        try:
            check(case, submission, Circumstances(now=datetime.now(UTC)))
        except Refused as refusal:
            return Prospect(case.reference, refusal.guard, refusal.detail)
        return Prospect(case.reference)

    async def _understood(self, request: Request, case: Case) -> tuple[Submission, list[Text]]:
        try:
            return await self._cases.understand(request, case)
        except Problem as problem:
            raise problem.within("/body") from None

    async def _selected(self, person: Person, selection: Selection) -> Sequence[Case]:
        if bool(selection.references) == (selection.narrowed_to is not None):
            raise invalid([FieldError("/references", "name cases, or give a filter; one of the two")])
        if selection.narrowed_to is None:
            named = dict.fromkeys(selection.references)
            return [await self._cases.visible_case(person, reference) for reference in named]
        cases: list[Case] = []
        cursor: str | None = None
        while True:
            page = await self._records.page(selection.narrowed_to, scope_of(person), cursor=cursor, limit=PAGE)
            cases += page.cases
            if len(cases) > MOST_CASES:
                raise Problem(413, "too_many", f"the filter fits more than {MOST_CASES} cases; narrow it")
            if page.next_cursor is None:
                return cases
            cursor = page.next_cursor
