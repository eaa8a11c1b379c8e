"""Rotating the master key while everything runs: nothing becomes unreadable, and no key goes too early."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client

from domain.privacy import Identity
from runtime.key_rotation import KeyRotation, StillUsed
from storage.keys import MasterKeys, MissingKeyError
from storage.pool import Pool, transaction
from storage.rotation import KeyUse
from storage.vault import Vault
from tests.api.conftest import temporal_client

__all__ = ["temporal_client"]

AT = datetime(2026, 3, 2, tzinfo=UTC)
pytestmark = pytest.mark.services


async def subjects(pool: Pool, vault: Vault, number: int) -> list[str]:
    made = []
    for each in range(number):
        async with transaction(pool) as connection:
            made.append(await vault.create_subject(connection, Identity(name=f"Person {each}"), at=AT))
    return made


async def test_a_ring_goes_round_without_a_moment_in_which_something_cannot_be_read(pool: Pool) -> None:
    first = MasterKeys.generate()
    old = first.newest
    before = await subjects(pool, Vault(pool, first), 30)
    await KeyUse(pool).leads(old, AT)
    announced = MasterKeys.parse(first.announced().reveal())
    assert announced.newest == old
    promoted = MasterKeys.parse(announced.promoted(announced.ids[1]).reveal())
    assert promoted.fingerprint() == first.fingerprint()
    not_restarted, restarted = Vault(pool, announced), Vault(pool, promoted)
    after = await subjects(pool, restarted, 5)
    assert len(await not_restarted.identities([*before, *after])) == 35
    await KeyUse(pool).leads(promoted.newest, AT + timedelta(days=1))
    rotation = KeyRotation(pool, restarted, promoted)
    assert await rotation.to_rewrap() == 30
    told: list[int] = []
    both = KeyRotation(pool, Vault(pool, promoted), promoted)
    done = sum(await asyncio.gather(rotation.rewrap(told.append), both.rewrap(told.append)))
    assert (done, sum(told), await rotation.to_rewrap()) == (30, 30, 0)
    assert len(await not_restarted.identities([*before, *after])) == 35
    retired = MasterKeys.parse(promoted.retired(old).reveal())
    assert len(await Vault(pool, retired).identities([*before, *after])) == 35
    await Vault(pool, retired).confirm_keys()


async def test_no_key_goes_while_something_needs_it(pool: Pool, temporal_client: Client) -> None:
    first = MasterKeys.generate()
    old, now = first.newest, datetime.now(UTC)
    await subjects(pool, Vault(pool, first), 1)
    await KeyUse(pool).leads(old, now - timedelta(days=900))
    ring = first.rotated()
    rotation = KeyRotation(pool, Vault(pool, ring), ring)
    with pytest.raises(StillUsed, match="1 subjects are wrapped"):
        await rotation.confirm_unused(old, temporal_client, now)
    await rotation.rewrap(lambda _: None)
    with pytest.raises(StillUsed, match="kept for repeated requests"):
        await rotation.confirm_unused(old, temporal_client, now)
    await KeyUse(pool).leads(ring.newest, now - timedelta(days=800))
    with pytest.raises(StillUsed, match="is the key that seals"):
        await rotation.confirm_unused(ring.newest, temporal_client, now)
    with pytest.raises(MissingKeyError):
        await rotation.confirm_unused("nosuch", temporal_client, now)
    await rotation.confirm_unused(old, temporal_client, now)
