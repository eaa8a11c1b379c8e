"""Corrections of customers' personal data, as the case's step applies them."""

from datetime import datetime

from storage.pool import Pool, transaction
from storage.vault import Vault


class IdentityCorrections:
    def __init__(self, pool: Pool, vault: Vault) -> None:
        self._pool = pool
        self._vault = vault

    async def correct(self, customer: str, field: str, value: str, effect_key: str, at: datetime) -> None:
        """Change one field of a customer's identity, once under its key; the earlier version is kept."""
        async with transaction(self._pool) as connection:
            await self._vault.update_identity(connection, customer, {field: value}, effect_key, at=at)
