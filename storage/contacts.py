"""How customers want to be written to, and where partners and teams are."""

import json
from dataclasses import dataclass
from datetime import datetime

from domain.complaints.contact import UNLIMITED, ContactLimits
from storage.pool import Pool, borrow


class Contacts:
    """What each customer does not want: ways, hours. Kept by data subject, in codes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def limits(self, customer: str) -> ContactLimits:
        """The limits that the customer set; none, if nothing was set."""
        async with borrow(self._pool) as connection:
            found = await connection.fetchval("SELECT limits::text FROM contact_limit WHERE customer = $1", customer)
        return UNLIMITED if found is None else ContactLimits.model_validate_json(found)

    async def set(self, customer: str, limits: ContactLimits, *, by: str, at: datetime) -> None:
        """Take over what the customer wants from now on."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                """INSERT INTO contact_limit (customer, limits, changed_at, changed_by) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (customer) DO UPDATE SET limits = $2, changed_at = $3, changed_by = $4""",
                customer,
                json.dumps(limits.model_dump(mode="json")),
                at,
                by,
            )


@dataclass(frozen=True, slots=True)
class Correspondent:
    """A partner, a team or the staff as a whole, with the address where they are written to."""

    who: str
    email: str
    language: str
    changed_at: datetime
    changed_by: str


class Correspondents:
    """The address book: `partner.<code>`, `team.<code>`, `staff`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def address(self, who: str) -> str | None:
        """The e-mail address of a partner or team, if it is known."""
        async with borrow(self._pool) as connection:
            found: str | None = await connection.fetchval("SELECT email FROM correspondent WHERE who = $1", who)
        return found

    async def correspondent(self, who: str) -> tuple[str, str] | None:
        """Address and language of a partner or team, if it is known."""
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow("SELECT email, language FROM correspondent WHERE who = $1", who)
        return None if row is None else (row["email"], row["language"])

    async def all(self) -> list[Correspondent]:
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT who, email, language, changed_at, changed_by FROM correspondent ORDER BY who LIMIT 1000"
            )
        return [Correspondent(**dict(row)) for row in rows]

    async def set(self, who: str, email: str, language: str, *, by: str, at: datetime) -> None:
        async with borrow(self._pool) as connection:
            await connection.execute(
                """INSERT INTO correspondent (who, email, language, changed_at, changed_by) VALUES ($1, $2, $3, $5, $4)
                   ON CONFLICT (who) DO UPDATE SET email = $2, language = $3, changed_by = $4, changed_at = $5""",
                who,
                email,
                language,
                by,
                at,
            )

    async def remove(self, who: str) -> bool:
        """Strike an entry out; whether there was one."""
        async with borrow(self._pool) as connection:
            status = await connection.execute("DELETE FROM correspondent WHERE who = $1", who)
        return bool(status == "DELETE 1")
