"""Imports: files as sealed chunks of rows, and the cases that rows become, a chunk a transaction.

A row is known by its key for ever (`intake_source`), so that the same row of the same source is one case, however
often its file is handed in.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from activities.import_ports import Chunk, ImportJob, Placed, TakenOver
from domain.complaints.importing import Found, Plan
from domain.privacy import Identity, TextKind
from storage.appending import canonical
from storage.identities import IdentityError, LookupField, lookup_terms
from storage.intakes import source_key
from storage.keys import MasterKeys, seal, unseal
from storage.ledger import record_of
from storage.pool import Connection, Pool, borrow, transaction
from storage.told_subjects import ToldSubject, create_told_subjects
from storage.unstarted import Kind, note
from storage.vault import Vault

_APPEND = """SELECT r.reference, append_to_case(
                      r.reference, 1, 0, ARRAY(SELECT jsonb_array_elements_text(r.entries)), r.record, '[]'::jsonb
                    ) ->> 'outcome' AS outcome
               FROM jsonb_to_recordset($1::jsonb) AS r(reference text, entries jsonb, record jsonb)"""


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is."""

    id: str
    mapping: str
    asked_by: str
    asked_at: datetime
    rows: int
    imported: int
    known: int
    left_out: int
    report: dict[str, Any]
    finished_at: datetime | None

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """What became of a row."""

    row: int
    outcome: str
    reference: str | None


