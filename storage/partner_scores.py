"""A partner's scorecard: complaints about it, promises broken there, questions answered in time, and improvements."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.pool import Pool, borrow

_CASES = """
SELECT count(*) AS complaints, count(*) FILTER (WHERE is_open) AS open,
       coalesce(sum(promises.kept), 0)::bigint AS kept, coalesce(sum(promises.broken), 0)::bigint AS broken
  FROM case_record c, LATERAL (
       SELECT count(*) FILTER (WHERE state = 'met') AS kept, count(*) FILTER (WHERE state = 'breached') AS broken
         FROM jsonb_to_recordset(c.state -> 'clocks') AS clock(state text)) promises
 WHERE c.partner = $1 AND c.received_at >= $2 AND c.received_at < $3"""

_QUESTIONS = """
SELECT count(*) AS questions, count(*) FILTER (WHERE asked.answer IS NOT NULL) AS answered,
       count(*) FILTER (WHERE clock.state = 'met') AS answered_in_time
  FROM case_record c, jsonb_to_recordset(c.state -> 'partner_requests') AS asked(number int, partner text, answer text)
  LEFT JOIN LATERAL (
       SELECT state FROM jsonb_to_recordset(c.state -> 'clocks') AS known(kind text, attempt int, state text)
        WHERE known.kind = 'partner_reply' AND known.attempt = asked.number LIMIT 1) clock ON true
 WHERE asked.partner = $1 AND c.received_at >= $2 AND c.received_at < $3"""

_IMPROVEMENTS = """
SELECT count(*) AS improvements,
       count(*) FILTER (WHERE status IN ('approved', 'in_progress')) AS under_way,
       count(*) FILTER (WHERE status IN ('approved', 'in_progress') AND (state ->> 'is_overdue')::boolean) AS overdue,
       count(*) FILTER (WHERE status IN ('done', 'closed')) AS done,
       count(*) FILTER (WHERE status IN ('done', 'closed') AND NOT coalesce((state ->> 'was_late')::boolean, false))
           AS done_in_time,
       count(*) FILTER (WHERE status = 'closed') AS effective,
       count(*) FILTER (WHERE (state ->> 'attempt')::int > 1) AS taken_up_again
  FROM undertaking
 WHERE kind = 'improvement' AND partner = $1 AND opened_at >= $2 AND opened_at < $3 AND status <> 'rejected'"""


@dataclass(frozen=True, slots=True)
class Scores:
    """What was counted of one partner between two moments."""

    complaints: int
    open: int
    kept: int
    broken: int
    questions: int
    answered: int
    answered_in_time: int
    improvements: int
    under_way: int
    overdue: int
    done: int
    done_in_time: int
    effective: int
    taken_up_again: int


class PartnerScores:
    """Reads scorecards off the read models."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, partner: str, begin: datetime, end: datetime) -> Scores:
        """Everything about the partner that came up in the time."""
        counts: dict[str, Any] = {}
        async with borrow(self._pool) as connection:
            for query in (_CASES, _QUESTIONS, _IMPROVEMENTS):
                counts |= dict((await connection.fetch(query, partner, begin, end))[0])
        return Scores(**counts)
