"""One house for the tests of a file: they keep apart by taking cases of their own."""

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from runtime.converter import HEADER_CODEC, data_converter
from starter.embedded import EmbeddedPostgres, EmbeddedTemporal
from storage.keys import MasterKeys
from tests.api.visitors import Api, visitors
from tests.conftest import execute, url_of_database
from tests.house import House, working_house
from tests.mail_server import MailServer


@pytest.fixture(scope="session")
async def temporal_client(temporal_server: EmbeddedTemporal, master_keys: MasterKeys) -> Client:
    return await Client.connect(
        temporal_server.address, data_converter=data_converter(master_keys), header_codec_behavior=HEADER_CODEC
    )


@pytest.fixture(scope="module")
async def module_database_url(
    postgres_server: EmbeddedPostgres, migrated_template: str, request: pytest.FixtureRequest
) -> AsyncIterator[str]:
    name = request.module.__name__.rpartition(".")[2]
    await execute(postgres_server.url, f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
    yield url_of_database(postgres_server.url, name)
    await execute(postgres_server.url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
async def post() -> AsyncIterator[MailServer]:
    server = MailServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def house(
    module_database_url: str, temporal_client: Client, master_keys: MasterKeys, post: MailServer
) -> AsyncIterator[House]:
    async with working_house(module_database_url, temporal_client, master_keys, smtp_url=post.url) as house:
        yield house


@pytest.fixture(scope="module")
async def api(house: House) -> AsyncIterator[Api]:
    async with visitors(house) as api:
        yield api
