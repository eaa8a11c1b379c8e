"""Rotating the master key while everything runs: which step comes next, and when an old key may go.

`add` (every process can open what the new key seals) → restart → `promote` (it seals) → restart → `rewrap` →
`retire`. A key may go when no subject is wrapped by it and nothing in Temporal's store was sealed under it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.client import Client

from storage.idempotency import KEPT_FOR
from storage.keys import MasterKeys
from storage.pool import Pool
from storage.rotation import KeyUse
from storage.vault import Vault

RESTART_WITHIN = timedelta(days=1)
"""How long some process may still have sealed under the key before, after another one began with the new key."""
BATCH = 500


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key of the ring: whether it seals, since when it led, and how many subjects it wraps."""

    id: str
    seals: bool
    leading_since: datetime | None
    wrapped: int


class StillUsed(Exception):
    """Something was sealed under the key and is still there."""


class KeyRotation:
    def __init__(self, pool: Pool, vault: Vault, keys: MasterKeys) -> None:
        self._vault = vault
        self._keys = keys
        self._use = KeyUse(pool)

    async def states(self) -> list[KeyState]:
        """Every key of the ring in its order."""
        since, wrapped = await self._use.leading_since(), await self._use.wrapped()
        return [
            KeyState(key_id, key_id == self._keys.newest, since.get(key_id), wrapped.get(key_id, 0))
            for key_id in self._keys.ids
        ]

    async def rewrap(self, tell: Callable[[int], None]) -> int:
        """Wrap every subject's key under the key that seals, in batches; how many. Stopped, it goes on where it was."""
        done = 0
        while batch := await self._vault.rewrap(BATCH):
            done += batch
            tell(batch)
        return done

    async def to_rewrap(self) -> int:
        """How many subjects are wrapped by a key that does not seal any more."""
        return sum(state.wrapped for state in await self.states() if not state.seals)

    async def confirm_unused(self, key_id: str, client: Client, now: datetime) -> None:
        """Refuse to let a key go that something still needs. Raises StillUsed, MissingKeyError."""
        self._keys.wrapping(key_id)
        if key_id == self._keys.newest:
            raise StillUsed(f"{key_id} is the key that seals: promote another one first")
        wrapped = (await self._use.wrapped()).get(key_id, 0)
        if wrapped:
            raise StillUsed(f"{wrapped} subjects are wrapped by {key_id}: run `amends keys rotate` first")
        waiting = await self._use.waiting_imports(key_id)
        if waiting:
            raise StillUsed(f"{waiting} parts of files that are being imported were sealed under {key_id}")
        until = await self._sealed_until(key_id)
        if until is None:
            return
        if now < until + KEPT_FOR:
            raise StillUsed(f"answers that are kept for repeated requests may need {key_id} until {until + KEPT_FOR}")
        runs = await client.count_workflows(f"StartTime < '{until.astimezone(UTC).isoformat()}'")
        if runs.count:
            raise StillUsed(
                f"{runs.count} histories in Temporal's store began under {key_id}; they go with the namespace's"
                " retention, those of open cases when the cases end"
            )

    async def _sealed_until(self, key_id: str) -> datetime | None:
        """Until when a process may have sealed under a key; None for one that never led."""
        since = await self._use.leading_since()
        if key_id not in since:
            return None
        later = [at for at in since.values() if at > since[key_id]]
        return min(later, default=datetime.max.replace(tzinfo=UTC) - KEPT_FOR - RESTART_WITHIN) + RESTART_WITHIN
