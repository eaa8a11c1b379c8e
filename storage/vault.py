"""The vault: personal data of customers, sealed under one data key per data subject, in one place.

Owns subjects, their identities, the free texts about them, the blind indexes and erasure. It keeps nothing personal
in memory between calls, knows nothing of cases, and does not ask who may read: callers have asked already.

Erasure destroys the data key, so that everything sealed under it is unreadable at once, here and in every later
backup. PostgreSQL keeps the old row version until the next vacuum and earlier backups keep the wrapped key: after a
restore the tombstones written since must be applied again.
"""

import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from domain.privacy import Identity, TextKind
from storage.identities import LookupField, blind_digest, lookup_terms, normalise
from storage.keys import KEY_BYTES, MasterKeys, seal, unseal
from storage.pool import Connection, Pool, borrow, transaction
from storage.sealed_places import place_of_file, place_of_identity, place_of_key, place_of_text, sealed_identity

MOST_ITEMS = 1_000
MOST_SUBJECTS_FOUND = 100


_TEXTS = """
    SELECT item_id, subject_id, kind, sealed, sealed_at, key_id, wrapped_key
      FROM vault.sealed_text JOIN vault.subject USING (subject_id) WHERE item_id = ANY($1)"""
_TEXTS_ABOUT = """
    SELECT item_id, subject_id, kind, sealed, sealed_at, key_id, wrapped_key
      FROM vault.sealed_text JOIN vault.subject USING (subject_id)
     WHERE subject_id = $1 AND item_id > $2 ORDER BY item_id LIMIT $3"""
_VERSIONS = """
    SELECT subject_id, version, sealed, recorded_at, key_id, wrapped_key
      FROM vault.identity JOIN vault.subject USING (subject_id) WHERE subject_id = $1 ORDER BY version"""


@dataclass(frozen=True, slots=True)
class KeptText:
    """An opened text with what it is and when it was sealed."""

    id: str
    kind: str
    sealed_at: datetime
    text: str


class VaultError(Exception):
    """The vault cannot do what was asked."""


class Unknown(VaultError):
    """No such subject or item; it may have been forgotten."""


class Erased(VaultError):
    """The subject was erased on request; what it said or was is gone for good."""


class ItemTaken(VaultError):
    """An item id is already in use for another subject or another kind of text."""


class WrongMasterKeys(VaultError):
    """The ring of master keys is not the one that this database was sealed with."""


@dataclass(frozen=True, slots=True)
class FreshKey:
    """A new data key: under which master key it is wrapped, wrapped, and in clear."""

    key_id: str
    wrapped: bytes
    data_key: bytes


