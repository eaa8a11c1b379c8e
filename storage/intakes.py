"""Taking a complaint in: its number, its source, its first entries, and the note that its workflow must be started.

The functions work inside the caller's transaction: all of it is there, or nothing.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.complaints.case import Case
from domain.complaints.facts import Entry
from storage.ledger import append
from storage.pool import Connection, Pool, borrow

FIRST_TRY = timedelta(seconds=2)
"""The process that took the complaint starts it at once; only after this does anybody else try."""
LONGEST_WAIT = timedelta(seconds=30)


async def next_reference(connection: Connection, received_at: datetime) -> str:
    """The next case number, of the year of receipt. Numbers of refused complaints are lost, never used twice."""
    number = await connection.fetchval("SELECT nextval('case_number')")
    return f"C-{received_at.year}-{number:06d}"


def source_key(key: bytes, channel: str, source_ref: str) -> bytes:
    """The keyed hash of a source's own id: it may be a message id or a telephone number."""
    return hmac.new(key, f"{channel}\x00{source_ref}".encode(), hashlib.sha256).digest()


async def serialise(connection: Connection, key: bytes) -> None:
    """Let intakes that share a key pass one after the other, so that a new customer is made once."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", int.from_bytes(key[:8], signed=True))


async def claim_source(connection: Connection, source: bytes, reference: str) -> str:
    """The case that belongs to this source: `reference`, if the source is new, else the one that has it."""
    await connection.execute(
        "INSERT INTO intake_source (source, reference) VALUES ($1, $2) ON CONFLICT (source) DO NOTHING",
        source,
        reference,
    )
    return str(await connection.fetchval("SELECT reference FROM intake_source WHERE source = $1", source))


async def open_case(connection: Connection, entries: Sequence[Entry], case: Case, at: datetime) -> None:
    """Write a new case's first entries and its note to be started."""
    await append(connection, 0, entries, case)
    await connection.execute(
        "INSERT INTO unstarted_case (reference, since, not_before) VALUES ($1, $2, $3)",
        case.reference,
        at,
        at + FIRST_TRY,
    )


class UnstartedCases:
    """The cases whose workflow has still to be started; claimed by state, so that two reconcilers share the work."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(self, limit: int, at: datetime) -> list[tuple[str, int]]:
        """References and epochs to start now; each is left alone for a growing while, then offered again."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """WITH due AS MATERIALIZED (
                     SELECT reference FROM unstarted_case WHERE not_before <= $2
                      ORDER BY not_before LIMIT $1 FOR UPDATE SKIP LOCKED)
                   UPDATE unstarted_case u
                      SET tries = tries + 1, not_before = $2 + least($3::interval * power(2, least(tries, 10)), $4)
                     FROM due
                    WHERE u.reference = due.reference
                RETURNING u.reference, u.epoch""",
                limit,
                at,
                FIRST_TRY,
                LONGEST_WAIT,
            )
        return [(row["reference"], row["epoch"]) for row in rows]

    async def started(self, reference: str, epoch: int) -> None:
        """Strike a case off whose run of this epoch was started; noted in a newer epoch meanwhile, it stays."""
        async with borrow(self._pool) as connection:
            await connection.execute("DELETE FROM unstarted_case WHERE reference = $1 AND epoch = $2", reference, epoch)

    async def oldest(self) -> datetime | None:
        """Since when the oldest of them waits."""
        async with borrow(self._pool) as connection:
            since: datetime | None = await connection.fetchval("SELECT min(since) FROM unstarted_case")
        return since

    async def restart_all(self, at: datetime) -> int:
        """Note every open or unfinished case to be started in a new epoch: Temporal's store is gone, or an older one.

        How many. A run that is still there would be refused by the ledger at its next record, and a clock of its case
        missed, so that the new run takes its place.
        """
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """WITH unfinished AS (
                     UPDATE case_record c SET epoch = epoch + 1
                      WHERE is_open OR needs_operator
                         OR EXISTS (SELECT FROM step s WHERE s.reference = c.reference AND s.state = 'running')
                     RETURNING reference, epoch)
                   INSERT INTO unstarted_case (reference, since, not_before, epoch)
                   SELECT reference, $1, $1, epoch FROM unfinished
                   ON CONFLICT (reference) DO UPDATE SET not_before = $1, tries = 0, epoch = excluded.epoch
                   RETURNING reference""",
                at,
            )
        return len(rows)
