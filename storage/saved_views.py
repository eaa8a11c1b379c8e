"""Searches that people keep under a name, for themselves or for everybody. They hold nothing about customers."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from storage.pool import Pool, borrow

MOST_VIEWS = 50
"""How many a person keeps."""


class NameTaken(ValueError):
    """The person has a view of this name."""


class TooManyViews(ValueError):
    """The person keeps as many as one may."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A search under a name; `query` is the part of the address that says it."""

    id: str
    person: str
    name: str
    query: str
    is_shared: bool


class SavedViews:
    """The views of everybody."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, person: str) -> list[SavedView]:
        """What a person has kept, and what others share, by name."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT id, person, name, query, is_shared FROM saved_view
                    WHERE person = $1 OR is_shared ORDER BY person <> $1, name, id LIMIT 500""",
                person,
            )
        return [SavedView(**dict(row)) for row in rows]

    async def keep(self, view: SavedView, at: datetime) -> None:
        """Keep a view. Raises NameTaken, TooManyViews."""
        try:
            async with borrow(self._pool) as connection:
                kept = await connection.execute(
                    """INSERT INTO saved_view (id, person, name, query, is_shared, created_at)
                       SELECT $1::text, $2::text, $3::text, $4::text, $5::boolean, $6::timestamptz
                        WHERE (SELECT count(*) FROM saved_view WHERE person = $2) < $7""",
                    view.id,
                    view.person,
                    view.name,
                    view.query,
                    view.is_shared,
                    at,
                    MOST_VIEWS,
                )
        except asyncpg.UniqueViolationError:
            raise NameTaken(view.name) from None
        if kept == "INSERT 0 0":
            raise TooManyViews(view.person)

    async def remove(self, view: str, person: str) -> bool:
        """Forget a view of one's own; whether there was one."""
        async with borrow(self._pool) as connection:
            gone = await connection.execute("DELETE FROM saved_view WHERE id = $1 AND person = $2", view, person)
        return bool(gone == "DELETE 1")