class Vault:
    """Sealed personal data.

    Methods that take a connection work inside the caller's transaction; the others use a connection of their own and
    raise StoreAway when PostgreSQL is away. All raise Unknown and Erased, BrokenSealError for altered data and
    MissingKeyError for a master key that was taken from the ring too early.
    """

    def __init__(self, pool: Pool, keys: MasterKeys, default_region: str = "CN") -> None:
        self._pool = pool
        self._keys = keys
        self._index_key = keys.blind_index()
        self._default_region = default_region

    # Writing, inside the caller's transaction

    async def create_subject(self, connection: Connection, identity: Identity, *, at: datetime) -> str:
        """Make a data subject with a data key of its own and seal its identity; returns `cus_<32 hex>`.

        Raises IdentityError, before anything is written, where the phone, e-mail or account cannot be understood.
        """
        terms = lookup_terms(identity, self._default_region)
        subject, key_id, data_key = f"cus_{uuid.uuid4().hex}", self._keys.newest, os.urandom(KEY_BYTES)
        await connection.execute(
            "INSERT INTO vault.subject (subject_id, created_at, key_id, wrapped_key) VALUES ($1, $2, $3, $4)",
            subject,
            at,
            key_id,
            self._wrap(subject, key_id, data_key),
        )
        await _insert_identity(connection, subject, 1, identity, data_key=data_key, effect_key=None, at=at)
        await self._insert_indexes(connection, subject, terms)
        return subject

    async def seal(
        self, connection: Connection, subject: str, item_id: str, kind: TextKind, text: str, *, at: datetime
    ) -> None:
        """Seal a free text as an item of a subject. Sealing the same id again changes nothing: the first text stays.

        Raises ItemTaken where the id belongs to another subject or kind.
        """
        # FOR KEY SHARE waits for an erasure and nothing else, so that no text is sealed under a destroyed key.
        data_key = await self._data_key(connection, subject, "FOR KEY SHARE")
        inserted = await connection.execute(
            "INSERT INTO vault.sealed_text (item_id, subject_id, kind, sealed, sealed_at)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (item_id) DO NOTHING",
            item_id,
            subject,
            kind,
            seal(data_key, text.encode(), place_of_text(subject, item_id, kind)),
            at,
        )
        if inserted == "INSERT 0 0":
            await _confirm_item(connection, subject, item_id, kind)

    def fresh_key(self, subject: str) -> FreshKey:
        """A data key for a subject that is about to be made, with how it is to be stored."""
        key_id, data_key = self._keys.newest, os.urandom(KEY_BYTES)
        return FreshKey(key_id, self._wrap(subject, key_id, data_key), data_key)

    async def index(self, connection: Connection, subject: str, terms: Mapping[LookupField, str]) -> None:
        """Let a new subject be found by what it is known by."""
        await self._insert_indexes(connection, subject, terms)

    async def update_identity(
        self,
        connection: Connection,
        subject: str,
        changes: Mapping[str, str | None],
        effect_key: str,
        *,
        at: datetime,
    ) -> int:
        """Correct an identity and return its version; None removes a field, earlier versions are kept.

        The same effect key again changes nothing. Raises ValueError (pydantic's, or IdentityError) for a bad value.
        """
        data_key = await self._data_key(connection, subject, "FOR NO KEY UPDATE")
        made = await connection.fetchval(
            "SELECT version FROM vault.identity WHERE subject_id = $1 AND effect_key = $2", subject, effect_key
        )
        if made is not None:
            return int(made)
        version, current = await _current_identity(connection, subject, data_key)
        corrected = Identity.model_validate({**current.model_dump(), **changes})
        terms = lookup_terms(corrected, self._default_region)
        await _insert_identity(
            connection, subject, version + 1, corrected, data_key=data_key, effect_key=effect_key, at=at
        )
        await connection.execute("DELETE FROM vault.blind_index WHERE subject_id = $1", subject)
        await self._insert_indexes(connection, subject, terms)
        return version + 1

    async def forget(self, connection: Connection, item_ids: Iterable[str]) -> None:
        """Delete single texts whose retention has ended; ids that are gone already are no error."""
        await connection.execute("DELETE FROM vault.sealed_text WHERE item_id = ANY($1)", list(item_ids))

    async def lock(self, connection: Connection, subject: str) -> datetime | None:
        """Keep every writer away from a subject until the transaction ends; when it was erased, if it was."""
        row = await connection.fetchrow(
            "SELECT erased_at FROM vault.subject WHERE subject_id = $1 FOR UPDATE", subject
        )  # excludes every writer that holds the key: nothing is sealed or indexed behind our back
        if row is None:
            raise Unknown(f"subject {subject} is unknown")
        erased_at: datetime | None = row["erased_at"]
        return erased_at

    async def erase(self, connection: Connection, subject: str, *, at: datetime) -> None:
        """Destroy the data key and the blind indexes of a subject and leave a tombstone; a second time is no error."""
        await self.lock(connection, subject)
        await connection.execute("DELETE FROM vault.blind_index WHERE subject_id = $1", subject)
        await connection.execute(
            "UPDATE vault.subject SET key_id = NULL, wrapped_key = NULL, erased_at = $2"
            " WHERE subject_id = $1 AND erased_at IS NULL",
            subject,
            at,
        )

    # Reading, on a connection of its own

    async def open_text(self, item_id: str) -> str:
        """Open one free text."""
        async with borrow(self._pool) as connection:
            rows = await _texts(connection, [item_id])
        return self._open_text(rows[0])

    async def open_texts(self, item_ids: Iterable[str]) -> dict[str, str]:
        """Open many free texts by id, at most 1,000; those of erased subjects are left out."""
        wanted = _bounded(item_ids)
        async with borrow(self._pool) as connection:
            rows = await _texts(connection, wanted)
        return {row["item_id"]: self._open_text(row) for row in rows if row["wrapped_key"] is not None}

    async def open_kept_texts(self, item_ids: Iterable[str]) -> dict[str, str]:
        """As `open_texts`, but texts that were forgotten are left out too."""
        wanted = _bounded(item_ids)
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(_TEXTS, wanted)
        return {row["item_id"]: self._open_text(row) for row in rows if row["wrapped_key"] is not None}

    async def texts_about(self, subject: str, after: str = "") -> list[KeptText]:
        """The texts that are kept about a subject, in the order of their ids from `after` on, at most 1,000."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(_TEXTS_ABOUT, subject, after, MOST_ITEMS)
        return [KeptText(row["item_id"], row["kind"], row["sealed_at"], self._open_text(row)) for row in rows]

    async def versions(self, subject: str) -> list[tuple[int, datetime, Identity]]:
        """Every version of an identity with its number and when it was recorded. Raises Unknown, Erased."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(_VERSIONS, subject)
        if not rows:
            raise Unknown(f"subject {subject} is unknown")
        return [(row["version"], row["recorded_at"], self._open_identity(row)) for row in rows]

    async def identity(self, subject: str) -> Identity:
        """Who a subject is now."""
        async with borrow(self._pool) as connection:
            rows = await _identities(connection, [subject])
        return self._open_identity(rows[0])

    async def identities(self, subjects: Iterable[str]) -> dict[str, Identity]:
        """Who many subjects are now, at most 1,000; erased ones are left out."""
        wanted = _bounded(subjects)
        async with borrow(self._pool) as connection:
            rows = await _identities(connection, wanted)
        return {row["subject_id"]: self._open_identity(row) for row in rows if row["wrapped_key"] is not None}

    async def subjects_of(self, field: LookupField, value: str) -> list[str]:
        """Subjects that have this phone, e-mail or account now, the newest first, at most 100.

        Raises ValueError, saying what was expected, where the value cannot be understood.
        """
        async with borrow(self._pool) as connection:
            return await self.subjects_seen_by(connection, field, value)

    async def subjects_seen_by(self, connection: Connection, field: LookupField, value: str) -> list[str]:
        """The same as `subjects_of`, as the caller's transaction sees it."""
        term = normalise(field, value, self._default_region)
        rows = await connection.fetch(
            "SELECT subject_id FROM vault.blind_index JOIN vault.subject USING (subject_id)"
            " WHERE field = $1 AND digest = $2 ORDER BY created_at DESC, subject_id LIMIT $3",
            field,
            blind_digest(self._index_key, field, term),
            MOST_SUBJECTS_FOUND,
        )
        return [row["subject_id"] for row in rows]

    # Files, whose sealed bytes are kept elsewhere

    async def seal_file(self, subject: str, file: str, content: bytes) -> bytes:
        """A file's bytes sealed under the subject's key, bound to the file's id."""
        async with borrow(self._pool) as connection:
            data_key = await self._data_key(connection, subject, "")
        return seal(data_key, content, place_of_file(subject, file))

    async def open_file(self, subject: str, file: str, sealed: bytes) -> bytes:
        """The bytes of a sealed file."""
        async with borrow(self._pool) as connection:
            data_key = await self._data_key(connection, subject, "")
        return unseal(data_key, sealed, place_of_file(subject, file))

    # Master keys

    async def rewrap(self, batch: int = 500) -> int:
        """Wrap the data keys of up to `batch` subjects under the newest master key; returns how many were left to do.

        Call it until it returns 0; then an old master key may be retired. Several may run at once.
        """
        old = [key_id for key_id in self._keys.ids if key_id != self._keys.newest]
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT subject_id, key_id, wrapped_key FROM vault.subject WHERE key_id = ANY($1)"
                " ORDER BY key_id, subject_id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED",
                old,
                batch,
            )
            await connection.executemany(
                "UPDATE vault.subject SET key_id = $2, wrapped_key = $3 WHERE subject_id = $1",
                [self._wrapped_again(row) for row in rows],
            )
        return len(rows)

    async def confirm_keys(self) -> None:
        """Refuse to work with a ring of master keys that is not this database's; the first ring is remembered.

        Raises WrongMasterKeys. To be called before a process does its first work.
        """
        async with transaction(self._pool) as connection:
            await connection.execute(
                "INSERT INTO vault.standing_secret (fingerprint) VALUES ($1) ON CONFLICT DO NOTHING",
                self._keys.fingerprint(),
            )
            remembered = await connection.fetchval("SELECT fingerprint FROM vault.standing_secret")
            stranger = await connection.fetchval(
                "SELECT key_id FROM vault.subject WHERE key_id <> ALL($1) LIMIT 1", list(self._keys.ids)
            )
        if remembered != self._keys.fingerprint():
            raise WrongMasterKeys(
                "this database was sealed with other master keys: the oldest key, or the entry 'standing:…' that"
                " took its place, must stay in the ring"
            )
        if stranger is not None:
            raise WrongMasterKeys(f"subjects are still wrapped under master key {stranger!r}, which is not in the ring")

    # Keys of subjects

    async def _data_key(self, connection: Connection, subject: str, lock: str) -> bytes:
        row = await connection.fetchrow(
            f"SELECT subject_id, key_id, wrapped_key FROM vault.subject WHERE subject_id = $1 {lock}",  # noqa: S608
            subject,
        )
        if row is None:
            raise Unknown(f"subject {subject} is unknown")
        return self._unwrap(row)

    def _wrap(self, subject: str, key_id: str, data_key: bytes) -> bytes:
        return seal(self._keys.wrapping(key_id), data_key, place_of_key(subject, key_id))

    def _unwrap(self, row: asyncpg.Record) -> bytes:
        subject, key_id = row["subject_id"], row["key_id"]
        if row["wrapped_key"] is None:
            raise Erased(f"subject {subject} was erased")
        return unseal(self._keys.wrapping(key_id), row["wrapped_key"], place_of_key(subject, key_id))

    def _wrapped_again(self, row: asyncpg.Record) -> tuple[str, str, bytes]:
        subject, key_id = row["subject_id"], self._keys.newest
        return subject, key_id, self._wrap(subject, key_id, self._unwrap(row))

    def _open_text(self, row: asyncpg.Record) -> str:
        place = place_of_text(row["subject_id"], row["item_id"], row["kind"])
        return unseal(self._unwrap(row), row["sealed"], place).decode()

    def _open_identity(self, row: asyncpg.Record) -> Identity:
        return _unseal_identity(row, self._unwrap(row))

    async def _insert_indexes(self, connection: Connection, subject: str, terms: Mapping[LookupField, str]) -> None:
        await connection.executemany(
            "INSERT INTO vault.blind_index (field, digest, subject_id) VALUES ($1, $2, $3)",
            [(field, blind_digest(self._index_key, field, term), subject) for field, term in terms.items()],
        )


