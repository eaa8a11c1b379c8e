"""How the records stand: what is not anchored yet, and whether read models are what their ledgers make.

Bounded looks, for operators: they sample, the whole is checked by `chains.verify`.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from domain.complaints.case import Case
from domain.complaints.evolve import fold
from domain.complaints.facts import read_entry
from storage.pool import Pool, borrow

MOST_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Anchors:
    """When the ledger was last signed, since when the oldest change waits for it, and how many cases do."""

    last_at: datetime | None
    waiting_since: datetime | None
    waiting_cases: int


class Standing:
    """Looks at the records as a whole."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def anchors(self) -> Anchors:
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(
                """SELECT (SELECT at FROM ledger_anchor ORDER BY number DESC LIMIT 1) AS last_at,
                          min(changed_at) AS waiting_since, count(*) AS waiting_cases
                     FROM (SELECT changed_at FROM case_record WHERE anchored_sequence < sequence LIMIT $1) waiting""",
                MOST_COUNTED,
            )
        return Anchors(**dict(row)) if row is not None else Anchors(None, None, 0)

    async def at_rest(self, limit: int, since: datetime) -> list[str]:
        """Of the open cases in which nothing was recorded since then, those that came in last."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT reference FROM case_record WHERE is_open AND changed_at < $2
                    ORDER BY received_at DESC, reference DESC LIMIT $1""",
                limit,
                since,
            )
        return [row["reference"] for row in rows]

    async def strays(self, limit: int) -> list[str]:
        """Of the cases that came in last, those whose read model is not what their ledger makes."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT c.reference, c.state::text,
                          (SELECT json_agg(l.payload ORDER BY l.sequence) FROM ledger l
                            WHERE l.reference = c.reference)::text AS entries
                     FROM (SELECT reference, state FROM case_record
                            ORDER BY received_at DESC, reference DESC LIMIT $1) c""",
                limit,
            )
        return [row["reference"] for row in rows if not _follows(row["state"], row["entries"])]


def _follows(state: str, entries: str | None) -> bool:
    told = [read_entry(json.loads(payload)) for payload in json.loads(entries or "[]")]
    return bool(told) and Case.model_validate_json(state) == fold(told)
