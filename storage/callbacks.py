"""The answered cases whose customers are to be called back, in the order of their windows."""

from domain.complaints.case import Case
from storage.pool import Pool, borrow


class Callbacks:
    """What callers work through."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def waiting(self, caller: str | None, limit: int) -> list[Case]:
        """Those that wait for a call: a person's and nobody's, or everybody's. Without a window they come last."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(WAITING_FOR_A_CALL, caller, limit)
        return [Case.model_validate_json(row["state"]) for row in rows]


WAITING_FOR_A_CALL = """SELECT state::text FROM case_record
                         WHERE status = 'callback'
                           AND ($1::text IS NULL OR coalesce(state #>> '{callback,caller}', $1) = $1)
                         ORDER BY state #>> '{callback,window_from}' NULLS LAST, received_at, reference LIMIT $2"""
