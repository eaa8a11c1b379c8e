"""The real services that tests run against: PostgreSQL, Temporal and an SMTP server, each started once and ended.

Every test that uses PostgreSQL or Temporal, also through another fixture, gets the mark `services`.
"""

import base64
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from starter.embedded import DataFolderInUse, EmbeddedPostgres, EmbeddedTemporal, claimed
from starter.embedded.binaries import temporal_program
from starter.embedded.process import OwnedProcess
from starter.embedded.temporal import DYNAMIC_CONFIG
from tests.mail_server import MailServer

if TYPE_CHECKING:
    from storage.keys import MasterKeys

SERVICES = frozenset({"postgres_server", "temporal_server", "time_skipping"})
FOLDER_PREFIX = "amends-tests-"

os.environ.pop("COLUMNS", None)  # the width of whose terminal the tests were started in

# A power cut in the middle of a test is not what these tests are about.
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SERVICES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.services)
    items[:] = _slow_files_spread(items)


def _slow_files_spread(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Files that mostly wait, evenly among those that compute: else a run ends with all its processes waiting."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    slow = [tests for tests in files.values() if any(test.get_closest_marker("slow") for test in tests)]
    others = [tests for tests in files.values() if tests not in slow]
    between = len(others) // len(slow) if slow else 0
    for number, tests in enumerate(slow):
        others.insert(number * (between + 1), tests)
    return [test for tests in others for test in tests]


def pytest_configure() -> None:
    """Let SIGTERM end a run as Ctrl-C does, so that the fixtures still stop what they started."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


@pytest.fixture(scope="session")
async def services_folder() -> AsyncIterator[Path]:
    """The data folder of this run's servers."""
    await _end_servers_of_killed_runs()
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    with claimed(folder):
        yield folder
    shutil.rmtree(folder, ignore_errors=True)  # another run may take it for one that nobody claims any more


async def _end_servers_of_killed_runs() -> None:
    """A run that was killed could not end its servers; a folder that nobody claims belonged to such a run."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):  # noqa: ASYNC240 (nothing else runs yet)
        with suppress(DataFolderInUse, PermissionError, FileNotFoundError), claimed(folder):
            for pid_file in (folder / "run").glob("*.pid"):
                await OwnedProcess(pid_file.stem, folder).end_leftovers(timedelta(0))
            shutil.rmtree(folder)


@pytest.fixture(scope="session")
async def postgres_server(services_folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(services_folder, settings=UNSAFE_BUT_FAST)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


@pytest.fixture(scope="session")
async def migrated_template(postgres_server: EmbeddedPostgres) -> str:
    """The name of a database as `amends migrate` leaves it, of which every test gets a copy."""
    from runtime.preparation import prepare

    name = "migrated"
    await execute(postgres_server.url, f"CREATE DATABASE {name}")
    await prepare(url_of_database(postgres_server.url, name), "Asia/Shanghai", datetime.now(UTC))
    return name


@pytest.fixture
async def database_url(postgres_server: EmbeddedPostgres, migrated_template: str) -> AsyncIterator[str]:
    """A fresh database with the whole schema, for one test; it counts its cases from a number of its own on."""
    name = f"test_{next(_database_numbers)}"
    await execute(postgres_server.url, f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
    url = url_of_database(postgres_server.url, name)
    await count_apart(url, next(_first_numbers))
    yield url
    await execute(postgres_server.url, f"DROP DATABASE {name} WITH (FORCE)")


_database_numbers = count(1)
_first_numbers = count(1_000, 100)


async def count_apart(url: str, first: int) -> None:
    """All tests of a process share one Temporal, where a number means one case, wave or undertaking."""
    numbers = ("case_number", "undertaking_number", "wave_number")
    await execute(url, "SELECT " + ", ".join(f"setval('{number}', {first})" for number in numbers))


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def url_of_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def master_keys() -> "MasterKeys":
    from storage.keys import MasterKeys

    return MasterKeys.parse(base64.b64encode(secrets.token_bytes(32)).decode())


@pytest.fixture(scope="session")
async def temporal_server(services_folder: Path) -> AsyncIterator[EmbeddedTemporal]:
    """A plain dev server whose clock is the machine's."""
    from contracts.search_attributes import ALL

    types = {key.name: key.indexed_value_type.name for key in ALL}
    server = EmbeddedTemporal(services_folder, search_attributes=types)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


@pytest.fixture(scope="session")
async def time_skipping(master_keys: "MasterKeys") -> AsyncIterator[WorkflowEnvironment]:
    """A dev server on which every workflow has a clock of its own, moved by `fast_forward`, never by itself."""
    from contracts.search_attributes import ALL
    from runtime.converter import data_converter

    config = {**DYNAMIC_CONFIG, "frontend.WorkflowTimeSkippingEnabled": "true"}
    environment = await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        data_converter=data_converter(master_keys),
        search_attributes=ALL,
        dev_server_existing_path=str(temporal_program()),
        dev_server_log_level="error",
        dev_server_extra_args=[
            word for name, value in config.items() for word in ("--dynamic-config-value", f"{name}={value}")
        ],
    )
    async with environment:
        yield environment


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    """An SMTP server that accepts everything until it is told otherwise."""
    server = MailServer()
    await server.start()
    yield server
    await server.stop()
