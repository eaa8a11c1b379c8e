"""What bad answers opened: callbacks that somebody makes, and complaints with the answers linked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from storage.pool import Connection, Pool, borrow


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up with the answers that opened it; `about` is the complaint that a survey had asked about."""

    wave: str
    number: int
    survey: str
    version: int
    customer: str
    language: str
    action: str
    question: str
    code: int
    answers: dict[str, Any]
    opened_at: datetime
    about: str | None
    complaint: str | None
    done_at: datetime | None
    done_by: str | None
    outcome: str | None
    note: str | None


_FOLLOW_UP = """
    SELECT f.wave, f.number, w.survey, c.version, c.customer, c.language, f.action, f.question, f.code,
           r.answers::text AS answers, f.opened_at, c.complaint AS about, f.complaint, f.done_at, f.done_by,
           f.outcome, f.note
      FROM follow_up f JOIN wave w ON w.reference = f.wave JOIN contact c USING (wave, number)
      JOIN response r USING (wave, number)"""


class FollowUps:
    """The follow-ups of all waves."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, wave: str, number: int) -> FollowUp | None:
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(f"{_FOLLOW_UP} WHERE f.wave = $1 AND f.number = $2", wave, number)
        return None if row is None else _follow_up(row)

    async def page(
        self,
        *,
        is_open: bool | None,
        wave: str | None,
        complaint: str | None,
        after: tuple[datetime, str, int] | None,
        limit: int,
    ) -> list[FollowUp]:
        """Follow-ups in the order in which they were opened, behind a place in that order."""
        at, behind, number = after or (None, "", 0)
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"""{_FOLLOW_UP}
                     WHERE ($1::boolean IS NULL OR (f.done_at IS NULL) = $1) AND ($2::text IS NULL OR f.wave = $2)
                       AND ($3::text IS NULL OR f.complaint = $3 OR c.complaint = $3)
                       AND ($4::timestamptz IS NULL OR (f.opened_at, f.wave, f.number) > ($4, $5, $6))
                     ORDER BY f.opened_at, f.wave, f.number LIMIT $7""",
                is_open,
                wave,
                complaint,
                at,
                behind,
                number,
                limit,
            )
        return [_follow_up(row) for row in rows]

    async def finish(
        self, connection: Connection, wave: str, number: int, outcome: str, note: str | None, by: str, at: datetime
    ) -> bool:
        """Say what became of a callback, once; False where somebody has said it, or a complaint takes care of it."""
        return bool(
            await connection.fetchval(
                """UPDATE follow_up SET done_at = $3, done_by = $4, outcome = $5, note = $6
                    WHERE wave = $1 AND number = $2 AND done_at IS NULL AND action = 'callback' RETURNING true""",
                wave,
                number,
                at,
                by,
                outcome,
                note,
            )
        )

    async def without_complaint(self, limit: int) -> Sequence[FollowUp]:
        """Those that a complaint is still to be opened for."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"{_FOLLOW_UP} WHERE f.action = 'complaint' AND f.done_at IS NULL ORDER BY f.opened_at LIMIT $1", limit
            )
        return [_follow_up(row) for row in rows]

    async def claim(self, connection: Connection, followed: FollowUp) -> bool:
        """Take one in hand for the caller's transaction; False where it is done, or somebody has it in hand."""
        return bool(
            await connection.fetchval(
                """SELECT true FROM follow_up WHERE wave = $1 AND number = $2 AND done_at IS NULL
                      FOR UPDATE SKIP LOCKED""",
                followed.wave,
                followed.number,
            )
        )

    async def opened(
        self, connection: Connection, followed: FollowUp, complaint: str | None, by: str, at: datetime
    ) -> None:
        """A complaint takes care of a claimed follow-up from now on; none where nobody is there to complain."""
        await connection.execute(
            """UPDATE follow_up SET complaint = $3, done_at = $4, done_by = $5,
                                    outcome = CASE WHEN $3::text IS NULL THEN 'erased' ELSE 'complaint_opened' END
                WHERE wave = $1 AND number = $2""",
            followed.wave,
            followed.number,
            complaint,
            at,
            by,
        )


def _follow_up(row: asyncpg.Record) -> FollowUp:
    return FollowUp(**{**row, "answers": json.loads(row["answers"])})
