"""The real servers that the benchmarks run on: PostgreSQL with its syncs, Temporal's dev server, a mail server."""

import base64
import os
import platform
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from contracts.search_attributes import ALL
from runtime.converter import HEADER_CODEC, data_converter
from runtime.preparation import prepare
from starter.embedded import EmbeddedPostgres, EmbeddedTemporal
from starter.embedded.binaries import temporal_program
from starter.embedded.temporal import DYNAMIC_CONFIG
from storage.keys import MasterKeys
from tests.mail_server import MailServer


@dataclass(frozen=True, slots=True)
class Servers:
    """What a house needs to stand on."""

    database_url: str
    client: Client
    keys: MasterKeys
    mail: MailServer
    folder: Path
    temporal_address: str


def conditions() -> str:
    """When and where something was measured, and what else the machine had to do."""
    load = "/".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}, load average {load}"
    )


@asynccontextmanager
async def servers() -> AsyncIterator[Servers]:
    """PostgreSQL and Temporal as `amends up` runs them, prepared, in a folder that is removed behind them."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="amends-benchmark-")))
        database_url, mail = await _records_and_mail(stack, folder)
        types = {key.name: key.indexed_value_type.name for key in ALL}
        temporal = EmbeddedTemporal(folder, search_attributes=types)
        stack.push_async_callback(temporal.stop)
        await temporal.start()
        keys = _new_keys()
        client = await Client.connect(
            temporal.address, data_converter=data_converter(keys), header_codec_behavior=HEADER_CODEC
        )
        yield Servers(database_url, client, keys, mail, folder, temporal.address)


@asynccontextmanager
async def time_skipping_servers() -> AsyncIterator[tuple[Servers, WorkflowEnvironment]]:
    """The same, but every workflow has a clock of its own, moved by `fast_forward` only."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="amends-benchmark-")))
        database_url, mail = await _records_and_mail(stack, folder)
        keys = _new_keys()
        config = {**DYNAMIC_CONFIG, "frontend.WorkflowTimeSkippingEnabled": "true"}
        environment = await WorkflowEnvironment.start_time_skipping_v2(
            ts_config=TimeSkippingConfig(enabled=False),
            data_converter=data_converter(keys),
            search_attributes=ALL,
            dev_server_existing_path=str(temporal_program()),
            dev_server_log_level="error",
            dev_server_extra_args=[
                word for name, value in config.items() for word in ("--dynamic-config-value", f"{name}={value}")
            ],
        )
        await stack.enter_async_context(environment)
        address = environment.client.service_client.config.target_host
        yield Servers(database_url, environment.client, keys, mail, folder, address), environment


async def _records_and_mail(stack: AsyncExitStack, folder: Path) -> tuple[str, MailServer]:
    postgres, mail = EmbeddedPostgres(folder), MailServer()
    stack.push_async_callback(postgres.stop)
    await postgres.start()
    await prepare(postgres.url, "Asia/Shanghai", datetime.now(UTC))
    stack.push_async_callback(mail.stop)
    await mail.start()
    return postgres.url, mail


def _new_keys() -> MasterKeys:
    return MasterKeys.parse(base64.b64encode(secrets.token_bytes(32)).decode())
