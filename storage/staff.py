"""The upkeep of the registry: who is looked for, what changes about a person, and the tokens of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from domain.access import Person, Role
from storage.people import PERSON_COLUMNS, person_of
from storage.pool import Connection, Pool, borrow, transaction

CHANGED = ("roles", "team", "languages", "redress_limit", "absent_until", "is_active")
MOST_TOKENS = 200


class LastAdministrator(Exception):
    """Nobody would be left who could undo it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is looked for."""

    name: str = ""
    role: Role | None = None
    team: str = ""
    active: bool | None = True


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token without its secret: by the beginning of its hash."""

    id: str
    label: str
    created_at: datetime
    revoked_at: datetime | None


class Staff:
    """The people of the registry, and what they hold."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, wanted: Wanted, after: str, limit: int) -> list[Person]:
        """Those who are looked for, in the order of their names."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"""SELECT {PERSON_COLUMNS} FROM person p
                     WHERE p.name > $1 AND ($2 = '' OR strpos(lower(p.name), lower($2)) > 0)
                       AND ($3::text IS NULL OR $3 = ANY(p.roles)) AND ($4 = '' OR p.team = $4)
                       AND ($5::boolean IS NULL OR p.is_active = $5)
                     ORDER BY p.name LIMIT $6""",  # noqa: S608
                after,
                wanted.name,
                wanted.role,
                wanted.team,
                wanted.active,
                limit,
            )
        return [person_of(row) for row in rows]

    async def teams(self) -> tuple[str, ...]:
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT DISTINCT team FROM person WHERE team IS NOT NULL AND is_active ORDER BY team LIMIT 500"
            )
        return tuple(row["team"] for row in rows)

    async def change(self, person: str, values: Mapping[str, Any], at: datetime) -> Person | None:
        """The person with other values of `CHANGED`; None for nobody. Raises `LastAdministrator`.

        Whoever leaves loses all tokens and sessions with it, so that coming back does not bring old keys to life.
        """
        async with transaction(self._pool) as connection:
            admins = await connection.fetch(
                "SELECT id FROM person WHERE 'admin' = ANY(roles) AND is_active ORDER BY id FOR UPDATE"
            )
            row = await _changed(connection, person, values)
            if row is None:
                return None
            changed = person_of(row)
            if [each["id"] for each in admins] == [person] and not (changed.active and Role.ADMIN in changed.roles):
                raise LastAdministrator
            if not changed.active:
                await connection.execute(
                    "UPDATE token SET revoked_at = $2 WHERE person = $1 AND revoked_at IS NULL", person, at
                )
                await connection.execute("DELETE FROM session WHERE person = $1", person)
            return changed

    async def open_cases(self, person: str) -> int:
        """How many open cases somebody handles."""
        async with borrow(self._pool) as connection:
            count: int = await connection.fetchval(
                "SELECT count(*) FROM case_record WHERE handler = $1 AND is_open", person
            )
        return count

    async def sessions(self, person: str, at: datetime) -> int:
        async with borrow(self._pool) as connection:
            count: int = await connection.fetchval(
                "SELECT count(*) FROM session WHERE person = $1 AND ends_at > $2", person, at
            )
        return count

    async def tokens(self, person: str) -> tuple[TokenRecord, ...]:
        """The tokens of a person, the newest first."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT left(encode(hash, 'hex'), 16) AS id, label, created_at, revoked_at FROM token
                    WHERE person = $1 ORDER BY revoked_at IS NOT NULL, created_at DESC LIMIT $2""",
                person,
                MOST_TOKENS,
            )
        return tuple(TokenRecord(**dict(row)) for row in rows)

    async def revoke(self, person: str, token: str, at: datetime) -> bool:
        """Make one token worthless; whether there was one that worked."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """UPDATE token SET revoked_at = $3
                    WHERE person = $1 AND left(encode(hash, 'hex'), 16) = $2 AND revoked_at IS NULL RETURNING hash""",
                person,
                token,
                at,
            )
        return bool(rows)


async def _changed(connection: Connection, person: str, values: Mapping[str, Any]) -> asyncpg.Record | None:
    named = [name for name in CHANGED if name in values]
    set_to = ", ".join(f"{name} = ${place}" for place, name in enumerate(named, start=2)) or "name = name"
    return await connection.fetchrow(
        f"UPDATE person p SET {set_to} WHERE p.id = $1 RETURNING {PERSON_COLUMNS}",  # noqa: S608
        person,
        *(values[name] for name in named),
    )
