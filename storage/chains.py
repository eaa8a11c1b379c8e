"""Proof that the ledger was not altered: the chains of all cases, and signed anchors over their heads.

A chain shows a changed, missing or inserted entry. A lost tail, or a chain that somebody computed anew, is right in
itself: that is what anchors are for. An anchor signs the heads of all cases that moved since the one before it, its
time, and that one's root. What was recorded after the newest anchor is held by its chain alone.
"""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

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
    number, before = (1, b"") if last is None else (last["number"] + 1, last["root"])
    listed = json.dumps([[reference, sequence, head.hex()] for reference, (sequence, head) in sorted(heads.items())])
    root = root_of(before, number, at, listed)
    await connection.execute(
        "INSERT INTO ledger_anchor (number, at, heads, root, signature) VALUES ($1, $2, $3::jsonb, $4, $5)",
        number,
        at,
        listed,
        root,
        signature_of(key, root),
    )
    await connection.execute(
        """UPDATE case_record SET anchored_sequence = moved.sequence
             FROM unnest($1::text[], $2::int[]) AS moved (reference, sequence)
            WHERE case_record.reference = moved.reference""",
        list(heads),
        [sequence for sequence, _ in heads.values()],
    )


async def verify(pool: Pool, key: bytes) -> Verification:
    """Walk every chain and then every anchor; what is recorded or anchored meanwhile is no damage."""
    cases = entries = 0
    damages: list[Damage] = []
    unproven: dict[str, int] = {}
    async for reference, head, chain in _chains(pool):
        cases, entries = cases + 1, entries + len(chain)
        damages += _check_chain(reference, head, chain)
        if head is not None and head.anchored:
            unproven[reference] = head.anchored
    anchors = AnchorWalk(key)
    async for row, lost in _anchors(pool):
        damages += anchors.check(row, lost)
        for reference, sequence, _ in json.loads(row["heads"]):
            if sequence >= unproven.get(reference, 0):
                unproven.pop(reference, None)
    damages += [Damage(f"{reference} {sequence}", "its anchor is lost") for reference, sequence in unproven.items()]
    return Verification(cases, entries, anchors.count, tuple(damages))


@dataclass(frozen=True, slots=True)
class _Head:
    """Where the read model says that a chain ends, and up to where it was anchored."""

    sequence: int
    hash: bytes
    anchored: int


@dataclass(frozen=True, slots=True)
class _Link:
    """An entry as it is stored: the columns beside the text that the hash covers."""

    sequence: int
    columns: tuple[int, str, datetime, str, str]
    payload: str
    hash: bytes


async def _chains(pool: Pool) -> AsyncIterator[tuple[str, _Head | None, list[_Link]]]:
    """Every case with its head and its chain, a page at a time; a chain without a head has None."""
    after = ""
    while True:
        async with borrow(pool) as connection:
            rows = await connection.fetch(_REFERENCES, after, CASES_PER_PAGE)
            references = [row["reference"] for row in rows]
            if not references:
                return
            heads, chains = await _page(connection, references)
        for reference in references:
            yield reference, heads.get(reference), chains.get(reference, [])
        after = references[-1]


_REFERENCES = """
    (SELECT reference FROM case_record WHERE reference > $1 ORDER BY reference LIMIT $2)
     UNION
    (SELECT DISTINCT reference FROM ledger WHERE reference > $1 ORDER BY reference LIMIT $2)
     ORDER BY reference LIMIT $2"""


