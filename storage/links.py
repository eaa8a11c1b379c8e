"""The records of signed links: what each is about, how long it works, whether it was revoked."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from domain.links import LinkPurpose
from storage.pool import Pool, borrow

ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """A link that was given out."""

    id: bytes
    purpose: LinkPurpose
    subject: str
    expires_at: datetime
    revoked_at: datetime | None


class LinkRecords:
    """One valid link a purpose and subject: giving it out again renews it, so that a repeated step sends the same."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def give(
        self, purpose: LinkPurpose, subjects: Sequence[str], at: datetime, expires_at: datetime
    ) -> dict[str, LinkRecord]:
        """The links of these subjects, made where there is none that was not revoked."""
        wanted = list(dict.fromkeys(subjects))
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """INSERT INTO signed_link AS l (id, purpose, subject, created_at, expires_at)
                   SELECT n.id, $1, n.subject, $4, $5 FROM unnest($2::bytea[], $3::text[]) AS n(id, subject)
                   ON CONFLICT (purpose, subject) WHERE revoked_at IS NULL
                      DO UPDATE SET expires_at = greatest(l.expires_at, excluded.expires_at)
                   RETURNING id, purpose, subject, expires_at, revoked_at""",
                purpose,
                [secrets.token_bytes(ID_BYTES) for _ in wanted],
                wanted,
                at,
                expires_at,
            )
        return {row["subject"]: _record(row) for row in rows}

    async def find(self, link_id: bytes) -> LinkRecord | None:
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(
                "SELECT id, purpose, subject, expires_at, revoked_at FROM signed_link WHERE id = $1", link_id
            )
        return None if row is None else _record(row)

    async def revoke(self, purpose: LinkPurpose, subject: str, at: datetime) -> bool:
        """Make the link of a subject worthless at once; whether there was one. The next one given out is another."""
        async with borrow(self._pool) as connection:
            revoked = await connection.fetchval(
                """UPDATE signed_link SET revoked_at = $3
                    WHERE purpose = $1 AND subject = $2 AND revoked_at IS NULL RETURNING true""",
                purpose,
                subject,
                at,
            )
        return bool(revoked)


def _record(row: asyncpg.Record) -> LinkRecord:
    return LinkRecord(**{**row, "purpose": LinkPurpose(row["purpose"])})
