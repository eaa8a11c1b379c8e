"""Contacts that people make: the lists of telephone, post and visits, who has whom in hand, and what came of tries."""

from dataclasses import dataclass
from datetime import datetime

from activities.survey_ports import Happened
from domain.surveys.dispositions import Channel, CompletenessThresholds, ContactEvent, ContactEventKind
from storage.fieldwork import lock_contacts, write_events
from storage.pool import Connection, Pool, borrow
from storage.responses import Interview


@dataclass(frozen=True, slots=True)
class ListedContact:
    """A contact on a list, without who it is; `last` is what became of the last try."""

    number: int
    channel: Channel
    stratum: str
    language: str
    attempts: int
    try_at: datetime | None
    held_by: str | None
    held_until: datetime | None
    last: str | None
    has_begun: bool


@dataclass(frozen=True, slots=True)
class Try:
    """What became of a try; it ends the field work on the contact, or it says when to try again."""

    kind: ContactEventKind
    channel: Channel
    at: datetime
    ends: bool = False
    again_at: datetime | None = None


_ON_THE_LIST = """c.wave = $1 AND c.channel IN ('telephone', 'post', 'in_person') AND NOT c.is_reserve
              AND c.completed_at IS NULL AND c.ended_at IS NULL"""


class InterviewLists:
    """The lists of waves. Who handled a complaint never gets its customer on the list."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, wave: str, channel: Channel | None, after: int, limit: int) -> list[ListedContact]:
        """Who is still to be reached, in the order of numbers."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"""SELECT c.number, c.channel, c.stratum, c.language, c.attempts, c.try_at, c.held_by, c.held_until,
                           (SELECT e.kind FROM contact_event e WHERE e.wave = c.wave AND e.number = c.number
                             ORDER BY e.at DESC, e.id DESC LIMIT 1) AS last,
                           c.opened_at IS NOT NULL AS has_begun
                      FROM contact c
                     WHERE {_ON_THE_LIST} AND ($2::text IS NULL OR c.channel = $2) AND c.number > $3
                     ORDER BY c.number LIMIT $4""",  # noqa: S608
                wave,
                channel,
                after,
                limit,
            )
        return [ListedContact(**{**row, "channel": Channel(row["channel"])}) for row in rows]

    async def claim(self, wave: str, channel: Channel, by: str, at: datetime, until: datetime) -> int | None:
        """Take the next contact in hand, the one that is in hand already before all others; none if nobody is due.

        Agreed callbacks come first, then those with the fewest tries.
        """
        async with borrow(self._pool) as connection:
            number: int | None = await connection.fetchval(
                f"""UPDATE contact SET held_by = $3, held_until = $5
                     WHERE wave = $1 AND number = (
                       SELECT c.number FROM contact c
                         LEFT JOIN closed_complaint d ON d.wave = c.wave AND d.reference = c.complaint
                        WHERE {_ON_THE_LIST} AND c.channel = $2 AND (c.try_at IS NULL OR c.try_at <= $4)
                          AND (c.held_until IS NULL OR c.held_until <= $4 OR c.held_by = $3)
                          AND d.handler IS DISTINCT FROM $3
                        ORDER BY (c.held_by IS NOT DISTINCT FROM $3 AND c.held_until > $4) DESC,
                                 c.try_at NULLS LAST, c.attempts, c.number
                        LIMIT 1 FOR UPDATE OF c SKIP LOCKED)
                    RETURNING number""",  # noqa: S608
                wave,
                channel,
                by,
                at,
                until,
            )
        return number

    async def handled_by(self, wave: str, number: int) -> str | None:
        """Who handled the complaint that a contact is asked about."""
        async with borrow(self._pool) as connection:
            found: str | None = await connection.fetchval(
                """SELECT d.handler FROM contact c JOIN closed_complaint d
                       ON d.wave = c.wave AND d.reference = c.complaint WHERE c.wave = $1 AND c.number = $2""",
                wave,
                number,
            )
        return found

    async def tries(self, connection: Connection, wave: str, number: int, kind: ContactEventKind) -> int:
        """How often a locked contact's tries came to this."""
        return int(
            await connection.fetchval(
                "SELECT count(*) FROM contact_event WHERE wave = $1 AND number = $2 AND kind = $3", wave, number, kind
            )
        )

    async def record(
        self, connection: Connection, interview: Interview, tried: Try, thresholds: CompletenessThresholds
    ) -> None:
        """Record a try of a contact and let it go, or put it off until the time that was agreed."""
        attempt = interview.attempts + 1
        event = ContactEvent(tried.kind, tried.at, attempt, tried.channel)
        await lock_contacts(connection, interview.wave, [interview.number])
        await write_events(connection, interview.wave, [Happened(interview.number, event, ends=tried.ends)], thresholds)
        await connection.execute(
            """UPDATE contact SET attempts = $3, try_at = $4, held_by = NULL, held_until = NULL
                WHERE wave = $1 AND number = $2""",
            interview.wave,
            interview.number,
            attempt,
            tried.again_at,
        )
        if tried.kind is ContactEventKind.BOUNCED:
            await connection.execute(
                "UPDATE asking SET state = 'released' WHERE wave = $1 AND customer = $2",
                interview.wave,
                interview.customer,
            )