async def _page(connection: Connection, references: list[str]) -> tuple[dict[str, _Head], dict[str, list[_Link]]]:
    """Heads and chains of some cases, read in one snapshot so that an append in between is no damage."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        heads = await connection.fetch(
            "SELECT reference, sequence, head_hash, anchored_sequence FROM case_record WHERE reference = ANY($1)",
            references,
        )
        rows = await connection.fetch(
            """SELECT reference, sequence, epoch, type, at, actor, command_id, payload, hash FROM ledger
                WHERE reference = ANY($1) ORDER BY reference, sequence""",
            references,
        )
    chains: dict[str, list[_Link]] = {}
    for row in rows:
        columns = (row["epoch"], row["type"], row["at"], row["actor"], row["command_id"])
        chains.setdefault(row["reference"], []).append(_Link(row["sequence"], columns, row["payload"], row["hash"]))
    return {
        row["reference"]: _Head(row["sequence"], row["head_hash"], row["anchored_sequence"]) for row in heads
    }, chains


def _check_chain(reference: str, head: _Head | None, chain: list[_Link]) -> Iterator[Damage]:
    """What does not fit in one chain. After the first break every hash differs, so that nothing more is said."""
    end = b""
    for position, link in enumerate(chain, start=1):
        place = f"{reference} {link.sequence}"
        end = hashlib.sha256(end + link.payload.encode()).digest()
        if link.sequence != position:
            yield Damage(place, f"entry {position} is missing")
            return
        if link.hash != end:
            yield Damage(place, "the entry or one before it was altered")
            return
        if not _says_the_same(reference, link):
            yield Damage(place, "its columns are not what the entry says")
    if head is None or (head.sequence, head.hash) != (len(chain), end):
        yield Damage(reference, "the read model's head is not the end of the chain")


def _says_the_same(reference: str, link: _Link) -> bool:
    """Whether the columns repeat the entry, whose hash was checked before."""
    entry = json.loads(link.payload)
    at = datetime.fromisoformat(entry["at"])
    said = (entry["epoch"], entry["fact"]["type"], at, entry["actor"], entry["command_id"])
    return (entry["reference"], entry["sequence"], said) == (reference, link.sequence, link.columns)


async def _anchors(pool: Pool) -> AsyncIterator[tuple[asyncpg.Record, list[asyncpg.Record]]]:
    """Every anchor in order, each with those of its heads that the ledger does not have."""
    after = 0
    while True:
        async with borrow(pool) as connection:
            row = await connection.fetchrow(
                """SELECT number, at, heads::text, root, signature FROM ledger_anchor
                    WHERE number > $1 ORDER BY number LIMIT 1""",
                after,
            )
            if row is None:
                return
            lost = await connection.fetch(
                """SELECT head ->> 0 AS reference, head ->> 1 AS sequence
                     FROM jsonb_array_elements($1::jsonb) AS head
                     LEFT JOIN ledger l ON l.reference = head ->> 0 AND l.sequence = (head ->> 1)::int
                    WHERE l.hash IS NULL OR encode(l.hash, 'hex') <> head ->> 2""",
                row["heads"],
            )
        yield row, lost
        after = row["number"]


class AnchorWalk:
    """Checks anchors one after the other: each follows from the one before it, and our key signed it."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._root, self._number = b"", 0
        self.count = 0

    def check(self, anchor: asyncpg.Record, lost: list[asyncpg.Record]) -> Iterator[Damage]:
        number, heads = anchor["number"], json.dumps(json.loads(anchor["heads"]))
        if number != self._number + 1:
            yield Damage(f"anchor {number}", f"anchor {self._number + 1} is missing")
        if anchor["root"] != root_of(self._root, number, anchor["at"], heads):
            yield Damage(f"anchor {number}", "it was altered, or does not follow from the one before it")
        if not hmac.compare_digest(anchor["signature"], signature_of(self._key, anchor["root"])):
            yield Damage(f"anchor {number}", "its signature is not ours")
        for head in lost:
            place = f"{head['reference']} {head['sequence']}"
            yield Damage(place, f"anchor {number} saw another entry here, or it is lost")
        self._root, self._number, self.count = anchor["root"], number, self.count + 1


def root_of(before: bytes, number: int, at: datetime, listed: str) -> bytes:
    """What an anchor signs: the anchor before it, its own number and time, and the heads that it lists."""
    return hashlib.sha256(before + f"{number} {at.astimezone(UTC).isoformat()} {listed}".encode()).digest()


def signature_of(key: bytes, root: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104) over the root of an anchor."""
    return hmac.new(key, root, hashlib.sha256).digest()
