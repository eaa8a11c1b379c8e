"""Business calendars as stored versions, none of which ever changes; and the running clocks that count in one."""

import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
from pydantic import TypeAdapter

from domain.calendar import Calendar
from domain.complaints.clocks import Clock
from storage.pool import Connection, Pool, borrow

MOST_KEPT = 64
"""How many versions a process keeps as objects: reading one costs milliseconds, and each carries its timetable."""
CASES_AT_ONCE = 250

_COLUMNS = "id, version, document::text AS document, made_at, made_by, reason"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCKS = TypeAdapter(tuple[Clock, ...])


class CalendarChanged(Exception):
    """Another version was added meanwhile; nothing was stored."""


@dataclass(frozen=True, slots=True)
class CalendarVersion:
    """A version of a calendar: who made it, when and why."""

    calendar: Calendar
    made_at: datetime
    made_by: str
    reason: str

    def says(self, calendar: Calendar) -> bool:
        """Whether the documents are the same but for their numbers."""
        return _document(self.calendar) == _document(calendar)


class Calendars:
    """The versions of all calendars."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept: OrderedDict[tuple[str, int], CalendarVersion] = OrderedDict()

    async def newest(self, calendar_id: str) -> CalendarVersion | None:
        """The version that new clocks are computed in."""
        async with borrow(self._pool) as connection:
            version = await connection.fetchval("SELECT max(version) FROM calendar WHERE id = $1", calendar_id)
        return None if version is None else await self.version(calendar_id, version)

    async def version(self, calendar_id: str, version: int) -> CalendarVersion | None:
        """One version, as a clock names it."""
        kept = self._kept.get((calendar_id, version))
        if kept is not None:
            self._kept.move_to_end((calendar_id, version))
            return kept
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS} FROM calendar WHERE id = $1 AND version = $2",  # noqa: S608
                calendar_id,
                version,
            )
        return None if row is None else self._keep(_version(row))

    async def page(self, after: str, limit: int) -> list[CalendarVersion]:
        """The newest version of each calendar, in the order of ids."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"""SELECT DISTINCT ON (id) {_COLUMNS} FROM calendar WHERE id > $1
                     ORDER BY id, version DESC LIMIT $2""",  # noqa: S608
                after,
                limit,
            )
        return [_version(row) for row in rows]

    async def add(
        self, connection: Connection, calendar: Calendar, *, by: str, reason: str, at: datetime
    ) -> CalendarVersion:
        """Store the calendar as the version that it says, which must be the next one.

        Where it says nothing new, the newest version is answered and stays the newest. Raises `CalendarChanged`.
        """
        newest = await _newest(connection, calendar.id)
        if newest is not None and newest.says(calendar):
            return newest
        if calendar.version != (newest.calendar.version + 1 if newest else 1):
            raise CalendarChanged
        stored = await connection.fetchval(
            """INSERT INTO calendar (id, version, document, made_at, made_by, reason)
               VALUES ($1, $2, $3::jsonb, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING true""",
            calendar.id,
            calendar.version,
            _document(calendar),
            at,
            by,
            reason,
        )
        if stored is None:
            raise CalendarChanged
        return CalendarVersion(calendar, at, by, reason)

    async def running_clocks(self, calendar_id: str) -> AsyncIterator[Sequence[tuple[str, Clock]]]:
        """Cases' open clocks that were computed in any version of the calendar, those due first in front.

        One on hold stands still, but is open. A page comes from at most `CASES_AT_ONCE` cases, and may be empty.
        """
        last = (_LONG_AGO, "")
        while True:
            async with borrow(self._pool) as connection:
                rows = await connection.fetch(RUNNING_CLOCKS, calendar_id, *last, CASES_AT_ONCE)
            if not rows:
                return
            yield [(row["reference"], clock) for row in rows for clock in _CLOCKS.validate_json(row["clocks"])]
            last = (rows[-1]["next_due"], rows[-1]["reference"])

    def _keep(self, version: CalendarVersion) -> CalendarVersion:
        """Only what was read outside a writing transaction is kept: that is there for good."""
        self._kept[version.calendar.id, version.calendar.version] = version
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return version


RUNNING_CLOCKS = """
SELECT reference, next_due,
       jsonb_path_query_array(state, '$.clocks[*] ? ((@.state == "running" || @.state == "paused")
                                                    && @.calendar starts with $pins)',
                              jsonb_build_object('pins', $1::text || '@'))::text AS clocks
  FROM case_record
 WHERE next_due IS NOT NULL AND (next_due, reference) > ($2, $3)
 ORDER BY next_due, reference LIMIT $4
"""
"""The index of due times has a row for each case in which something runs, and no other."""


async def _newest(connection: Connection, calendar_id: str) -> CalendarVersion | None:
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM calendar WHERE id = $1 ORDER BY version DESC LIMIT 1",  # noqa: S608
        calendar_id,
    )
    return None if row is None else _version(row)


def _version(row: asyncpg.Record) -> CalendarVersion:
    document = {"id": row["id"], "version": row["version"], **json.loads(row["document"])}
    return CalendarVersion(Calendar.model_validate(document), row["made_at"], row["made_by"], row["reason"])


def _document(calendar: Calendar) -> str:
    """What the calendar says, in one form."""
    return calendar.model_dump_json(exclude={"id", "version"})
