"""The contacts of waves: who has still to be written to, what happened to each, and the contact-frequency ledger.

Every page is claimed by state, so that a repeated page finds what was done done. A contact's disposition is derived
from its events by `domain.surveys.dispositions` in the transaction that records them.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from activities.survey_ports import Happened, Invited, Invitee
from domain.surveys.dispositions import (
    Channel,
    CompletenessThresholds,
    ContactEvent,
    ContactEventKind,
    Disposition,
    disposition_of,
)
from domain.surveys.field_plan import ReminderKind
from storage.pool import Connection, Pool, borrow, transaction

_OWED = {
    ReminderKind.NOT_OPENED: "c.opened_at IS NULL",
    ReminderKind.NOT_STARTED: "c.opened_at IS NOT NULL AND c.saved_at IS NULL",
    ReminderKind.PARTIAL: "c.saved_at IS NOT NULL",
}
"""To whom each kind of reminder goes, of those who were invited and have neither completed nor ended."""

RELEASED_AT_ONCE = 10_000
_RELEASE = """UPDATE contact SET is_reserve = false
               WHERE wave = $1 AND number IN (SELECT number FROM contact WHERE wave = $1 AND is_reserve LIMIT $2)
              RETURNING number"""

_INVITEE = """c.number, c.customer, c.language, c.attempts, k.has_email, k.has_phone,
              k.opted_out_at IS NOT NULL AS opted_out"""


class Fieldwork:
    """What the field work of waves reads and writes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def to_invite(self, wave: str, at: datetime, limit: int) -> list[Invitee]:
        """The next contacts without an invitation, those that were put off until later left out."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"""SELECT {_INVITEE} FROM contact c JOIN customer k ON k.subject = c.customer
                     WHERE c.wave = $1 AND c.invited_at IS NULL AND c.ended_at IS NULL AND NOT c.is_reserve
                       AND (c.not_before IS NULL OR c.not_before <= $2)
                     ORDER BY c.number LIMIT $3""",  # noqa: S608
                wave,
                at,
                limit,
            )
        return [Invitee(**row) for row in rows]

    async def next_put_off(self, wave: str) -> datetime | None:
        """When the first of those that were put off may be asked."""
        async with borrow(self._pool) as connection:
            found: datetime | None = await connection.fetchval(
                """SELECT min(not_before) FROM contact
                    WHERE wave = $1 AND invited_at IS NULL AND ended_at IS NULL AND NOT is_reserve""",
                wave,
            )
        return found

    async def reserve_askings(
        self, wave: str, customers: Sequence[str], at: datetime, until: datetime
    ) -> dict[str, datetime]:
        """Reserve the right to ask these customers; of those that were asked too lately, when they may be again.

        Too lately is by the longer of both quarantines, the earlier survey's and this one's. The customers' rows are
        locked in order, so that of two waves at once one sees what the other reserved.
        """
        own = until - at
        async with transaction(self._pool) as connection:
            await connection.execute(
                "SELECT FROM customer WHERE subject = ANY($1) ORDER BY subject FOR NO KEY UPDATE", list(customers)
            )
            rows = await connection.fetch(
                """SELECT customer, max(greatest(until, at + $3::interval)) AS free_at FROM asking
                    WHERE customer = ANY($1) AND wave <> $2 AND state <> 'released'
                      AND greatest(until, at + $3::interval) > $4 GROUP BY customer""",
                list(customers),
                wave,
                own,
                at,
            )
            asked = {row["customer"]: row["free_at"] for row in rows}
            await connection.execute(
                """INSERT INTO asking (customer, wave, state, at, until)
                   SELECT customer, $2, 'reserved', $3, $4 FROM unnest($1::text[]) AS n(customer)
                   ON CONFLICT (customer, wave) DO UPDATE
                       SET state = 'reserved', at = excluded.at, until = excluded.until
                       WHERE asking.state = 'released'""",
                [customer for customer in customers if customer not in asked],
                wave,
                at,
                until,
            )
        return asked

    async def put_off(self, wave: str, until: dict[int, datetime]) -> None:
        """Leave contacts alone until a time each."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                """UPDATE contact c SET not_before = n.until
                     FROM unnest($2::integer[], $3::timestamptz[]) AS n(number, until)
                    WHERE c.wave = $1 AND c.number = n.number""",
                wave,
                list(until),
                list(until.values()),
            )

    async def record(
        self,
        wave: str,
        happened: Sequence[Happened],
        thresholds: CompletenessThresholds,
        invited: Invited | None = None,
    ) -> None:
        """Record events with the dispositions that follow; `invited` marks the contacts as invited."""
        if not happened:
            return
        numbers = [each.number for each in happened]
        at = max(each.event.at for each in happened)
        async with transaction(self._pool) as connection:
            await lock_contacts(connection, wave, numbers)
            await write_events(connection, wave, happened, thresholds)
            if invited is not None:
                await connection.execute(
                    """UPDATE contact SET invited_at = $3, channel = $4, version = $5, attempts = attempts + 1
                        WHERE wave = $1 AND number = ANY($2)""",
                    wave,
                    numbers,
                    at,
                    invited.channel,
                    invited.version,
                )
            await _settle_askings(connection, wave, happened, was_asked=invited is not None)

    async def hand_over(self, wave: str, numbers: Sequence[int], invited: Invited, at: datetime) -> None:
        """Put contacts on the list of a channel on which people do the asking; each counts as asked."""
        async with transaction(self._pool) as connection:
            await connection.execute(
                """UPDATE contact SET invited_at = $3, channel = $4, version = $5
                    WHERE wave = $1 AND number = ANY($2)""",
                wave,
                list(numbers),
                at,
                invited.channel,
                invited.version,
            )
            await connection.execute(
                """UPDATE asking a SET state = 'confirmed' FROM contact c
                    WHERE c.wave = $1 AND c.number = ANY($2) AND a.wave = c.wave AND a.customer = c.customer""",
                wave,
                list(numbers),
            )

    async def reminded(
        self, wave: str, number: int, happened: Sequence[Happened], thresholds: CompletenessThresholds
    ) -> None:
        """Record that a reminder of this number went out, or bounced."""
        numbers = [each.number for each in happened]
        async with transaction(self._pool) as connection:
            await lock_contacts(connection, wave, numbers)
            await write_events(connection, wave, happened, thresholds)
            await connection.execute(
                "UPDATE contact SET reminded = $3, attempts = attempts + 1 WHERE wave = $1 AND number = ANY($2)",
                wave,
                numbers,
                number,
            )

    async def hand_on(self, wave: str, reminder: int, numbers: Sequence[int], channel: Channel) -> None:
        """Put contacts that did not answer on the list of a channel on which people do the asking."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                """UPDATE contact SET channel = $4, reminded = $3
                    WHERE wave = $1 AND number = ANY($2) AND completed_at IS NULL AND ended_at IS NULL""",
                wave,
                list(numbers),
                reminder,
                channel,
            )

    async def passed_over(self, wave: str, reminder: int, numbers: Sequence[int]) -> None:
        """Leave contacts out of a reminder that cannot reach them."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                "UPDATE contact SET reminded = $3 WHERE wave = $1 AND number = ANY($2)", wave, list(numbers), reminder
            )

    async def to_remind(self, wave: str, kind: ReminderKind, reminder: int, limit: int) -> list[Invitee]:
        """The next contacts that a reminder is owed to."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"""SELECT {_INVITEE} FROM contact c JOIN customer k ON k.subject = c.customer
                     WHERE c.wave = $1 AND c.invited_at IS NOT NULL AND c.completed_at IS NULL AND c.ended_at IS NULL
                       AND c.channel IN ('email', 'sms') AND c.reminded < $2 AND {_OWED[kind]}
                     ORDER BY c.number LIMIT $3""",  # noqa: S608
                wave,
                reminder,
                limit,
            )
        return [Invitee(**row) for row in rows]

    async def still_to_remind(self, wave: str, kind: ReminderKind, numbers: Sequence[int]) -> set[int]:
        """Those of the contacts that a reminder is still owed to: looked at just before it goes out."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"""SELECT c.number FROM contact c WHERE c.wave = $1 AND c.number = ANY($2)
                       AND c.completed_at IS NULL AND c.ended_at IS NULL AND {_OWED[kind]}""",  # noqa: S608
                wave,
                list(numbers),
            )
        return {row["number"] for row in rows}

    async def release_reserve(self, wave: str) -> int:
        """Take the reserve into the sample: its probabilities and the next wave's start move with it; how many."""
        async with transaction(self._pool) as connection:
            released = 0
            while moved := await connection.fetch(_RELEASE, wave, RELEASED_AT_ONCE):
                released += len(moved)
            if released:
                await connection.execute("UPDATE wave_stratum SET released = reserve WHERE wave = $1", wave)
            return int(
                await connection.fetchval("SELECT sum(released)::bigint FROM wave_stratum WHERE wave = $1", wave) or 0
            )


