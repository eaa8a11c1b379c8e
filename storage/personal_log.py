"""The log of personal data: who read, looked up, exported or erased what about whom, in one hash chain a subject.

It says which kinds of data were opened, never what they said. Anchors sign the heads of the chains as those of the
ledger do (`storage.chains`). Whoever opens the vault for a person writes here first; what a worker opens to send a
letter that somebody ordered is in the case's ledger.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import asyncpg

from domain.privacy import Act
from storage.chains import HEADS_PER_ANCHOR, AnchorWalk, Damage, root_of, signature_of
from storage.pool import Connection, Pool, borrow, transaction

LINES_AT_ONCE = 1_000
SUBJECTS_PER_PAGE = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One act: on whose data, by whom, on which case, what kinds of data, through which route or command."""

    subject: str
    at: datetime
    by: str
    act: Act
    classes: tuple[str, ...]
    route: str
    request: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """A line with its place in the log."""

    number: int
    line: Line


@dataclass(frozen=True, slots=True)
class LogVerification:
    """What of the log was checked and what did not fit."""

    subjects: int
    lines: int
    anchors: int
    damages: tuple[Damage, ...]


class PersonalDataLog:
    """Append-only; read by auditors and privacy officers."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def append(self, lines: Iterable[Line]) -> None:
        """Write lines in a transaction of their own, before the data are handed out."""
        async with transaction(self._pool) as connection:
            await append(connection, lines)

    async def page(
        self,
        *,
        subject: str | None = None,
        by: str | None = None,
        reference: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Logged]:
        """Lines, the newest first, narrowed to a subject, a reader or a case."""
        narrowed = {"subject = ": subject, "by = ": by, "reference = ": reference, "number < ": before}
        given = [(condition, value) for condition, value in narrowed.items() if value is not None]
        # Written out for what is given, so that the planner knows which index fits.
        where = " AND ".join(f"{condition}${place}" for place, (condition, _) in enumerate(given, start=1)) or "true"
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                f"SELECT number, payload FROM personal_data_log WHERE {where}"  # noqa: S608  our own conditions
                f" ORDER BY number DESC LIMIT {int(limit)}",
                *(value for _, value in given),
            )
        return [Logged(row["number"], _read(row["payload"])) for row in rows]


async def append(connection: Connection, lines: Iterable[Line]) -> None:
    """Write lines inside the caller's transaction."""
    ordered = sorted(lines, key=lambda line: line.subject)
    for start in range(0, len(ordered), LINES_AT_ONCE):
        written = [canonical(line) for line in ordered[start : start + LINES_AT_ONCE]]
        await connection.execute("SELECT log_personal_data($1::text[])", written)


def canonical(line: Line) -> str:
    """The one text of a line that its hash covers."""
    said = asdict(line) | {"at": line.at.astimezone(UTC).isoformat()}
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _read(payload: str) -> Line:
    said = json.loads(payload)
    known = {"at": datetime.fromisoformat(said["at"]), "act": Act(said["act"]), "classes": tuple(said["classes"])}
    return Line(**said | known)


async def anchor_log(pool: Pool, key: bytes, at: datetime) -> int:
    """Sign the heads of the chains that moved since the last anchor; how many that were."""
    async with transaction(pool) as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('personal_data_log_anchor'))")
        moved = await connection.fetch(
            """SELECT subject, sequence, hash FROM personal_data_log_head WHERE anchored_sequence < sequence
                ORDER BY subject LIMIT $1 FOR UPDATE SKIP LOCKED""",
            HEADS_PER_ANCHOR,
        )
        if moved:
            heads = [[row["subject"], row["sequence"], row["hash"].hex()] for row in moved]
            await _sign(connection, key, at, heads)
    return len(moved)


async def _sign(connection: Connection, key: bytes, at: datetime, heads: list[list[object]]) -> None:
    last = await connection.fetchrow("SELECT number, root FROM personal_data_log_anchor ORDER BY number DESC LIMIT 1")
    number, before = (1, b"") if last is None else (last["number"] + 1, last["root"])
    listed = json.dumps(heads)
    root = root_of(before, number, at, listed)
    await connection.execute(
        """INSERT INTO personal_data_log_anchor (number, at, heads, root, signature)
           VALUES ($1, $2, $3::jsonb, $4, $5)""",
        number,
        at,
        listed,
        root,
        signature_of(key, root),
    )
    await connection.execute(
        """UPDATE personal_data_log_head h SET anchored_sequence = moved.sequence
             FROM unnest($1::text[], $2::int[]) AS moved (subject, sequence) WHERE h.subject = moved.subject""",
        [head[0] for head in heads],
        [head[1] for head in heads],
    )