class Imports:
    """The imports, from their first chunk to their last row."""

    def __init__(self, pool: Pool, vault: Vault, keys: MasterKeys, region: str) -> None:
        self._pool = pool
        self._vault = vault
        self._keys = keys
        self._region = region

    # Handing a file in

    async def begin(
        self, batch: str, plan: Plan, sha256: str, asked_by: str, report: dict[str, Any], at: datetime
    ) -> None:
        """Note an import whose chunks are still to come."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                """INSERT INTO import_batch (id, mapping, plan, file_sha256, asked_by, asked_at, report)
                   VALUES ($1, $2, $3::jsonb, $4, $5, $6, $7::jsonb)""",
                batch,
                plan.mapping.id,
                plan.model_dump_json(),
                bytes.fromhex(sha256),
                asked_by,
                at,
                json.dumps(report),
            )

    async def add_chunk(self, batch: str, number: int, rows: Sequence[tuple[int, Sequence[str]]]) -> None:
        """Keep some rows of the file, sealed."""
        key_id = self._keys.newest
        plain = json.dumps(rows, ensure_ascii=False).encode("utf-8", "replace")
        sealed = seal(self._keys.payload(key_id), plain, _place(batch, number))
        async with transaction(self._pool) as connection:
            await connection.execute(
                "INSERT INTO import_chunk (batch, number, key_id, sealed) VALUES ($1, $2, $3, $4)",
                batch,
                number,
                key_id,
                sealed,
            )
            await connection.execute("UPDATE import_batch SET rows = rows + $2 WHERE id = $1", batch, len(rows))

    async def make_ready(self, batch: str) -> None:
        """Every chunk is there: the work may begin."""
        async with borrow(self._pool) as connection:
            await connection.execute("UPDATE import_batch SET is_ready = true WHERE id = $1", batch)

    async def unfinished(self, limit: int = 100) -> list[str]:
        """Imports that are ready and have rows left."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT id FROM import_batch WHERE finished_at IS NULL AND is_ready ORDER BY id LIMIT $1", limit
            )
        return [row["id"] for row in rows]

    async def drop_unready(self, before: datetime) -> int:
        """Drop what was never handed in whole; how many."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "DELETE FROM import_batch WHERE finished_at IS NULL AND NOT is_ready AND asked_at < $1 RETURNING id",
                before,
            )
        return len(rows)

    # Looking at it

    async def progress(self, batch: str) -> ImportProgress | None:
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(f"SELECT {_SEEN} FROM import_batch WHERE id = $1", batch)  # noqa: S608
        return None if row is None else _progress(dict(row))

    async def newest(self, limit: int) -> list[ImportProgress]:
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"SELECT {_SEEN} FROM import_batch WHERE is_ready ORDER BY asked_at DESC, id DESC LIMIT $1",  # noqa: S608
                limit,
            )
        return [_progress(dict(row)) for row in rows]

    async def page(self, batch: str, after: int, limit: int) -> list[ImportedRow]:
        """Rows behind a row, in order, those that are settled."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT row, outcome, reference FROM import_row WHERE batch = $1 AND row > $2 ORDER BY row LIMIT $3",
                batch,
                after,
                limit,
            )
        return [ImportedRow(**dict(row)) for row in rows]

    # Taking it over

    async def job(self, batch: str) -> ImportJob:
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(
                "SELECT plan::text, asked_by, encode(file_sha256, 'hex') AS sha FROM import_batch WHERE id = $1", batch
            )
        if row is None:
            raise LookupError(f"there is no import {batch}")
        return ImportJob(batch, Plan.model_validate_json(row["plan"]), row["asked_by"], row["sha"])

    async def next_chunk(self, batch: str) -> Chunk | None:
        """The first rows that still wait."""
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(
                "SELECT number, key_id, sealed FROM import_chunk WHERE batch = $1 ORDER BY number LIMIT 1",
                batch,
            )
        if row is None:
            return None
        plain = unseal(self._keys.payload(row["key_id"]), row["sealed"], _place(batch, row["number"]))
        return Chunk(row["number"], [(number, cells) for number, cells in json.loads(plain)])

    async def place(self, job: ImportJob, found: Sequence[Found]) -> tuple[list[Placed], dict[int, str]]:
        """The new rows with the numbers that they are given; and the cases of those taken over before, by row."""
        sources = {each.row: self._source(job, each) for each in found}
        async with borrow(self._pool) as connection:
            taken = await _taken(connection, list(sources.values()))
            known = {row: taken[source] for row, source in sources.items() if source in taken}
            new, repeated = _first_of_each(found, sources, known)
            numbers = await connection.fetch(
                "SELECT nextval('case_number') AS number FROM generate_series(1, $1)", len(new)
            )
            customers = await self._known_customers(connection, new)
        placed = [
            self._place(each, sources[each.row], number["number"], customers)
            for each, number in zip(new, numbers, strict=True)
        ]
        references = {each.source: each.reference for each in placed}
        return placed, known | {row: references.get(source) or taken[source] for row, source in repeated.items()}

    async def write(
        self,
        job: ImportJob,
        chunk: Chunk,
        cases: Sequence[TakenOver],
        known: dict[int, str],
        left_out: Sequence[int],
        at: datetime,
    ) -> None:
        """Write a chunk's cases and strike the chunk off, all or nothing; twice is once."""
        async with transaction(self._pool) as connection:
            struck = await connection.fetchval(
                "DELETE FROM import_chunk WHERE batch = $1 AND number = $2 RETURNING true", job.batch, chunk.number
            )
            if not struck:
                return
            mine = await _claimed(connection, cases)
            new = [case for case in cases if case.placed.source in mine]
            lost = {case.placed.found.row: case.placed.source for case in cases if case.placed.source not in mine}
            others = await _taken(connection, list(lost.values()))
            known = known | {row: others[source] for row, source in lost.items()}
            await self._seal(connection, [case.placed for case in new], at)
            await _append(connection, new)
            await note(connection, Kind.CASE, [case.case.reference for case in new if not case.case.has_ended], at)
            outcomes: list[tuple[int, str, str | None]] = [
                (case.placed.found.row, "imported", case.placed.reference) for case in new
            ]
            outcomes += [(row, "known", reference) for row, reference in known.items()]
            outcomes += [(row, "left_out", None) for row in left_out]
            await _settle(connection, job.batch, outcomes)

    async def finish(self, batch: str, at: datetime) -> None:
        async with borrow(self._pool) as connection:
            await connection.execute(
                "UPDATE import_batch SET finished_at = coalesce(finished_at, $2) WHERE id = $1", batch, at
            )

    def _source(self, job: ImportJob, found: Found) -> bytes:
        """The key of a row: the id that its source gave it, or the file's hash and the row's number."""
        own = f"id:{found.id}" if found.id is not None else f"file:{job.file_sha256}:{found.row}"
        return source_key(self._keys.command_ids(), f"import:{job.plan.mapping.id}", own)

    async def _known_customers(self, connection: Connection, found: Sequence[Found]) -> dict[str, str]:
        """The customers whose account numbers are known already, by the number as the row has it."""
        accounts = {account for each in found if (account := each.identity.get("account")) is not None}
        known: dict[str, str] = {}
        for account in accounts:
            try:
                subjects = await self._vault.subjects_seen_by(connection, LookupField.ACCOUNT, account)
            except ValueError:
                continue
            if subjects:
                known[account] = subjects[0]
        return known

    def _place(self, found: Found, source: bytes, number: int, customers: dict[str, str]) -> Placed:
        assert found.received_at is not None  # noqa: S101  a usable row has it
        identity, unusable = usable_identity(found.identity, self._region)
        for field in unusable:
            found.narrative += f"\n[{field}: {found.identity[field]}]"
        account = identity.get("account")
        known = customers.get(account) if account is not None else None
        customer = known or f"cus_{secrets.token_hex(16)}"
        if account is not None:
            customers[account] = customer
        return Placed(
            found=found,
            source=source,
            reference=f"C-{found.received_at.year}-{number:06d}",
            customer=customer,
            is_new_customer=known is None,
            identity=identity,
            narrative=f"txt_{secrets.token_hex(16)}",
            demand=f"txt_{secrets.token_hex(16)}" if found.demand else None,
        )

    async def _seal(self, connection: Connection, placed: Sequence[Placed], at: datetime) -> None:
        fresh = [each for each in placed if each.is_new_customer]
        told = [ToldSubject(each.customer, Identity(**each.identity), tuple(_texts(each))) for each in fresh]
        await create_told_subjects(connection, self._vault, told, self._region, at=at)
        for each in placed:
            if not each.is_new_customer:
                for item, kind, text in _texts(each):
                    await self._vault.seal(connection, each.customer, item, kind, text, at=at)


