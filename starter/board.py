"""The board as many look at it at once: counted once in a few seconds, whoever asks."""

import asyncio
from datetime import UTC, datetime, timedelta

from storage.board import Board, Numbers
from storage.pool import Pool

FRESH_FOR = timedelta(seconds=4)
DAYS = 14


class BoardDesk:
    """Tells how the open cases stand."""

    def __init__(self, pool: Pool, zone: str) -> None:
        self.records = Board(pool)
        self._zone = zone
        self._turn = asyncio.Lock()
        self._known: Numbers | None = None

    async def numbers(self) -> Numbers:
        """How it stands, at most a few seconds ago."""
        async with self._turn:
            now = datetime.now(UTC)
            if self._known is None or now - self._known.at > FRESH_FOR:
                self._known = await self.records.numbers(now, self._zone, DAYS)
            return self._known
