"""The indices of a survey's waves before and after a measure."""

import json
from datetime import datetime

import asyncpg

from activities.undertaking_ports import WaveIndex
from storage.pool import Pool, borrow

_KNOWN = "w.survey = $1 AND jsonb_typeof(w.state #> '{result,low}') = 'number'"


class WaveIndices:
    """Reads what waves came to."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def around(self, survey: str, began: datetime, done: datetime) -> tuple[WaveIndex | None, WaveIndex | None]:
        """The last wave computed before the measure began, and the first launched after it was done."""
        async with borrow(self._pool) as connection:
            before = await connection.fetchrow(
                f"""SELECT w.reference, (w.state -> 'result')::text AS result
                      FROM wave w JOIN wave_result r ON r.wave = w.reference
                     WHERE {_KNOWN} AND r.computed_at <= $2 ORDER BY r.computed_at DESC LIMIT 1""",  # noqa: S608
                survey,
                began,
            )
            after = await connection.fetchrow(
                f"""SELECT w.reference, (w.state -> 'result')::text AS result FROM wave w
                     WHERE {_KNOWN} AND (w.state ->> 'launched_at')::timestamptz >= $2
                     ORDER BY (w.state ->> 'launched_at')::timestamptz LIMIT 1""",  # noqa: S608
                survey,
                done,
            )
        return _index(before), _index(after)


def _index(row: asyncpg.Record | None) -> WaveIndex | None:
    if row is None:
        return None
    result = json.loads(row["result"])
    return WaveIndex(row["reference"], result["index"], result["low"], result["high"])
