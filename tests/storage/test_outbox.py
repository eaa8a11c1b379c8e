"""The outbox on real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest

from storage.outbox import Event, Outbox
from storage.pool import Pool, open_pool

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database_url, size=4)
    await pool.executemany(
        "INSERT INTO outbox (reference, sequence, type, at) VALUES ($1, $2, $3, $4)",
        [("C-2026-000001", sequence, "complaint.noted", AT) for sequence in range(1, 11)],
    )
    yield pool
    await pool.close()


async def test_events_are_told_in_their_order_and_struck_off(pool: Pool) -> None:
    told: list[Event] = []

    async def deliver(events: Sequence[Event]) -> None:
        told.extend(events)

    assert [await Outbox(pool).drain(deliver, limit=4) for _ in range(4)] == [4, 4, 2, 0]
    assert [event.sequence for event in told] == list(range(1, 11))
    assert told[0] == Event("C-2026-000001", 1, "complaint.noted", AT)


async def test_events_whose_delivery_failed_are_offered_again(pool: Pool) -> None:
    async def refuse(events: Sequence[Event]) -> None:
        raise LookupError(f"{len(events)} events not taken")

    with pytest.raises(LookupError, match="10 events"):
        await Outbox(pool).drain(refuse)
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 10


async def test_two_drainers_tell_no_event_twice(pool: Pool) -> None:
    told: list[int] = []

    async def deliver(events: Sequence[Event]) -> None:
        await asyncio.sleep(0.05)
        told.extend(event.sequence for event in events)

    await asyncio.gather(*(Outbox(pool).drain(deliver) for _ in range(4)))
    assert sorted(told) == list(range(1, 11))
