"""What respondents do: interviews begun, pages saved, opt-outs; quotas held meanwhile.

Each write locks the contact, so that of two tabs or two clicks one is first, and looks at the wave while its ledger
cannot move: what is saved was saved in time, and what the index is computed on does not change under it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from activities.survey_ports import Happened
from domain.surveys.dispositions import Channel, CompletenessThresholds, ContactEvent, ContactEventKind
from domain.surveys.field_plan import Quota
from domain.surveys.waves.wave import WaveStatus
from storage.fieldwork import lock_contacts, write_events
from storage.pool import Connection, Pool, borrow


class Standing(StrEnum):
    """What can be done with an invitation now."""

    OPEN = "open"
    NOT_YET = "not_yet"
    PAUSED = "paused"
    OVER = "over"
    COMPLETED = "completed"
    OPTED_OUT = "opted_out"
    QUOTA_FULL = "quota_full"


@dataclass(frozen=True, slots=True)
class Manner:
    """How answers come: by another way than the invitation, or entered by somebody else."""

    channel: Channel | None = None
    entered_by: str | None = None


@dataclass(frozen=True, slots=True)
class Interview:
    """An invitation and what was answered so far."""

    wave: str
    number: int
    customer: str
    survey: str
    version: int
    status: WaveStatus
    closes_at: datetime | None
    language: str
    attributes: dict[str, str]
    attempts: int
    channel: Channel
    complaint: str | None
    opted_out: bool
    ended: bool
    completed_at: datetime | None
    started_at: datetime | None
    page: int
    answers: dict[str, Any]

    def standing(self, at: datetime) -> Standing:
        """What can be done with it at a moment."""
        if self.completed_at is not None:
            return Standing.COMPLETED
        if self.opted_out:
            return Standing.OPTED_OUT
        if self.status is WaveStatus.PAUSED:
            return Standing.PAUSED
        if self.status in {WaveStatus.DRAFT, WaveStatus.SAMPLED}:
            return Standing.NOT_YET
        is_late = self.closes_at is not None and self.closes_at <= at
        return Standing.OVER if self.status is not WaveStatus.FIELDING or is_late or self.ended else Standing.OPEN


_INTERVIEW = """
    SELECT c.wave, c.number, c.customer, w.survey, c.version, w.status, w.closes_at,
           coalesce(r.language, c.language) AS language, c.attributes::text, c.attempts,
           coalesce(r.channel, c.channel, 'email') AS channel, c.complaint,
           k.opted_out_at IS NOT NULL AS opted_out, c.ended_at IS NOT NULL AS ended, c.completed_at,
           r.started_at, coalesce(r.page, 0) AS page, coalesce(r.answers::text, '{}') AS answers
      FROM contact c JOIN wave w ON w.reference = c.wave JOIN customer k ON k.subject = c.customer
      LEFT JOIN response r ON r.wave = c.wave AND r.number = c.number
     WHERE c.wave = $1 AND c.number = $2 AND NOT c.is_reserve"""


class Responses:
    """The interviews of waves."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, wave: str, number: int) -> Interview | None:
        """The interview of an invitation, as it is; nothing is written."""
        async with borrow(self._pool) as connection:
            return await _found(connection, wave, number)

    async def locked(self, connection: Connection, wave: str, number: int) -> Interview | None:
        """The same inside the caller's transaction, until whose end neither contact nor wave moves."""
        await lock_contacts(connection, wave, [number])
        await connection.execute("SELECT FROM wave WHERE reference = $1 FOR SHARE", wave)
        return await _found(connection, wave, number)

    async def begin(
        self,
        connection: Connection,
        interview: Interview,
        language: str,
        manner: Manner,
        at: datetime,
        thresholds: CompletenessThresholds,
    ) -> None:
        """Begin a locked interview; one that was begun goes on."""
        made = await connection.fetchval(
            """INSERT INTO response (wave, number, language, started_at, saved_at, channel, entered_by)
               VALUES ($1, $2, $3, $4, $4, $5, $6) ON CONFLICT (wave, number) DO NOTHING RETURNING true""",
            interview.wave,
            interview.number,
            language,
            at,
            manner.channel,
            manner.entered_by,
        )
        if not made:
            return
        await _happened(connection, interview, ContactEventKind.OPENED, at, thresholds)
        await connection.execute(
            "UPDATE contact SET opened_at = $3 WHERE wave = $1 AND number = $2", interview.wave, interview.number, at
        )

    async def save(
        self,
        connection: Connection,
        interview: Interview,
        answers: Mapping[str, Any],
        page: int,
        core_share: float,
        at: datetime,
        thresholds: CompletenessThresholds,
        *,
        completes: bool,
        device: str | None = None,
    ) -> None:
        """Save a page of a locked interview and where it goes on; the last page completes it."""
        await connection.execute(
            """UPDATE response SET answers = $3::jsonb, page = $4, core_share = $5, saved_at = $6,
                                   device = coalesce($8, device),
                                   completed_at = CASE WHEN $7 THEN $6 ELSE completed_at END
                WHERE wave = $1 AND number = $2""",
            interview.wave,
            interview.number,
            json.dumps(answers, ensure_ascii=False),
            page,
            core_share,
            at,
            completes,
            device,
        )
        await connection.execute(
            """UPDATE contact SET saved_at = $3, completed_at = CASE WHEN $4 THEN $3 ELSE completed_at END
                WHERE wave = $1 AND number = $2""",
            interview.wave,
            interview.number,
            at,
            completes,
        )
        await _happened(connection, interview, ContactEventKind.ANSWERS_SAVED, at, thresholds, core_share)
        if completes:
            await connection.execute(
                "UPDATE quota_hold SET is_kept = true WHERE wave = $1 AND number = $2", interview.wave, interview.number
            )

    async def open_follow_up(
        self, connection: Connection, interview: Interview, action: str, question: str, code: int, at: datetime
    ) -> None:
        """Open what a bad answer of a locked interview asks for, once."""
        await connection.execute(
            """INSERT INTO follow_up (wave, number, action, question, code, opened_at) VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (wave, number) DO NOTHING""",
            interview.wave,
            interview.number,
            action,
            question,
            code,
            at,
        )

    async def turn_to(self, connection: Connection, interview: Interview, page: int) -> None:
        """Go back to a page of a locked interview."""
        await connection.execute(
            "UPDATE response SET page = $3 WHERE wave = $1 AND number = $2", interview.wave, interview.number, page
        )

    async def hold_quotas(
        self, connection: Connection, interview: Interview, quotas: Sequence[Quota], at: datetime, until: datetime
    ) -> bool:
        """Hold a place in every quota cell of a locked interview; False where one is full, then none is held.

        Whoever comes first to a cell counts it alone (a lock on the cell's name), so that no cell is ever overfull.
        """
        cells = sorted(
            (quota for quota in quotas if interview.attributes.get(quota.attribute) == quota.category),
            key=lambda quota: (quota.attribute, quota.category),
        )
        for quota in cells:
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 8))",
                f"{interview.wave}\x1f{quota.attribute}\x1f{quota.category}",
            )
            taken = await connection.fetchval(
                """SELECT count(*) FROM quota_hold WHERE wave = $1 AND attribute = $2 AND category = $3
                      AND number <> $4 AND (is_kept OR until > $5)""",
                interview.wave,
                quota.attribute,
                quota.category,
                interview.number,
                at,
            )
            if taken >= quota.most:
                return False
        await connection.executemany(
            """INSERT INTO quota_hold (wave, number, attribute, category, until) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (wave, number, attribute) DO UPDATE SET until = excluded.until""",
            [(interview.wave, interview.number, quota.attribute, quota.category, until) for quota in cells],
        )
        return True

    async def opt_out(
        self, connection: Connection, interview: Interview, at: datetime, thresholds: CompletenessThresholds
    ) -> None:
        """Whoever holds the invitation is not to be asked again, by any survey."""
        await connection.execute(
            "UPDATE customer SET opted_out_at = coalesce(opted_out_at, $2) WHERE subject = $1", interview.customer, at
        )
        await _happened(connection, interview, ContactEventKind.OPTED_OUT, at, thresholds, ends=True)


async def _found(connection: Connection, wave: str, number: int) -> Interview | None:
    row = await connection.fetchrow(_INTERVIEW, wave, number)
    if row is None:
        return None
    known = {"attributes": json.loads(row["attributes"]), "answers": json.loads(row["answers"])}
    codes = {"status": WaveStatus(row["status"]), "channel": Channel(row["channel"])}
    return Interview(**{**row, **known, **codes})


async def _happened(
    connection: Connection,
    interview: Interview,
    kind: ContactEventKind,
    at: datetime,
    thresholds: CompletenessThresholds,
    core_share: float | None = None,
    *,
    ends: bool = False,
) -> None:
    event = ContactEvent(kind, at, interview.attempts, interview.channel, core_share)
    await write_events(connection, interview.wave, [Happened(interview.number, event, ends)], thresholds)
