"""An API and a worker as processes of their own whose every link goes through a proxy that can be spoiled.

PostgreSQL and Temporal are those of the test run; database and task queue are the rig's own.
"""

import asyncio
import json
import random
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
from temporalio.client import Client

from domain.access import Role
from runtime.converter import HEADER_CODEC, data_converter
from starter.embedded.data_folder import LOOPBACK, PORTS, is_free
from storage.keys import MasterKeys
from storage.people import People
from storage.pool import open_pool
from tests.chaos.business import Business
from tests.chaos.evidence import Evidence, Scene, gather, until_quiet
from tests.chaos.faults import Injury
from tests.chaos.gateways import TEMPLATES, WEBHOOKS_WAIT_SECONDS, Texts
from tests.chaos.installation import ROOT, STEPS_ARE_TRIED_BRIEFLY, environment
from tests.chaos.proxy import Proxy, Toxic
from tests.chaos.sick_store import FILE
from tests.chaos.sink import Sink

PATIENCE_SECONDS = 120
POLL_SECONDS = 0.1
QUIET_WITHIN = timedelta(seconds=120)
LINKS = ("api to store", "worker to store", "api to temporal", "worker to temporal", "worker to mail")


@dataclass
class Rig:
    """The processes, their links, and what was done to them."""

    url: str
    admin_token: str
    database_url: str
    temporal: Client
    task_queue: str
    sink: Sink
    texts: Texts
    links: dict[str, Proxy]
    folder: Path
    environments: Mapping[str, Mapping[str, str]]
    injuries: list[Injury] = field(default_factory=list)
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    @asynccontextmanager
    async def hurt(self, what: str) -> AsyncIterator[None]:
        """Something is wrong while the context lasts; the laws of clocks allow for it."""
        injury = Injury(what, datetime.now(UTC), was_frozen=what == "worker to mail")
        self.injuries.append(injury)
        try:
            yield
        finally:
            injury.back_at = datetime.now(UTC)

    @asynccontextmanager
    async def spoiled(self, link: str, toxic: Toxic) -> AsyncIterator[None]:
        async with self.hurt(link), self.links[link].poisoned(toxic):
            yield

    async def start(self, part: str, *, release: Path = ROOT, **more: str) -> None:
        """Run the API or a worker, of another release perhaps; returns when it has come up.

        The last word of its name says what it is, so that there can be more than one.
        """
        kind = part.rpartition(" ")[2]
        log = self.folder / f"{part.replace(' ', '-')}-{secrets.token_hex(3)}.log"
        ours = "tests.chaos.broken_worker" if release is ROOT else "worker"
        command = [ours] if kind == "worker" else ["starter.cli.main", "api"]
        if FILE in more:
            command = ["tests.chaos.sick_store", kind]
        with log.open("wb") as stream:
            process = self.processes[part] = await asyncio.create_subprocess_exec(
                *[sys.executable, "-m", *command],
                cwd=release,
                env=environment({**self.environments[kind], **more}),
                stdout=stream,
                stderr=stream,
            )
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self._is_up(kind, log):
                assert process.returncode is None, log.read_text()[-3000:]
                await asyncio.sleep(POLL_SECONDS)

    async def _is_up(self, part: str, log: Path) -> bool:
        if part == "worker":
            return '"worker runs"' in log.read_text(errors="replace")  # noqa: ASYNC240  a few lines
        try:
            async with httpx.AsyncClient(timeout=2) as client:
                return (await client.get(f"{self.url}/health/ready")).is_success
        except httpx.HTTPError:
            return False

    async def kill(self, part: str) -> Injury:
        """End a process at once."""
        injury = Injury(part, datetime.now(UTC))
        self.injuries.append(injury)
        self.processes[part].kill()
        await self.processes[part].wait()
        return injury

    async def replace(self, part: str) -> None:
        """Kill a process and run another one in its place."""
        injury = await self.kill(part)
        await self.start(part)
        injury.back_at = datetime.now(UTC)

    async def stop(self, part: str) -> int:
        """Ask a process to stop; its exit code."""
        process = self.processes[part]
        if process.returncode is None:
            process.terminate()
        return await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)

    async def look(self, business: Business) -> Evidence:
        """Wait until nothing goes on any more, or until patience ends, and gather what can be seen."""
        scene = Scene(
            self.database_url, self.temporal, self.task_queue, business.diary, self.sink, tuple(self.injuries)
        )
        await until_quiet(scene, QUIET_WITHIN)
        return await gather(scene)


