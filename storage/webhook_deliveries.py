"""What each endpoint is told: fanned out in the transaction that strikes the outbox off, claimed, settled, told again.

Of a case an endpoint gets the events in their order: the oldest pending one goes, the others wait for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from domain.webhooks import PING, EventTold
from storage.outbox import Event
from storage.pool import Connection, Pool, borrow, transaction

LEASE = timedelta(seconds=60)
"""How long a delivery belongs to who claimed it; longer than any attempt lasts."""
KEPT_FOR = timedelta(days=30)
MOST_TOLD_AGAIN = 100_000
PRUNED_AT_ONCE = 5_000
_WANTED = """(w.types = '{}' OR EXISTS (SELECT FROM unnest(w.types) AS t
               WHERE e.type = t OR (right(t, 2) = '.*' AND starts_with(e.type, left(t, -1)))))"""
"""The rule of `domain.webhooks.wants`, in SQL; a test holds the two together."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to an endpoint."""

    id: int
    webhook: str
    reference: str
    sequence: int
    type: str
    at: datetime
    state: str
    attempts: int
    next_at: datetime
    answer: int | None
    error: str | None
    created_at: datetime
    settled_at: datetime | None

    @property
    def event(self) -> EventTold:
        return EventTold(self.reference, self.sequence, self.type, self.at)


_COLUMNS = ", ".join(f"d.{name}" for name in Delivery.__dataclass_fields__)


async def fan_out(connection: Connection, events: Sequence[Event], at: datetime) -> None:
    """Note each event for every endpoint that wants it; behind one of the same case that waits, it waits as long."""
    await connection.execute(
        f"""INSERT INTO webhook_delivery (webhook, reference, sequence, type, at, created_at, next_at)
            SELECT w.id, e.reference, e.sequence, e.type, e.at, $1::timestamptz,
                   coalesce((SELECT max(d.next_at) FROM webhook_delivery d
                              WHERE d.webhook = w.id AND d.reference = e.reference AND d.state = 'pending'), $1)
              FROM unnest($2::text[], $3::integer[], $4::text[], $5::timestamptz[])
                   WITH ORDINALITY AS e(reference, sequence, type, at, place)
             CROSS JOIN webhook w
             WHERE w.state = 'active' AND {_WANTED}
             ORDER BY e.place""",  # noqa: S608
        at,
        [event.reference for event in events],
        [event.sequence for event in events],
        [event.type for event in events],
        [event.at for event in events],
    )


