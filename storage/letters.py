"""What waits for a person: letters to print and post, calls to make. Codes only; the words are in the vault."""

from dataclasses import dataclass
from datetime import datetime

from domain.access import CaseScope
from domain.complaints.terms import Way
from storage.cases import scope_condition
from storage.pool import Pool, borrow


@dataclass(frozen=True, slots=True)
class WaitingLetter:
    """A letter that waits to be posted, or a call that waits to be made."""

    reference: str
    key: str
    kind: str
    way: str
    since: datetime
    next_due: datetime | None

    @property
    def id(self) -> str:
        return f"{self.reference}.{self.key}"


class WaitingLetters:
    """The queue for those who print, post and call."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, scope: CaseScope, way: Way | None, after: str, limit: int) -> list[WaitingLetter]:
        """In the order of their ids, those of cases within the scope."""
        reference, _, key = after.partition(".")
        condition, values = scope_condition(scope, first=5)
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"""SELECT s.reference, s.key, s.kind, s.way, s.changed_at AS since, c.next_due
                      FROM step s JOIN case_record c ON c.reference = s.reference
                     WHERE s.state = 'waiting' AND (s.reference, s.key) > ($1, $2)
                       AND ($3::text IS NULL OR s.way = $3) AND {condition}
                     ORDER BY s.reference, s.key LIMIT $4""",  # noqa: S608  the condition is our own
                reference,
                key,
                way,
                limit,
                *values,
            )
        return [WaitingLetter(**dict(row)) for row in rows]