@asynccontextmanager
async def rigged(
    database_url: str, temporal_address: str, keys: MasterKeys, folder: Path, seed: int
) -> AsyncIterator[Rig]:
    """An API and a worker at work; nothing of them is left afterwards."""
    async with AsyncExitStack() as stack:
        chance, sink = random.Random(seed), Sink()
        await sink.start()
        stack.push_async_callback(sink.stop)
        texts = Texts(sink)
        await texts.open()
        stack.push_async_callback(texts.close)
        store, engine = urlsplit(database_url).port or 0, int(temporal_address.rpartition(":")[2])
        targets = dict(zip(LINKS, (store, store, engine, engine, sink.port), strict=True))
        links = {name: Proxy(name, target, chance) for name, target in targets.items()}
        for link in links.values():
            await link.start()
            stack.push_async_callback(link.stop)
        task_queue = f"rig-{secrets.token_hex(6)}"
        port = next(port for port in random.sample(PORTS, len(PORTS)) if is_free(port))
        environments = {
            part: _environment(part, database_url, links, keys, task_queue, port, folder) | _gateway(texts)
            for part in ("api", "worker")
        }
        client = await Client.connect(
            temporal_address, data_converter=data_converter(keys), header_codec_behavior=HEADER_CODEC
        )
        token = await _admin(database_url)
        rig = Rig(
            f"http://{LOOPBACK}:{port}",
            token,
            database_url,
            client,
            task_queue,
            sink,
            texts,
            links,
            folder,
            environments,
        )
        try:
            await asyncio.gather(rig.start("worker"), rig.start("api"))
            yield rig
        finally:
            for process in rig.processes.values():
                if process.returncode is None:
                    process.kill()
                    await process.wait()


def _environment(
    part: str, database_url: str, links: Mapping[str, Proxy], keys: MasterKeys, task_queue: str, port: int, folder: Path
) -> dict[str, str]:
    return {
        "AMENDS_DATABASE_URL": _through(links[f"{part} to store"], database_url),
        "AMENDS_MASTER_KEY": keys.reveal(),
        "AMENDS_SMTP_URL": f"smtp://{links['worker to mail'].address}",
        "AMENDS_MAIL_FROM": "Customer care <care@example.org>",
        "AMENDS_TASK_QUEUE": task_queue,
        "AMENDS_DEFAULT_POLICY": "demo",
        "AMENDS_PORT": str(port),
        "AMENDS_FILES_DIR": str(folder / "files"),
        "TEMPORAL_ADDRESS": links[f"{part} to temporal"].address,
        **STEPS_ARE_TRIED_BRIEFLY,
    }


def _gateway(texts: Texts) -> dict[str, str]:
    """Text messages go out, and webhooks may lie on this machine."""
    return {
        "AMENDS_SMS_URL": texts.url,
        "AMENDS_SMS_SIGNATURE": "城市燃气",
        "AMENDS_SMS_TEMPLATES": json.dumps(TEMPLATES),
        "AMENDS_WEBHOOK_PRIVATE_TARGETS": "true",
        "AMENDS_WEBHOOK_TIME_LIMIT": str(WEBHOOKS_WAIT_SECONDS),
    }


def _through(proxy: Proxy, database_url: str) -> str:
    """The URL of a database with the proxy in the place of its server."""
    parts = urlsplit(database_url)
    account = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{account}@{proxy.address}"))


async def _admin(database_url: str) -> str:
    pool = await open_pool(database_url, size=1)
    try:
        people, now = People(pool), datetime.now(UTC)
        admin = await people.enrol("Admin of the rig", [Role.ADMIN], now)
        return await people.issue_token(admin.id, now)
    finally:
        await pool.close()
