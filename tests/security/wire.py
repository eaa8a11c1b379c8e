"""An API process of its own behind a real socket, and frames that no honest client sends."""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from domain.access import Role
from starter.embedded.data_folder import LOOPBACK, PORTS, is_free
from storage.keys import MasterKeys
from storage.people import People
from storage.pool import open_pool

READY_SECONDS = 120
ANSWER_SECONDS = 120
SETTLE_SECONDS = 0.5
"""An incomplete frame gets no answer; after this we end our side of the connection."""


@dataclass(frozen=True, slots=True)
class Process:
    """A running API: where it is, who may call it, and what it is as a process."""

    port: int
    token: str
    pid: int
    log: Path

    def resident_bytes(self) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))

    def lives(self) -> bool:
        return Path(f"/proc/{self.pid}").exists()

    async def send(self, frame: bytes, settle_seconds: float = SETTLE_SECONDS) -> bytes:
        """Send raw bytes on a connection of their own and wait a little before ending; all that comes back."""
        reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
        try:
            with suppress(ConnectionError):
                writer.write(frame)
                await writer.drain()
            first = await _something_of(reader, settle_seconds)
            with suppress(OSError):
                writer.write_eof()
            return first + await asyncio.wait_for(_all_of(reader), ANSWER_SECONDS)
        finally:
            writer.close()

    async def says(self, path: str) -> int:
        """The status of a plain request."""
        answer = await self.send(
            f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode(), ANSWER_SECONDS
        )
        return int(answer.split()[1])


async def _something_of(reader: asyncio.StreamReader, seconds: float) -> bytes:
    try:
        return await asyncio.wait_for(reader.read(1_000_000), seconds)
    except (TimeoutError, ConnectionError):
        return b""


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(-1)
    except ConnectionError:
        return b""


@asynccontextmanager
async def api_process(database_url: str, keys: MasterKeys, folder: Path) -> AsyncIterator[Process]:
    """`amends api` with the settings of an installation whose Temporal is away."""
    pool = await open_pool(database_url, size=1)
    person = await People(pool).enrol("wire", [Role.HOTLINE, Role.SUPERVISOR], datetime.now(UTC))
    token = await People(pool).issue_token(person.id, datetime.now(UTC))
    await pool.close()
    port, log = next(port for port in random.sample(PORTS, len(PORTS)) if is_free(port)), folder / "api.log"
    environment = {
        "AMENDS_DATABASE_URL": database_url,
        "AMENDS_MASTER_KEY": keys.reveal(),
        "AMENDS_SMTP_URL": "smtp://127.0.0.1:1",
        "AMENDS_MAIL_FROM": "care@example.org",
        "AMENDS_FILES_DIR": str(folder / "files"),
        "AMENDS_PORT": str(port),
        "TEMPORAL_ADDRESS": f"{LOOPBACK}:1",
    }
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "starter.cli.main", "api"),
            env=os.environ | environment,
            stdout=output,
            stderr=output,
        )
    running = Process(port, token, process.pid, log)
    try:
        await _until_ready(running)
        yield running
    finally:
        process.terminate()
        await process.wait()


async def _until_ready(process: Process) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while True:
            with suppress(OSError, IndexError, ValueError):
                if await process.says("/health/live") == 200:
                    return
            await asyncio.sleep(0.1)


def frames(token: str, seed: int, number: int) -> Iterator[bytes]:
    """Everything that is known to confuse servers, then random mutations of it."""
    known = list(_known(token))
    yield from known[:number]
    chance = random.Random(seed)
    for _ in range(number - len(known)):
        yield _mutated(chance, chance.choice(known))


