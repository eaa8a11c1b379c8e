"""The board on 100,000 cases with 20 who watch it: what a change costs, and how soon everybody sees it.

Beside it, in the same run: the same 20 without server-sent events, who reload the page every five seconds and for whom
it is counted each time. Also the page of the queue: its time and its size.

Run: python -m benchmarks.board
"""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import asyncpg
import httpx
import structlog
import uvicorn
from temporalio.client import Client

from benchmarks.processes import percentile
from benchmarks.servers import conditions
from domain.access import Role
from domain.complaints.evolve import fold
from runtime.assembly import plug_together
from runtime.preparation import prepare
from runtime.settings import Settings
from starter import board as counted
from starter.api.app import application
from starter.embedded import EmbeddedPostgres
from starter.services import Services, services
from storage.board import Numbers
from storage.keys import MasterKeys
from storage.pool import open_pool
from tests.storage.sample_cases import first_entries
from tests.storage.test_query_plans import FILL

CASES, VIEWERS, CHANGES, PAGES = 100_000, 20, 6, 40
EVERY_SECONDS = 5.0
QUEUE_LIMIT_SECONDS, QUEUE_LIMIT_BYTES = 0.150, 100_000


END_ONE = """UPDATE case_record SET is_open = false
              WHERE reference = (SELECT reference FROM case_record WHERE is_open LIMIT 1)"""


class Counting:
    """How often the board was counted, and how long that took."""

    def __init__(self, made: Services) -> None:
        self.seconds: list[float] = []
        self._count = made.board.records.numbers
        made.board.records.numbers = self._timed  # type: ignore[method-assign]

    async def _timed(self, at: datetime, zone: str, days: int) -> Numbers:
        begin = perf_counter()
        found = await self._count(at, zone, days)
        self.seconds.append(perf_counter() - begin)
        return found


async def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    print(conditions())
    with tempfile.TemporaryDirectory(prefix="amends-benchmark-") as folder:
        postgres = EmbeddedPostgres(Path(folder))
        await postgres.start()
        try:
            await prepare(postgres.url, "Asia/Shanghai", datetime.now(UTC))
            await _fill(postgres.url)
            async with _served(postgres.url, Path(folder)) as (made, url):
                await _measure(made, url, postgres.url)
        finally:
            await postgres.stop()
    print(conditions())


