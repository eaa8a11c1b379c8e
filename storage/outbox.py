"""The outbox: what happened, waiting to be told to others; written in the transaction of the fact itself."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from storage.pool import Connection, Pool, transaction


@dataclass(frozen=True, slots=True)
class Event:
    """A fact as others are told of it: which case, which entry, what kind, when. Nothing personal."""

    reference: str
    sequence: int
    type: str
    at: datetime


class Outbox:
    """Drained by claiming rows, never by paging over ids: a row of a slow transaction has a low id and comes late."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def drain(
        self,
        deliver: Callable[[Sequence[Event]], Awaitable[None]],
        limit: int = 500,
        *,
        note: Callable[[Connection, Sequence[Event]], Awaitable[None]] | None = None,
    ) -> int:
        """Hand the oldest events over and strike them off; how many. `note` writes in the same transaction.

        One drainer at a time, so that the events of a case stay in their order. If `deliver` fails nothing is struck
        off and it is all offered again: receivers tell repetitions by (reference, sequence).
        """
        async with transaction(self._pool) as connection:
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock(hashtext('outbox'))"):
                return 0
            rows = await connection.fetch(
                """DELETE FROM outbox WHERE id IN (
                     SELECT id FROM outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
                   RETURNING id, reference, sequence, type, at""",
                limit,
            )
            events = [Event(r["reference"], r["sequence"], r["type"], r["at"]) for r in sorted(rows, key=_id)]
            if events and note is not None:
                await note(connection, events)
            if events:
                await deliver(events)
        return len(events)


def _id(row: asyncpg.Record) -> int:
    number: int = row["id"]
    return number