def usable_identity(given: dict[str, str], region: str) -> tuple[dict[str, str], list[str]]:
    """What can be sealed and looked up of an identity as an old system has it, and the fields that cannot."""
    unusable: set[str] = set()
    try:
        Identity.model_validate(given)
    except ValidationError as error:
        unusable |= {str(found["loc"][0]) for found in error.errors()}
    kept = {field: text for field, text in given.items() if field not in unusable}
    try:
        lookup_terms(Identity.model_validate(kept), region)
    except IdentityError as error:
        unusable |= {field for field, _ in error.problems}
    return {field: text for field, text in kept.items() if field not in unusable}, sorted(unusable)


_SEEN = "id, mapping, asked_by, asked_at, rows, imported, known, left_out, report::text, finished_at"


def _progress(row: dict[str, Any]) -> ImportProgress:
    return ImportProgress(**row | {"report": json.loads(row["report"])})


def _texts(placed: Placed) -> list[tuple[str, TextKind, str]]:
    texts = [(placed.narrative, TextKind.NARRATIVE, placed.found.narrative)]
    if placed.demand is not None:
        texts.append((placed.demand, TextKind.DEMAND, placed.found.demand))
    return texts


def _first_of_each(
    found: Sequence[Found], sources: dict[int, bytes], known: dict[int, str]
) -> tuple[list[Found], dict[int, bytes]]:
    """The rows that open a case; and those of the same key further down, which are the same case."""
    first: dict[bytes, Found] = {}
    repeated: dict[int, bytes] = {}
    for each in found:
        source = sources[each.row]
        if each.row in known:
            continue
        if source in first:
            repeated[each.row] = source
        else:
            first[source] = each
    return list(first.values()), repeated


async def _taken(connection: Connection, sources: list[bytes]) -> dict[bytes, str]:
    rows = await connection.fetch("SELECT source, reference FROM intake_source WHERE source = ANY($1)", sources)
    return {row["source"]: row["reference"] for row in rows}


async def _claimed(connection: Connection, cases: Sequence[TakenOver]) -> set[bytes]:
    """The sources that are ours now; another import of the same rows may have been faster."""
    by_source = sorted((case.placed.source, case.placed.reference) for case in cases)
    rows = await connection.fetch(
        """INSERT INTO intake_source (source, reference) SELECT * FROM unnest($1::bytea[], $2::text[])
           ON CONFLICT (source) DO NOTHING RETURNING source""",
        [source for source, _ in by_source],
        [reference for _, reference in by_source],
    )
    return {row["source"] for row in rows}


async def _append(connection: Connection, cases: Sequence[TakenOver]) -> None:
    opened = [
        {
            "reference": case.case.reference,
            "entries": [canonical(entry) for entry in case.entries],
            "record": record_of(case.case),
        }
        for case in cases
    ]
    outcomes = await connection.fetch(_APPEND, json.dumps(opened, ensure_ascii=False))
    refused = [row["reference"] for row in outcomes if row["outcome"] != "appended"]
    if refused:
        raise RuntimeError(f"a new case was not new: {refused[0]}")


async def _settle(connection: Connection, batch: str, outcomes: Sequence[tuple[int, str, str | None]]) -> None:
    await connection.executemany(
        "INSERT INTO import_row (batch, row, outcome, reference) VALUES ($1, $2, $3, $4)",
        [(batch, *outcome) for outcome in outcomes],
    )
    counts = [sum(outcome == name for _, outcome, _ in outcomes) for name in ("imported", "known", "left_out")]
    await connection.execute(
        "UPDATE import_batch SET imported = imported + $2, known = known + $3, left_out = left_out + $4 WHERE id = $1",
        batch,
        *counts,
    )


def _place(batch: str, number: int) -> str:
    return f"rows {number} of {batch}"


def file_hash(content: Any) -> str:
    """SHA-256 of an open file, read piece by piece."""
    digest = hashlib.sha256()
    while piece := content.read(1 << 20):
        digest.update(piece)
    return digest.hexdigest()
