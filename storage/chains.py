"""Proof that the ledger was not altered: the chains of all cases, and signed anchors over their heads.

A chain shows a changed, missing or inserted entry. A lost tail leaves a shorter chain that is right in itself: that is
what anchors are for. An anchor signs the heads of all cases that moved since the one before it, and that one's root.
"""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from storage.pool import Connection, Pool, borrow, transaction

HEADS_PER_ANCHOR = 5_000
CASES_PER_PAGE = 500


@dataclass(frozen=True, slots=True)
class Damage:
    """What does not fit: where, and what was found."""

    place: str
    finding: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked and what did not fit."""

    cases: int
    entries: int
    anchors: int
    damages: tuple[Damage, ...]


async def anchor(pool: Pool, key: bytes, at: datetime) -> int:
    """Sign the heads of the cases that moved since the last anchor; how many that were."""
    async with transaction(pool) as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('ledger_anchor'))")
        moved = await connection.fetch(
            """SELECT reference, sequence, head_hash FROM case_record WHERE anchored_sequence < sequence
                ORDER BY reference LIMIT $1 FOR UPDATE SKIP LOCKED""",
            HEADS_PER_ANCHOR,
        )
        if moved:
            await _sign(connection, key, at, {row["reference"]: (row["sequence"], row["head_hash"]) for row in moved})
    return len(moved)


async def _sign(connection: Connection, key: bytes, at: datetime, heads: dict[str, tuple[int, bytes]]) -> None:
    last = await connection.fetchrow("SELECT number, root FROM ledger_anchor ORDER BY number DESC LIMIT 1")
    listed = json.dumps([[reference, sequence, head.hex()] for reference, (sequence, head) in sorted(heads.items())])
    root = _root(b"" if last is None else last["root"], listed)
    await connection.execute(
        "INSERT INTO ledger_anchor (number, at, heads, root, signature) VALUES ($1, $2, $3::jsonb, $4, $5)",
        1 if last is None else last["number"] + 1,
        at,
        listed,
        root,
        _signature(key, root),
    )
    await connection.execute(
        """UPDATE case_record SET anchored_sequence = moved.sequence
             FROM unnest($1::text[], $2::int[]) AS moved (reference, sequence)
            WHERE case_record.reference = moved.reference""",
        list(heads),
        [sequence for sequence, _ in heads.values()],
    )


async def verify(pool: Pool, key: bytes) -> Verification:
    """Walk every chain and every anchor."""
    cases = entries = 0
    damages: list[Damage] = []
    async for reference, head, chain in _chains(pool):
        cases, entries = cases + 1, entries + len(chain)
        damages += _check_chain(reference, head, chain)
    anchors, anchor_damages = await _check_anchors(pool, key)
    return Verification(cases, entries, anchors, (*damages, *anchor_damages))


_Chain = list[tuple[int, str, bytes]]


async def _chains(pool: Pool) -> AsyncIterator[tuple[str, tuple[int, bytes] | None, _Chain]]:
    """Every case with its head and its chain, a page at a time; a chain without a head has None."""
    after = ""
    while True:
        async with borrow(pool) as connection:
            references = [
                row["reference"]
                for row in await connection.fetch(
                    """SELECT reference FROM case_record WHERE reference > $1
                        UNION SELECT reference FROM ledger WHERE reference > $1 AND sequence = 1
                        ORDER BY reference LIMIT $2""",
                    after,
                    CASES_PER_PAGE,
                )
            ]
            if not references:
                return
            heads, chains = await _page(connection, references)
        for reference in references:
            yield reference, heads.get(reference), chains.get(reference, [])
        after = references[-1]


async def _page(
    connection: Connection, references: list[str]
) -> tuple[dict[str, tuple[int, bytes]], dict[str, _Chain]]:
    """Heads and chains of some cases, read in one snapshot so that an append in between is no damage."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        heads = await connection.fetch(
            "SELECT reference, sequence, head_hash FROM case_record WHERE reference = ANY($1)", references
        )
        rows = await connection.fetch(
            """SELECT reference, sequence, payload, hash FROM ledger
                WHERE reference = ANY($1) ORDER BY reference, sequence""",
            references,
        )
    chains: dict[str, _Chain] = {}
    for row in rows:
        chains.setdefault(row["reference"], []).append((row["sequence"], row["payload"], row["hash"]))
    return {row["reference"]: (row["sequence"], row["head_hash"]) for row in heads}, chains


def _check_chain(reference: str, head: tuple[int, bytes] | None, chain: _Chain) -> list[Damage]:
    damages: list[Damage] = []
    before = b""
    for position, (sequence, payload, stored) in enumerate(chain, start=1):
        before = hashlib.sha256(before + payload.encode()).digest()
        if sequence != position:
            damages.append(Damage(f"{reference} {sequence}", f"entry {position} is missing"))
            break
        if stored != before:
            damages.append(Damage(f"{reference} {sequence}", "the entry or one before it was altered"))
            break
    if not damages and head != (len(chain), before):
        damages.append(Damage(reference, "the read model's head is not the end of the chain"))
    return damages


async def _check_anchors(pool: Pool, key: bytes) -> tuple[int, list[Damage]]:
    async with borrow(pool) as connection:
        rows = await connection.fetch("SELECT number, heads::text, root, signature FROM ledger_anchor ORDER BY number")
        lost = await connection.fetch(
            """SELECT a.number, head ->> 0 AS reference, head ->> 1 AS sequence
                 FROM ledger_anchor a CROSS JOIN jsonb_array_elements(a.heads) AS head
                 LEFT JOIN ledger l ON l.reference = head ->> 0 AND l.sequence = (head ->> 1)::int
                WHERE l.hash IS NULL OR encode(l.hash, 'hex') <> head ->> 2"""
        )
    damages = [
        Damage(f"{row['reference']} {row['sequence']}", f"anchor {row['number']} saw another entry here, or it is lost")
        for row in lost
    ]
    root = b""
    for position, row in enumerate(rows, start=1):
        root = _root(root, json.dumps(json.loads(row["heads"])))
        if row["number"] != position or row["root"] != root:
            damages.append(Damage(f"anchor {row['number']}", "it does not follow from the one before it"))
            break
        if not hmac.compare_digest(row["signature"], _signature(key, root)):
            damages.append(Damage(f"anchor {row['number']}", "its signature is not ours"))
    return len(rows), damages


def _root(before: bytes, listed: str) -> bytes:
    return hashlib.sha256(before + listed.encode()).digest()


def _signature(key: bytes, root: bytes) -> bytes:
    return hmac.new(key, root, hashlib.sha256).digest()
