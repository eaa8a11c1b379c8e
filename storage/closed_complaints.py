"""Complaints as a wave sees them closing: which were drawn, and what became of those who were asked about them.

Who is asked is drawn here, by chance and over all complaints; whoever handled one neither chooses nor sees it.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from activities.survey_ports import ClosedComplaint, DrawnComplaint
from domain.privacy import Identity
from domain.surveys.waves.handlers import HandledComplaint
from storage.identities import LookupField
from storage.pool import Connection, Pool, borrow, transaction
from storage.vault import Vault

LATE_COMMITS = timedelta(hours=1)
"""A closing may be recorded so long after the moment that it bears."""
CHANGED_LATELY = timedelta(days=7)
"""Contact data that were changed so shortly before the closing are a sign."""


class ClosedComplaints:
    """What waves have seen of closed complaints."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def unseen(self, wave: str, look_back: timedelta, limit: int) -> list[ClosedComplaint]:
        """The next complaints that closed since the launch, or shortly before, and that the wave has not seen."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(_UNSEEN, wave, look_back, LATE_COMMITS, CHANGED_LATELY, limit)
        return [ClosedComplaint(**row) for row in rows]

    async def take(self, wave: str, version: int, seen: Sequence[DrawnComplaint], at: datetime) -> int:
        """Note complaints as seen, once each, and make contacts of those that were drawn; how many.

        Somebody who is in the wave already is not asked about a second complaint.
        """
        async with transaction(self._pool) as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 19))", wave)
            known = await connection.fetch(
                "SELECT reference FROM closed_complaint WHERE wave = $1 AND reference = ANY($2)",
                wave,
                [each.reference for each in seen],
            )
            new = [each for each in seen if each.reference not in {row["reference"] for row in known}]
            taken = await self._contacts(connection, wave, version, new, at)
            await connection.executemany(
                """INSERT INTO closed_complaint (wave, reference, closed_at, handler, stratum, number, contact_changed)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)""",
                [
                    (wave, e.reference, e.closed_at, e.handler, e.stratum, taken.get(e.reference), e.contact_changed)
                    for e in new
                ],
            )
            await connection.execute(_COUNT_STRATA, wave)
        return len(taken)

    async def asked_about(self, wave: str) -> list[HandledComplaint]:
        """Every closed complaint that the wave has seen, with the answers of those who were asked."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT d.reference, d.handler, d.closed_at, d.contact_changed, c.customer,
                          r.completed_at, r.device, r.answers::text AS answers
                     FROM closed_complaint d
                     LEFT JOIN contact c ON c.wave = d.wave AND c.number = d.number AND c.invited_at IS NOT NULL
                     LEFT JOIN response r ON r.wave = c.wave AND r.number = c.number
                    WHERE d.wave = $1 ORDER BY d.reference""",
                wave,
            )
        return [HandledComplaint(**{**row, "answers": row["answers"] and json.loads(row["answers"])}) for row in rows]

    async def _contacts(
        self, connection: Connection, wave: str, version: int, seen: Sequence[DrawnComplaint], at: datetime
    ) -> dict[str, int]:
        """Contacts of those drawn, numbered on; their numbers by complaint."""
        drawn = sorted((each for each in seen if each.is_drawn), key=lambda each: each.reference)
        await connection.executemany(
            _ADD_CUSTOMER,
            [
                (
                    each.customer,
                    hashlib.sha256(f"no account\x00{each.customer}".encode()).digest(),
                    each.random_number,
                    each.language,
                    each.has_email,
                    each.has_phone,
                    at,
                )
                for each in drawn
            ],
        )
        last = await connection.fetchval("SELECT coalesce(max(number), 0) FROM contact WHERE wave = $1", wave)
        taken: dict[str, int] = {}
        for each in drawn:
            made = await connection.fetchval(
                """INSERT INTO contact (wave, number, customer, stratum, is_reserve, version, language, attributes,
                                        complaint)
                   VALUES ($1, $2, $3, $4, false, $5, $6, $7::jsonb, $8)
                   ON CONFLICT (wave, customer) DO NOTHING RETURNING number""",
                wave,
                last + len(taken) + 1,
                each.customer,
                each.stratum,
                version,
                each.language,
                json.dumps(dict(each.attributes)),
                each.reference,
            )
            if made is not None:
                taken[each.reference] = made
        return taken


_UNSEEN = """
    SELECT l.reference, l.at AS closed_at, r.customer, r.handler, r.team, r.channel, r.category, r.product, r.region,
           r.state #>> '{intake,language}' AS language,
           EXISTS (SELECT FROM ledger k WHERE k.reference = l.reference AND k.type = 'complaint.corrected'
                      AND k.at > l.at - $4::interval
                      AND k.payload::jsonb #>> '{fact,field}' IN ('phone', 'email')) AS contact_changed
      FROM ledger l JOIN case_record r USING (reference)
     WHERE l.type = 'complaint.closed'
       AND l.at >= greatest(
               (SELECT (state ->> 'launched_at')::timestamptz - $2::interval FROM wave WHERE reference = $1),
               (SELECT max(closed_at) - $3::interval FROM closed_complaint WHERE wave = $1))
       AND NOT EXISTS (SELECT FROM closed_complaint d WHERE d.wave = $1 AND d.reference = l.reference)
       AND l.sequence = (SELECT max(e.sequence) FROM ledger e
                          WHERE e.reference = l.reference AND e.type = 'complaint.closed')
     ORDER BY l.at, l.reference LIMIT $5"""

_ADD_CUSTOMER = """
    INSERT INTO customer (subject, account, random_number, language, has_email, has_phone, is_active, added_at,
                          changed_at)
    VALUES ($1, $2, $3, $4, $5, $6, false, $7, $7)
    ON CONFLICT (subject) DO UPDATE SET has_email = excluded.has_email, has_phone = excluded.has_phone
     WHERE NOT customer.is_active"""

_COUNT_STRATA = """
    INSERT INTO wave_stratum (wave, stratum, units, taken, reserve)
    SELECT $1, stratum, count(*), count(number), 0 FROM closed_complaint WHERE wave = $1 GROUP BY stratum
    ON CONFLICT (wave, stratum) DO UPDATE SET units = excluded.units, taken = excluded.taken"""


class KnownPeople:
    """Who of the customers somebody is, by what the vault can be looked up by."""

    def __init__(self, pool: Pool, vault: Vault) -> None:
        self._pool = pool
        self._vault = vault

    async def same_person(self, identity: Identity) -> str | None:
        """The customer with this number, e-mail address or telephone number; one of the frame before all others."""
        by = ((LookupField.ACCOUNT, identity.account), (LookupField.EMAIL, identity.email))
        async with borrow(self._pool) as connection:
            for field, value in (*by, (LookupField.PHONE, identity.phone)):
                subjects = [] if value is None else await self._vault.subjects_seen_by(connection, field, value)
                found: str | None = await connection.fetchval(
                    """SELECT subject FROM customer WHERE subject = ANY($1)
                        ORDER BY is_active DESC, added_at, subject LIMIT 1""",
                    subjects,
                )
                if found is not None:
                    return found
        return None