class WebhookDeliveries:
    """The deliveries of all endpoints."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def waiting(self, at: datetime) -> list[tuple[str, str]]:
        """The endpoints with something due, each with its URL."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT w.id, w.url FROM webhook w WHERE w.state = 'active' AND EXISTS (
                     SELECT FROM webhook_delivery d WHERE d.webhook = w.id AND d.state = 'pending'
                        AND d.next_at <= $1 AND coalesce(d.leased_until <= $1, true))""",
                at,
            )
        return [(row["id"], row["url"]) for row in rows]

    async def claim(self, webhook: str, limit: int, at: datetime) -> list[Delivery]:
        """Due deliveries of different cases, for this process alone until the lease ends."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"""WITH due AS MATERIALIZED (
                      SELECT d.id FROM webhook_delivery d
                       WHERE d.webhook = $1 AND d.state = 'pending' AND d.next_at <= $2
                         AND coalesce(d.leased_until <= $2, true)
                         AND EXISTS (SELECT FROM webhook w WHERE w.id = $1 AND w.state = 'active')
                         AND NOT EXISTS (SELECT FROM webhook_delivery e
                               WHERE e.webhook = d.webhook AND e.reference = d.reference AND e.state = 'pending'
                                 AND e.id < d.id)
                       ORDER BY d.next_at, d.id LIMIT $3 FOR UPDATE OF d SKIP LOCKED)
                    UPDATE webhook_delivery d SET attempts = attempts + 1, leased_until = $2 + $4::interval
                      FROM due WHERE d.id = due.id RETURNING {_COLUMNS}""",  # noqa: S608
                webhook,
                at,
                limit,
                LEASE,
            )
        return sorted((_delivery(row) for row in rows), key=lambda delivery: delivery.id)

    async def delivered(self, delivery: Delivery, answer: int, at: datetime) -> None:
        await self._settle(delivery, "delivered", answer, None, at)

    async def given_up(self, delivery: Delivery, answer: int | None, error: str, at: datetime) -> None:
        """All attempts are spent; what comes behind it in the case goes on."""
        await self._settle(delivery, "failed", answer, error, at)

    async def failed(self, delivery: Delivery, answer: int | None, error: str, next_at: datetime) -> None:
        """It is tried again at that time, and so is what waits behind it."""
        async with transaction(self._pool) as connection:
            await connection.execute(
                """UPDATE webhook_delivery SET next_at = $2, leased_until = NULL, answer = $3, error = $4
                    WHERE id = $1 AND state = 'pending'""",
                delivery.id,
                next_at,
                answer,
                error,
            )
            await connection.execute(
                """UPDATE webhook_delivery SET next_at = $4
                    WHERE webhook = $1 AND reference = $2 AND state = 'pending' AND id > $3 AND next_at < $4""",
                delivery.webhook,
                delivery.reference,
                delivery.id,
                next_at,
            )

    async def gone(self, delivery: Delivery, at: datetime) -> None:
        """The endpoint says that it is gone for good (410): it is told nothing more until somebody switches it on."""
        async with transaction(self._pool) as connection:
            await connection.execute(
                "UPDATE webhook SET state = 'disabled', disabled_why = 'it answered 410 Gone' WHERE id = $1",
                delivery.webhook,
            )
            await connection.execute(
                """UPDATE webhook_delivery SET state = 'cancelled', settled_at = $2, leased_until = NULL,
                          answer = CASE id WHEN $3 THEN 410 ELSE answer END, error = 'disabled'
                    WHERE webhook = $1 AND state = 'pending'""",
                delivery.webhook,
                at,
                delivery.id,
            )

    async def page(self, webhook: str, state: str | None, before: int | None, limit: int) -> list[Delivery]:
        """The newest first."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"""SELECT {_COLUMNS} FROM webhook_delivery d
                     WHERE d.webhook = $1 AND ($2::text IS NULL OR d.state = $2) AND ($3::bigint IS NULL OR d.id < $3)
                     ORDER BY d.id DESC LIMIT $4""",  # noqa: S608
                webhook,
                state,
                before,
                limit,
            )
        return [_delivery(row) for row in rows]

    async def ping(self, webhook: str, at: datetime) -> Delivery:
        """A test event for one endpoint."""
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(
                f"""INSERT INTO webhook_delivery AS d (webhook, reference, sequence, type, at, created_at, next_at)
                    SELECT $1, $1, 1 + count(*), $2::text, $3, $3, $3 FROM webhook_delivery
                     WHERE webhook = $1 AND type = $2 RETURNING {_COLUMNS}""",  # noqa: S608
                webhook,
                PING,
                at,
            )
        assert row is not None  # noqa: S101
        return _delivery(row)

    async def tell_again(self, webhook: str, begin: datetime, end: datetime, at: datetime) -> int:
        """Tell an endpoint again what it wants of this window of the ledger, under the same ids; how many events."""
        async with transaction(self._pool) as connection:
            await connection.execute("SET LOCAL statement_timeout = 60000")
            told = await connection.execute(
                f"""INSERT INTO webhook_delivery (webhook, reference, sequence, type, at, created_at, next_at)
                    SELECT w.id, e.reference, e.sequence, e.type, e.at, $4, $4
                      FROM ledger e JOIN webhook w ON w.id = $1
                     WHERE e.at >= $2 AND e.at < $3 AND {_WANTED}
                     ORDER BY e.at, e.reference, e.sequence LIMIT $5""",  # noqa: S608
                webhook,
                begin,
                end,
                at,
                MOST_TOLD_AGAIN,
                timeout=60,
            )
        return int(told.rpartition(" ")[2])

    async def prune(self, at: datetime) -> int:
        """Forget what was settled long ago; how many."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """DELETE FROM webhook_delivery WHERE id IN (
                     SELECT id FROM webhook_delivery WHERE settled_at < $1 ORDER BY settled_at LIMIT $2)
                   RETURNING id""",
                at - KEPT_FOR,
                PRUNED_AT_ONCE,
            )
        return len(rows)

    async def _settle(
        self, delivery: Delivery, state: str, answer: int | None, error: str | None, at: datetime
    ) -> None:
        async with borrow(self._pool) as connection:
            await connection.execute(
                """UPDATE webhook_delivery SET state = $2, answer = $3, error = $4, settled_at = $5,
                          leased_until = NULL
                    WHERE id = $1 AND state = 'pending'""",
                delivery.id,
                state,
                answer,
                error,
                at,
            )


def _delivery(row: asyncpg.Record) -> Delivery:
    return Delivery(**row)
