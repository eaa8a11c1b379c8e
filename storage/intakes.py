"""Taking a complaint in: its number, its source, its first entries, and the note that its workflow must be started.

The functions work inside the caller's transaction: all of it is there, or nothing.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from domain.complaints.case import Case
from domain.complaints.facts import Entry
from storage.ledger import append
from storage.pool import Connection
from storage.unstarted import Kind, note


async def next_reference(connection: Connection, received_at: datetime) -> str:
    """The next case number, of the year of receipt. Numbers of refused complaints are lost, never used twice."""
    number = await connection.fetchval("SELECT nextval('case_number')")
    return f"C-{received_at.year}-{number:06d}"


def source_key(key: bytes, channel: str, source_ref: str) -> bytes:
    """The keyed hash of a source's own id: it may be a message id or a telephone number."""
    return hmac.new(key, f"{channel}\x00{source_ref}".encode(), hashlib.sha256).digest()


async def serialise(connection: Connection, key: bytes) -> None:
    """Let intakes that share a key pass one after the other, so that a new customer is made once."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", int.from_bytes(key[:8], signed=True))


async def claim_source(connection: Connection, source: bytes, reference: str) -> str:
    """The case that belongs to this source: `reference`, if the source is new, else the one that has it."""
    await connection.execute(
        "INSERT INTO intake_source (source, reference) VALUES ($1, $2) ON CONFLICT (source) DO NOTHING",
        source,
        reference,
    )
    return str(await connection.fetchval("SELECT reference FROM intake_source WHERE source = $1", source))


async def open_case(connection: Connection, entries: Sequence[Entry], case: Case, at: datetime) -> None:
    """Write a new case's first entries and its note to be started."""
    await append(connection, 0, entries, case)
    await note(connection, Kind.CASE, [case.reference], at)
