"""Token buckets that all processes share.

A bucket is kept as the moment at which it is full again (GCRA): taking a token moves that moment by the refill time.
One statement, no background work, and no row that was not touched since the bucket was full matters.
"""

from datetime import datetime, timedelta

from storage.pool import Pool, borrow

PRUNED_AT_ONCE = 5_000


class Buckets:
    """Buckets by key; the caller says how large each is."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, key: bytes, size: int, refill: timedelta, at: datetime) -> timedelta | None:
        """Take a token: None, or how long to wait for the next one."""
        async with borrow(self._pool) as connection:
            taken = await connection.fetchval(
                """INSERT INTO rate_limit AS r (key, full_at) VALUES ($1, $2::timestamptz + $3::interval)
                   ON CONFLICT (key) DO UPDATE SET full_at = greatest(r.full_at, $2) + $3::interval
                      WHERE greatest(r.full_at, $2) + $3::interval <= $2 + $3::interval * $4::integer
                   RETURNING true""",
                key,
                at,
                refill,
                size,
            )
            if taken:
                return None
            full_at = await connection.fetchval("SELECT full_at FROM rate_limit WHERE key = $1", key)
        wait: timedelta = (full_at or at) + refill - at - refill * size
        return max(wait, timedelta(seconds=1))

    async def prune(self, at: datetime) -> int:
        """Forget buckets that are full again; how many."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """DELETE FROM rate_limit WHERE key IN (
                     SELECT key FROM rate_limit WHERE full_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING key""",
                at,
                PRUNED_AT_ONCE,
            )
        return len(rows)
