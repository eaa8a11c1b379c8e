"""What was handed to the outside, on real PostgreSQL."""

import asyncio
from datetime import timedelta

import pytest

from activities.ports import HandOverUnderWay
from storage.deliveries import Deliveries
from storage.pool import Pool
from tests.storage.sample_cases import AT

KEY = "C-2026-000001:acknowledgement.1"
HOLD = timedelta(seconds=20)


async def test_an_attempt_without_an_outcome_proves_no_delivery(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    assert await deliveries.accepted(KEY) is None
    await deliveries.attempted(KEY, "email", AT, AT + HOLD)
    assert await deliveries.accepted(KEY) is None


async def test_the_first_evidence_stays(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    await deliveries.attempted(KEY, "email", AT, AT + HOLD)
    await deliveries.accept(KEY, "<first@example.org>", AT)
    await deliveries.accept(KEY, "<second@example.org>", AT + timedelta(seconds=1))
    assert await deliveries.accepted(KEY) == "<first@example.org>"
    assert await deliveries.accepted("C-2026-000001:acknowledgement.2") is None


async def test_attempts_are_counted_also_when_they_meet(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    times = [AT + n * HOLD for n in range(12)]
    for at in times:
        await deliveries.attempted(KEY, "email", at, at + HOLD)
    assert await pool.fetchval("SELECT attempts FROM delivery") == 12


async def test_of_attempts_at_the_same_time_one_holds_the_message(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    attempts = [deliveries.attempted(KEY, "email", AT + timedelta(seconds=n), AT + HOLD) for n in range(12)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, HandOverUnderWay) for outcome in outcomes) == 11
    assert await pool.fetchval("SELECT attempts FROM delivery") == 1


async def test_a_refused_attempt_lets_the_next_one_begin_at_once(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    await deliveries.attempted(KEY, "email", AT, AT + HOLD)
    with pytest.raises(HandOverUnderWay):
        await deliveries.attempted(KEY, "email", AT, AT + HOLD)
    await deliveries.refused(KEY)
    await deliveries.attempted(KEY, "email", AT, AT + HOLD)


async def test_a_message_is_found_by_what_the_other_side_calls_it_and_its_bounce_is_kept(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    await deliveries.attempted(KEY, "sms", AT, AT + HOLD)
    await deliveries.accept(KEY, "biz000001", AT)
    assert await deliveries.of_evidence("biz000001") == KEY
    assert await deliveries.of_evidence("biz000002") is None
    await deliveries.bounced(KEY, "number_gone", AT)
    await deliveries.bounced(KEY, "other", AT)
    row = await pool.fetchrow("SELECT way, bounce_code, bounced_at FROM delivery")
    assert row is not None
    assert tuple(row) == ("sms", "number_gone", AT)
