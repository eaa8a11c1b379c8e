"""Webhooks and their secrets, sealed."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from domain.webhooks import SECRET_OVERLAP
from storage.keys import MasterKeys, seal, unseal
from storage.pool import Connection, Pool, borrow, transaction

SECRET_BYTES = 32
MOST_WEBHOOKS = 50
MOST_SECRETS = 5
_COLUMNS = "id, url, types, description, created_by, created_at, state, disabled_why"


class TooMany(Exception):
    """There are as many webhooks, or secrets of one, as there may be."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An endpoint that is told of events; no types means all."""

    id: str
    url: str
    types: tuple[str, ...]
    description: str | None
    created_by: str
    created_at: datetime
    state: str
    disabled_why: str | None


class Webhooks:
    """Who is told of what happens."""

    def __init__(self, pool: Pool, keys: MasterKeys) -> None:
        self._pool = pool
        self._keys = keys

    async def add(
        self, url: str, types: Sequence[str], description: str | None, by: str, at: datetime
    ) -> tuple[Webhook, str]:
        """A new endpoint and its secret, which is told this once. Raises TooMany."""
        async with transaction(self._pool) as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('webhooks'))")
            if await connection.fetchval("SELECT count(*) FROM webhook") >= MOST_WEBHOOKS:
                raise TooMany(f"{MOST_WEBHOOKS} webhooks are the most there may be")
            row = await connection.fetchrow(
                f"""INSERT INTO webhook (id, url, types, description, created_by, created_at)
                    VALUES ($1, $2, $3, $4, $5, $6) RETURNING {_COLUMNS}""",  # noqa: S608
                f"whk_{secrets.token_hex(12)}",
                url,
                list(types),
                description,
                by,
                at,
            )
            assert row is not None  # noqa: S101
            secret = await self._add_secret(connection, row["id"], 1, at)
        return _webhook(row), secret

    async def all(self) -> list[Webhook]:
        """In the order in which they were made; there are few."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(f"SELECT {_COLUMNS} FROM webhook ORDER BY created_at, id")  # noqa: S608
        return [_webhook(row) for row in rows]

    async def find(self, webhook: str) -> Webhook | None:
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM webhook WHERE id = $1", webhook)  # noqa: S608
        return None if row is None else _webhook(row)

    async def change(self, webhook: str, changes: dict[str, Any]) -> Webhook | None:
        """Change where, what for, or whether it is told; made active again, the reason of the end is forgotten."""
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(
                f"""UPDATE webhook SET url = coalesce($2, url), types = coalesce($3, types),
                           description = coalesce($4, description), state = coalesce($5, state),
                           disabled_why = CASE $5 WHEN 'active' THEN NULL WHEN 'disabled' THEN 'by hand'
                                          ELSE disabled_why END
                     WHERE id = $1 RETURNING {_COLUMNS}""",  # noqa: S608
                webhook,
                changes.get("url"),
                None if changes.get("types") is None else list(changes["types"]),
                changes.get("description"),
                changes.get("state"),
            )
        return None if row is None else _webhook(row)

    async def remove(self, webhook: str) -> bool:
        """With its secrets and deliveries; whether it was there."""
        async with borrow(self._pool) as connection:
            return bool(await connection.fetchval("DELETE FROM webhook WHERE id = $1 RETURNING true", webhook))

    async def rotate(self, webhook: str, at: datetime) -> str:
        """A new secret; those before it sign for a while longer. Raises TooMany."""
        async with transaction(self._pool) as connection:
            await connection.execute("SELECT FROM webhook WHERE id = $1 FOR UPDATE", webhook)
            await connection.execute("DELETE FROM webhook_secret WHERE webhook = $1 AND expires_at <= $2", webhook, at)
            numbers = await connection.fetch("SELECT number FROM webhook_secret WHERE webhook = $1", webhook)
            if len(numbers) >= MOST_SECRETS:
                raise TooMany(f"{MOST_SECRETS} secrets sign already; wait until one of them has ended")
            await connection.execute(
                "UPDATE webhook_secret SET expires_at = $2 WHERE webhook = $1 AND expires_at IS NULL",
                webhook,
                at + SECRET_OVERLAP,
            )
            return await self._add_secret(connection, webhook, 1 + max(row["number"] for row in numbers), at)

    async def secrets(self, webhook: str, at: datetime) -> list[str]:
        """The secrets that sign now, the newest first."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT number, key_id, sealed FROM webhook_secret
                    WHERE webhook = $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY number DESC""",
                webhook,
                at,
            )
        return [
            unseal(self._keys.payload(row["key_id"]), row["sealed"], _place(webhook, row["number"])).decode()
            for row in rows
        ]

    async def seal_again(self) -> int:
        """Seal under the newest master key what an older one sealed; how many secrets."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT webhook, number, key_id, sealed FROM webhook_secret WHERE key_id <> $1 FOR UPDATE",
                self._keys.newest,
            )
            for row in rows:
                place = _place(row["webhook"], row["number"])
                secret = unseal(self._keys.payload(row["key_id"]), row["sealed"], place)
                await connection.execute(
                    "UPDATE webhook_secret SET key_id = $3, sealed = $4 WHERE webhook = $1 AND number = $2",
                    row["webhook"],
                    row["number"],
                    self._keys.newest,
                    seal(self._keys.payload(self._keys.newest), secret, place),
                )
        return len(rows)

    async def _add_secret(self, connection: Connection, webhook: str, number: int, at: datetime) -> str:
        """In the form that Standard Webhooks names."""
        secret = f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"
        await connection.execute(
            "INSERT INTO webhook_secret (webhook, number, key_id, sealed, created_at) VALUES ($1, $2, $3, $4, $5)",
            webhook,
            number,
            self._keys.newest,
            seal(self._keys.payload(self._keys.newest), secret.encode(), _place(webhook, number)),
            at,
        )
        return secret


def _place(webhook: str, number: int) -> str:
    return f"webhook secret {webhook} {number}"


def _webhook(row: asyncpg.Record) -> Webhook:
    return Webhook(**{**row, "types": tuple(row["types"])})
