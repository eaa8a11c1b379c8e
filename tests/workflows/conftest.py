from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from storage.keys import MasterKeys
from tests.house import House, working_house
from tests.mail_server import MailServer


@pytest.fixture
async def house(
    database_url: str, time_skipping: WorkflowEnvironment, master_keys: MasterKeys, mail_server: MailServer
) -> AsyncIterator[House]:
    async with working_house(database_url, time_skipping.client, master_keys, smtp_url=mail_server.url) as house:
        yield house
