"""Cases that are read all the time while commands, failing steps and clocks come in still replay (decision 39)."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from temporalio.client import Client

from runtime.converter import HEADER_CODEC, data_converter
from starter.embedded import EmbeddedTemporal
from starter.problems import Problem
from storage.keys import MasterKeys
from tests.chaos.replays import replay_all
from tests.house import working_house
from tests.mail_server import MailServer

CASES = 30
SECONDS = 45
STEP = "acknowledgement.1"


@pytest.mark.long
async def test_cases_that_are_read_all_the_time_replay(
    database_url: str, temporal_server: EmbeddedTemporal, master_keys: MasterKeys, mail_server: MailServer
) -> None:
    chance, converter = random.Random(20261127), data_converter(master_keys)
    client = await Client.connect(temporal_server.address, data_converter=converter, header_codec_behavior=HEADER_CODEC)
    mail_server.refuse("450 4.3.2 try later")
    async with working_house(
        database_url, client, master_keys, smtp_url=mail_server.url, default_policy="demo"
    ) as house:
        references = await asyncio.gather(*(house.take() for _ in range(CASES)))
        supervisor = house.people["supervisor"]

        async def read() -> None:
            await house.services.cases.current_case(supervisor, chance.choice(references))

        async def note() -> None:
            await house.do(chance.choice(references), "note", by="supervisor", text="The customer called.")

        async def retry() -> None:
            await house.do(chance.choice(references), "retry_step", by="operator", step=STEP, reason="once more")

        await keep_doing([read] * 4 + [note] * 2 + [retry] * 2)
        assert await replay_all(client, master_keys) >= CASES


async def keep_doing(acts: list[Callable[[], Awaitable[None]]]) -> None:
    """Each of these again and again, all at once; a lawful refusal is part of it."""

    async def again(act: Callable[[], Awaitable[None]]) -> None:
        while True:
            with suppress(Problem):
                await act()
            await asyncio.sleep(0.01)

    with suppress(TimeoutError):
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(*map(again, acts))
