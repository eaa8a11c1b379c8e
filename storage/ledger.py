"""The ledger: what happened to each case, in one hash chain a case, and the read models that follow it.

Appending, read models and outbox are one SQL function in one transaction (`append_to_case`). An entry is stored as
canonical JSON text; its hash covers the hash before it and that text, so that anyone can check a chain with a few
lines of code. Does not know what an entry means: `domain` folds it.
"""

import json
from collections.abc import Sequence
from typing import Any

from activities.ports import AlreadyRecorded, Appended, Behind
from domain.complaints.case import Case
from domain.complaints.facts import Entry, read_entry
from domain.complaints.steps import Step
from domain.complaints.terms import ClockState
from storage.appending import append_by
from storage.pool import Connection, Pool, borrow

_APPEND = "SELECT append_to_case($1, $2, $3, $4::text[], $5::jsonb, $6::jsonb)"


class UnknownCase(LookupError):
    """There is no case under this reference."""


class Ledger:
    """The authority over what happened to a case."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def entries(self, reference: str) -> tuple[Entry, ...]:
        """All entries of a case, in order. Raises UnknownCase."""
        rows = await self.stored(reference)
        return tuple(read_entry(json.loads(payload)) for payload, _ in rows)

    async def entries_of(self, references: Sequence[str]) -> list[tuple[Entry, ...]]:
        """All entries of several cases, each in order; a case that has none has none here."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT reference, payload FROM ledger WHERE reference = ANY($1) ORDER BY reference, sequence",
                references,
            )
        by_case: dict[str, list[Entry]] = {reference: [] for reference in references}
        for row in rows:
            by_case[row["reference"]].append(read_entry(json.loads(row["payload"])))
        return [tuple(entries) for entries in by_case.values()]

    async def stored(self, reference: str) -> list[tuple[str, bytes]]:
        """The payloads and hashes of a case as they are stored. Raises UnknownCase."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT payload, hash FROM ledger WHERE reference = $1 ORDER BY sequence", reference
            )
        if not rows:
            raise UnknownCase(reference)
        return [(row["payload"], row["hash"]) for row in rows]

    async def epoch(self, reference: str) -> int:
        """The epoch that may write the case. Raises UnknownCase."""
        async with borrow(self._pool) as connection:
            epoch = await connection.fetchval("SELECT epoch FROM case_record WHERE reference = $1", reference)
        if epoch is None:
            raise UnknownCase(reference)
        return int(epoch)

    async def append(
        self, expected: Case, entries: Sequence[Entry], after: Case
    ) -> Appended | Behind[Entry] | AlreadyRecorded:
        """Append to a case that stands where `expected` is, or change nothing and say why."""
        async with borrow(self._pool) as connection:
            return await append(connection, expected.sequence, entries, after)


async def append(
    connection: Connection, expected_sequence: int, entries: Sequence[Entry], after: Case
) -> Appended | Behind[Entry] | AlreadyRecorded:
    """Append entries inside the caller's transaction; `expected_sequence` 0 opens the case. Raises as `append_by`."""
    models = [record_of(after), [_row(step) for step in _changed_steps(entries)]]
    return await append_by(_APPEND, connection, expected_sequence, entries, after, models, read_entry)


def record_of(case: Case) -> dict[str, Any]:
    """The columns of the read model that follow from the state."""
    intake, due = case.intake, case.nearest_due()
    return {
        "customer": intake.customer,
        "status": case.status,
        "channel": intake.channel,
        "category": intake.category,
        "severity": intake.severity,
        "product": intake.product,
        "region": intake.region,
        "partner": intake.partner,
        "policy": case.policy,
        "taken_by": intake.taken_by,
        "handler": case.handler,
        "team": case.team,
        "received_at": intake.received_at.isoformat(),
        "next_due": None if due is None else due.isoformat(),
        "is_open": not case.has_ended,
        "is_breached": any(clock.state is ClockState.BREACHED for clock in case.clocks),
        "needs_operator": bool(case.parked),
        "state": case.model_dump(mode="json"),
    }


def _changed_steps(entries: Sequence[Entry]) -> list[Step]:
    """Each step that the entries changed, as the last of them leaves it."""
    return list({step.key: step for entry in entries for step in entry.fact.steps}.values())


def _row(step: Step) -> dict[str, Any]:
    return step.model_dump(mode="json", include={"key", "kind", "state", "way", "error", "rounds"})
