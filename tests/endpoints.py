"""Endpoints that webhooks are delivered to: a real HTTP server that remembers what it was told and answers as asked."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from standardwebhooks import Webhook


@dataclass
class Told:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """The body, if the secret signs it."""
        return Webhook(secret).verify(self.body, self.headers)


Answer = Callable[[Told], "int | float | tuple[int, dict[str, str]]"]
"""A status, with headers perhaps, or after how many seconds it says yes."""


@dataclass
class Endpoints:
    """A server with as many endpoints as there are paths."""

    url: str = ""
    told: list[Told] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    open_doors: dict[str, asyncio.Event] = field(default_factory=dict)

    def at(self, path: str) -> list[Told]:
        return [one for one in self.told if one.path == path]

    async def until(self, path: str, count: int) -> list[Told]:
        async with asyncio.timeout(60):
            while len(self.at(path)) < count:
                await asyncio.sleep(0.02)
        return self.at(path)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        told = Told(scope["path"], headers, body)
        self.told.append(told)
        if scope["path"] in self.open_doors:
            await self.open_doors[scope["path"]].wait()
        answer = self.answers.get(scope["path"], lambda _: 204)(told)
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            answer = 204
        status, more_headers = answer if isinstance(answer, tuple) else (answer, {})
        raw = [(name.encode(), value.encode()) for name, value in more_headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": b""})


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The signals stay the test run's."""
        yield


@asynccontextmanager
async def endpoints() -> AsyncIterator[Endpoints]:
    served = Endpoints()
    config = uvicorn.Config(served, host="127.0.0.1", port=0, log_config=None, lifespan="off", access_log=False)  # type: ignore[arg-type]
    server = _Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    served.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield served
    for door in served.open_doors.values():
        door.set()
    server.should_exit = True
    await running
