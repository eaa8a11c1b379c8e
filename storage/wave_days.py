"""How a wave goes day by day, and how full its quotas are."""

from dataclasses import dataclass
from datetime import date

from storage.pool import Pool, borrow

MOST_DAYS = 400


@dataclass(frozen=True, slots=True)
class WaveDay:
    """How many contacts were invited on a day, opened the questionnaire, saved something, and completed it."""

    day: date
    invited: int
    opened: int
    started: int
    completed: int


class WaveDays:
    """Counts of contacts; nothing here is about one of them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def by_day(self, wave: str, zone: str) -> tuple[WaveDay, ...]:
        """The days on which something happened, in the local time of a zone. A reserve that was released counts."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT (at AT TIME ZONE $2)::date AS day,
                          count(*) FILTER (WHERE stage = 'invited') AS invited,
                          count(*) FILTER (WHERE stage = 'opened') AS opened,
                          count(*) FILTER (WHERE stage = 'started') AS started,
                          count(*) FILTER (WHERE stage = 'completed') AS completed
                     FROM contact c, LATERAL (VALUES ('invited', c.invited_at), ('opened', c.opened_at),
                          ('started', c.saved_at), ('completed', c.completed_at)) AS happened (stage, at)
                    WHERE c.wave = $1 AND NOT c.is_reserve AND at IS NOT NULL GROUP BY 1 ORDER BY 1 DESC LIMIT $3""",
                wave,
                zone,
                MOST_DAYS,
            )
        return tuple(WaveDay(**dict(row)) for row in reversed(rows))

    async def quota_cells(self, wave: str) -> dict[tuple[str, str], int]:
        """How many interviews count towards each cell: kept, or held by somebody who answers now."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT attribute, category, count(*) AS held FROM quota_hold
                    WHERE wave = $1 AND (is_kept OR until > now()) GROUP BY 1, 2""",
                wave,
            )
        return {(row["attribute"], row["category"]): row["held"] for row in rows}
