"""The ledger of waves, one hash chain a wave, with the read model that follows it.

Of the same shape as the ledger of cases: appending and read model are one SQL function in one transaction
(`append_to_wave`), an entry is stored as canonical JSON text, and its hash covers the hash before it and that text.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from activities.ports import AlreadyRecorded, Appended, Behind
from domain.surveys.waves.facts import WaveEntry, read_wave_entry
from domain.surveys.waves.wave import Wave
from storage.appending import append_by
from storage.pool import Connection, Pool, borrow
from storage.unstarted import Kind, note

_APPEND = "SELECT append_to_wave($1, $2, $3, $4::text[], $5::jsonb)"


class UnknownWave(LookupError):
    """There is no wave under this reference."""


class Waves:
    """The authority over what happened to waves, and the lists that are read off it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def entries(self, reference: str) -> tuple[WaveEntry, ...]:
        """All entries of a wave, in order. Raises UnknownWave."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT payload FROM wave_ledger WHERE reference = $1 ORDER BY sequence", reference
            )
        if not rows:
            raise UnknownWave(reference)
        return tuple(read_wave_entry(json.loads(row["payload"])) for row in rows)

    async def epoch(self, reference: str) -> int:
        """The epoch that may write the wave. Raises UnknownWave."""
        async with borrow(self._pool) as connection:
            epoch = await connection.fetchval("SELECT epoch FROM wave WHERE reference = $1", reference)
        if epoch is None:
            raise UnknownWave(reference)
        return int(epoch)

    async def append(
        self, expected: Wave, entries: Sequence[WaveEntry], after: Wave
    ) -> Appended | Behind[WaveEntry] | AlreadyRecorded:
        """Append to a wave that stands where `expected` is, or change nothing and say why."""
        async with borrow(self._pool) as connection:
            return await append(connection, expected.sequence, entries, after)

    async def find(self, reference: str) -> Wave | None:
        """The wave as it is recorded."""
        async with borrow(self._pool) as connection:
            state = await connection.fetchval("SELECT state::text FROM wave WHERE reference = $1", reference)
        return None if state is None else Wave.model_validate_json(state)

    async def page(
        self, survey: str | None, before: tuple[datetime, str] | None, limit: int, *, needs_operator: bool | None = None
    ) -> list[Wave]:
        """Waves, the newest first, behind a place in that order."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT state::text FROM wave
                    WHERE ($1::text IS NULL OR survey = $1) AND ($4::boolean IS NULL OR needs_operator = $4)
                      AND ($2::timestamptz IS NULL OR (planned_at, reference) < ($2, $3))
                    ORDER BY planned_at DESC, reference DESC LIMIT $5""",
                survey,
                None if before is None else before[0],
                None if before is None else before[1],
                needs_operator,
                limit,
            )
        return [Wave.model_validate_json(row["state"]) for row in rows]

    async def computed(self, survey: str, most: int) -> list[Wave]:
        """The last waves of a survey that have an index, the oldest first."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT w.state::text FROM wave w JOIN wave_result r ON r.wave = w.reference
                    WHERE w.survey = $1 AND jsonb_typeof(w.state #> '{result,index}') = 'number'
                    ORDER BY w.planned_at DESC, w.reference DESC LIMIT $2""",
                survey,
                most,
            )
        return [Wave.model_validate_json(row["state"]) for row in reversed(rows)]

    async def broken_chains(self) -> list[str]:
        """Waves whose stored entries do not give the hashes beside them, or not the head of the wave."""
        async with borrow(self._pool) as connection:
            heads = await connection.fetch("SELECT reference, head_hash FROM wave ORDER BY reference")
        broken = []
        for head in heads:
            async with borrow(self._pool) as connection:
                rows = await connection.fetch(
                    "SELECT payload, hash FROM wave_ledger WHERE reference = $1 ORDER BY sequence", head["reference"]
                )
            if not _is_whole([(row["payload"], row["hash"]) for row in rows], head["head_hash"]):
                broken.append(head["reference"])
        return broken


async def wave_subject(connection: Connection, wave: str) -> str | None:
    """Under whose key the texts of a wave are sealed; until the end of the transaction nobody else makes that one."""
    await connection.execute("SELECT FROM wave WHERE reference = $1 FOR UPDATE", wave)
    found: str | None = await connection.fetchval("SELECT subject FROM wave_subject WHERE wave = $1", wave)
    return found


async def keep_wave_subject(connection: Connection, wave: str, subject: str) -> None:
    """Note under whose key the texts of a wave are sealed."""
    await connection.execute("INSERT INTO wave_subject (wave, subject) VALUES ($1, $2)", wave, subject)


async def next_wave_reference(connection: Connection, at: datetime) -> str:
    """The number of a new wave, such as W-2026-000001."""
    number = await connection.fetchval("SELECT nextval('wave_number')")
    return f"W-{at.year}-{number:06d}"


async def open_wave(connection: Connection, entries: Sequence[WaveEntry], wave: Wave, at: datetime) -> None:
    """Write a new wave's first entries and its note to be started."""
    await append(connection, 0, entries, wave)
    await note(connection, Kind.WAVE, [wave.reference], at)


async def append(
    connection: Connection, expected_sequence: int, entries: Sequence[WaveEntry], after: Wave
) -> Appended | Behind[WaveEntry] | AlreadyRecorded:
    """Append entries inside the caller's transaction; `expected_sequence` 0 opens the wave. Raises as `append_by`."""
    return await append_by(_APPEND, connection, expected_sequence, entries, after, [_record_of(after)], read_wave_entry)


def _record_of(wave: Wave) -> dict[str, Any]:
    """The columns of the read model that follow from the state."""
    return {
        "survey": wave.survey,
        "version": wave.version,
        "status": wave.status,
        "is_open": not wave.has_ended,
        "needs_operator": bool(wave.parked),
        "closes_at": None if wave.closes_at is None else wave.closes_at.isoformat(),
        "planned_at": wave.planned_at.isoformat(),
        "state": wave.model_dump(mode="json"),
    }


def _is_whole(stored: Sequence[tuple[str, bytes]], head: bytes) -> bool:
    chain = b""
    for payload, kept in stored:
        chain = hashlib.sha256(chain + payload.encode()).digest()
        if chain != kept:
            return False
    return chain == head
