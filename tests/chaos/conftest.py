"""How a run shows its figures although it passes, and the rig whose links can be spoiled, shared by a file's tests."""

import sys
from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import TypeAlias

import pytest

from starter.embedded import EmbeddedPostgres, EmbeddedTemporal
from storage.keys import MasterKeys
from tests.chaos.business import Business, open_for_business
from tests.chaos.figures import keep
from tests.chaos.rig import Rig, rigged
from tests.conftest import execute, url_of_database

SEED = 20261127
_first_numbers = count(700_000, 20_000)

Say: TypeAlias = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print a line that is seen whether the test passes or not."""

    def show(line: str) -> None:
        keep(line)
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return show


@pytest.fixture(scope="module")
async def rig(
    postgres_server: EmbeddedPostgres,
    migrated_template: str,
    temporal_server: EmbeddedTemporal,
    master_keys: MasterKeys,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Rig]:
    """An API and a worker behind proxies, with a database and case numbers of their own."""
    first = next(_first_numbers)
    name = f"rig_{first}"
    await execute(postgres_server.url, f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
    url = url_of_database(postgres_server.url, name)
    await execute(url, f"SELECT setval('case_number', {first})")
    folder = tmp_path_factory.mktemp("rig")
    async with rigged(url, temporal_server.address, master_keys, folder, SEED) as rig:
        yield rig
    await execute(postgres_server.url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
async def business(rig: Rig) -> AsyncIterator[Business]:
    """People at work in the rig, and what they were told."""
    async with open_for_business(rig, SEED, think_seconds=0.3) as business:
        yield business
