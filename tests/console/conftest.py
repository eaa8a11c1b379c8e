"""One house, one server and one headless Chromium for the tests of a file."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright

from starter.api.app import application
from starter.services import Services
from tests.api.conftest import house, logs, module_database_url, post, temporal_client
from tests.console.visiting import Desk, Site
from tests.endpoints import _Server
from tests.house import House

__all__ = ["house", "logs", "module_database_url", "post", "temporal_client"]

NO_BROWSER = "Chromium is needed for the tests of the console: apt-get install chromium"


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium as Debian ships it."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.fail(NO_BROWSER)
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield launched
        await launched.close()


@pytest.fixture(scope="module")
async def site(house: House, browser: Browser) -> AsyncIterator[Site]:
    """The console of a house, served on a port of its own."""
    import uvicorn

    @asynccontextmanager
    async def opened() -> AsyncIterator[Services]:
        yield house.services

    config = uvicorn.Config(application(opened), host="127.0.0.1", port=0, log_config=None, access_log=False)
    server = _Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Site(house, browser, f"http://127.0.0.1:{port}")
    server.should_exit = True
    await running


@pytest.fixture
async def desk(site: Site) -> AsyncIterator[Desk]:
    """Browser windows that close behind the test."""
    opened = Desk(site)
    yield opened
    await opened.close()