def _known(token: str) -> Iterator[bytes]:
    auth = f"Authorization: Bearer {token}\r\n".encode()
    post = b"POST /v1/complaints HTTP/1.1\r\nHost: a\r\n" + auth + b"Content-Type: application/json\r\n"
    body = b'{"channel": "phone", "narrative": "wire"}'
    length = b"Content-Length: %d\r\n" % len(body)
    chunked = b"Transfer-Encoding: chunked\r\n"
    whole = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    smuggled = b"GET /v1/staff HTTP/1.1\r\nHost: a\r\n" + auth + b"\r\n"
    yield post + length + b"\r\n" + body
    yield post + chunked + b"\r\n" + whole
    # Two lengths: content-length against transfer-encoding, and each against itself.
    yield post + length + chunked + b"\r\n" + b"0\r\n\r\n" + smuggled
    yield post + b"Content-Length: 6\r\n" + chunked + b"\r\n" + b"0\r\n\r\nX" + smuggled
    yield post + b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n" + smuggled
    yield post + b"Content-Length: 3, 3\r\n\r\nabc" + smuggled
    for te in (b"xchunked", b"chunked, chunked", b"identity", b"\x0bchunked", b" chunked", b"chunked\r\n x", b"gzip"):
        yield post + b"Transfer-Encoding: " + te + b"\r\n\r\n" + whole + smuggled
    yield post + b"Transfer-Encoding : chunked\r\n\r\n" + whole
    for wrong in (b"-1", b"+5", b"5 5", b"0x5", b"9" * 400, b"", b"5\x00", b"1e3"):
        yield post + b"Content-Length: " + wrong + b"\r\n\r\n" + body
    # Chunks that lie.
    for chunk in (
        b"zz\r\nx\r\n",
        b"-1\r\n",
        b"ffffffffffffffff\r\nx",
        b"5\r\nab",
        b"1;" + b"x" * 20_000 + b"\r\na\r\n",
    ):
        yield post + chunked + b"\r\n" + chunk
    yield post + chunked + b"\r\n" + b"1\r\n{\r\n" * 2_000 + b"0\r\n" + b"A: b\r\n" * 5_000 + b"\r\n"
    # Heads that are too much, or none.
    yield post + b"X: " + b"a" * 2_000_000 + b"\r\n\r\n"
    yield post + b"".join(b"X-%d: a\r\n" % each for each in range(20_000)) + b"\r\n"
    yield b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    yield b"GET / HTTP/1.1\r\n\r\n"
    yield b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"
    for line in (b"GET  / HTTP/1.1", b"GET /", b"GET / HTTP/9.9", b"\x16\x03\x01\x02\x00\x01\x00", b"PRI * HTTP/2.0"):
        yield line + b"\r\nHost: a\r\n\r\n"
    for target in (b"http://evil.example/", b"*", b"//evil", b"/%00", b"/%ff%fe", b"/..%2f..%2f", b"/\xff", b"/a b"):
        yield b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    yield b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\nY:\x00\r\nZ\r\n\r\n"
    yield b"GET / HTTP/1.1\nHost: a\n\n"
    yield b"OPTIONS * HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    yield b"CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n"
    yield post + b"Expect: 100-continue\r\n" + length + b"\r\n" + body
    # Bodies that are no JSON, or too much of it.
    for content in (
        b"[" * 200_000,
        b'{"a":' * 50_000,
        b'{"channel": "\xff\xfe"}',
        b'{"channel": "phone", "narrative": "a\x00b"}',
        b'{"channel": "phone", "channel": "web", "narrative": "x"}',
        b'{"narrative": "' + b"x" * 900_000 + b'"}',
        b"\xef\xbb\xbf{}",
        b"9" * 500_000,
    ):
        yield post + b"Content-Length: %d\r\n\r\n" % len(content) + content
    yield post + b"Content-Length: 10000000\r\n\r\n" + b"x" * 10_000_000
    yield smuggled * 50
    yield b""
    yield os.urandom(4_096)


def _mutated(chance: random.Random, frame: bytes) -> bytes:
    """A frame with a few of its bytes changed, cut, doubled or moved; the long ones are shortened first."""
    octets = bytearray(frame[: chance.choice((200, 600, 4_000))])
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(octets) + 1)
        match chance.randrange(5):
            case 0:
                octets[at:at] = chance.randbytes(chance.randint(1, 4))
            case 1:
                del octets[at : at + chance.randint(1, 20)]
            case 2:
                octets[at:at] = octets[at : at + chance.randint(1, 60)]
            case 3:
                octets[at:at] = chance.choice((b"\r\n", b"\r\n\r\n", b"\x00", b":", b" ", b"0\r\n\r\n", b"\xff"))
            case _:
                octets = octets[:at]
    return bytes(octets)
