"""Accounts of the console and who is signed in: passwords as argon2 hashes, sessions as SHA-256 of their keys."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.access import Person
from storage.people import PERSON_COLUMNS, person_of
from storage.pool import Pool, borrow, transaction

PRUNED_AT_ONCE = 1_000
NOTED_EVERY = timedelta(minutes=1)
"""How exactly it is kept when somebody was seen last: a write a minute, not one a page."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a person signs in with."""

    person: Person
    password_hash: str | None
    locked_until: datetime | None
    language: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a session belongs to, and the language that the person chose."""

    person: Person
    language: str | None


class Accounts:
    """The accounts, by the names of the registry."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def named(self, name: str) -> Account | None:
        """The account of somebody who works here; without regard to upper and lower case if that names one person."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"""SELECT {PERSON_COLUMNS}, a.password_hash, a.locked_until, a.language
                      FROM account a JOIN person p ON p.id = a.person
                     WHERE lower(p.name) = lower($1) AND p.is_active ORDER BY p.name <> $1 LIMIT 2""",  # noqa: S608
                name,
            )
        if not rows or (len(rows) > 1 and rows[0]["name"] != name):
            return None
        row = rows[0]
        return Account(person_of(row), row["password_hash"], row["locked_until"], row["language"])

    async def set_password(self, person: str, password_hash: str, at: datetime) -> None:
        """Give a person a new password; whoever was signed in with the old one is signed out."""
        async with transaction(self._pool) as connection:
            await connection.execute(
                """INSERT INTO account (person, password_hash, changed_at) VALUES ($1, $2, $3)
                   ON CONFLICT (person) DO UPDATE
                   SET password_hash = $2, changed_at = $3, failures = 0, locked_until = NULL""",
                person,
                password_hash,
                at,
            )
            await connection.execute("DELETE FROM session WHERE person = $1", person)

    async def renew_hash(self, person: str, password_hash: str) -> None:
        """The same password under newer parameters."""
        async with borrow(self._pool) as connection:
            await connection.execute("UPDATE account SET password_hash = $2 WHERE person = $1", person, password_hash)

    async def failed(self, person: str, at: datetime, most: int, lock: timedelta) -> datetime | None:
        """Count a wrong password; until when the account is locked, if it is now."""
        async with borrow(self._pool) as connection:
            locked: datetime | None = await connection.fetchval(
                """UPDATE account
                      SET failures = CASE WHEN failures + 1 >= $3 THEN 0 ELSE failures + 1 END,
                          locked_until = CASE WHEN failures + 1 >= $3 THEN $2::timestamptz + $4::interval
                                              ELSE locked_until END
                    WHERE person = $1 RETURNING CASE WHEN locked_until > $2 THEN locked_until END""",
                person,
                at,
                most,
                lock,
            )
        return locked

    async def succeeded(self, person: str) -> None:
        async with borrow(self._pool) as connection:
            await connection.execute("UPDATE account SET failures = 0, locked_until = NULL WHERE person = $1", person)

    async def set_language(self, person: str, language: str, at: datetime) -> None:
        """The language that the person wants to work in."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                """INSERT INTO account (person, language, changed_at) VALUES ($1, $2, $3)
                   ON CONFLICT (person) DO UPDATE SET language = $2""",
                person,
                language,
                at,
            )


class Sessions:
    """Who is signed in."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, key: str, person: str, at: datetime, ends_at: datetime, instead_of: str | None) -> None:
        """A session under a new key; the one that the browser had before ends, and so do those whose time is over."""
        async with transaction(self._pool) as connection:
            await connection.execute(
                "INSERT INTO session (hash, person, begun_at, seen_at, ends_at) VALUES ($1, $2, $3, $3, $4)",
                _hash(key),
                person,
                at,
                ends_at,
            )
            if instead_of is not None:
                await connection.execute("DELETE FROM session WHERE hash = $1", _hash(instead_of))
            await connection.execute(
                """DELETE FROM session WHERE hash IN (
                     SELECT hash FROM session WHERE ends_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)""",
                at,
                PRUNED_AT_ONCE,
            )

    async def of(self, key: str, at: datetime, idle: timedelta) -> SignedIn | None:
        """Whose session this is; None when it has ended, was idle for too long, or the person has left."""
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(
                f"""SELECT {PERSON_COLUMNS}, s.seen_at, a.language
                      FROM session s JOIN person p ON p.id = s.person LEFT JOIN account a ON a.person = p.id
                     WHERE s.hash = $1 AND s.ends_at > $2 AND s.seen_at > $3 AND p.is_active""",  # noqa: S608
                _hash(key),
                at,
                at - idle,
            )
            if row is not None and row["seen_at"] < at - NOTED_EVERY:
                await connection.execute("UPDATE session SET seen_at = $2 WHERE hash = $1", _hash(key), at)
        return None if row is None else SignedIn(person_of(row), row["language"])

    async def runs(self, key: str, at: datetime, idle: timedelta) -> bool:
        """Whether the session still runs; asking is no sign that somebody is there."""
        async with borrow(self._pool) as connection:
            return bool(
                await connection.fetchval(
                    """SELECT EXISTS (SELECT FROM session s JOIN person p ON p.id = s.person
                        WHERE s.hash = $1 AND s.ends_at > $2 AND s.seen_at > $3 AND p.is_active)""",
                    _hash(key),
                    at,
                    at - idle,
                )
            )

    async def end(self, key: str) -> None:
        async with borrow(self._pool) as connection:
            await connection.execute("DELETE FROM session WHERE hash = $1", _hash(key))

    async def end_all(self, person: str) -> int:
        """Sign a person out everywhere; how many sessions that were."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch("DELETE FROM session WHERE person = $1 RETURNING hash", person)
        return len(rows)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
