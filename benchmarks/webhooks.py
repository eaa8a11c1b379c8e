"""What telling twenty endpoints of every event costs those who take complaints in.

`python -m benchmarks.webhooks [COMPLAINTS] [A_SECOND]`: rounds of intake at a steady pace, by turns with no webhook
and with twenty, each of which wants everything. The chores that drain the outbox and deliver run in a process of
their own, as in an installation, and so do the endpoints, one of which never answers in time.
"""

import asyncio
import logging
import multiprocessing
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from statistics import median

import structlog

from benchmarks.servers import conditions, servers
from runtime.assembly import tell_all, webhook_post
from storage.keys import MasterKeys
from tests.endpoints import endpoints
from tests.house import House, open_house

ENDPOINTS = 20
ROUNDS = 3
STEP_SECONDS = 0.2


async def measure(complaints: int, a_second: float) -> None:
    async with servers() as found, open_house(found.database_url, found.client, found.keys) as house:
        context = multiprocessing.get_context("spawn")
        ready, done = context.Queue(), context.Event()
        other = context.Process(
            target=_other_side, args=(found.database_url, found.temporal_address, found.keys.reveal(), ready, done)
        )
        other.start()
        url = await asyncio.to_thread(ready.get)
        hooks = [
            (await house.services.webhooks.add(f"{url}/{number}", (), None, "benchmark", datetime.now(UTC)))[0].id
            for number in range(ENDPOINTS)
        ]
        await _round(house, complaints // 4, a_second)  # nobody is measured while everything is new
        alone: list[float] = []
        told: list[float] = []
        for _ in range(ROUNDS):
            await _switch(house, hooks, "disabled")
            alone += await _round(house, complaints, a_second)
            await _switch(house, hooks, "active")
            told += await _round(house, complaints, a_second)
        drained = await _drained(house, hooks)
        done.set()
        await asyncio.to_thread(other.join)
        _report(alone, told, complaints, a_second, drained)


async def _round(house: House, complaints: int, a_second: float) -> list[float]:
    """Seconds to the answer, at a steady pace whatever the answers take."""

    async def take(after: float) -> float:
        await asyncio.sleep(after)
        begun = time.perf_counter()
        await house.take()
        return time.perf_counter() - begun

    return list(await asyncio.gather(*(take(number / a_second) for number in range(complaints))))


async def _switch(house: House, hooks: Sequence[str], state: str) -> None:
    await _drained(house, hooks)
    for hook in hooks:
        await house.services.webhooks.change(hook, {"state": state})


async def _drained(house: House, hooks: Sequence[str]) -> tuple[int, float]:
    """Wait until all but the endpoint that never answers were told everything: how much, and how long that took."""
    begun = time.perf_counter()
    while await house.parts.pool.fetchval(
        """SELECT EXISTS (SELECT FROM outbox) OR EXISTS (
             SELECT FROM webhook_delivery WHERE state = 'pending' AND webhook <> $1)""",
        hooks[0],
    ):
        await asyncio.sleep(STEP_SECONDS)
    delivered = await house.parts.pool.fetchval("SELECT count(*) FROM webhook_delivery WHERE state = 'delivered'")
    return delivered, time.perf_counter() - begun


def _other_side(database_url: str, temporal: str, keys: str, ready: "multiprocessing.Queue[str]", done: Event) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # events go to the log too
    asyncio.run(_deliver(database_url, temporal, MasterKeys.parse(keys), ready, done))


async def _deliver(
    database_url: str, temporal: str, keys: MasterKeys, ready: "multiprocessing.Queue[str]", done: Event
) -> None:
    """The chores of a worker, and the endpoints; the first of these never opens its door."""
    from temporalio.client import Client

    client = await Client.connect(temporal, lazy=True)
    async with endpoints() as served, open_house(database_url, client, keys, webhook_private_targets=True) as house:
        served.open_doors["/0"] = asyncio.Event()
        post = webhook_post(house.parts)
        ready.put(served.url)
        while not done.is_set():
            await tell_all(house.parts.pool)
            await post.open_lanes()
            await asyncio.sleep(0.5)
        await post.close()


def _report(
    alone: list[float], told: list[float], complaints: int, a_second: float, drained: tuple[int, float]
) -> None:
    def p95(seconds: list[float]) -> float:
        return sorted(seconds)[int(len(seconds) * 0.95)] * 1_000

    print(f"intake at {a_second:g} complaints a second, {ROUNDS} × {complaints} each way; {conditions()}")
    print(f"  no webhook      p95 {p95(alone):7.1f} ms   median {median(alone) * 1_000:6.1f} ms")
    print(f"  {ENDPOINTS} webhooks     p95 {p95(told):7.1f} ms   median {median(told) * 1_000:6.1f} ms")
    print(f"  ratio           p95 {p95(told) / p95(alone):7.2f}      median {median(told) / median(alone):6.2f}")
    print(f"  {drained[0]:,} deliveries; the last were taken {drained[1]:.1f} s behind the last complaint")


if __name__ == "__main__":
    given = [float(each) for each in sys.argv[1:]]
    asyncio.run(measure(int(given[0]) if given else 150, given[1] if len(given) > 1 else 6))
