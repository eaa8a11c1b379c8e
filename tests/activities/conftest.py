from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from runtime.converter import data_converter
from storage.keys import MasterKeys
from tests.house import House, open_house
from tests.mail_server import MailServer


@pytest.fixture
async def house(database_url: str, master_keys: MasterKeys, mail_server: MailServer) -> AsyncIterator[House]:
    """A house without Temporal: activities are called by the tests themselves."""
    nowhere = await Client.connect("127.0.0.1:1", lazy=True, data_converter=data_converter(master_keys))
    async with open_house(database_url, nowhere, master_keys, smtp_url=mail_server.url) as house:
        yield house


@pytest.fixture
def attempt() -> ActivityEnvironment:
    """What an activity finds around it, in its first attempt."""
    return ActivityEnvironment()