async def _fill(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        state = fold(first_entries("C-2026-000001")).model_dump_json()
        await connection.execute(FILL.replace("'{}'", "$3::jsonb"), datetime.now(UTC), CASES, state, timeout=900)
        await connection.execute("VACUUM ANALYZE case_record", timeout=900)
    finally:
        await connection.close()


@asynccontextmanager
async def _served(database_url: str, folder: Path) -> AsyncIterator[tuple[Services, str]]:
    """The API with the console on a port; Temporal is not there, and no page of these asks for it."""
    keys = MasterKeys.generate()
    settings = Settings(
        database_url=database_url,
        master_key=keys.reveal(),
        smtp_url="smtp://127.0.0.1:1",
        mail_from="care@example.org",
        files_dir=folder / "files",
    )
    pool = await open_pool(database_url, size=10)
    try:
        made = services(plug_together(settings, keys, pool, await Client.connect("127.0.0.1:1", lazy=True)))

        @asynccontextmanager
        async def opened() -> AsyncIterator[Services]:
            yield made

        config = uvicorn.Config(
            application(opened),
            host="127.0.0.1",
            port=0,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        yield made, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        await running
    finally:
        await pool.close()


async def _measure(made: Services, url: str, database_url: str) -> None:
    people = [
        await made.parts.people.enrol(f"supervisor {number}", [Role.SUPERVISOR], datetime.now(UTC))
        for number in range(VIEWERS)
    ]
    keys = [(await made.accounts.begin(person, None, by="benchmark")).key for person in people]
    clients = [
        httpx.AsyncClient(
            base_url=url, cookies={"amends-session": key}, timeout=60, limits=httpx.Limits(max_connections=4)
        )
        for key in keys
    ]
    counting = Counting(made)
    try:
        await _queue(clients[0])
        live = await _watched(clients, counting, database_url)
        reloaded = await _reloaded(clients, counting)
    finally:
        for client in clients:
            await client.aclose()
    print(f"  seconds of counting, live by reloaded  {live / reloaded:.2f} ×")


async def _queue(client: httpx.AsyncClient) -> None:
    times, size = [], 0
    for _ in range(PAGES):
        begin = perf_counter()
        page = await client.get("/console/queue?view=all")
        times.append(perf_counter() - begin)
        size = len(page.raise_for_status().content)
    slow = percentile(times, 95)
    met = "met" if slow <= QUEUE_LIMIT_SECONDS and size <= QUEUE_LIMIT_BYTES else "MISSED"
    print(f"{CASES:,} cases")
    print(f"  queue page: p50 {percentile(times, 50) * 1e3:.0f} ms, p95 {slow * 1e3:.0f} ms, {size / 1e3:.0f} kB")
    print(f"  goal of {QUEUE_LIMIT_SECONDS * 1e3:.0f} ms and {QUEUE_LIMIT_BYTES / 1e3:.0f} kB: {met}")


async def _watched(clients: list[httpx.AsyncClient], counting: Counting, database_url: str) -> float:
    """All watch; a case ends now and then; how long until each of them is told."""
    counting.seconds.clear()
    told: list[list[float]] = [[] for _ in clients]
    watching = [asyncio.create_task(_watch(client, each)) for client, each in zip(clients, told, strict=True)]
    while not all(told):
        await asyncio.sleep(0.05)
    begin, delays = perf_counter(), []
    connection = await asyncpg.connect(database_url)
    try:
        for number in range(CHANGES):
            before = [len(each) for each in told]
            at = perf_counter()
            await connection.execute(END_ONE)
            while any(len(each) == count for each, count in zip(told, before, strict=True)):
                await asyncio.sleep(0.02)
            delays += [each[count] - at for each, count in zip(told, before, strict=True)]
            await asyncio.sleep(0.7 * number)
    finally:
        await connection.close()
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    taken = perf_counter() - begin
    counts, seconds = len(counting.seconds), sum(counting.seconds)
    print(f"  {VIEWERS} watch for {taken:.0f} s, told of a change after ", end="")
    print(f"p50 {percentile(delays, 50):.1f} s, p95 {percentile(delays, 95):.1f} s")
    print(f"    counted {counts} times, p95 {percentile(counting.seconds, 95) * 1e3:.0f} ms")
    return seconds / taken


async def _watch(client: httpx.AsyncClient, told: list[float]) -> None:
    async with client.stream("GET", "/console/board/events") as answer:
        async for line in answer.aiter_lines():
            if line == "event: figures":
                told += [perf_counter()]


async def _reloaded(clients: list[httpx.AsyncClient], counting: Counting) -> float:
    """The same people without events and without a count that is shared."""
    counted.FRESH_FOR = timedelta(0)
    counting.seconds.clear()
    begin, times = perf_counter(), []

    async def reload(client: httpx.AsyncClient) -> None:
        while perf_counter() - begin < 4 * EVERY_SECONDS:
            asked = perf_counter()
            (await client.get("/console/board")).raise_for_status()
            times.append(perf_counter() - asked)
            await asyncio.sleep(max(0.0, EVERY_SECONDS - (perf_counter() - asked)))

    await asyncio.gather(*map(reload, clients))
    taken = perf_counter() - begin
    print(f"  {VIEWERS} reload every {EVERY_SECONDS:.0f} s: page p50 {percentile(times, 50) * 1e3:.0f} ms, ", end="")
    print(f"p95 {percentile(times, 95) * 1e3:.0f} ms; counted {len(counting.seconds)} times")
    return sum(counting.seconds) / taken


if __name__ == "__main__":
    asyncio.run(main())
