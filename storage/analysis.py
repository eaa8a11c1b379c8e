"""What an analysis observes, asked of the ledger as it stood at one moment.

Everything is read up to that moment, so that days that are analysed again as of it give the same figures, whatever
happened to their cases since. What was received on those days and recorded later is not in them. A case taken over
from another system ended when that one says; where it does not say, when it was taken over.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import numpy as np

from domain.analysis.observation import Complaints, Counts, Observed
from domain.analysis.surge import DAYS_NEEDED
from domain.analysis.themes import MOST_NARRATIVES
from domain.complaints import shipped
from domain.undertakings.analysis_run import Period
from storage.pool import Pool, borrow, planned_for_values

PAGE = 2_000
"""Written into the query, so that it is planned for so few: one statement stays far from its time limit."""

_CASES = """
WITH chosen AS (
    SELECT reference, customer, received_at, coalesce(category, '') AS category, coalesce(product, '') AS product,
           coalesce(region, '') AS region, coalesce(partner, '') AS partner, state
      FROM case_record
     WHERE received_at >= $1 AND received_at < $2 AND (received_at, reference) > ($1, $4)
     ORDER BY received_at, reference LIMIT 2000),
told AS (
    SELECT l.reference,
           max(l.sequence) FILTER (WHERE l.type IN ('complaint.closed', 'complaint.withdrawn', 'complaint.aborted')
                                      OR l.type = 'complaint.assessed' AND l.payload ~ $5
                                      OR l.type = 'complaint.imported' AND l.payload ~ $6) AS ended_with,
           (array_agg(l.type ORDER BY l.sequence DESC)
              FILTER (WHERE l.type IN ('complaint.closed', 'complaint.withdrawn', 'complaint.aborted')
                         OR l.type = 'complaint.assessed' AND l.payload ~ $5
                         OR l.type = 'complaint.imported' AND l.payload ~ $6))[1] AS ending,
           max(CASE WHEN l.type IN ('complaint.closed', 'complaint.withdrawn', 'complaint.aborted')
                      OR l.type = 'complaint.assessed' AND l.payload ~ $5 THEN l.at
                    WHEN l.type = 'complaint.imported' AND l.payload ~ $6
                    THEN coalesce((l.payload::jsonb #>> '{fact,ended_at}')::timestamptz, l.at) END) AS ended_at,
           max(l.sequence) FILTER (WHERE l.type IN ('complaint.reopened', 'complaint.appealed',
                                                    'complaint.to_stage_two', 'complaint.referred_external'))
               AS taken_up_with,
           (array_agg(l.payload ORDER BY l.sequence DESC) FILTER (WHERE l.type = 'complaint.assessed'))[1] AS assessed,
           (array_agg(l.payload ORDER BY l.sequence DESC) FILTER (WHERE l.type = 'callback.visited'))[1] AS visited,
           bool_or(l.type = 'complaint.appealed') AS appealed,
           bool_or(l.type = 'complaint.reopened') AS reopened,
           bool_or(l.type = 'complaint.to_stage_two') AS stage_two,
           bool_or(l.type = 'complaint.referred_external') AS external,
           bool_or(l.type = 'callback.visited') AS called_back,
           sum(CASE WHEN l.type = 'redress.changed' AND l.payload ~ '"state":"paid"'
                    THEN (l.payload::jsonb #>> '{fact,redress,money,amount}')::numeric END)::float8 AS money
      FROM ledger l JOIN chosen USING (reference) WHERE l.at < $3 GROUP BY l.reference),
promised AS (
    SELECT c.reference,
           count(*) FILTER (WHERE met_at < $3 AND met_at <= due_at) AS met,
           count(*) FILTER (WHERE due_at < $3 AND (met_at IS NULL OR met_at > due_at) AND breached_at < $3) AS broken,
           count(*) FILTER (WHERE due_at < $3 AND (met_at IS NULL OR met_at > due_at)
                              AND (breached_at IS NULL OR breached_at >= $3)) AS overdue
      FROM chosen c, jsonb_to_recordset(c.state -> 'clocks')
           AS clock(state text, due_at timestamptz, met_at timestamptz, breached_at timestamptz)
     WHERE clock.state NOT IN ('cancelled', 'paused') OR met_at IS NOT NULL OR breached_at IS NOT NULL
     GROUP BY c.reference)
SELECT c.reference, c.customer, c.received_at, c.category, c.product, c.region, c.partner,
       CASE WHEN t.ended_with > coalesce(t.taken_up_with, 0) THEN t.ended_at END AS ended_at,
       t.ending, t.assessed::jsonb #>> '{fact,decision}' AS decision,
       coalesce((t.visited::jsonb #>> '{fact,visit,satisfaction}')::int, 0) AS satisfaction,
       t.appealed, t.reopened, t.stage_two, t.external, t.called_back,
       coalesce(t.money, 0) AS money, t.reference IS NOT NULL AS was_known,
       coalesce(p.met, 0) AS met, coalesce(p.broken, 0) AS broken, coalesce(p.overdue, 0) AS overdue
  FROM chosen c LEFT JOIN told t USING (reference) LEFT JOIN promised p USING (reference)
 ORDER BY c.received_at, c.reference"""

_CORRECTED_SINCE = """
SELECT DISTINCT ON (reference, field) reference, field, old FROM (
    SELECT l.reference, l.sequence, l.payload::jsonb #>> '{fact,field}' AS field,
           coalesce(l.payload::jsonb #>> '{fact,old_code}', '') AS old
      FROM ledger l JOIN case_record c USING (reference)
     WHERE l.type = 'complaint.corrected' AND l.at >= $3 AND c.received_at >= $1 AND c.received_at < $2) corrected
 WHERE field IN ('category', 'product', 'region', 'partner') ORDER BY reference, field, sequence"""

_RECALCULATED = """
SELECT count(DISTINCT l.reference) FROM ledger l JOIN case_record c USING (reference)
 WHERE l.type = 'complaint.clocks_recalculated' AND l.at < $3 AND c.received_at >= $1 AND c.received_at < $2"""

_NARRATIVES = """
SELECT c.state #>> '{intake,narrative}' AS narrative FROM case_record c JOIN ledger l USING (reference)
 WHERE l.sequence = 1 AND l.at < $3 AND c.received_at >= $1 AND c.received_at < $2 ORDER BY md5(reference) LIMIT $4"""

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
WITH corrected AS (
    SELECT DISTINCT ON (l.reference, l.payload::jsonb #>> '{fact,field}') l.reference,
           l.payload::jsonb #>> '{fact,field}' AS field, coalesce(l.payload::jsonb #>> '{fact,old_code}', '') AS old
      FROM ledger l WHERE l.type = 'complaint.corrected' AND l.at >= $4
     ORDER BY l.reference, l.payload::jsonb #>> '{fact,field}', l.sequence),
was AS (
    SELECT reference, max(old) FILTER (WHERE field = 'category') AS category,
           max(old) FILTER (WHERE field = 'region') AS region, max(old) FILTER (WHERE field = 'partner') AS partner
      FROM corrected GROUP BY reference)
SELECT coalesce(nullif(coalesce(w.category, c.category), ''), '–') || ' · '
       || coalesce(nullif(coalesce(w.region, c.region), ''), '–') || ' · '
       || coalesce(nullif(coalesce(w.partner, c.partner), ''), '–') AS cell,
       (c.received_at AT TIME ZONE $3)::date AS day, count(*) AS cases
  FROM case_record c JOIN ledger l ON l.reference = c.reference AND l.sequence = 1
  LEFT JOIN was w ON w.reference = c.reference
 WHERE c.received_at >= $1 AND c.received_at < $2 AND l.at < $4 GROUP BY 1, 2"""


class Observations:
    """Reads what an analysis looks at."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def observe(self, period: Period) -> Observed:
        """The complaints received in the period, as they stood at its `as_of`, and the counts of the days before."""
        begin, end = _moments(period)
        complaints = await self._complaints(period)
        successors = shipped.taxonomy().successors()
        renamed = sorted({(old, successors[old]) for old in set(complaints.category.tolist()) & successors.keys()})
        for old, code in renamed:
            complaints.category[complaints.category == old] = code
        async with borrow(self._pool) as connection:
            recalculated = await connection.fetchval(_RECALCULATED, begin, end, period.as_of)
        counts = await self.counts(period)
        return Observed(period.first, period.last, complaints, counts, tuple(renamed), recalculated)

    async def narratives(self, period: Period) -> tuple[int, tuple[str, ...]]:
        """How many narratives the period has, and the ids of a sample of at most 20,000, the same each time."""
        begin, end = _moments(period)
        async with borrow(self._pool) as connection:
            total = await connection.fetchval(
                "SELECT count(*) FROM case_record WHERE received_at >= $1 AND received_at < $2", begin, end
            )
            rows = await connection.fetch(_NARRATIVES, begin, end, period.as_of, MOST_NARRATIVES)
        return total, tuple(row["narrative"] for row in rows if row["narrative"])

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

    async def _complaints(self, period: Period) -> Complaints:
        """Page by page, each made into columns at once: rows of a page are dropped before the next is read."""
        begin, end = _moments(period)
        parts: list[Complaints] = []
        at, after = begin, ""
        while True:
            async with planned_for_values(self._pool) as connection:
                page = await connection.fetch(_CASES, at, end, period.as_of, after, *_MARKS)
            parts.append(_columns([row for row in page if row["was_known"]], period))
            if len(page) < PAGE:
                break
            at, after = page[-1]["received_at"], page[-1]["reference"]
        async with borrow(self._pool) as connection:
            corrected = await connection.fetch(_CORRECTED_SINCE, begin, end, period.as_of)
        return _as_they_were(_joined(parts), corrected)


def _moments(period: Period) -> tuple[datetime, datetime]:
    """When the period begins, and when it is over."""
    zone = ZoneInfo(period.zone)
    begin, after = (
        datetime.combine(day, datetime.min.time(), zone) for day in (period.first, period.last + timedelta(days=1))
    )
    return begin, after


def _joined(parts: Sequence[Complaints]) -> Complaints:
    return Complaints(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Complaints)}
    )


def _as_they_were(complaints: Complaints, corrected: Sequence[asyncpg.Record]) -> Complaints:
    """The codes before what was corrected after the moment of looking."""
    if not corrected:
        return complaints
    place = {reference: row for row, reference in enumerate(complaints.reference.tolist())}
    changed = {name: getattr(complaints, name).astype(object) for name in ("category", "product", "region", "partner")}
    for each in corrected:
        if each["reference"] in place:
            changed[each["field"]][place[each["reference"]]] = each["old"]
    return replace(complaints, **{name: column.astype(np.str_) for name, column in changed.items()})


def _columns(rows: Sequence[asyncpg.Record], period: Period) -> Complaints:
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
