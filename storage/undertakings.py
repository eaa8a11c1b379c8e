"""The ledger of undertakings, one hash chain each, with the read model that follows it, and what was computed for them.

Of the same shape as the ledger of cases: appending and read model are one SQL function in one transaction, an entry is
stored as canonical JSON text, and its hash covers the hash before it and that text.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from pydantic import TypeAdapter

from activities.ports import AlreadyRecorded, Appended, Behind
from domain.undertakings.kinds import KINDS, AnyUndertaking, Entry, read_entry
from storage.appending import append_by
from storage.pool import Connection, Pool, borrow
from storage.unstarted import Kind, note

_STATE: TypeAdapter[AnyUndertaking] = TypeAdapter(AnyUndertaking)
_APPEND = "SELECT append_to_undertaking($1, $2, $3, $4::text[], $5::jsonb)"


class OriginTaken(Exception):
    """Another process has just undertaken what this origin asks for."""


class UnknownUndertaking(LookupError):
    """There is no undertaking under this reference."""


@dataclass(frozen=True, slots=True)
class KeptResult:
    """What was computed: the hash of what went in, the figures and the reports by who may see them."""

    inputs_sha256: str
    figures: dict[str, Any]
    report: dict[str, Any]
    report_sha256: str


class Undertakings:
    """The authority over what happened to undertakings, and the lists that are read off it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def entries(self, reference: str) -> tuple[Entry, ...]:
        """All entries, in order. Raises UnknownUndertaking."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT payload FROM undertaking_ledger WHERE reference = $1 ORDER BY sequence", reference
            )
        if not rows:
            raise UnknownUndertaking(reference)
        return tuple(read_entry(json.loads(row["payload"])) for row in rows)

    async def epoch(self, reference: str) -> int:
        """The epoch that may write it. Raises UnknownUndertaking."""
        async with borrow(self._pool) as connection:
            epoch = await connection.fetchval("SELECT epoch FROM undertaking WHERE reference = $1", reference)
        if epoch is None:
            raise UnknownUndertaking(reference)
        return int(epoch)

    async def append(
        self, expected: AnyUndertaking, entries: Sequence[Entry], after: AnyUndertaking
    ) -> Appended | Behind[Entry] | AlreadyRecorded:
        """Append to one that stands where `expected` is, or change nothing and say why."""
        async with borrow(self._pool) as connection:
            return await append(connection, expected.sequence, entries, after)

    async def find(self, reference: str) -> AnyUndertaking | None:
        """The undertaking as it is recorded."""
        async with borrow(self._pool) as connection:
            state = await connection.fetchval("SELECT state::text FROM undertaking WHERE reference = $1", reference)
        return None if state is None else _STATE.validate_json(state)

    async def of_origin(self, origin: str) -> AnyUndertaking | None:
        """What was undertaken for this origin, if anything was."""
        async with borrow(self._pool) as connection:
            state = await connection.fetchval("SELECT state::text FROM undertaking WHERE origin = $1", origin)
        return None if state is None else _STATE.validate_json(state)

    async def page(
        self,
        kind: str,
        *,
        status: str | None = None,
        partner: str | None = None,
        needs_operator: bool | None = None,
        before: tuple[datetime, str] | None = None,
        limit: int = 50,
    ) -> list[AnyUndertaking]:
        """Those of a kind, the newest first, behind a place in that order."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT state::text FROM undertaking
                    WHERE kind = $1 AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR partner = $3)
                      AND ($4::boolean IS NULL OR needs_operator = $4)
                      AND ($5::timestamptz IS NULL OR (opened_at, reference) < ($5, $6))
                    ORDER BY opened_at DESC, reference DESC LIMIT $7""",
                kind,
                status,
                partner,
                needs_operator,
                None if before is None else before[0],
                None if before is None else before[1],
                limit,
            )
        return [_STATE.validate_json(row["state"]) for row in rows]

    async def keep_result(self, reference: str, result: KeptResult, at: datetime) -> None:
        """Keep what was computed; what was kept before under the reference stays."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                """INSERT INTO undertaking_result
                          (reference, computed_at, inputs_sha256, figures, report, report_sha256)
                   VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6) ON CONFLICT (reference) DO NOTHING""",
                reference,
                at,
                result.inputs_sha256,
                json.dumps(result.figures),
                json.dumps(result.report),
                result.report_sha256,
            )

    async def result(self, reference: str) -> KeptResult | None:
        """What was computed for it."""
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(
                """SELECT inputs_sha256, figures::text, report::text, report_sha256
                     FROM undertaking_result WHERE reference = $1""",
                reference,
            )
        if row is None:
            return None
        return KeptResult(
            row["inputs_sha256"], json.loads(row["figures"]), json.loads(row["report"]), row["report_sha256"]
        )

    async def cases_of_incident(self, incident: str, after: str = "", limit: int = 200) -> list[str]:
        """The numbers of the cases that are linked to it, in their order."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT reference FROM case_record WHERE state ->> 'incident' = $1 AND reference > $2
                    ORDER BY reference LIMIT $3""",
                incident,
                after,
                limit,
            )
        return [row["reference"] for row in rows]

    async def open_cases(
        self, target: dict[str, str], since: datetime, after: str, limit: int
    ) -> list[tuple[str, int]]:
        """Open cases of a target received since then and linked to no incident: their numbers and sequences."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT reference, sequence FROM case_record
                    WHERE is_open AND received_at >= $1 AND reference > $2 AND state ->> 'incident' IS NULL
                      AND ($4::text IS NULL OR category = $4) AND ($5::text IS NULL OR product = $5)
                      AND ($6::text IS NULL OR region = $6) AND ($7::text IS NULL OR partner = $7)
                    ORDER BY reference LIMIT $3""",
                since,
                after,
                limit,
                *(target.get(name) for name in ("category", "product", "region", "partner")),
            )
        return [(row["reference"], row["sequence"]) for row in rows]


async def next_undertaking_reference(connection: Connection, kind: str, at: datetime) -> str:
    """The number of a new one, such as I-2026-000001."""
    number = await connection.fetchval("SELECT nextval('undertaking_number')")
    return f"{KINDS[kind].prefix}-{at.year}-{number:06d}"


async def open_in(
    connection: Connection, entries: Sequence[Entry], undertaking: AnyUndertaking, at: datetime, origin: str | None
) -> None:
    """Write the first entries inside the caller's transaction, with the note to be started. Raises OriginTaken."""
    try:
        await append(connection, 0, entries, undertaking, origin)
    except asyncpg.UniqueViolationError as error:
        raise OriginTaken(origin) from error
    await note(connection, Kind.UNDERTAKING, [undertaking.reference], at)


async def append(
    connection: Connection,
    expected_sequence: int,
    entries: Sequence[Entry],
    after: AnyUndertaking,
    origin: str | None = None,
) -> Appended | Behind[Entry] | AlreadyRecorded:
    """Append entries inside the caller's transaction; `expected_sequence` 0 opens it. Raises as `append_by`."""
    models = [_record_of(after, origin)]
    return await append_by(_APPEND, connection, expected_sequence, entries, after, models, read_entry)


def _record_of(undertaking: AnyUndertaking, origin: str | None) -> dict[str, Any]:
    """The columns of the read model that follow from the state."""
    due = undertaking.nearest_due()
    return {
        "kind": undertaking.kind,
        "origin": origin,
        "status": undertaking.status,
        "partner": getattr(undertaking, "partner", None),
        "owner": getattr(undertaking, "owner", None),
        "next_due": None if due is None else due.isoformat(),
        "is_open": not undertaking.has_ended,
        "needs_operator": bool(undertaking.parked),
        "opened_at": undertaking.opened_at.isoformat(),
        "state": undertaking.model_dump(mode="json"),
    }
