"""The staff registry and its tokens."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import asyncpg

from domain.access import Person, Role
from domain.complaints.assignment import Candidate
from storage.pool import Pool, borrow

TOKEN_PREFIX = "amends_"  # noqa: S105  the prefix by which secret scanners know our tokens
PERSON_COLUMNS = "p.id, p.name, p.roles, p.team, p.languages, p.is_active, p.absent_until, p.redress_limit"
MOST_CANDIDATES = 2_000


class People:
    """Who works here, and which token is whose."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def people(self, ids: Iterable[str]) -> dict[str, Person]:
        """Those of the ids that are in the registry."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(f"SELECT {PERSON_COLUMNS} FROM person p WHERE p.id = ANY($1)", list(ids))  # noqa: S608
        return {row["id"]: person_of(row) for row in rows}

    async def named(self, name: str) -> Person | None:
        """The person of this name who works here."""
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(
                f"SELECT {PERSON_COLUMNS} FROM person p WHERE p.name = $1 AND p.is_active",  # noqa: S608
                name,
            )
        return None if row is None else person_of(row)

    async def page(self, after: str, limit: int) -> list[Person]:
        """The registry in the order of ids."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"SELECT {PERSON_COLUMNS} FROM person p WHERE p.id > $1 ORDER BY p.id LIMIT $2",  # noqa: S608
                after,
                limit,
            )
        return [person_of(row) for row in rows]

    async def of_token(self, token: str) -> Person | None:
        """Whose token this is; None for a wrong or revoked one, or for a person who has left."""
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(
                f"""SELECT {PERSON_COLUMNS} FROM token t JOIN person p ON p.id = t.person
                     WHERE t.hash = $1 AND t.revoked_at IS NULL AND p.is_active""",  # noqa: S608
                _hash(token),
            )
        return None if row is None else person_of(row)

    async def candidates(self) -> tuple[Candidate, ...]:
        """Everybody who handles cases, with how many open ones each has."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"""SELECT {PERSON_COLUMNS}, count(c.reference) AS open_cases
                      FROM person p LEFT JOIN case_record c ON c.handler = p.id AND c.is_open
                     WHERE 'handler' = ANY(p.roles) AND p.is_active
                     GROUP BY p.id ORDER BY p.id LIMIT $1""",  # noqa: S608
                MOST_CANDIDATES,
            )
        return tuple(Candidate(person_of(row), row["open_cases"]) for row in rows)

    async def enrol(
        self,
        name: str,
        roles: Iterable[Role],
        at: datetime,
        *,
        team: str | None = None,
        languages: Iterable[str] = (),
        redress_limit: Decimal | None = None,
    ) -> Person:
        """The person of this name with these roles added to those held; made new if unknown."""
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(
                f"""INSERT INTO person AS p (id, name, roles, team, languages, created_at, redress_limit)
                    VALUES ($1, $2, $3, $4, $5, $6, coalesce($7::numeric, 0))
                    ON CONFLICT (name) DO UPDATE SET
                        roles = ARRAY(SELECT DISTINCT unnest(p.roles || excluded.roles) ORDER BY 1),
                        team = coalesce(excluded.team, p.team), is_active = true,
                        languages = CASE WHEN cardinality(excluded.languages) > 0
                                         THEN excluded.languages ELSE p.languages END,
                        redress_limit = coalesce($7::numeric, p.redress_limit)
                    RETURNING {PERSON_COLUMNS}""",  # noqa: S608
                f"per_{secrets.token_hex(16)}",
                name,
                sorted(set(roles)),
                team,
                list(languages),
                at,
                redress_limit,
            )
        assert row is not None  # noqa: S101  an insert that updates on conflict returns its row
        return person_of(row)

    async def issue_token(self, person: str, at: datetime, label: str = "") -> str:
        """A new token of the person, shown this once."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        async with borrow(self._pool) as connection:
            await connection.execute(
                "INSERT INTO token (hash, person, created_at, label) VALUES ($1, $2, $3, $4)",
                _hash(token),
                person,
                at,
                label,
            )
        return token

    async def revoke_tokens(self, person: str, at: datetime) -> int:
        """Make all tokens of the person worthless at once; how many there were."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "UPDATE token SET revoked_at = $2 WHERE person = $1 AND revoked_at IS NULL RETURNING hash", person, at
            )
        return len(rows)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def person_of(row: asyncpg.Record) -> Person:
    """The person of a row that has these columns."""
    return Person(
        id=row["id"],
        name=row["name"],
        roles=frozenset(Role(role) for role in row["roles"]),
        team=row["team"],
        languages=tuple(row["languages"]),
        active=row["is_active"],
        absent_until=row["absent_until"],
        redress_limit=row["redress_limit"],
    )
