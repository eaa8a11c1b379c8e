"""One house for the tests of a file: they keep apart by taking cases of their own."""

import logging
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from io import StringIO
from itertools import count

import pytest
import structlog
from temporalio.client import Client

from runtime.converter import HEADER_CODEC, data_converter
from runtime.logs import configure
from runtime.settings import Settings
from starter.embedded import EmbeddedPostgres, EmbeddedTemporal
from storage.keys import MasterKeys
from tests.api.visitors import Api, visitors
from tests.conftest import execute, url_of_database
from tests.house import House, working_house
from tests.mail_server import MailServer

_first_numbers = count(100_000, 10_000)


@pytest.fixture(scope="session")
async def temporal_client(temporal_server: EmbeddedTemporal, master_keys: MasterKeys) -> Client:
    return await Client.connect(
        temporal_server.address, data_converter=data_converter(master_keys), header_codec_behavior=HEADER_CODEC
    )


@pytest.fixture(scope="module", autouse=True)
def logs(master_keys: MasterKeys) -> Iterator[StringIO]:
    """What the process logs, as in production; all that `configure` changes is put back."""
    root, stream = logging.getLogger(), StringIO()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook)
    settings = Settings(
        database_url="postgresql://host/name",
        master_key=master_keys.reveal(),
        smtp_url="smtp://host",
        mail_from="care@example.org",
    )
    configure(settings, stream)
    yield stream
    root.handlers[:], root.level, sys.excepthook, threading.excepthook = before
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture(scope="module")
async def module_database_url(
    postgres_server: EmbeddedPostgres, migrated_template: str, request: pytest.FixtureRequest
) -> AsyncIterator[str]:
    """A database for a file. All files share one Temporal, so each counts its cases from another number on."""
    name = request.module.__name__.replace(".", "_")
    await execute(postgres_server.url, f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
    url = url_of_database(postgres_server.url, name)
    first = next(_first_numbers)
    numbers = ("case_number", "undertaking_number", "wave_number")
    await execute(url, "SELECT " + ", ".join(f"setval('{number}', {first})" for number in numbers))
    yield url
    await execute(postgres_server.url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
async def post() -> AsyncIterator[MailServer]:
    server = MailServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def house(
    module_database_url: str,
    temporal_client: Client,
    master_keys: MasterKeys,
    post: MailServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[House]:
    settings = {"smtp_url": post.url, "files_dir": tmp_path_factory.mktemp("files"), "trusted_proxies": ["127.0.0.1"]}
    settings |= {"webhook_private_targets": True, "temporal_ui_url": "http://temporal.example.org"}
    async with working_house(module_database_url, temporal_client, master_keys, **settings) as house:
        yield house


@pytest.fixture(scope="module")
async def api(house: House) -> AsyncIterator[Api]:
    async with visitors(house) as api:
        yield api
