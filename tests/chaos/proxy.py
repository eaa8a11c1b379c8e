"""A TCP proxy between two parts of an installation that can spoil what passes: the network of the chaos battery.

After Shopify's toxiproxy and asyncpg's fuzzing proxy. It knows no protocol; what it does can be changed while it runs.
"""

import asyncio
import random
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from starter.embedded.data_folder import LOOPBACK

CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Toxic:
    """What a link does to the bytes; as it stands, nothing."""

    name: str = "sound"
    delay_seconds: float = 0.0
    jitter_seconds: float = 0.0
    swallows: bool = False
    """A black hole: connections stay, nothing arrives."""
    slice_bytes: int | None = None
    bytes_per_second: int | None = None
    limit_bytes: int | None = None
    """A connection ends behind so many bytes of an answer."""
    loses_answers: float = 0.0
    """How often the connection ends when the answer comes: it was done, and nobody hears of it."""
    loses_commits: float = 0.0
    """How often the connection ends when PostgreSQL answers a COMMIT."""
    refuses: bool = False


SOUND = Toxic()
TOXICS = (
    Toxic("latency", delay_seconds=0.25, jitter_seconds=0.2),
    Toxic("reset", refuses=True),
    Toxic("black hole", swallows=True),
    Toxic("slicer", slice_bytes=7),
    Toxic("slow", bytes_per_second=20_000),
    Toxic("limit", limit_bytes=3_000),
)


@dataclass
class Proxy:
    """Listens on a port of its own and passes everything on to another."""

    name: str
    target: int
    chance: random.Random
    port: int = 0
    passed: int = 0
    broken: int = 0
    toxic: Toxic = SOUND
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Reset every connection."""
        for writer in tuple(self._open):
            self._break(writer)

    @asynccontextmanager
    async def poisoned(self, toxic: Toxic) -> AsyncIterator[None]:
        """Spoil what passes for a while. A link that refuses has cut what was open first."""
        self.toxic = toxic
        if toxic.refuses:
            self.cut()
        try:
            yield
        finally:
            self.toxic = SOUND
            if toxic.swallows:  # what was swallowed is missing: such a connection must not go on
                self.cut()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._open.add(writer)
        if self.toxic.refuses:
            self._break(writer)
            return
        try:
            there_reader, there = await asyncio.open_connection(LOOPBACK, self.target)
        except OSError:
            self._break(writer)
            return
        self._open.add(there)
        link = _Link(self, writer, there)
        try:
            await asyncio.gather(link.pass_on(reader, there, asks=True), link.pass_on(there_reader, writer, asks=False))
        except (OSError, _BrokenOff):
            self.broken += 1
        except asyncio.CancelledError:  # the proxy stops; a task of the stream server must not say so
            return
        finally:
            self._break(writer)
            self._break(there)

    def _break(self, writer: asyncio.StreamWriter) -> None:
        """End a connection by a reset, as a dead host or a firewall does."""
        self._open.discard(writer)
        raw = writer.get_extra_info("socket")
        with suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


class _BrokenOff(Exception):
    """The toxic ends the connection."""


class _Link:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, here: asyncio.StreamWriter, there: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._ends = (here, there)
        self._answered = 0
        self._awaits_commit = False

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asks: bool) -> None:
        while data := await reader.read(CHUNK):
            toxic = self._proxy.toxic
            if not asks:
                self._lose(toxic, data)
            elif b"COMMIT" in data and self._proxy.chance.random() < toxic.loses_commits:
                self._awaits_commit = True
            if toxic.swallows:
                continue
            for part in self._parts(toxic, data):
                await self._wait(toxic, part)
                writer.write(part)
                await writer.drain()
            self._proxy.passed += len(data)
        for end in self._ends:
            end.close()

    def _lose(self, toxic: Toxic, data: bytes) -> None:
        """End the connection in the place of the answer, or behind its allowance."""
        self._answered += len(data)
        is_over = toxic.limit_bytes is not None and self._answered > toxic.limit_bytes
        if is_over or self._awaits_commit or self._proxy.chance.random() < toxic.loses_answers:
            raise _BrokenOff

    def _parts(self, toxic: Toxic, data: bytes) -> list[bytes]:
        step = toxic.slice_bytes or (toxic.bytes_per_second or CHUNK * 20) // 20
        return [data[start : start + step] for start in range(0, len(data), step)]

    async def _wait(self, toxic: Toxic, part: bytes) -> None:
        seconds = toxic.delay_seconds + self._proxy.chance.uniform(0, toxic.jitter_seconds)
        if toxic.bytes_per_second is not None:
            seconds += len(part) / toxic.bytes_per_second
        if seconds:
            await asyncio.sleep(seconds)
