"""What was handed to the outside, on real PostgreSQL."""

import asyncio
from datetime import timedelta

from storage.deliveries import Deliveries
from storage.pool import Pool
from tests.storage.sample_cases import AT

KEY = "C-2026-000001:acknowledgement.1"


async def test_an_attempt_without_an_outcome_proves_no_delivery(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    assert await deliveries.accepted(KEY) is None
    await deliveries.attempted(KEY, AT)
    assert await deliveries.accepted(KEY) is None


async def test_the_first_evidence_stays(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    await deliveries.attempted(KEY, AT)
    await deliveries.accept(KEY, "<first@example.org>", AT)
    await deliveries.accept(KEY, "<second@example.org>", AT + timedelta(seconds=1))
    assert await deliveries.accepted(KEY) == "<first@example.org>"
    assert await deliveries.accepted("C-2026-000001:acknowledgement.2") is None


async def test_attempts_are_counted_also_when_they_meet(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    await asyncio.gather(*(deliveries.attempted(KEY, AT + timedelta(seconds=n)) for n in range(12)))
    assert await pool.fetchval("SELECT attempts FROM delivery") == 12