async def _insert_identity(
    connection: Connection,
    subject: str,
    version: int,
    identity: Identity,
    *,
    data_key: bytes,
    effect_key: str | None,
    at: datetime,
) -> None:
    await connection.execute(
        "INSERT INTO vault.identity (subject_id, version, effect_key, sealed, recorded_at) VALUES ($1, $2, $3, $4, $5)",
        subject,
        version,
        effect_key,
        sealed_identity(subject, version, identity, data_key),
        at,
    )


async def _current_identity(connection: Connection, subject: str, data_key: bytes) -> tuple[int, Identity]:
    row = (await _identities(connection, [subject]))[0]
    return row["version"], _unseal_identity(row, data_key)


async def _confirm_item(connection: Connection, subject: str, item_id: str, kind: str) -> None:
    same = await connection.fetchval(
        "SELECT subject_id = $2 AND kind = $3 FROM vault.sealed_text WHERE item_id = $1", item_id, subject, kind
    )
    if not same:
        raise ItemTaken(f"item {item_id} belongs to another subject or is no {kind}")


async def _texts(connection: Connection, item_ids: Sequence[str]) -> list[asyncpg.Record]:
    rows = await connection.fetch(_TEXTS, item_ids)
    _confirm_found("item", item_ids, {row["item_id"] for row in rows})
    return rows


async def _identities(connection: Connection, subjects: Sequence[str]) -> list[asyncpg.Record]:
    rows = await connection.fetch(
        "SELECT DISTINCT ON (subject_id) subject_id, version, sealed, key_id, wrapped_key"
        " FROM vault.identity JOIN vault.subject USING (subject_id) WHERE subject_id = ANY($1)"
        " ORDER BY subject_id, version DESC",
        subjects,
    )
    _confirm_found("subject", subjects, {row["subject_id"] for row in rows})
    return rows


def _confirm_found(what: str, wanted: Iterable[str], found: set[str]) -> None:
    missing = sorted(set(wanted) - found)
    if missing:
        raise Unknown(f"{what} {', '.join(missing)} is unknown")


def _bounded(ids: Iterable[str]) -> list[str]:
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MOST_ITEMS:
        raise ValueError(f"expected at most {MOST_ITEMS} ids at once, found {len(wanted)}")
    return wanted


def _unseal_identity(row: asyncpg.Record, data_key: bytes) -> Identity:
    place = place_of_identity(row["subject_id"], row["version"])
    return Identity.model_validate_json(unseal(data_key, row["sealed"], place))
