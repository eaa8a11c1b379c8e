"""A small house for one scenario: our desks in this process, one worker in a process of its own that may be broken."""

import asyncio
import hashlib
import json
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from temporalio.client import Client

from domain.complaints.terms import Status
from runtime.converter import HEADER_CODEC, data_converter
from starter.desk import Request
from starter.intake import ComplaintForm
from starter.problems import Problem
from starter.repetitions import Repeatable
from storage.keys import MasterKeys
from storage.pool import transaction
from tests.chaos.broken_worker import CRASH, LACK
from tests.chaos.diary import Acknowledged, Diary
from tests.chaos.evidence import Scene, gather, until_quiet
from tests.chaos.faults import Injury
from tests.chaos.installation import ROOT, environment
from tests.chaos.laws import contradictions
from tests.chaos.sink import Sink
from tests.house import House, open_house

PATIENCE_SECONDS = 90
POLL_SECONDS = 0.1
REPEATED_AFTER_SECONDS = 1.0
NUMBERS_APART = 1_000

_first_numbers = count(500_000, NUMBERS_APART)
"""Each stage has case numbers of its own: they are workflow ids on a server that all share."""


@dataclass
class Stage:
    """A house, what its client was told, and how its worker is started."""

    house: House
    scene: Scene
    injuries: list[Injury]
    temporal_address: str
    folder: Path
    lacks: str | None
    worker: asyncio.subprocess.Process | None = None

    async def take(self, ends: Status, **fields: Any) -> str:
        """A complaint that is acknowledged; `ends` is where the scenario will have led it."""
        reference = await self.house.take(**fields)
        self.scene.diary.taken[reference].add(reference)
        self.scene.diary.ends[reference] = ends
        return reference

    async def take_under_key(self, key: str, ends: Status, **fields: Any) -> None:
        """Send a complaint in under an idempotency key and note what was answered."""
        form = ComplaintForm(narrative="The boiler is cold.", **fields)
        repeatable = Repeatable(hashlib.sha256(key.encode()).digest(), b"the same body")
        taken = await self.house.services.intake.take(self.house.people["hotline"], form, repeatable)
        reference = json.loads(taken.answer.body)["reference"]
        self.scene.diary.taken[key].add(reference)
        self.scene.diary.ends[reference] = ends

    async def give(
        self, reference: str, command: str, by: str, *, again_after: Awaitable[None] | None = None, **values: Any
    ) -> None:
        """Give a command and repeat it under its key until it is answered; raises Problem for a refusal.

        With `again_after` the first repetition waits for that.
        """
        person = self.house.people[by]
        request = Request(person, reference, command, values, key=secrets.token_hex(8))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (sequence := await self._answer(request)) is None:
                await (again_after or asyncio.sleep(REPEATED_AFTER_SECONDS))
                again_after = None
        self.scene.diary.commands.append(Acknowledged(reference, command, person.id, sequence))

    async def _answer(self, request: Request) -> int | None:
        try:
            return (await self.house.services.cases.perform(request)).sequence
        except Problem as problem:
            if problem.status != 503:
                raise
            return None

    async def start_worker(self, crash: str | None = None) -> None:
        """A worker process, in the place of the one before; returns when it has come up."""
        await self.end_worker()
        log = self.folder / f"worker-{secrets.token_hex(4)}.log"
        with log.open("wb") as stream:
            self.worker = await asyncio.create_subprocess_exec(
                *[sys.executable, "-m", "tests.chaos.broken_worker"],
                cwd=ROOT,
                env=environment(self._settings({CRASH: crash, LACK: self.lacks})),
                stdout=stream,
                stderr=stream,
            )
        async with asyncio.timeout(PATIENCE_SECONDS):
            while '"worker runs"' not in log.read_text():
                assert self.worker.returncode is None, log.read_text()
                await asyncio.sleep(POLL_SECONDS)
        self.injuries[-1].back_at = datetime.now(UTC)

    async def until_worker_died(self) -> None:
        assert self.worker is not None
        await asyncio.wait_for(self.worker.wait(), PATIENCE_SECONDS)
        self.injuries.append(Injury("worker", datetime.now(UTC)))

    async def end_worker(self) -> None:
        """Kill the worker, if one runs."""
        if self.worker is not None and self.worker.returncode is None:
            self.worker.kill()
            await self.until_worker_died()

    async def contradictions(self, within: timedelta) -> list[str]:
        """What the checker says once all is quiet, or once it has waited long enough."""
        await self.house.services.intake.settle()
        await until_quiet(self.scene, within)
        return contradictions(await gather(self.scene))

    def _settings(self, switches: Mapping[str, str | None]) -> dict[str, str]:
        settings = self.house.parts.settings
        chosen = {
            "AMENDS_DATABASE_URL": settings.database_url,
            "AMENDS_MASTER_KEY": settings.master_key,
            "AMENDS_SMTP_URL": settings.smtp_url,
            "AMENDS_MAIL_FROM": settings.mail_from,
            "AMENDS_TASK_QUEUE": settings.task_queue,
            "AMENDS_STEP_ATTEMPTS": str(settings.step_attempts),
            "AMENDS_STEP_FIRST_WAIT": str(settings.step_first_wait.total_seconds()),
            "TEMPORAL_ADDRESS": self.temporal_address,
        }
        return chosen | {name: value for name, value in switches.items() if value is not None}


@asynccontextmanager
async def staged(
    database_url: str, temporal_address: str, keys: MasterKeys, folder: Path, lacks: str | None
) -> AsyncIterator[Stage]:
    """A stage whose workers lack a part of their safety net, or nothing."""
    sink, diary = Sink(), Diary()
    await sink.start()
    client = await Client.connect(
        temporal_address, data_converter=data_converter(keys), header_codec_behavior=HEADER_CODEC
    )
    try:
        async with open_house(database_url, client, keys, smtp_url=sink.url, default_policy="demo") as house:
            async with transaction(house.parts.pool) as connection:
                await connection.execute("SELECT setval('case_number', $1)", next(_first_numbers))
            nobody_works_yet = [Injury("worker", datetime.now(UTC))]
            scene = Scene(database_url, client, house.parts.settings.task_queue, diary, sink, nobody_works_yet)
            stage = Stage(house, scene, nobody_works_yet, temporal_address, folder, lacks)
            try:
                yield stage
            finally:
                await stage.end_worker()
    finally:
        await sink.stop()


def without_temporal(stage: Stage, client: Client) -> Stage:
    """The same stage with desks whose client reaches nobody."""
    from runtime.assembly import plug_together
    from starter.services import services

    parts = plug_together(stage.house.parts.settings, stage.house.parts.keys, stage.house.parts.pool, client)
    return replace(stage, house=House(services(parts), stage.house.people))
