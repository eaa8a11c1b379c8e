from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from typing import Any, TypeAlias

import pytest
from temporalio.testing import WorkflowEnvironment

from runtime.assembly import case_worker
from storage.keys import MasterKeys
from tests.conftest import execute
from tests.house import House, open_house
from tests.mail_server import MailServer
from tests.workflows.following import all_agree

_first_numbers = count(1_000, 1_000)

OpenHouse: TypeAlias = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def unattended(
    database_url: str, time_skipping: WorkflowEnvironment, master_keys: MasterKeys, mail_server: MailServer
) -> OpenHouse:
    """Open a house without a worker.

    Every test has a database of its own and all share one Temporal, so each counts its cases from another number on.
    """

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[House]:
        client = time_skipping.client
        await execute(database_url, f"SELECT setval('case_number', {next(_first_numbers)})")
        async with open_house(database_url, client, master_keys, smtp_url=mail_server.url, **settings) as house:
            yield house

    return opened


@pytest.fixture
async def house(unattended: OpenHouse) -> AsyncIterator[House]:
    """A house with a worker. At the end, workflows, read models and ledger say the same of every case."""
    async with unattended() as house, case_worker(house.parts, strict=True):
        yield house
        await all_agree(house)
