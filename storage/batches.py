"""Batches: one command for many cases, kept as rows until each has its outcome."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.complaints.commands import Submission
from storage.pool import Connection, Pool, borrow


@dataclass(frozen=True, slots=True)
class Item:
    """A case of a batch and what is asked of it; `outcome` is done, refused or unavailable, once it is known."""

    position: int
    reference: str
    submission: Submission
    outcome: str | None = None
    code: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is."""

    id: str
    command: str
    asked_by: str
    asked_at: datetime
    per_second: float
    items: int
    outcomes: dict[str, int]

    @property
    def is_finished(self) -> bool:
        return sum(self.outcomes.values()) == self.items


async def keep(  # the arguments are the columns
    connection: Connection, batch: str, command: str, by: str, at: datetime, per_second: float, items: Sequence[Item]
) -> None:
    """Write a batch with its items inside the caller's transaction."""
    await connection.execute(
        "INSERT INTO batch (id, command, asked_by, asked_at, per_second) VALUES ($1, $2, $3, $4, $5)",
        batch,
        command,
        by,
        at,
        per_second,
    )
    await connection.executemany(
        """INSERT INTO batch_item (batch, position, reference, submission, outcome, code, detail)
           VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7)""",
        [(batch, i.position, i.reference, i.submission.model_dump_json(), i.outcome, i.code, i.detail) for i in items],
    )


class Batches:
    """What is still to be done of a batch, and what came of the rest."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def waiting(self, batch: str, limit: int) -> list[Item]:
        """The next items without an outcome."""
        return await self._items(batch, "outcome IS NULL", 0, limit)

    async def page(self, batch: str, after: int, limit: int, outcome: str | None = None) -> list[Item]:
        """Items behind a position, in order; of an outcome, or `waiting`."""
        return await self._items(batch, _OF_OUTCOME, after, limit, outcome)

    async def settle(self, batch: str, position: int, outcome: str, code: str | None, detail: str | None) -> None:
        """Record what came of an item; the first outcome stays."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                """UPDATE batch_item SET outcome = $3, code = $4, detail = $5
                    WHERE batch = $1 AND position = $2 AND outcome IS NULL""",
                batch,
                position,
                outcome,
                code,
                detail,
            )

    async def progress(self, batch: str) -> Progress | None:
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow("SELECT * FROM batch WHERE id = $1", batch)
            if row is None:
                return None
            counts = await connection.fetch(
                "SELECT outcome, count(*) FROM batch_item WHERE batch = $1 GROUP BY outcome", batch
            )
        by_outcome = {count["outcome"]: count["count"] for count in counts}
        return Progress(
            id=row["id"],
            command=row["command"],
            asked_by=row["asked_by"],
            asked_at=row["asked_at"],
            per_second=float(row["per_second"]),
            items=sum(by_outcome.values()),
            outcomes={outcome: count for outcome, count in by_outcome.items() if outcome is not None},
        )

    async def under_way(self, limit: int = 100) -> list[Progress]:
        """The batches that are not finished, with how far each is."""
        found = [await self.progress(batch) for batch in await self.unfinished(limit)]
        return [progress for progress in found if progress is not None]

    async def unfinished(self, limit: int = 100) -> list[str]:
        """Batches that have items without an outcome."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT DISTINCT batch FROM batch_item WHERE outcome IS NULL ORDER BY batch LIMIT $1", limit
            )
        return [row["batch"] for row in rows]

    async def per_second(self, batch: str) -> float:
        async with borrow(self._pool) as connection:
            return float(await connection.fetchval("SELECT per_second FROM batch WHERE id = $1", batch))

    async def _items(self, batch: str, condition: str, after: int, limit: int, *values: str | None) -> list[Item]:
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"""SELECT position, reference, submission::text, outcome, code, detail FROM batch_item
                     WHERE batch = $1 AND position > $2 AND {condition} ORDER BY position LIMIT $3""",  # noqa: S608
                batch,
                after,
                limit,
                *values,
            )
        return [_item(dict(row)) for row in rows]


_OF_OUTCOME = "($4::text IS NULL OR coalesce(outcome, 'waiting') = $4)"


def _item(row: dict[str, Any]) -> Item:
    return Item(**row | {"submission": Submission.model_validate(json.loads(row["submission"]))})
