"""Ledgers that fail in chosen ways: before anything happens, after the commit, or never to be heard of again."""

import asyncio
from collections.abc import Sequence

from activities.ports import AlreadyRecorded, Appended, Behind
from domain.complaints.case import Case
from domain.complaints.facts import Entry
from storage.ledger import Ledger
from storage.pool import StoreAway


class LedgerAway(Ledger):
    """The ledger while PostgreSQL is away for so many more calls."""

    away_for = 0
    refused = 0

    def _answer(self) -> None:
        if self.away_for > 0:
            self.away_for -= 1
            self.refused += 1
            raise StoreAway("PostgreSQL is away: a test says so")

    async def entries(self, reference: str) -> tuple[Entry, ...]:
        self._answer()
        return await super().entries(reference)

    async def append(
        self, expected: Case, entries: Sequence[Entry], after: Case
    ) -> Appended | Behind | AlreadyRecorded:
        self._answer()
        return await super().append(expected, entries, after)


class LosesAnswers(LedgerAway):
    """Every commit takes place, and no one hears of it; `away_after` more calls fail before anything happens."""

    away_after = 0
    lost = 0

    async def append(
        self, expected: Case, entries: Sequence[Entry], after: Case
    ) -> Appended | Behind | AlreadyRecorded:
        outcome = await super().append(expected, entries, after)
        if isinstance(outcome, Appended):
            self.lost += 1
            self.away_for = self.away_after
            await self.lose()
        return outcome

    async def lose(self) -> None:
        raise StoreAway("the connection was lost: a test says so")


class HangsOnce(LosesAnswers):
    """The first commit's answer never comes."""

    async def lose(self) -> None:
        if self.lost == 1:
            await asyncio.Event().wait()
