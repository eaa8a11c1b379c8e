"""Reading steps: those that wait for an operator, page by page and by their cause, and one with what became of it.

Nothing here says what a case is about: kinds, codes and times only.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.complaints.case import Case
from domain.complaints.facts import Entry, read_entry
from storage.cases import MAX_PAGE, find
from storage.pool import Connection, Pool, borrow

MOST_CAUSES = 1_000


@dataclass(frozen=True, slots=True)
class StepFilter:
    """Which parked steps; what is absent does not narrow."""

    kind: str | None = None
    error: str | None = None
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class ParkedStep:
    """A step that waits for an operator, without any content of its case; `sequence` is where its case stands."""

    reference: str
    key: str
    kind: str
    state: str
    way: str | None
    error: str | None
    rounds: int
    changed_at: datetime
    sequence: int

    @property
    def id(self) -> str:
        return f"{self.reference}.{self.key}"


@dataclass(frozen=True, slots=True)
class Cause:
    """How many steps of a kind wait because of the same error, and since when the first and the last one do."""

    kind: str
    error: str | None
    steps: int
    first_at: datetime
    last_at: datetime


class StepRecords:
    """The read models of steps."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def parked(
        self, wanted: StepFilter | None = None, *, after: str = "", limit: int = MAX_PAGE
    ) -> list[ParkedStep]:
        """Parked steps in the order of their ids."""
        query, values = parked_query(wanted or StepFilter(), after=after, limit=limit)
        return await self._found(query, *values)

    async def named(self, ids: Sequence[str]) -> list[ParkedStep]:
        """The steps of these ids that there are, in whatever state."""
        pairs = [step.partition(".") for step in ids]
        return await self._found(
            f"""{_SELECT} JOIN unnest($1::text[], $2::text[]) AS named(reference, key)
                            ON (s.reference, s.key) = (named.reference, named.key)
                 ORDER BY s.reference, s.key""",
            [reference for reference, _, _ in pairs],
            [key for _, _, key in pairs],
        )

    async def causes(self) -> list[Cause]:
        """Why steps are parked, the most frequent cause first."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(CAUSES, MOST_CAUSES)
        return [Cause(**dict(row)) for row in rows]

    async def parked_by_kind(self) -> dict[str, int]:
        """How many steps of each kind wait for an operator."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch("SELECT kind, count(*) FROM step WHERE state = 'parked' GROUP BY kind")
        return {row["kind"]: row["count"] for row in rows}

    async def one(self, reference: str, key: str) -> tuple[Case, list[Entry]] | None:
        """The case of a step and the entries that tell of this step, in order; None where there is no such step."""
        async with borrow(self._pool) as connection:
            case = await find(connection, reference)
            if case is None or case.step(key) is None:
                return None
            return case, await _entries_about(connection, reference, key)

    async def _found(self, query: str, *values: Any) -> list[ParkedStep]:
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(query, *values)
        return [ParkedStep(**dict(row)) for row in rows]


# The way is read from the state of the case: an operator may have changed it since the step was planned.
_SELECT = """SELECT s.reference, s.key, s.kind, s.state, s.error, s.rounds, s.changed_at, c.sequence,
                    (SELECT planned ->> 'way' FROM jsonb_array_elements(c.state -> 'steps') AS planned
                      WHERE planned ->> 'key' = s.key) AS way
               FROM step s JOIN case_record c USING (reference)"""

CAUSES = """SELECT kind, error, count(*) AS steps, min(changed_at) AS first_at, max(changed_at) AS last_at
              FROM step WHERE state = 'parked'
             GROUP BY kind, error ORDER BY steps DESC, kind, error LIMIT $1"""


def parked_query(wanted: StepFilter, *, after: str, limit: int) -> tuple[str, list[Any]]:
    """The statement of the list of parked steps, and its values."""
    reference, _, key = after.partition(".")
    values: list[Any] = [reference, key, limit]
    narrowed = ""
    for condition, value in (
        ("s.kind = ${}", wanted.kind),
        ("s.error = ${}", wanted.error),
        ("s.changed_at >= ${}", wanted.since),
        ("s.changed_at < ${}", wanted.before),
    ):
        if value is not None:
            values.append(value)
            narrowed += f" AND {condition.format(len(values))}"
    query = f"""{_SELECT} WHERE s.state = 'parked' AND (s.reference, s.key) > ($1, $2){narrowed}
                 ORDER BY s.reference, s.key LIMIT $3"""
    return query, values


async def _entries_about(connection: Connection, reference: str, key: str) -> list[Entry]:
    rows = await connection.fetch(
        """SELECT payload FROM ledger WHERE reference = $1 AND payload::jsonb #>> '{fact,step}' = $2
            ORDER BY sequence""",
        reference,
        key,
    )
    return [read_entry(json.loads(row["payload"])) for row in rows]