async def verify_log(pool: Pool, key: bytes) -> LogVerification:
    """Walk every chain of the log and then every anchor over them."""
    subjects = lines = 0
    damages: list[Damage] = []
    unproven: dict[str, int] = {}
    async for subject, head, chain in _chains(pool):
        subjects, lines = subjects + 1, lines + len(chain)
        damages += _check_chain(subject, head, chain)
        if head is not None and head[2]:
            unproven[subject] = head[2]
    walk = AnchorWalk(key)
    async for row, lost in _anchors(pool):
        damages += walk.check(row, lost)
        for subject, sequence, _ in json.loads(row["heads"]):
            if sequence >= unproven.get(subject, 0):
                unproven.pop(subject, None)
    damages += [Damage(f"{subject} {sequence}", "its anchor is lost") for subject, sequence in unproven.items()]
    return LogVerification(subjects, lines, walk.count, tuple(damages))


_Head = tuple[int, bytes, int]
_Stored = tuple[int, str, bytes, tuple[datetime, str, str, str | None]]


async def _chains(pool: Pool) -> AsyncIterator[tuple[str, _Head | None, list[_Stored]]]:
    """Every subject with the head and the lines of its chain, a page of subjects at a time."""
    after = ""
    while True:
        async with borrow(pool) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            found = await connection.fetch(_SUBJECTS, after, SUBJECTS_PER_PAGE)
            subjects = [row["subject"] for row in found]
            heads = await connection.fetch("SELECT * FROM personal_data_log_head WHERE subject = ANY($1)", subjects)
            rows = await connection.fetch(
                "SELECT * FROM personal_data_log WHERE subject = ANY($1) ORDER BY subject, sequence", subjects
            )
        if not subjects:
            return
        ends: dict[str, _Head] = {r["subject"]: (r["sequence"], r["hash"], r["anchored_sequence"]) for r in heads}
        chains: dict[str, list[_Stored]] = {}
        for row in rows:
            columns = (row["at"], row["by"], row["act"], row["reference"])
            chains.setdefault(row["subject"], []).append((row["sequence"], row["payload"], row["hash"], columns))
        for subject in subjects:
            yield subject, ends.get(subject), chains.get(subject, [])
        after = subjects[-1]


_SUBJECTS = """
    (SELECT subject FROM personal_data_log_head WHERE subject > $1 ORDER BY subject LIMIT $2)
     UNION
    (SELECT DISTINCT subject FROM personal_data_log WHERE subject > $1 ORDER BY subject LIMIT $2)
     ORDER BY subject LIMIT $2"""


def _check_chain(subject: str, head: _Head | None, chain: list[_Stored]) -> Iterator[Damage]:
    end = b""
    for position, (sequence, payload, digest, columns) in enumerate(chain, start=1):
        end = hashlib.sha256(end + payload.encode()).digest()
        if sequence != position:
            yield Damage(f"{subject} {sequence}", f"line {position} is missing")
            return
        if digest != end:
            yield Damage(f"{subject} {sequence}", "the line or one before it was altered")
            return
        line = _read(payload)
        if (line.subject, (line.at, line.by, line.act, line.reference)) != (subject, columns):
            yield Damage(f"{subject} {sequence}", "its columns are not what the line says")
    if head is None or head[:2] != (len(chain), end):
        yield Damage(subject, "its head is not the end of the chain")


async def _anchors(pool: Pool) -> AsyncIterator[tuple[asyncpg.Record, list[asyncpg.Record]]]:
    """Every anchor in order, each with those of its heads that the log does not have."""
    after = 0
    while True:
        async with borrow(pool) as connection:
            row = await connection.fetchrow(
                """SELECT number, at, heads::text, root, signature FROM personal_data_log_anchor
                    WHERE number > $1 ORDER BY number LIMIT 1""",
                after,
            )
            if row is None:
                return
            lost = await connection.fetch(
                """SELECT head ->> 0 AS reference, head ->> 1 AS sequence
                     FROM jsonb_array_elements($1::jsonb) AS head
                     LEFT JOIN personal_data_log l ON l.subject = head ->> 0 AND l.sequence = (head ->> 1)::int
                    WHERE l.hash IS NULL OR encode(l.hash, 'hex') <> head ->> 2""",
                row["heads"],
            )
        yield row, lost
        after = row["number"]
