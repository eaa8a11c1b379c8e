"""Which master key led from when on, and how much is still wrapped by each.

The ring itself is in the settings (`storage.keys`); wrapping again is the vault's (`Vault.rewrap`).
"""

from datetime import datetime

from storage.pool import Pool, borrow


class KeyUse:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def leads(self, key_id: str, at: datetime) -> None:
        """Note that a process seals under this key; the first time stays."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                "INSERT INTO vault.master_key (key_id, leading_since) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                key_id,
                at,
            )

    async def leading_since(self) -> dict[str, datetime]:
        """Since when each key led, the newest first."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT key_id, leading_since FROM vault.master_key ORDER BY leading_since DESC"
            )
        return {row["key_id"]: row["leading_since"] for row in rows}

    async def waiting_imports(self, key_id: str) -> int:
        """How many parts of files that are being imported were sealed under a key."""
        async with borrow(self._pool) as connection:
            return int(await connection.fetchval("SELECT count(*) FROM import_chunk WHERE key_id = $1", key_id))

    async def wrapped(self) -> dict[str, int]:
        """How many subjects' keys are wrapped by each master key."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT key_id, count(*) FROM vault.subject WHERE key_id IS NOT NULL GROUP BY key_id"
            )
        return {row["key_id"]: row["count"] for row in rows}
