"""Bytes that no honest client sends: nothing dies or grows, nobody waits for ever, nothing is smuggled (S5)."""

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from starter.api.protocol import HEAD_SECONDS
from starter.embedded.data_folder import LOOPBACK
from storage.keys import MasterKeys
from tests.security.figures import row
from tests.security.wire import Process, api_process, frames

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("AMENDS_SEED", "20261127"))
GATE_FRAMES, LONG_FRAMES = 700, int(os.environ.get("AMENDS_FUZZ_FRAMES", "10000"))
AT_ONCE = 20
GROWTH_BYTES = 50_000_000
PATIENCE_SECONDS = 90
SLOW_HEADS = (b"G", b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"")
STATUS = re.compile(rb"^HTTP/1\.1 (\d{3}) ", re.MULTILINE)


@pytest.fixture(scope="module")
async def process(
    module_database_url: str, master_keys: MasterKeys, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Process]:
    async with api_process(module_database_url, master_keys, tmp_path_factory.mktemp("wire")) as process:
        yield process


async def throw(process: Process, number: int) -> set[int]:
    """Send so many frames; the statuses that came back."""
    gate, statuses = asyncio.Semaphore(AT_ONCE), set()

    async def one(frame: bytes) -> None:
        async with gate:
            statuses.update(map(int, STATUS.findall(await process.send(frame))))

    async with asyncio.TaskGroup() as group:
        for frame in frames(process.token, SEED, number):
            async with gate:
                pass
            group.create_task(one(frame))
    return statuses


async def survives(process: Process, number: int) -> None:
    await throw(process, 200)  # what is allocated once
    before = process.resident_bytes()
    statuses = await throw(process, number)
    growth = process.resident_bytes() - before
    assert process.lives()
    assert await process.says("/health/live") == 200
    assert {400, 413} <= statuses
    honest = await process.send(next(frames(process.token, SEED, 1)), PATIENCE_SECONDS)
    assert STATUS.findall(honest)[:1] == [b"201"], honest[:300]
    assert {status for status in statuses if status >= 500} <= {501, 503}, statuses
    assert growth < GROWTH_BYTES
    assert "Traceback" not in process.log.read_text("utf-8", "replace")
    assert '"request failed"' not in process.log.read_text("utf-8", "replace")
    row(
        "S5",
        "frames that no honest client sends",
        f"{number} frames, 0 crashes, statuses {sorted(statuses)}, memory {growth / 1e6:+.1f} MB",
        seed=SEED,
    )


async def test_no_frame_ends_the_process_or_makes_it_grow(process: Process) -> None:
    await survives(process, GATE_FRAMES)


@pytest.mark.long
async def test_no_frame_of_very_many_ends_the_process(process: Process) -> None:
    await survives(process, LONG_FRAMES)


async def until_cut_off(process: Process, beginning: bytes, drip: bytes) -> float:
    """Begin a request and go on byte by byte; after how many seconds the connection was cut."""
    reader, writer = await asyncio.open_connection(LOOPBACK, process.port)
    begun = time.monotonic()
    writer.write(beginning)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not reader.at_eof():
                if drip:
                    writer.write(drip)
                    await writer.drain()
                try:
                    await asyncio.wait_for(reader.read(1_000), 0.5)
                except TimeoutError:
                    continue
    except ConnectionError:
        pass
    writer.close()
    return time.monotonic() - begun


async def test_who_sends_slower_than_anybody_would_is_cut_off_and_others_are_served(process: Process) -> None:
    auth = f"Authorization: Bearer {process.token}\r\n".encode()
    post = b"POST /v1/complaints HTTP/1.1\r\nHost: a\r\n" + auth + b"Content-Type: application/json\r\n"
    slow = [until_cut_off(process, head, b"a" if head else b"") for head in SLOW_HEADS * 10]
    slow += [until_cut_off(process, post + b"Content-Length: 900000\r\n\r\n{", b" ") for _ in range(10)]
    waiting = asyncio.gather(*slow)
    for _ in range(5):
        assert await process.says("/health/live") == 200
    seconds = await waiting
    assert min(seconds) >= HEAD_SECONDS - 1
    row("S5", "slow heads and bodies", f"{len(seconds)} connections, all cut after at most {max(seconds):.1f} s")


async def test_a_request_behind_an_ambiguous_one_is_never_answered(process: Process, module_database_url: str) -> None:
    """Else a proxy and we could take different bytes for a request."""
    auth = f"Authorization: Bearer {process.token}\r\n".encode()
    post = b"POST /v1/complaints HTTP/1.1\r\nHost: a\r\n" + auth + b"Content-Type: application/json\r\n"
    hidden = b"POST /v1/complaints HTTP/1.1\r\nHost: a\r\n" + auth + b"Content-Type: application/json\r\n"
    hidden += b'Content-Length: 44\r\n\r\n{"channel": "phone", "narrative": "hidden!!"}'
    connection = await asyncpg.connect(module_database_url)
    before = await connection.fetchval("SELECT count(*) FROM case_record")
    for lengths in (
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Content-Length: 0\r\nContent-Length: 300\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
    ):
        answer = await process.send(post + lengths + b"\r\n0\r\n\r\n" + hidden, PATIENCE_SECONDS)
        assert [int(status) for status in STATUS.findall(answer)] in ([400], [501]), answer[:300]
    assert await connection.fetchval("SELECT count(*) FROM case_record") == before
    await connection.close()


async def test_a_body_of_ten_megabytes_is_refused_and_not_kept(process: Process) -> None:
    head = b"POST /v1/complaints HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    auth = f"Authorization: Bearer {process.token}\r\n".encode()
    before = process.resident_bytes()
    for length in (b"Content-Length: 10000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n989680\r\n"):
        answer = await process.send(head + auth + length + b"x" * 10_000_000)
        assert not answer or STATUS.findall(answer)[0] == b"413", answer[:200]
    assert process.resident_bytes() - before < GROWTH_BYTES


def test_the_log_has_no_token(process: Process) -> None:
    assert process.token not in Path(process.log).read_text("utf-8", "replace")
