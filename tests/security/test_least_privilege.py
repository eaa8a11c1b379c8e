"""Everything that the API and the workers do, they can do with the rights of their own database roles."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.surveys.waves.wave import WaveStatus
from runtime.assembly import Parts, case_worker, chores, plug_together
from starter.attachments import File
from starter.reading import STORY
from storage.keys import MasterKeys
from storage.pool import open_pool
from storage.roles import API, WORKER
from storage.unstarted import Kind, Unstarted
from tests.conftest import execute
from tests.house import House, open_house
from tests.mail_server import MailServer
from tests.storage.database_roles import roles, urls
from tests.surveys import field

__all__ = ["roles", "urls"]


@pytest.fixture
async def house(
    urls: dict[str, str], temporal_client: Client, master_keys: MasterKeys, mail_server: MailServer, tmp_path: Path
) -> AsyncIterator[House]:
    """A house whose desks are the API's."""
    where = {"smtp_url": mail_server.url, "files_dir": tmp_path}
    async with open_house(urls[API], temporal_client, master_keys, **where) as house:
        yield house


@pytest.fixture
async def worker(urls: dict[str, str], house: House) -> AsyncIterator[Parts]:
    """A worker of that house, with the rights of a worker."""
    pool = await open_pool(urls[WORKER], size=4)
    parts = plug_together(house.parts.settings, house.parts.keys, pool, house.parts.client)
    async with case_worker(parts, strict=True):
        yield parts
    await pool.close()


async def until(house: House, reference: str, status: str) -> None:
    async with asyncio.timeout(60):
        while (await house.record(reference)).status != status or (await house.record(reference)).unfinished_steps:
            await asyncio.sleep(0.05)


async def test_a_case_goes_its_way_and_its_customer_is_erased(house: House, worker: Parts) -> None:
    reference = await house.take(customer={"id": "K-1", "email": "ann@example.org", "name": "Ann"})
    await house.take(customer={"id": "K-1", "phone": "010 6552 9988"})
    await house.do(reference, "assess", decision="valid", evidence="seen")
    await house.do(reference, "claim")
    await house.do(reference, "start_investigation")
    await house.do(reference, "correct", field="name", text="Ann Lee", reason="misspelt")
    await house.do(reference, "respond", way="email", letter="Sorry.", outcome="upheld", cause="process")
    await until(house, reference, "responded")
    file = File("a.txt", "text/plain", b"text")
    added = await house.services.attachments.add(house.people["handler"], reference, file, None)
    await house.services.attachments.read(house.people["handler"], reference, added.id)
    await house.do(reference, "close")
    customer = (await house.record(reference)).intake.customer
    await house.services.reads.note("per_x", customer, STORY, reference)
    other = next(c.reference for c in await house.parts.eraser.record.cases_of(customer) if c.reference != reference)
    await house.do(other, "withdraw", by="hotline", reason="x", confirmed_by="phone")
    privacy = house.people["privacy"]
    await house.services.privacy.hold(privacy, reference, "court")
    await worker.eraser.sweep(datetime.now(UTC) + timedelta(days=9_000))
    await house.services.privacy.lift(privacy, reference, "settled")
    await house.services.privacy.disclose(privacy, customer)
    assert await house.services.privacy.erase(privacy, customer)
    for each in chores(worker):
        await each.do()
    assert await house.parts.pool.fetchval("SELECT count(*) FROM ledger_anchor") == 1


async def test_what_was_kept_long_enough_is_let_go_by_a_worker(house: House, worker: Parts) -> None:
    reference = await house.take()
    await house.do(reference, "withdraw", by="hotline", reason="x", confirmed_by="phone")
    await until(house, reference, "withdrawn")  # and its letter has gone out: nothing is under way
    customer = (await house.record(reference)).intake.customer
    while await worker.eraser.sweep(datetime.now(UTC) + timedelta(days=9_000)):
        pass
    stone = await house.parts.eraser.record.tombstone(customer)
    assert stone is not None
    assert stone.ground == "retention"


async def test_a_wave_goes_from_the_frame_to_its_report(
    database_url: str, house: House, worker: Parts, mail_server: MailServer
) -> None:
    await execute(database_url, "SELECT setval('wave_number', 910000)")
    await field.fill_frame(house, 30)
    wave = await field.planned(house, field.by_mail())
    await field.command(house, wave.reference, "launch", by="analyst")
    await field.until_fact(house, wave.reference, "wave.invited")
    for token in list(field.tokens(mail_server).values())[:6]:
        await field.answer(house, token)
    await field.command(house, wave.reference, "close", reason="enough")
    await field.until_status(house, wave.reference, WaveStatus.REPORTED)
    assert (await field.command(house, wave.reference, "sign_off")).status == WaveStatus.SIGNED_OFF
    assert await Unstarted(worker.pool, Kind.WAVE).restart_all(datetime.now(UTC)) == 0