async def lock_contacts(connection: Connection, wave: str, numbers: Sequence[int]) -> None:
    """Lock contacts in their order, so that two writers of the same ones take turns."""
    await connection.execute(
        "SELECT FROM contact WHERE wave = $1 AND number = ANY($2) ORDER BY number FOR NO KEY UPDATE",
        wave,
        list(numbers),
    )


async def write_events(
    connection: Connection, wave: str, happened: Sequence[Happened], thresholds: CompletenessThresholds
) -> None:
    """Append events to locked contacts and bring their dispositions up to date."""
    await connection.executemany(
        """INSERT INTO contact_event (wave, number, kind, at, attempt, channel, core_share)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        [
            (wave, h.number, h.event.kind, h.event.at, h.event.attempt, h.event.channel, h.event.core_share)
            for h in happened
        ],
    )
    numbers = sorted({each.number for each in happened})
    rows = await connection.fetch(
        """SELECT number, kind, at, attempt, channel, core_share FROM contact_event
            WHERE wave = $1 AND number = ANY($2) ORDER BY id""",
        wave,
        numbers,
    )
    events: dict[int, list[ContactEvent]] = defaultdict(list)
    for row in rows:
        events[row["number"]].append(_event(row))
    found = {number: disposition_of(known, thresholds) for number, known in events.items()}
    ended = {each.number: each.event.at for each in happened if each.ends}
    await connection.execute(
        """UPDATE contact c SET disposition = n.disposition, ended_at = coalesce(c.ended_at, n.ended_at)
             FROM unnest($2::integer[], $3::text[], $4::timestamptz[]) AS n(number, disposition, ended_at)
            WHERE c.wave = $1 AND c.number = n.number""",
        wave,
        list(found),
        [str(disposition) for disposition in found.values()],
        [ended.get(number) for number in found],
    )


async def counts_by(pool: Pool, wave: str, column: str) -> dict[str, dict[Disposition, int]]:
    """Contacts of the sample by disposition, for each value of `stratum` or `channel`."""
    if column not in {"stratum", "channel"}:
        raise ValueError(column)
    async with borrow(pool) as connection:
        rows = await connection.fetch(
            f"""SELECT coalesce({column}, '') AS part, disposition, count(*) AS contacts FROM contact
                 WHERE wave = $1 AND NOT is_reserve GROUP BY 1, 2 ORDER BY 1""",  # noqa: S608
            wave,
        )
    counts: dict[str, dict[Disposition, int]] = {}
    for row in rows:
        counts.setdefault(row["part"], dict.fromkeys(Disposition, 0))[Disposition(row["disposition"])] = row["contacts"]
    return counts


async def quota_counts(pool: Pool, wave: str, at: datetime) -> dict[tuple[str, str], tuple[int, int]]:
    """Interviews in each quota cell of a wave, by attribute and category: complete ones, and those held now."""
    async with borrow(pool) as connection:
        rows = await connection.fetch(
            """SELECT attribute, category, count(*) FILTER (WHERE is_kept) AS kept,
                      count(*) FILTER (WHERE NOT is_kept AND until > $2) AS held
                 FROM quota_hold WHERE wave = $1 GROUP BY attribute, category""",
            wave,
            at,
        )
    return {(row["attribute"], row["category"]): (row["kept"], row["held"]) for row in rows}


async def _settle_askings(connection: Connection, wave: str, happened: Sequence[Happened], *, was_asked: bool) -> None:
    """Who was written to has been asked; who could not be may be asked by others."""
    unreached = {ContactEventKind.BOUNCED, ContactEventKind.NO_CHANNEL, ContactEventKind.OPTED_OUT}
    state = "confirmed" if was_asked else "released"
    numbers = [each.number for each in happened if was_asked or each.event.kind in unreached]
    await connection.execute(
        """UPDATE asking a SET state = $3 FROM contact c
            WHERE c.wave = $1 AND c.number = ANY($2) AND a.wave = c.wave AND a.customer = c.customer""",
        wave,
        numbers,
        state,
    )


def _event(row: asyncpg.Record) -> ContactEvent:
    return ContactEvent(
        kind=ContactEventKind(row["kind"]),
        at=row["at"],
        attempt=row["attempt"],
        channel=Channel(row["channel"]),
        core_share=row["core_share"],
    )
