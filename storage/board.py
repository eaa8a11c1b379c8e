"""How the open cases stand, counted for the board, and the cases that wait for a supervisor's decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from domain.complaints.case import Case
from storage.pool import Pool, borrow

SOON = timedelta(hours=24)
MOST_ROWS = 200
"""How many teams or people are listed; those with the most open cases come first."""

Decision = Literal["escalation", "extension", "redress"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How many cases are open, and how they stand."""

    open: int = 0
    soon: int = 0
    breached: int = 0
    parked: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """The open cases of a team or a person; `who` is absent where they are nobody's."""

    who: str | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the backlog: what came, what ended, and how many were open at its end."""

    day: date
    received: int
    ended: int
    open: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """The board as it stands at a moment."""

    at: datetime
    all: Standing
    unassigned: int
    to_call_back: int
    teams: tuple[Row, ...]
    people: tuple[Row, ...]
    days: tuple[Day, ...]
    decisions: Mapping[str, int]


class Board:
    """What is counted over all open cases."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def numbers(self, at: datetime, zone: str, days: int) -> Numbers:
        """Everything that the board shows."""
        async with borrow(self._pool) as connection:
            by_person = await connection.fetch(STANDINGS, at, at + SOON)
            trend = await connection.fetch(TREND, at, zone, days)
            to_call_back = await connection.fetchval("SELECT count(*) FROM case_record WHERE status = 'callback'")
            waiting = {name: await connection.fetchval(count) for name, count in _COUNTED.items()}
        found = [(row["team"], row["handler"], _standing(row)) for row in by_person]
        everything = _sum([standing for _, _, standing in found])
        return Numbers(
            at=at,
            all=everything,
            unassigned=sum(standing.open for _, handler, standing in found if handler is None),
            to_call_back=to_call_back,
            teams=_rows((team, standing) for team, _, standing in found),
            people=_rows((handler, standing) for _, handler, standing in found if handler is not None),
            days=_days(trend, everything.open),
            decisions=waiting,
        )

    async def waiting_for(
        self, decision: Decision, limit: int, after: tuple[datetime, str] | None = None
    ) -> list[Case]:
        """The cases that wait for a decision, the oldest first, behind a place in that order."""
        received_at, reference = after or (None, "")
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(WAITING[decision], limit, received_at, reference)
        return [Case.model_validate_json(row["state"]) for row in rows]


STANDINGS = """SELECT team, handler, count(*) AS open, count(*) FILTER (WHERE is_breached) AS breached,
                      count(*) FILTER (WHERE next_due >= $1 AND next_due < $2) AS soon,
                      count(*) FILTER (WHERE needs_operator) AS parked
                 FROM case_record WHERE is_open GROUP BY team, handler"""

TREND = """WITH day AS (
             SELECT d::date AS day, d AT TIME ZONE $2 AS begins, (d + interval '1 day') AT TIME ZONE $2 AS ends
               FROM date_trunc('day', $1::timestamptz AT TIME ZONE $2) AS today,
                    generate_series(today - ($3::int - 1) * interval '1 day', today, interval '1 day') AS d)
           SELECT day,
                  (SELECT count(*) FROM case_record WHERE received_at >= begins AND received_at < ends) AS received,
                  (SELECT count(*) FROM case_record WHERE NOT is_open
                      AND state ->> 'ended_at' >= to_char(begins AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
                      AND state ->> 'ended_at' < to_char(ends AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')) AS ended
             FROM day ORDER BY day"""

_CONDITIONS: Mapping[str, str] = {
    "escalation": """state @> '{"escalation_is_open": true}'""",
    "extension": """state @> '{"extension": {"is_approved": false}}'""",
    "redress": """state @> '{"redress": [{"state": "requested"}]}'""",
}
_COUNTED = {name: f"SELECT count(*) FROM case_record WHERE {said}" for name, said in _CONDITIONS.items()}  # noqa: S608
WAITING = {
    name: f"""SELECT state::text FROM case_record
               WHERE {said} AND ($2::timestamptz IS NULL OR (received_at, reference) > ($2, $3))
               ORDER BY received_at, reference LIMIT $1"""  # noqa: S608  ours
    for name, said in _CONDITIONS.items()
}


def _standing(row: Any) -> Standing:
    return Standing(open=row["open"], soon=row["soon"], breached=row["breached"], parked=row["parked"])


def _sum(standings: list[Standing]) -> Standing:
    names = Standing.__dataclass_fields__
    return Standing(**{name: sum(getattr(each, name) for each in standings) for name in names})


def _rows(standings: Any) -> tuple[Row, ...]:
    by_who: dict[str | None, list[Standing]] = {}
    for who, standing in standings:
        by_who.setdefault(who, []).append(standing)
    rows = [Row(who, _sum(each)) for who, each in by_who.items()]
    return tuple(sorted(rows, key=lambda row: (-row.standing.open, row.who or "")))[:MOST_ROWS]


def _days(trend: list[Any], open_now: int) -> tuple[Day, ...]:
    """Backwards from what is open now: a day's end has what the next one had, less what came, and what has ended."""
    days: list[Day] = []
    open_then = open_now
    for row in reversed(trend):
        days.append(Day(row["day"], row["received"], row["ended"], open_then))
        open_then += row["ended"] - row["received"]
    return tuple(reversed(days))
