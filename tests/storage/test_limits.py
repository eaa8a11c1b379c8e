"""Token buckets: as many at once as they hold, then as fast as they fill, whoever asks."""

import asyncio
from datetime import UTC, datetime, timedelta

from storage.limits import Buckets
from storage.pool import Pool

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def taken(buckets: Buckets, times: int, at: datetime = AT, key: bytes = b"key") -> int:
    answers = await asyncio.gather(*(buckets.take(key, 5, MINUTE, at) for _ in range(times)))
    return sum(wait is None for wait in answers)


async def test_a_bucket_gives_as_many_at_once_as_it_holds(pool: Pool) -> None:
    assert await taken(Buckets(pool), 50) == 5


async def test_it_fills_at_its_own_pace_and_never_over_the_brim(pool: Pool) -> None:
    buckets = Buckets(pool)
    await taken(buckets, 5)
    assert await taken(buckets, 5, AT + timedelta(seconds=59)) == 0
    assert await taken(buckets, 5, AT + 2 * MINUTE) == 2
    assert await taken(buckets, 50, AT + timedelta(days=1)) == 5


async def test_who_is_refused_is_told_how_long_to_wait(pool: Pool) -> None:
    buckets = Buckets(pool)
    await taken(buckets, 5)
    assert await buckets.take(b"key", 5, MINUTE, AT + timedelta(seconds=20)) == timedelta(seconds=40)
    assert await buckets.take(b"key", 5, MINUTE, AT + timedelta(seconds=60)) is None


async def test_refusals_do_not_make_the_wait_longer(pool: Pool) -> None:
    buckets = Buckets(pool)
    await taken(buckets, 500)
    assert await buckets.take(b"key", 5, MINUTE, AT + MINUTE) is None


async def test_each_key_has_a_bucket_of_its_own(pool: Pool) -> None:
    buckets = Buckets(pool)
    assert await taken(buckets, 9, key=b"one") == await taken(buckets, 9, key=b"another") == 5


async def test_full_buckets_are_forgotten_and_others_are_not(pool: Pool) -> None:
    buckets = Buckets(pool)
    await taken(buckets, 2, key=b"long ago")
    await taken(buckets, 2, AT + timedelta(hours=1), key=b"just now")
    assert await buckets.prune(AT + timedelta(hours=1)) == 1
    assert await taken(buckets, 9, AT + timedelta(hours=1), key=b"just now") == 3
