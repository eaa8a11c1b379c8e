"""The cases of a policy that a return counts, as the ledger had them at one moment."""

from datetime import datetime

from domain.analysis.returns.filling import ReturnedCase
from domain.complaints.terms import UPHELD
from storage.pool import Pool, borrow

PAGE = 20_000

_CASES = """
WITH chosen AS (
    SELECT reference, received_at, coalesce(category, '') AS category, state FROM case_record
     WHERE split_part(policy, '@', 1) = $1 AND received_at >= $2 AND received_at < $3 AND reference > $5
     ORDER BY reference LIMIT $6),
told AS (
    SELECT l.reference,
           min(l.at) FILTER (WHERE l.type IN ('complaint.responded', 'complaint.explained')) AS answered_at,
           bool_or(l.type IN ('complaint.withdrawn', 'complaint.aborted', 'complaint.merged')) AS ended_otherwise,
           bool_or(l.type = 'complaint.referred_external') AS external,
           max(l.sequence) FILTER (WHERE l.type = 'complaint.assessed') AS assessed_with,
           max(l.sequence) FILTER (WHERE l.type = 'callback.visited') AS visited_with
      FROM ledger l JOIN chosen USING (reference) WHERE l.at < $4 GROUP BY l.reference),
taken_over AS (
    SELECT l.reference, coalesce((l.payload::jsonb #>> '{fact,ended_at}')::timestamptz, l.at) AS ended_at
      FROM ledger l JOIN chosen USING (reference)
     WHERE l.sequence = 1 AND l.type = 'complaint.imported' AND l.at < $4 AND l.payload ~ '"is_closed":true'),
owed AS (
    SELECT c.reference, min(due_at) AS owed_by
      FROM chosen c, jsonb_to_recordset(c.state -> 'clocks') AS clock(kind text, attempt int, due_at timestamptz)
     WHERE kind = 'final_response' AND attempt = 1 GROUP BY c.reference),
paid AS (
    SELECT c.reference, sum((given.money ->> 'amount')::numeric)::float8 AS money
      FROM chosen c, jsonb_to_recordset(c.state -> 'redress') AS given(state text, money jsonb)
     WHERE given.state = 'paid' GROUP BY c.reference)
SELECT c.reference, c.received_at, c.category, coalesce(t.answered_at, o.ended_at) AS answered_at,
       t.ended_otherwise, t.external, owed.owed_by, coalesce(paid.money, 0) AS money,
       assessed.payload::jsonb #>> '{fact,decision}' AS decision,
       visited.payload::jsonb #>> '{fact,visit,solved}' AS solved,
       coalesce((visited.payload::jsonb #>> '{fact,visit,satisfaction}')::int, 0) AS satisfaction,
       t.reference IS NOT NULL AS was_known
  FROM chosen c LEFT JOIN told t USING (reference) LEFT JOIN taken_over o USING (reference)
  LEFT JOIN owed USING (reference) LEFT JOIN paid USING (reference)
  LEFT JOIN ledger assessed ON assessed.reference = c.reference AND assessed.sequence = t.assessed_with
  LEFT JOIN ledger visited ON visited.reference = c.reference AND visited.sequence = t.visited_with
 ORDER BY c.reference"""

_NO_ANSWER = frozenset({"duplicate", "not_ours", "service_request"})
_JUDGED = frozenset({*(str(decision) for decision in UPHELD), "invalid"})


class ReturnedCases:
    """Reads what a return counts."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def received(self, policy: str, begin: datetime, end: datetime, as_of: datetime) -> list[ReturnedCase]:
        """The cases of a policy received between two moments, in the order of their numbers, page by page."""
        found: list[ReturnedCase] = []
        after = ""
        while True:
            async with borrow(self._pool) as connection:
                page = await connection.fetch(_CASES, policy, begin, end, as_of, after, PAGE)
            found += [_case(dict(row)) for row in page if row["was_known"]]
            if len(page) < PAGE:
                return found
            after = page[-1]["reference"]


def _case(row: "dict[str, object]") -> ReturnedCase:
    decision, solved = row["decision"], row["solved"]
    return ReturnedCase(
        received_at=row["received_at"],  # type: ignore[arg-type]
        category=str(row["category"]),
        answered_at=row["answered_at"],  # type: ignore[arg-type]
        needs_answer=not row["ended_otherwise"] and decision not in _NO_ANSWER,
        owed_by=row["owed_by"],  # type: ignore[arg-type]
        upheld=decision in {str(each) for each in UPHELD} if decision in _JUDGED else None,
        redress=float(row["money"]),  # type: ignore[arg-type]
        external=bool(row["external"]),
        solved=None if solved is None else solved == "yes",
        satisfaction=int(row["satisfaction"]),  # type: ignore[call-overload]
    )
