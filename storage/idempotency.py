"""Answers kept for repeated requests: the same key and body gets the stored answer.

After draft-ietf-httpapi-idempotency-key-header-07.

A record is keyed by a hash over person, route and the caller's key, so that two clients' keys never meet.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.pool import Connection, Pool, borrow

KEPT_FOR = timedelta(days=7)
LEASE = timedelta(seconds=60)
"""How long a first request may take before a repetition is allowed to finish its work."""
PRUNED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    status: int
    body: str
    headers: dict[str, str]


class StillRunning(Exception):
    """The first request with this key has not ended."""


class OtherBody(Exception):
    """The key was used for another request."""


async def begin(connection: Connection, key: bytes, body: bytes, at: datetime) -> StoredAnswer | None:
    """Claim a key for a request, or give the answer it had.

    A claim whose lease is over is taken over: the work behind it is done under an id made of the same key, so doing
    it again changes nothing. Raises `StillRunning`, `OtherBody`.
    """
    taken = await connection.fetchrow(
        """INSERT INTO idempotency AS i (key, body, started_at) VALUES ($1, $2, $3)
           ON CONFLICT (key) DO UPDATE SET started_at = excluded.started_at
              WHERE i.body = excluded.body AND i.status IS NULL AND i.started_at < excluded.started_at - $4::interval
           RETURNING key""",
        key,
        body,
        at,
        LEASE,
    )
    if taken is not None:
        return None
    row = await connection.fetchrow("SELECT body, status, answer, headers::text FROM idempotency WHERE key = $1", key)
    if row is None:
        return None
    if row["body"] != body:
        raise OtherBody
    if row["status"] is None:
        raise StillRunning
    return StoredAnswer(row["status"], row["answer"], json.loads(row["headers"]))


async def finish(connection: Connection, key: bytes, answer: StoredAnswer) -> None:
    """Keep the answer of a request under its key."""
    await connection.execute(
        "UPDATE idempotency SET status = $2, answer = $3, headers = $4::jsonb WHERE key = $1",
        key,
        answer.status,
        answer.body,
        json.dumps(answer.headers),
    )


async def offer_again(connection: Connection, key: bytes, claimed_at: datetime | None = None) -> None:
    """End the lease of a claim: the request ended without an answer, a repetition may find out what became of it.

    With `claimed_at`, only if the claim is the one of that moment.
    """
    await connection.execute(
        """UPDATE idempotency SET started_at = started_at - $2::interval
            WHERE key = $1 AND status IS NULL AND started_at = coalesce($3, started_at)""",
        key,
        LEASE,
        claimed_at,
    )


async def release(connection: Connection, key: bytes) -> None:
    """Forget a claim whose request was refused: nothing happened, the key may be used again."""
    await connection.execute("DELETE FROM idempotency WHERE key = $1 AND status IS NULL", key)


async def prune(pool: Pool, at: datetime) -> int:
    """Forget answers that are older than they are kept; how many."""
    async with borrow(pool) as connection:
        rows = await connection.fetch(
            """DELETE FROM idempotency WHERE key IN (
                 SELECT key FROM idempotency WHERE started_at < $1 ORDER BY started_at LIMIT $2) RETURNING key""",
            at - KEPT_FOR,
            PRUNED_AT_ONCE,
        )
    return len(rows)
