"""What an analysis observes, asked of the ledger as it stood at one moment.

Everything is read up to that moment, so that days that are analysed again as of it give the same figures, whatever
happened to their cases since. What was received on those days and recorded later is not in them. A case taken over
from another system ended when that one says; where it does not say, when it was taken over.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import numpy as np

from domain.analysis.observation import Complaints, Counts, Observed
from domain.analysis.surge import DAYS_NEEDED
from domain.undertakings.analysis_run import Period
from storage.pool import Pool, borrow

PAGE = 20_000

_CASES = """
WITH chosen AS (
    SELECT reference, customer, received_at, coalesce(category, '') AS category, coalesce(product, '') AS product,
           coalesce(region, '') AS region, coalesce(partner, '') AS partner, state
      FROM case_record
     WHERE received_at >= $1 AND received_at < $2 AND reference > $4
     ORDER BY reference LIMIT $5),
told AS (
    SELECT l.reference,
           max(l.sequence) FILTER (WHERE l.type IN ('complaint.closed', 'complaint.withdrawn', 'complaint.aborted')
                                      OR l.type = 'complaint.assessed' AND l.payload ~ $6
                                      OR l.type = 'complaint.imported' AND l.payload ~ $7) AS ended_with,
           max(CASE WHEN l.type IN ('complaint.closed', 'complaint.withdrawn', 'complaint.aborted')
                      OR l.type = 'complaint.assessed' AND l.payload ~ $6 THEN l.at
                    WHEN l.type = 'complaint.imported' AND l.payload ~ $7
                    THEN coalesce((l.payload::jsonb #>> '{fact,ended_at}')::timestamptz, l.at) END) AS ended_at,
           max(l.sequence) FILTER (WHERE l.type IN ('complaint.reopened', 'complaint.appealed',
                                                    'complaint.to_stage_two', 'complaint.referred_external'))
               AS taken_up_with,
           max(l.sequence) FILTER (WHERE l.type = 'complaint.assessed') AS assessed_with,
           max(l.sequence) FILTER (WHERE l.type = 'callback.visited') AS visited_with,
           bool_or(l.type = 'complaint.appealed') AS appealed,
           bool_or(l.type = 'complaint.reopened') AS reopened,
           bool_or(l.type = 'complaint.to_stage_two') AS stage_two,
           bool_or(l.type = 'complaint.referred_external') AS external,
           bool_or(l.type = 'callback.visited') AS called_back
      FROM ledger l JOIN chosen USING (reference) WHERE l.at < $3 GROUP BY l.reference),
promised AS (
    SELECT c.reference,
           count(*) FILTER (WHERE met_at < $3 AND met_at <= due_at) AS met,
           count(*) FILTER (WHERE due_at < $3 AND (met_at IS NULL OR met_at > due_at) AND breached_at < $3) AS broken,
           count(*) FILTER (WHERE due_at < $3 AND (met_at IS NULL OR met_at > due_at)
                              AND (breached_at IS NULL OR breached_at >= $3)) AS overdue
      FROM chosen c, jsonb_to_recordset(c.state -> 'clocks')
           AS clock(state text, due_at timestamptz, met_at timestamptz, breached_at timestamptz)
     WHERE clock.state NOT IN ('cancelled', 'paused') GROUP BY c.reference),
paid AS (
    SELECT c.reference, sum((given.money ->> 'amount')::numeric) AS money
      FROM chosen c, jsonb_to_recordset(c.state -> 'redress') AS given(state text, money jsonb)
     WHERE given.state = 'paid' GROUP BY c.reference)
SELECT c.reference, c.customer, c.received_at, c.category, c.product, c.region, c.partner,
       CASE WHEN t.ended_with > coalesce(t.taken_up_with, 0) THEN t.ended_at END AS ended_at,
       ending.type AS ending, assessed.payload::jsonb #>> '{fact,decision}' AS decision,
       coalesce((visited.payload::jsonb #>> '{fact,visit,satisfaction}')::int, 0) AS satisfaction,
       t.appealed, t.reopened, t.stage_two, t.external, t.called_back,
       coalesce(paid.money, 0)::float8 AS money,
       coalesce(p.met, 0) AS met, coalesce(p.broken, 0) AS broken, coalesce(p.overdue, 0) AS overdue
  FROM chosen c JOIN told t USING (reference)
  LEFT JOIN promised p USING (reference) LEFT JOIN paid USING (reference)
  LEFT JOIN ledger ending ON ending.reference = c.reference AND ending.sequence = t.ended_with
  LEFT JOIN ledger assessed ON assessed.reference = c.reference AND assessed.sequence = t.assessed_with
  LEFT JOIN ledger visited ON visited.reference = c.reference AND visited.sequence = t.visited_with
 ORDER BY c.reference"""

_ENDS_BY_ASSESSMENT = r'"decision":"(duplicate|not_ours|service_request)"'
_TAKEN_OVER_CLOSED = '"is_closed":true'
_MARKS = (_ENDS_BY_ASSESSMENT, _TAKEN_OVER_CLOSED)
"""What an entry says with which a case ends: by its assessment, or before it was taken over from another system."""
_END = {
    "complaint.closed": "closed",
    "complaint.imported": "closed",
    "complaint.withdrawn": "withdrawn",
    "complaint.aborted": "withdrawn",
}

_DAILY = """
SELECT coalesce(category, '–') || ' · ' || coalesce(region, '–') || ' · ' || coalesce(partner, '–') AS cell,
       (received_at AT TIME ZONE $3)::date AS day, count(*) AS cases
  FROM case_record JOIN ledger l ON l.reference = case_record.reference AND l.sequence = 1
 WHERE received_at >= $1 AND received_at < $2 AND l.at < $4 GROUP BY 1, 2"""


class Observations:
    """Reads what an analysis looks at."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def observe(self, period: Period) -> Observed:
        """The complaints received in the period, as they stood at its `as_of`, and the counts of the days before."""
        begin, end = _moments(period)
        rows = await self._cases(begin, end, period.as_of)
        return Observed(period.first, period.last, _complaints(rows, period), await self.counts(period))

    async def counts(self, period: Period, days: int = DAYS_NEEDED) -> Counts:
        """Complaints by cell and day over so many days that end with the period's last."""
        _, end = _moments(period)
        first = period.last - timedelta(days=days - 1)
        begin = datetime.combine(first, datetime.min.time(), ZoneInfo(period.zone))
        async with borrow(self._pool) as connection:
            found = await connection.fetch(_DAILY, begin, end, period.zone, period.as_of)
        cells = sorted({row["cell"] for row in found})
        place = {cell: number for number, cell in enumerate(cells)}
        table = np.zeros((len(cells), days), dtype=np.int64)
        for row in found:
            table[place[row["cell"]], (row["day"] - first).days] = row["cases"]
        return Counts(tuple(cells), first, table)

    async def complaints_between(
        self, target: dict[str, str], begin: datetime, end: datetime, zone: str
    ) -> list[tuple[date, int]]:
        """How many complaints of a target came on each day that had any."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT (received_at AT TIME ZONE $3)::date AS day, count(*) AS cases FROM case_record
                    WHERE received_at >= $1 AND received_at < $2
                      AND ($4::text IS NULL OR category = $4) AND ($5::text IS NULL OR product = $5)
                      AND ($6::text IS NULL OR region = $6) AND ($7::text IS NULL OR partner = $7)
                    GROUP BY 1 ORDER BY 1""",
                begin,
                end,
                zone,
                *(target.get(name) for name in ("category", "product", "region", "partner")),
            )
        return [(row["day"], row["cases"]) for row in rows]

    async def _cases(self, begin: datetime, end: datetime, as_of: datetime) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = []
        after = ""
        while True:
            async with borrow(self._pool) as connection:
                page = await connection.fetch(_CASES, begin, end, as_of, after, PAGE, *_MARKS)
            rows += page
            if len(page) < PAGE:
                return rows
            after = page[-1]["reference"]


def _moments(period: Period) -> tuple[datetime, datetime]:
    """When the period begins, and when it is over."""
    zone = ZoneInfo(period.zone)
    begin, after = (
        datetime.combine(day, datetime.min.time(), zone) for day in (period.first, period.last + timedelta(days=1))
    )
    return begin, after


def _complaints(rows: Sequence[asyncpg.Record], period: Period) -> Complaints:
    zone = ZoneInfo(period.zone)

    def column(name: str, kind: Any) -> Any:
        return np.array([row[name] for row in rows], dtype=kind)

    days = [(row["received_at"].astimezone(zone).date() - period.first).days for row in rows]
    lasted = [((row["ended_at"] or period.as_of) - row["received_at"]).total_seconds() / 86_400 for row in rows]
    return Complaints(
        day=np.array(days, dtype=np.int64),
        lasted=np.maximum(np.array(lasted, dtype=np.float64), 0.0),
        end=np.array([_kind_of_end(row) for row in rows], dtype=np.str_),
        decision=np.array([row["decision"] or "" for row in rows], dtype=np.str_),
        **{
            name: column(name, np.str_)
            for name in ("reference", "customer", "category", "product", "region", "partner")
        },
        **{name: column(name, np.bool_) for name in ("appealed", "reopened", "stage_two", "external", "called_back")},
        **{name: column(name, np.int64) for name in ("satisfaction", "met", "broken", "overdue")},
        money=column("money", np.float64),
    )


def _kind_of_end(row: asyncpg.Record) -> str:
    if row["ended_at"] is None:
        return ""
    return _END.get(row["ending"], "duplicate" if row["decision"] == "duplicate" else "transferred")
