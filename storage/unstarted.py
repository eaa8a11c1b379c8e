"""The notes of what has still to be started at Temporal, written with the first entries and struck off by a start.

They are claimed by state, so that two reconcilers share the work. Cases, waves and undertakings have a list each.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from storage.pool import Connection, Pool, borrow

FIRST_TRY = timedelta(seconds=2)
"""The process that took something in starts it at once; only after this does anybody else try."""
LONGEST_WAIT = timedelta(seconds=30)


class Kind(StrEnum):
    """What is started; each has its table of notes."""

    CASE = "case"
    WAVE = "wave"
    UNDERTAKING = "undertaking"


_RECORD = {Kind.CASE: "case_record", Kind.WAVE: "wave", Kind.UNDERTAKING: "undertaking"}
_UNFINISHED = {
    Kind.CASE: """r.is_open OR r.needs_operator
                  OR EXISTS (SELECT FROM step s WHERE s.reference = r.reference AND s.state = 'running')""",
    Kind.WAVE: "r.is_open",
    Kind.UNDERTAKING: "r.is_open",
}


async def note(connection: Connection, kind: Kind, references: Iterable[str], at: datetime) -> None:
    """Note what is new, inside the caller's transaction."""
    await connection.executemany(
        f"INSERT INTO unstarted_{kind} (reference, since, not_before) VALUES ($1, $2, $3)",  # noqa: S608
        [(reference, at, at + FIRST_TRY) for reference in references],
    )


class Unstarted:
    """The list of one kind."""

    def __init__(self, pool: Pool, kind: Kind) -> None:
        self._pool = pool
        self._kind = kind

    async def claim(self, limit: int, at: datetime) -> list[tuple[str, int]]:
        """References and epochs to start now; each is left alone for a growing while, then offered again."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"""WITH due AS MATERIALIZED (
                     SELECT reference FROM unstarted_{self._kind} WHERE not_before <= $2
                      ORDER BY not_before LIMIT $1 FOR UPDATE SKIP LOCKED)
                   UPDATE unstarted_{self._kind} u
                      SET tries = tries + 1, not_before = $2 + least($3::interval * power(2, least(tries, 10)), $4)
                     FROM due
                    WHERE u.reference = due.reference
                RETURNING u.reference, u.epoch""",  # noqa: S608
                limit,
                at,
                FIRST_TRY,
                LONGEST_WAIT,
            )
        return [(row["reference"], row["epoch"]) for row in rows]

    async def started(self, reference: str, epoch: int) -> None:
        """Strike off what was started in this epoch; noted in a newer epoch meanwhile, it stays."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                f"DELETE FROM unstarted_{self._kind} WHERE reference = $1 AND epoch = $2",  # noqa: S608
                reference,
                epoch,
            )

    async def oldest(self) -> datetime | None:
        """Since when the oldest of them waits."""
        async with borrow(self._pool) as connection:
            since: datetime | None = await connection.fetchval(
                f"SELECT min(since) FROM unstarted_{self._kind}"  # noqa: S608
            )
        return since

    async def restart_all(self, at: datetime) -> int:
        """Note all that is open or unfinished to be started in a new epoch: Temporal's store is gone, or an older one.

        How many. A run that is still there would be refused by the ledger at its next record, and a due time missed,
        so that the new run takes its place.
        """
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"""WITH unfinished AS (
                     UPDATE {_RECORD[self._kind]} r SET epoch = epoch + 1 WHERE {_UNFINISHED[self._kind]}
                     RETURNING r.reference, r.epoch)
                   INSERT INTO unstarted_{self._kind} (reference, since, not_before, epoch)
                   SELECT reference, $1, $1, epoch FROM unfinished
                   ON CONFLICT (reference) DO UPDATE SET not_before = $1, tries = 0, epoch = excluded.epoch
                   RETURNING reference""",  # noqa: S608
                at,
            )
        return len(rows)
