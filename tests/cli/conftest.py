"""A running API for the command line: the real application behind a real socket, one for the tests of a file."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from starter.api.app import application
from starter.cli.main import app
from starter.services import Services
from tests.api.conftest import house, logs, module_database_url, post, temporal_client
from tests.api.visitors import Api, visitors
from tests.house import House

__all__ = ["house", "logs", "module_database_url", "post", "temporal_client"]

Amends = Callable[..., Awaitable[Result]]


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The signals stay the test run's."""
        yield


@pytest.fixture(scope="module")
async def api(house: House) -> AsyncIterator[Api]:
    async with visitors(house) as api:
        yield api


@pytest.fixture(scope="module")
async def url(house: House) -> AsyncIterator[str]:
    """Where the API of the house listens."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Services]:
        yield house.services

    listener = socket.create_server(("127.0.0.1", 0))
    server = _Server(uvicorn.Config(application(opened), log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture
def amends(api: Api, url: str) -> Amends:
    """Run the command line as somebody: `await amends("complaint", "list", by="hotline")`."""

    async def run(*words: str, by: str = "supervisor", code: int = 0, stdin: str | None = None, **more: Any) -> Result:
        environment = {"AMENDS_URL": url, "AMENDS_TOKEN": api[by].token, "COLUMNS": "120", "TZ": "Asia/Shanghai"}
        result = await asyncio.to_thread(CliRunner().invoke, app, words, stdin, environment | more)
        assert result.exit_code == code, result.output
        return result

    return run
