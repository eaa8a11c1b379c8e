"""Who somebody is at an identity provider, and the person of the registry that this is."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from domain.access import Person, Role
from storage.people import PERSON_COLUMNS, person_of
from storage.pool import Connection, Pool, transaction


class NameTaken(Exception):
    """Somebody else of this name is in the registry."""


class HasLeft(Exception):
    """The person does not work here any more."""


class ProviderIdentities:
    """The people of the registry by the provider's own name for them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def settle(
        self, issuer: str, subject: str, name: str, roles: Iterable[Role], at: datetime, *, adopts_names: bool
    ) -> Person:
        """The person with the roles that the provider gives now; somebody new is enrolled. Raises `NameTaken`,
        `HasLeft`.

        The name counts only at the first time, and then only for somebody who is not in the registry, or where names
        may be trusted: later the provider may call the person as it likes.
        """
        async with transaction(self._pool) as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"{issuer} {subject}")
            person = await connection.fetchval(
                "SELECT person FROM provider_identity WHERE issuer = $1 AND subject = $2", issuer, subject
            )
            if person is None:
                person = await _recognised(connection, name, at, adopts_names=adopts_names)
                await connection.execute(
                    "INSERT INTO provider_identity (issuer, subject, person, linked_at) VALUES ($1, $2, $3, $4)",
                    issuer,
                    subject,
                    person,
                    at,
                )
            row = await connection.fetchrow(
                f"UPDATE person p SET roles = $2 WHERE p.id = $1 AND p.is_active RETURNING {PERSON_COLUMNS}",  # noqa: S608
                person,
                sorted(set(roles)),
            )
            if row is None:
                raise HasLeft
            return person_of(row)


async def _recognised(connection: Connection, name: str, at: datetime, *, adopts_names: bool) -> str:
    """The id of whoever has this name; of somebody new, if nobody has."""
    new: str | None = await connection.fetchval(
        """INSERT INTO person (id, name, roles, created_at) VALUES ($1, $2, '{}', $3)
           ON CONFLICT (name) DO NOTHING RETURNING id""",
        f"per_{secrets.token_hex(16)}",
        name,
        at,
    )
    if new is not None:
        return new
    if not adopts_names:
        raise NameTaken
    known: str = await connection.fetchval("SELECT id FROM person WHERE name = $1", name)
    return known
