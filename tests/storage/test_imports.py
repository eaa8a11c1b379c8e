"""Imports against the store alone: every row once, whatever breaks off and whoever imports at the same time."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.import_ports import Chunk, ImportJob, TakenOver
from activities.importing import ImportWorker
from contracts.imports import ImportStart
from domain.access import Person, Role
from domain.complaints import shipped
from domain.complaints.importing import shipped_mapping
from runtime.rulebook import Rulebook
from starter.imports import ImportDesk
from storage.imports import Imports
from storage.keys import MasterKeys
from storage.people import People
from storage.pool import Pool, open_pool
from storage.vault import Vault

ROWS = 430
HEADER = "Unique Key,Created Date,Closed Date,Complaint Type,Status,Agency"


class Broken(Exception):
    """The process died here."""


class BreaksOff(Imports):
    """Writes some chunks, then dies once: before the write or right behind it."""

    def __init__(self, *parts: Any, after: int, is_written: bool) -> None:
        super().__init__(*parts)
        self._left: int | None = after
        self._is_written = is_written

    async def write(
        self,
        job: ImportJob,
        chunk: Chunk,
        cases: Sequence[TakenOver],
        known: dict[int, str],
        left_out: Sequence[int],
        at: datetime,
    ) -> None:
        dies = self._left == 0
        if self._left is not None:
            self._left = None if dies else self._left - 1
        if dies and not self._is_written:
            raise Broken
        await super().write(job, chunk, cases, known, left_out, at)
        if dies:
            raise Broken


@dataclass
class Office:
    """What an import needs, over a real store."""

    pool: Pool
    keys: MasterKeys
    person: Person

    def imports(self) -> Imports:
        return Imports(self.pool, Vault(self.pool, self.keys, "US"), self.keys, "US")

    def breaking_off(self, after: int, *, is_written: bool) -> Imports:
        vault = Vault(self.pool, self.keys, "US")
        return BreaksOff(self.pool, vault, self.keys, "US", after=after, is_written=is_written)

    async def hand_in(self, content: bytes) -> str:
        desk = ImportDesk(
            imports=self.imports(),
            rulebook=Rulebook(self.pool),
            taxonomy=shipped.taxonomy(),
            region="US",
            default_policy="plain",
            start=not_started,
        )
        looked = await desk.look(io.BytesIO(content), shipped_mapping("nyc311"))
        return await desk.take(self.person, io.BytesIO(content), looked, leave_out_bad_rows=False)

    async def carry_out(self, batch: str, imports: Imports) -> None:
        worker = ImportWorker(imports, Rulebook(self.pool), shipped.taxonomy(), "plain", lambda: datetime.now(UTC))
        while not (await ActivityEnvironment().run(worker.import_page, ImportStart(batch=batch))).is_last:
            pass

    async def cases(self) -> int:
        return int(await self.pool.fetchval("SELECT count(*) FROM case_record"))


async def not_started(_: str) -> None:
    return None


def rows(count: int = ROWS) -> bytes:
    lines = [f"{number},3/{13 + number % 16}/2025 9:30,,Pet Shop,Open,NYPD" for number in range(count)]
    return "\n".join([HEADER, *lines]).encode()


@pytest.fixture
async def office(database_url: str, master_keys: MasterKeys) -> AsyncIterator[Office]:
    pool = await open_pool(database_url, size=6)
    person = await People(pool).enrol("importer", [Role.SUPERVISOR], datetime.now(UTC))
    yield Office(pool, master_keys, person)
    await pool.close()


@pytest.mark.parametrize("is_written", [False, True], ids=["before a write", "behind a write"])
async def test_what_dies_in_the_middle_goes_on_and_every_row_is_one_case(office: Office, is_written: bool) -> None:
    batch = await office.hand_in(rows())
    with pytest.raises(Broken):
        await office.carry_out(batch, office.breaking_off(2, is_written=is_written))
    assert await office.cases() == (300 if is_written else 200)
    await office.carry_out(batch, office.imports())
    progress = await office.imports().progress(batch)
    assert progress is not None
    assert (progress.rows, progress.imported, progress.known, progress.is_finished) == (ROWS, ROWS, 0, True)
    assert await office.cases() == ROWS


async def test_two_who_import_the_same_rows_at_the_same_time_make_each_case_once(office: Office) -> None:
    batches = [await office.hand_in(rows()) for _ in range(2)]
    await asyncio.gather(*(office.carry_out(batch, office.imports()) for batch in batches))
    found = [await office.imports().progress(batch) for batch in batches]
    assert [each.imported + each.known for each in found if each is not None] == [ROWS, ROWS]
    assert sum(each.imported for each in found if each is not None) == ROWS
    assert await office.cases() == ROWS
    first, second = [await office.imports().page(batch, 0, 1_000) for batch in batches]
    assert {row.row: row.reference for row in first} == {row.row: row.reference for row in second}


async def test_rows_wait_sealed_and_go_when_they_are_taken_over(office: Office) -> None:
    batch = await office.hand_in(rows(3))
    sealed = await office.pool.fetchval("SELECT sealed FROM import_chunk WHERE batch = $1", batch)
    assert b"Pet Shop" not in sealed
    await office.carry_out(batch, office.imports())
    assert await office.pool.fetchval("SELECT count(*) FROM import_chunk") == 0


async def test_open_cases_are_noted_to_be_started_and_chains_are_whole(office: Office) -> None:
    from storage import chains

    await office.carry_out(await office.hand_in(rows(120)), office.imports())
    assert await office.pool.fetchval("SELECT count(*) FROM unstarted_case") == 120
    assert (await chains.verify(office.pool, office.keys.anchor())).damages == ()


async def test_what_was_never_handed_in_whole_is_dropped_and_never_started(office: Office) -> None:
    batch = await office.hand_in(rows(3))
    await office.pool.execute("UPDATE import_batch SET is_ready = false WHERE id = $1", batch)
    imports = office.imports()
    assert await imports.unfinished() == []
    assert await imports.drop_unready(datetime.now(UTC) - timedelta(days=1)) == 0
    assert await imports.drop_unready(datetime.now(UTC) + timedelta(days=1)) == 1
    assert await imports.progress(batch) is None
