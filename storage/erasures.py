"""What is recorded about erasing: tombstones, requests that wait, legal holds, and when a closed case is looked at.

The functions that take a connection work inside the caller's transaction. Destroying the data is the vault's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from domain.complaints.case import Case
from storage.cases import find
from storage.pool import Connection, Pool, borrow

Ground = Literal["request", "retention"]
LEASE = timedelta(minutes=10)
"""How long a case or a request that was claimed is left to whoever claimed it."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """That a subject was erased: when, by whom, on what ground."""

    subject: str
    at: datetime
    by: str
    ground: Ground


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """An erasure that was asked for and waits."""

    subject: str
    asked_by: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class LegalHold:
    """That the data of a case must not go. The reason is the id of a sealed text."""

    reference: str
    subject: str
    since: datetime
    set_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A closed case that is to be looked at, and what of it has gone already."""

    reference: str
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """A data subject as the record knows it: no data, but since when it is there and how many cases it has."""

    id: str
    created_at: datetime
    erased_at: datetime | None
    cases: int


class Erasures:
    """The record of what was and what will be erased."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def subjects(self, ids: Iterable[str]) -> list[Subject]:
        """Those of the subjects that exist, in the order of their ids."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT subject_id AS id, created_at, erased_at,
                          (SELECT count(*) FROM case_record WHERE customer = subject_id) AS cases
                     FROM vault.subject WHERE subject_id = ANY($1) ORDER BY subject_id""",
                list(ids),
            )
        return [Subject(**dict(row)) for row in rows]

    async def cases_of(self, subject: str) -> list[Case]:
        async with borrow(self._pool) as connection:
            return await cases_of(connection, subject)

    async def files_of(self, subject: str) -> list[str]:
        async with borrow(self._pool) as connection:
            rows = await connection.fetch("SELECT id FROM attachment WHERE customer = $1 ORDER BY id", subject)
        return [row["id"] for row in rows]

    async def files_of_case(self, reference: str) -> list[str]:
        async with borrow(self._pool) as connection:
            rows = await connection.fetch("SELECT id FROM attachment WHERE reference = $1 ORDER BY id", reference)
        return [row["id"] for row in rows]

    async def page(self, after: tuple[datetime, str] | None, limit: int) -> list[Tombstone]:
        """Tombstones, the oldest first."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT subject, at, by, ground FROM erasure
                    WHERE ($1::timestamptz IS NULL OR (at, subject) > ($1, $2)) ORDER BY at, subject LIMIT $3""",
                after and after[0],
                after and after[1],
                limit,
            )
        return [Tombstone(**dict(row)) for row in rows]

    async def tombstone(self, subject: str) -> Tombstone | None:
        async with borrow(self._pool) as connection:
            return await tombstone(connection, subject)

    async def not_erased(self, subjects: list[str]) -> set[str]:
        """Those of the subjects that are there with their key."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT subject_id FROM vault.subject WHERE subject_id = ANY($1) AND erased_at IS NULL", subjects
            )
        return {row["subject_id"] for row in rows}

    async def requests(self, after: str, limit: int) -> list[ErasureRequest]:
        """Erasures that wait, in the order of their subjects."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT subject, asked_by, asked_at FROM erasure_request WHERE subject > $1
                    ORDER BY subject LIMIT $2""",
                after,
                limit,
            )
        return [ErasureRequest(**dict(row)) for row in rows]

    async def claim_requests(self, now: datetime, limit: int) -> list[ErasureRequest]:
        """Requests to try now; each is left alone for a while, then offered again."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """UPDATE erasure_request SET not_before = $1 + $3::interval WHERE subject IN (
                     SELECT subject FROM erasure_request WHERE not_before <= $1
                      ORDER BY not_before LIMIT $2 FOR UPDATE SKIP LOCKED)
                   RETURNING subject, asked_by, asked_at""",
                now,
                limit,
                LEASE,
            )
        return [ErasureRequest(**dict(row)) for row in rows]

    async def try_again(self, subject: str, at: datetime) -> None:
        """Leave a request alone until then."""
        async with borrow(self._pool) as connection:
            await connection.execute("UPDATE erasure_request SET not_before = $2 WHERE subject = $1", subject, at)

    async def holds(self, after: str, limit: int) -> list[LegalHold]:
        """Legal holds in the order of their cases."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT * FROM legal_hold WHERE reference > $1 ORDER BY reference LIMIT $2", after, limit
            )
        return [LegalHold(**dict(row)) for row in rows]

    async def holds_on(self, references: Iterable[str]) -> dict[str, LegalHold]:
        """The legal holds on these cases, by case."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch("SELECT * FROM legal_hold WHERE reference = ANY($1)", list(references))
        return {row["reference"]: LegalHold(**dict(row)) for row in rows}

    async def claim_watched(self, now: datetime, limit: int) -> list[Watched]:
        """Closed cases to look at now; each is left alone for a while, then offered again."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """UPDATE retention_watch SET look_at = $1 + $3::interval WHERE reference IN (
                     SELECT reference FROM retention_watch WHERE look_at <= $1
                      ORDER BY look_at, reference LIMIT $2 FOR UPDATE SKIP LOCKED)
                   RETURNING reference, removed""",
                now,
                limit,
                LEASE,
            )
        return [Watched(row["reference"], tuple(row["removed"])) for row in rows]

    async def watched_until(self, at: datetime, limit: int) -> list[Watched]:
        """Closed cases that would be looked at by then, the earliest first; nothing is claimed."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT reference, removed FROM retention_watch WHERE look_at <= $1
                    ORDER BY look_at, reference LIMIT $2""",
                at,
                limit,
            )
        return [Watched(row["reference"], tuple(row["removed"])) for row in rows]

    async def look_again(self, reference: str, at: datetime | None, removed: Iterable[str] = ()) -> None:
        """Look at the case again then; None where nothing of it is left to go."""
        async with borrow(self._pool) as connection:
            if at is None:
                await connection.execute("DELETE FROM retention_watch WHERE reference = $1", reference)
                return
            await connection.execute(
                """UPDATE retention_watch SET look_at = $2, removed = ARRAY(
                     SELECT DISTINCT unnest(removed || $3::text[]) ORDER BY 1) WHERE reference = $1""",
                reference,
                at,
                list(removed),
            )


async def cases_of(connection: Connection, subject: str) -> list[Case]:
    """The cases of a subject as they stand; nothing is appended to them until the transaction ends."""
    rows = await connection.fetch(
        "SELECT state::text FROM case_record WHERE customer = $1 ORDER BY reference FOR SHARE", subject
    )
    return [Case.model_validate_json(row["state"]) for row in rows]


async def case(connection: Connection, reference: str) -> Case:
    """A case of the watch, which is always there."""
    found = await find(connection, reference)
    assert found is not None  # noqa: S101  the watch refers to it
    return found


async def held(connection: Connection, subject: str) -> set[str]:
    """The cases of a subject that are under a legal hold."""
    rows = await connection.fetch("SELECT reference FROM legal_hold WHERE subject = $1", subject)
    return {row["reference"] for row in rows}


async def tombstone(connection: Connection, subject: str) -> Tombstone | None:
    row = await connection.fetchrow("SELECT subject, at, by, ground FROM erasure WHERE subject = $1", subject)
    return None if row is None else Tombstone(**dict(row))


async def bury(connection: Connection, stone: Tombstone) -> None:
    """Record an erasure; what waited for it waits no longer, and its cases need no look any more."""
    await connection.execute(
        "INSERT INTO erasure (subject, at, by, ground) VALUES ($1, $2, $3, $4) ON CONFLICT (subject) DO NOTHING",
        stone.subject,
        stone.at,
        stone.by,
        stone.ground,
    )
    await connection.execute("DELETE FROM erasure_request WHERE subject = $1", stone.subject)
    await connection.execute("DELETE FROM contact_limit WHERE customer = $1", stone.subject)
    await connection.execute(
        """DELETE FROM retention_watch w USING case_record c
            WHERE c.reference = w.reference AND c.customer = $1""",
        stone.subject,
    )


async def ask(connection: Connection, request: ErasureRequest) -> bool:
    """Note an erasure that has to wait; False where one waits already."""
    made = await connection.fetchval(
        """INSERT INTO erasure_request (subject, asked_by, asked_at, not_before) VALUES ($1, $2, $3, $3)
           ON CONFLICT (subject) DO NOTHING RETURNING true""",
        request.subject,
        request.asked_by,
        request.asked_at,
    )
    return bool(made)


async def set_hold(connection: Connection, hold: LegalHold) -> bool:
    """Put a case under a legal hold; False where it is under one."""
    made = await connection.fetchval(
        """INSERT INTO legal_hold (reference, subject, since, set_by, reason) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (reference) DO NOTHING RETURNING true""",
        hold.reference,
        hold.subject,
        hold.since,
        hold.set_by,
        hold.reason,
    )
    return bool(made)


async def lift_hold(connection: Connection, reference: str, at: datetime) -> bool:
    """Lift a legal hold and have the case looked at at once; False where there was none."""
    lifted = await connection.fetchval("DELETE FROM legal_hold WHERE reference = $1 RETURNING true", reference)
    await connection.execute("UPDATE retention_watch SET look_at = $2 WHERE reference = $1", reference, at)
    return bool(lifted)
