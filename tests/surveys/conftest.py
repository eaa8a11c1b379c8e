"""A house with a worker for waves; every test has a database of its own and numbers its waves from another one on."""

from collections.abc import AsyncIterator
from itertools import count

import pytest
from temporalio.testing import WorkflowEnvironment

from runtime.assembly import case_worker
from storage.keys import MasterKeys
from tests.conftest import execute
from tests.house import House, open_house
from tests.mail_server import MailServer

_first_numbers = count(1_000, 1_000)


def next_first_number() -> int:
    """A number that no other test of this Temporal has come to."""
    return next(_first_numbers)


@pytest.fixture
def step_attempts() -> int:
    """How often a step is tried before it is parked; a file may say more where it is not about parking."""
    return 2


@pytest.fixture
async def unattended(
    database_url: str,
    time_skipping: WorkflowEnvironment,
    master_keys: MasterKeys,
    mail_server: MailServer,
    step_attempts: int,
) -> AsyncIterator[House]:
    """A house without a worker."""
    await execute(database_url, f"SELECT setval('wave_number', {next_first_number()})")
    settings = {"smtp_url": mail_server.url, "step_attempts": step_attempts}
    async with open_house(database_url, time_skipping.client, master_keys, **settings) as house:
        yield house


@pytest.fixture
async def house(unattended: House) -> AsyncIterator[House]:
    """A house with a worker."""
    async with case_worker(unattended.parts, strict=True):
        yield unattended
